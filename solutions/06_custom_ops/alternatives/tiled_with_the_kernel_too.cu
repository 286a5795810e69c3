#include "course_cuda.h"

constexpr int kTile = 8;
constexpr int kMaxKernel = 7;

dim3 conv2d_tiled_grid(const Conv& g, dim3 block) {
  return dim3((g.out_width + block.x - 1) / block.x,
              (g.out_height + block.y - 1) / block.y, g.batch * g.filters);
}

__global__ void conv2d_tiled(Conv g, Input x, Input kernel, Output y) {
  __shared__ float patch[kTile + kMaxKernel][kTile + kMaxKernel];
  __shared__ float taps[kMaxKernel][kMaxKernel];
  const int64_t n = blockIdx.z / g.filters, f = blockIdx.z % g.filters;
  const int64_t i = blockIdx.y * blockDim.y + threadIdx.y;
  const int64_t j = blockIdx.x * blockDim.x + threadIdx.x;
  const bool mine = i < g.out_height && j < g.out_width;
  float sum = 0;
  for (int64_t c = 0; c < g.channels; ++c) {
    if (threadIdx.x < g.kernel_width && threadIdx.y < g.kernel_height) {
      const int64_t tap = threadIdx.y * g.kernel_width + threadIdx.x;
      taps[threadIdx.y][threadIdx.x] =
          kernel[(tap * g.channels + c) * g.filters + f];
    }
    // Four corners of the patch, each as large as a tile.
    for (int corner = 0; corner < 4; ++corner) {
      const int64_t a = threadIdx.y + corner / 2 * kTile;
      const int64_t b = threadIdx.x + corner % 2 * kTile;
      if (a >= kTile + g.kernel_height - 1 || b >= kTile + g.kernel_width - 1)
        continue;
      const int64_t r = blockIdx.y * kTile + a - g.pad_top;
      const int64_t s = blockIdx.x * kTile + b - g.pad_left;
      if (r < 0 || s < 0 || r >= g.height || s >= g.width) {
        patch[a][b] = 0;
      } else {
        patch[a][b] = x[((n * g.height + r) * g.width + s) * g.channels + c];
      }
    }
    __syncthreads();
    if (mine) {
      for (int a = 0; a < g.kernel_height; ++a)
        for (int b = 0; b < g.kernel_width; ++b)
          sum += taps[a][b] * patch[threadIdx.y + a][threadIdx.x + b];
    }
    __syncthreads();
  }
  if (mine) y[((n * g.out_height + i) * g.out_width + j) * g.filters + f] = sum;
}
