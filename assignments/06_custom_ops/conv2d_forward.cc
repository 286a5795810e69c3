// Question 2: the forward kernel on the CPU.
#include "conv2d.h"

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {
  // TODO: for every output value, add up the products of its window; skip what
  // TODO: lies beyond the image. y holds garbage before.
#error "conv2d_forward_cpu: not answered yet"
}
