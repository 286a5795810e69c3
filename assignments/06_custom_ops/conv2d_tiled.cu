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
  // TODO: as in question 6
#error "conv2d_tiled: not answered yet"
}

__global__ void conv2d_tiled(Conv conv, Input x, Input kernel, Output y) {
  __shared__ float patch[kPatch][kPatch];  // of one channel
  // TODO: for each channel: all threads of the block fill the patch together,
  // TODO: zeros where it hangs over the image; wait; each thread adds up its own
  // TODO: window; wait. At the end, each thread that has an output writes it.
#error "conv2d_tiled: not answered yet"
}
