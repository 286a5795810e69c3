// Question 6: the forward kernel in CUDA, one thread for each output value.
#include "course_cuda.h"

// How many blocks of `block` threads cover all output values: columns along x,
// rows along y, and all pairs of an image and a filter along z.
dim3 conv2d_naive_grid(const Conv& conv, dim3 block) {
  // BEGIN SOLUTION
  // TODO: round up: the last block of a row may be only partly used.
  return dim3((conv.out_width + block.x - 1) / block.x,
              (conv.out_height + block.y - 1) / block.y,
              conv.batch * conv.filters);
  // END SOLUTION
}

// The thread's column and row count along x and y. Along z, image n and filter f
// make n * filters + f.
__global__ void conv2d_naive(Conv conv, Input x, Input kernel, Output y) {
  // BEGIN SOLUTION
  // TODO: which output value is this thread's? Is there one at all? Compute it.
  const int64_t column = blockIdx.x * blockDim.x + threadIdx.x;
  const int64_t row = blockIdx.y * blockDim.y + threadIdx.y;
  if (row >= conv.out_height || column >= conv.out_width) return;
  const int64_t n = blockIdx.z / conv.filters;
  const int64_t f = blockIdx.z % conv.filters;
  float sum = 0;
  for (int64_t a = 0; a < conv.kernel_height; ++a) {
    const int64_t i = row * conv.stride_h - conv.pad_top + a * conv.dilation_h;
    if (i < 0 || i >= conv.height) continue;
    for (int64_t b = 0; b < conv.kernel_width; ++b) {
      const int64_t j =
          column * conv.stride_w - conv.pad_left + b * conv.dilation_w;
      if (j < 0 || j >= conv.width) continue;
      const int64_t pixel = (n * conv.height + i) * conv.width + j;
      const int64_t tap = a * conv.kernel_width + b;
      for (int64_t c = 0; c < conv.channels; ++c) {
        sum += x[pixel * conv.channels + c] *
               kernel[(tap * conv.channels + c) * conv.filters + f];
      }
    }
  }
  const int64_t place = (n * conv.out_height + row) * conv.out_width + column;
  y[place * conv.filters + f] = sum;
  // END SOLUTION
}
