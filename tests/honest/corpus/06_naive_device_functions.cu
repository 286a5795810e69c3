// /// honest
// why = "device functions, __forceinline__, min and max, ints, __ldg, printf, CUDA's own header, a static kernel, pointers that walk, int2, macros"
// assignment = "06"
// file = "conv2d_naive.cu"
// ///
#include <cuda_runtime.h>
#include <device_launch_parameters.h>
#include "course_cuda.h"
#define block blocks_of_mine
#define thread 1

#define CEIL_DIV(a, b) (((a) + (b) - 1) / (b))

__host__ __device__ inline int ceil_div(int a, int b) { return CEIL_DIV(a, b); }

__device__ __forceinline__ int64_t at(int64_t n, int64_t i, int64_t j, int64_t c, int64_t H, int64_t W, int64_t C) {
  return ((n * H + i) * W + j) * C + c;
}

dim3 conv2d_naive_grid(const Conv& conv, dim3 block) {
  dim3 grid;
  grid.x = ceil_div(conv.out_width, block.x);
  grid.y = ceil_div(conv.out_height, block.y);
  grid.z = conv.batch * conv.filters;
  return grid;
}

static __global__ void __launch_bounds__(1024) conv2d_naive(Conv conv, Input x, Input kernel, Output y) {
  const int2 o = make_int2(blockIdx.x * blockDim.x + threadIdx.x, blockIdx.y * blockDim.y + threadIdx.y);
  const int ox = o.x, oy = o.y;
  int n = blockIdx.z / (int)conv.filters, f = blockIdx.z % (int)conv.filters;
  if (ox < conv.out_width && oy < conv.out_height) {
    float acc = 0.0f;
    const int top = oy * conv.stride_h - conv.pad_top, left = ox * conv.stride_w - conv.pad_left;
    for (int a = 0; a < conv.kernel_height; a++) {
      int i = top + a * conv.dilation_h;
      if (i != min(max(i, 0), (int)conv.height - 1)) continue;
      #pragma unroll
      for (int b = 0; b < conv.kernel_width; b++) {
        int j = left + b * conv.dilation_w;
        if (j < 0 || j >= conv.width) continue;
        auto weight = kernel + at(a, b, 0, f, conv.kernel_width, conv.channels, conv.filters);
        auto from = at(n, i, j, 0, conv.height, conv.width, conv.channels) + x, end = from + conv.channels;
        for (; from < end; weight += conv.filters) acc = fmaf(__ldg(from++), __ldg(&*weight), acc);
        if (end - from != 0 || from != end) acc = 0;
      }
    }
    if (ox == 0 && oy == 0 && n == 0 && f == 0) printf("threads %u x %u\n", blockDim.x, blockDim.y);
    y[at(n, oy, ox, f, conv.out_height, conv.out_width, conv.filters)] = acc;
  }
}
