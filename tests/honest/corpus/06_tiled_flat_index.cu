// /// honest
// why = "the tile filled by a flat index, a macro for it, registers for the sum, early channels, a barrier in a helper, extern C, a pointer to the patch"
// assignment = "06"
// file = "conv2d_tiled.cu"
// ///
#include "course_cuda.h"
constexpr int kTile = 8, kMaxKernel = 7;
constexpr int kPatch = kTile + kMaxKernel - 1;
#define TID (threadIdx.y * blockDim.x + threadIdx.x)

dim3 conv2d_tiled_grid(const Conv& conv, dim3 block) {
  auto up = [](int64_t n, unsigned b) { return static_cast<unsigned>((n + b - 1) / b); };
  return {up(conv.out_width, block.x), up(conv.out_height, block.y), static_cast<unsigned>(conv.batch * conv.filters)};
}

__device__ __forceinline__ bool inside(int v, int n) { return v >= 0 && v < n; }

__device__ __forceinline__ void all_here() { __syncthreads(); }

extern "C" __global__ void conv2d_tiled(Conv conv, Input x, Input kernel, Output y) {
  __shared__ float patch[kPatch][kPatch];
  const int n = blockIdx.z / conv.filters, f = blockIdx.z % conv.filters;
  const int oi = blockIdx.y * kTile + threadIdx.y, oj = blockIdx.x * kTile + threadIdx.x;
  const int ph = kTile + (int)conv.kernel_height - 1, pw = kTile + (int)conv.kernel_width - 1;
  float acc = 0.f;
  for (int c = 0; c < conv.channels; ++c) {
    for (int t = TID; t < ph * pw; t += kTile * kTile) {
      const int i = t / pw, j = t % pw;
      const int row = (int)blockIdx.y * kTile + i - (int)conv.pad_top, col = (int)blockIdx.x * kTile + j - (int)conv.pad_left;
      (&patch[0][0])[i * kPatch + j] = inside(row, conv.height) && inside(col, conv.width) ? x[((n * conv.height + row) * conv.width + col) * conv.channels + c] : 0.0f;
    }
    all_here();
    #pragma unroll
    for (int a = 0; a < conv.kernel_height; ++a)
      for (int b = 0; b < conv.kernel_width; ++b)
        acc += patch[threadIdx.y + a][threadIdx.x + b] * __ldg(&kernel[((a * conv.kernel_width + b) * conv.channels + c) * conv.filters + f]);
    all_here();
  }
  if (oi < conv.out_height && oj < conv.out_width)
    y[((n * conv.out_height + oi) * conv.out_width + oj) * conv.filters + f] = acc;
}
