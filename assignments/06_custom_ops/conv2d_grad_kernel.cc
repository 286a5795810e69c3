// Question 4: the gradient with respect to the kernel, on the CPU.
#include "conv2d.h"

template <typename T>
void conv2d_grad_kernel_cpu(const Conv& conv, const T* x, const T* d_y,
                            T* d_kernel) {
  // TODO: for every weight, add up pixel times d_y over all the places where the
  // TODO: weight joined the two. d_kernel holds garbage before.
#error "conv2d_grad_kernel_cpu: not answered yet"
}
