// Question 6: the forward kernel in CUDA, one thread for each output value.
#include "course_cuda.h"

// How many blocks of `block` threads cover all output values: columns along x,
// rows along y, and all pairs of an image and a filter along z.
dim3 conv2d_naive_grid(const Conv& conv, dim3 block) {
  // TODO: round up: the last block of a row may be only partly used.
#error "conv2d_naive: not answered yet"
}

// The thread's column and row count along x and y. Along z, image n and filter f
// make n * filters + f.
__global__ void conv2d_naive(Conv conv, Input x, Input kernel, Output y) {
  // TODO: which output value is this thread's? Is there one at all? Compute it.
#error "conv2d_naive: not answered yet"
}
