// Question 3: the gradient with respect to the input, on the CPU.
#include "conv2d.h"

template <typename T>
void conv2d_grad_input_cpu(const Conv& conv, const T* d_y, const T* kernel,
                           T* d_x) {
  // TODO: give every d_y value back to the pixels that it came from, each times
  // TODO: the weight between them. d_x holds garbage before.
#error "conv2d_grad_input_cpu: not answered yet"
}
