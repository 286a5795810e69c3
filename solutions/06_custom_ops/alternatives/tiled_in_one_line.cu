#include "course_cuda.h"

constexpr int kTile = 8;
constexpr int kMost = kTile + 7 - 1;

dim3 conv2d_tiled_grid(const Conv& g, dim3) {
  return dim3((g.out_width - 1) / kTile + 1, (g.out_height - 1) / kTile + 1,
              g.batch * g.filters);
}

__global__ void conv2d_tiled(Conv g, Input x, Input kernel, Output y) {
  __shared__ float patch[kMost * kMost];
  const int me = threadIdx.y * kTile + threadIdx.x;
  const int wide = kTile + (int)g.kernel_width - 1;
  const int high = kTile + (int)g.kernel_height - 1;
  const int f = blockIdx.z % (int)g.filters, n = blockIdx.z / (int)g.filters;
  const int i = blockIdx.y * kTile + threadIdx.y;
  const int j = blockIdx.x * kTile + threadIdx.x;
  double total = 0;
  for (int c = 0; c < g.channels; ++c) {
    __syncthreads();  // everybody is done with the channel before
    for (int k = me; k < wide * high; k += kTile * kTile) {
      const int r = (int)blockIdx.y * kTile - (int)g.pad_top + k / wide;
      const int s = (int)blockIdx.x * kTile - (int)g.pad_left + k % wide;
      patch[k] = 0;
      if (r >= 0 && s >= 0 && r < g.height && s < g.width)
        patch[k] = x[((n * g.height + r) * g.width + s) * g.channels + c];
    }
    __syncthreads();
    for (int a = 0; a < g.kernel_height; ++a)
      for (int b = 0; b < g.kernel_width; ++b)
        total += patch[(threadIdx.y + a) * wide + threadIdx.x + b] *
                 kernel[((a * g.kernel_width + b) * g.channels + c) * g.filters + f];
  }
  if (i >= g.out_height || j >= g.out_width) return;
  y[((n * g.out_height + i) * g.out_width + j) * g.filters + f] = total;
}
