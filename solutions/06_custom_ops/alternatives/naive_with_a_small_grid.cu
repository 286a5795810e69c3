#include "course_cuda.h"

// One block for each image and filter; its threads go on until all is done.
dim3 conv2d_naive_grid(const Conv& g, dim3) {
  return dim3(1, 1, g.batch * g.filters);
}

__global__ void conv2d_naive(Conv g, Input x, Input kernel, Output y) {
  const int64_t n = blockIdx.z / g.filters, f = blockIdx.z % g.filters;
  for (int64_t i = threadIdx.y; i < g.out_height; i += blockDim.y)
    for (int64_t j = threadIdx.x; j < g.out_width; j += blockDim.x) {
      double sum = 0;
      for (int64_t a = 0; a < g.kernel_height; ++a)
        for (int64_t b = 0; b < g.kernel_width; ++b)
          for (int64_t c = 0; c < g.channels; ++c) {
            const int64_t r = i * g.stride_h + a * g.dilation_h - g.pad_top;
            const int64_t s = j * g.stride_w + b * g.dilation_w - g.pad_left;
            if (r >= 0 && s >= 0 && r < g.height && s < g.width)
              sum += x[((n * g.height + r) * g.width + s) * g.channels + c] *
                     kernel[((a * g.kernel_width + b) * g.channels + c) *
                                g.filters +
                            f];
          }
      y[((n * g.out_height + i) * g.out_width + j) * g.filters + f] = sum;
    }
}
