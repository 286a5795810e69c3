// Shared-memory tiles: the threads of a block fetch together what they all
// read.
//
// A block computes kTile x kTile output positions, one per thread, for kFilters
// filters. For some channels at a time it copies the window of the input under
// its tile, with the ghost cells around it that belong to neighbouring tiles,
// and the kernel, into shared memory. A value is then read from there up to
// taps x kFilters times instead of from global memory.
#ifndef COURSE_OPS_GPU_TILED_CUH_
#define COURSE_OPS_GPU_TILED_CUH_

#include "conv_geometry.h"
#include "cuda_api.h"

namespace course {
namespace gpu {

constexpr int kTile = 16;    // 16 x 16 = 256 threads, eight warps
constexpr int kFilters = 8;  // sums per thread: more would cost occupancy

// How a tiled pass reads: a position of the result reads `from` at
//   (position * step + shift - tap * tap_step) / divisor, if that divides.
// Forward: step = stride, tap_step = -dilation, divisor = 1. Gradient in the
// input: step = 1, tap_step = dilation, divisor = stride.
struct TiledAxis {
  int64_t size;  // of the result
  int64_t from;  // of what is read
  int64_t kernel, step, shift, tap_step, divisor;
  int64_t window;  // most positions of `from` under one tile

  COURSE_HOST_DEVICE int64_t Numerator(int64_t position, int64_t tap) const {
    return position * step + shift - tap * tap_step;
  }
  // Where the window of the tile that starts at `position` starts; rounded
  // down.
  COURSE_HOST_DEVICE int64_t WindowStart(int64_t position) const {
    const int64_t low = tap_step > 0 ? kernel - 1 : 0;
    const int64_t n = Numerator(position, low);
    return n >= 0 ? n / divisor : -((-n + divisor - 1) / divisor);
  }
};

struct TiledProblem {
  int64_t batch, groups;
  TiledAxis rows, cols;
  int64_t in_channels, out_channels;  // of a group
  int64_t chunk;                      // channels in shared memory at a time
  // Strides of the kernel per input and output channel of a group, and of
  // groups.
  int64_t kernel_in, kernel_out, kernel_group, kernel_tap;
};

template <typename T>
__global__ void TiledKernel(TiledProblem p, const T* from, const T* kernel,
                            T* to) {
  const int64_t taps = p.rows.kernel * p.cols.kernel;
  const int64_t window = p.rows.window * p.cols.window;
  T* tile = DynamicShared<T>();          // [channel of the chunk][row][column]
  T* weights = tile + p.chunk * window;  // [channel][tap][filter]

  // Which tile, filters, group and image this block computes.
  const int64_t wide = (p.cols.size + kTile - 1) / kTile;
  const int64_t high = (p.rows.size + kTile - 1) / kTile;
  const int64_t filter_blocks = (p.out_channels + kFilters - 1) / kFilters;
  int64_t block = blockIdx.x;
  const int64_t w_first = block % wide * kTile;
  block /= wide;
  const int64_t h_first = block % high * kTile;
  block /= high;
  const int64_t f_first = block % filter_blocks * kFilters;
  block /= filter_blocks;
  const int64_t group = block % p.groups;
  const int64_t n = block / p.groups;

  const int64_t h = h_first + threadIdx.x / kTile;
  const int64_t w = w_first + threadIdx.x % kTile;
  const int64_t h_window = p.rows.WindowStart(h_first);
  const int64_t w_window = p.cols.WindowStart(w_first);
  T sum[kFilters] = {};

  for (int64_t c_first = 0; c_first < p.in_channels; c_first += p.chunk) {
    const int64_t chunk =
        p.chunk < p.in_channels - c_first ? p.chunk : p.in_channels - c_first;
    // Channels are contiguous in memory, so neighbouring threads take those.
    for (int64_t i = threadIdx.x; i < window * chunk; i += kTile * kTile) {
      const int64_t c = i % chunk;
      const int64_t at = i / chunk;
      const int64_t fh = h_window + at / p.cols.window;
      const int64_t fw = w_window + at % p.cols.window;
      T value = 0;
      if (fh >= 0 && fh < p.rows.from && fw >= 0 && fw < p.cols.from) {
        value = from[((n * p.rows.from + fh) * p.cols.from + fw) *
                         (p.groups * p.in_channels) +
                     group * p.in_channels + c_first + c];
      }
      tile[c * window + at] = value;
    }
    for (int64_t i = threadIdx.x; i < chunk * taps * kFilters;
         i += kTile * kTile) {
      const int64_t f = i % kFilters;
      const int64_t tap = i / kFilters % taps;
      const int64_t c = i / kFilters / taps;
      weights[i] = f_first + f < p.out_channels
                       ? kernel[tap * p.kernel_tap + group * p.kernel_group +
                                (c_first + c) * p.kernel_in +
                                (f_first + f) * p.kernel_out]
                       : T(0);
    }
    __syncthreads();
    for (int64_t kh = 0; kh < p.rows.kernel; ++kh) {
      const int64_t fh = p.rows.Numerator(h, kh);
      if (fh % p.rows.divisor != 0) continue;
      const int64_t row = fh / p.rows.divisor - h_window;
      for (int64_t kw = 0; kw < p.cols.kernel; ++kw) {
        const int64_t fw = p.cols.Numerator(w, kw);
        if (fw % p.cols.divisor != 0) continue;
        const int64_t column = fw / p.cols.divisor - w_window;
        for (int64_t c = 0; c < chunk; ++c) {
          const T x = tile[c * window + row * p.cols.window + column];
          const T* k =
              weights + (c * taps + kh * p.cols.kernel + kw) * kFilters;
          for (int f = 0; f < kFilters; ++f) sum[f] += x * k[f];
        }
      }
    }
    __syncthreads();  // the next chunk overwrites what others may still read
  }
  if (h >= p.rows.size || w >= p.cols.size) return;
  T* out =
      to +
      ((n * p.rows.size + h) * p.cols.size + w) * (p.groups * p.out_channels) +
      group * p.out_channels + f_first;
  for (int f = 0; f < kFilters; ++f) {
    if (f_first + f < p.out_channels) out[f] = sum[f];
  }
}

// The gradient in the kernel: a block owns one tap, kTile channels and kTile
// filters, a thread one of their pairs, and the sum runs over pixels, kTile at
// a time through shared memory.
template <typename T>
__global__ void TiledGradKernelKernel(ConvGeometry g, const T* input,
                                      const T* d_output, T* d_kernel) {
  __shared__ T xs[kTile][kTile];
  __shared__ T ys[kTile][kTile + 1];
  const int64_t c_group = g.GroupChannels();
  const int64_t f_group = g.GroupFilters();
  const int64_t c_blocks = (c_group + kTile - 1) / kTile;
  const int64_t f_blocks = (f_group + kTile - 1) / kTile;
  int64_t block = blockIdx.x;
  const int64_t f_first = block % f_blocks * kTile;
  block /= f_blocks;
  const int64_t c_first = block % c_blocks * kTile;
  block /= c_blocks;
  const int64_t tap = block % g.Taps();
  const int64_t group = block / g.Taps();
  const int64_t kh = tap / g.cols.kernel;
  const int64_t kw = tap % g.cols.kernel;

  const int column = threadIdx.x % kTile;
  const int row = threadIdx.x / kTile;
  T sum = 0;
  for (int64_t first = 0; first < g.OutPixels(); first += kTile) {
    // Thread (row, column) fetches pixel `row`, channel and filter `column`.
    const int64_t pixel = first + row;
    T x = 0;
    T y = 0;
    if (pixel < g.OutPixels()) {
      const int64_t ow = pixel % g.cols.out;
      const int64_t oh = pixel / g.cols.out % g.rows.out;
      const int64_t n = pixel / g.cols.out / g.rows.out;
      const int64_t ih = g.rows.InputAt(oh, kh);
      const int64_t iw = g.cols.InputAt(ow, kw);
      if (c_first + column < c_group && ih >= 0 && ih < g.rows.in && iw >= 0 &&
          iw < g.cols.in) {
        x = input[((n * g.rows.in + ih) * g.cols.in + iw) * g.channels +
                  group * c_group + c_first + column];
      }
      if (f_first + column < f_group) {
        y = d_output[pixel * g.filters + group * f_group + f_first + column];
      }
    }
    xs[row][column] = x;
    ys[row][column] = y;
    __syncthreads();
    for (int i = 0; i < kTile; ++i) sum += xs[i][row] * ys[i][column];
    __syncthreads();
  }
  if (c_first + row < c_group && f_first + column < f_group) {
    d_kernel[(tap * c_group + c_first + row) * g.filters + group * f_group +
             f_first + column] = sum;
  }
}

}  // namespace gpu
}  // namespace course

#endif  // COURSE_OPS_GPU_TILED_CUH_
