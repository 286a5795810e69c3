// Question 7: the same with a tile of the image in shared memory.
//
// For strides and dilations of 1 and kernels of up to kMaxKernel x kMaxKernel.
#include "course_cuda.h"

constexpr int kTile = 8;  // a block has kTile x kTile threads and outputs
constexpr int kMaxKernel = 7;
constexpr int kPatch = kTile + kMaxKernel - 1;  // pixels that they read, at most

// How many blocks cover all output values; x, y and z as in question 6. `block` is
// kTile x kTile.
dim3 conv2d_tiled_grid(const Conv& conv, dim3 block) {
  // BEGIN SOLUTION
  // TODO: as in question 6
  const int64_t across = (conv.out_width + block.x - 1) / block.x;
  const int64_t down = (conv.out_height + block.y - 1) / block.y;
  return dim3(across, down, conv.batch * conv.filters);
  // END SOLUTION
}

__global__ void conv2d_tiled(Conv conv, Input x, Input kernel, Output y) {
  __shared__ float patch[kPatch][kPatch];  // of one channel
  // BEGIN SOLUTION
  // TODO: for each channel: all threads of the block fill the patch together,
  // TODO: zeros where it hangs over the image; wait; each thread adds up its own
  // TODO: window; wait. At the end, each thread that has an output writes it.
  const int64_t n = blockIdx.z / conv.filters;
  const int64_t f = blockIdx.z % conv.filters;
  const int64_t top = blockIdx.y * int64_t{kTile} - conv.pad_top;
  const int64_t left = blockIdx.x * int64_t{kTile} - conv.pad_left;
  const int64_t patch_h = kTile + conv.kernel_height - 1;
  const int64_t patch_w = kTile + conv.kernel_width - 1;
  float sum = 0;
  for (int64_t c = 0; c < conv.channels; ++c) {
    for (int64_t i = threadIdx.y; i < patch_h; i += kTile) {
      for (int64_t j = threadIdx.x; j < patch_w; j += kTile) {
        const int64_t row = top + i, column = left + j;
        const bool inside = row >= 0 && row < conv.height && column >= 0 &&
                            column < conv.width;
        const int64_t pixel = (n * conv.height + row) * conv.width + column;
        patch[i][j] = inside ? x[pixel * conv.channels + c] : 0.0f;
      }
    }
    __syncthreads();
    for (int64_t a = 0; a < conv.kernel_height; ++a) {
      for (int64_t b = 0; b < conv.kernel_width; ++b) {
        const int64_t tap = a * conv.kernel_width + b;
        sum += patch[threadIdx.y + a][threadIdx.x + b] *
               kernel[(tap * conv.channels + c) * conv.filters + f];
      }
    }
    __syncthreads();
  }
  const int64_t row = blockIdx.y * kTile + threadIdx.y;
  const int64_t column = blockIdx.x * kTile + threadIdx.x;
  if (row < conv.out_height && column < conv.out_width) {
    const int64_t place = (n * conv.out_height + row) * conv.out_width + column;
    y[place * conv.filters + f] = sum;
  }
  // END SOLUTION
}
