#include "course_cuda.h"

static unsigned Blocks(int64_t values, unsigned threads) {
  return values / threads + (values % threads ? 1 : 0);
}

dim3 conv2d_naive_grid(const Conv& g, dim3 block) {
  dim3 grid;
  grid.x = Blocks(g.out_width, block.x);
  grid.y = Blocks(g.out_height, block.y);
  grid.z = g.batch * g.filters;
  return grid;
}

__global__ void conv2d_naive(Conv g, Input x, Input kernel, Output y) {
  const int j = blockDim.x * blockIdx.x + threadIdx.x;
  const int i = blockDim.y * blockIdx.y + threadIdx.y;
  const int f = blockIdx.z % (int)g.filters, n = blockIdx.z / (int)g.filters;
  if (j < g.out_width && i < g.out_height) {
    const auto image = x + n * g.height * g.width * g.channels;
    auto weight = kernel + f;
    float total = 0.0f;
    for (int a = 0; a < g.kernel_height; ++a) {
      const int r = (int)(i * g.stride_h) + a * (int)g.dilation_h - (int)g.pad_top;
      for (int b = 0; b < g.kernel_width; ++b) {
        const int s =
            (int)(j * g.stride_w) + b * (int)g.dilation_w - (int)g.pad_left;
        for (int c = 0; c < g.channels; ++c) {
          if (r > -1 && r < g.height && s > -1 && s < g.width)
            total += image[(r * g.width + s) * g.channels + c] * *weight;
          weight += g.filters;
        }
      }
    }
    *(y + ((n * g.out_height + i) * g.out_width + j) * g.filters + f) = total;
  }
}
