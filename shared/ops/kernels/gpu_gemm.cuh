// Implicit GEMM: the convolution as a matrix product whose patch matrix is
// never stored; a block fetches the piece of it that it needs, straight from
// the image.
//
// A block of 16 x 16 threads computes 16 kSide x 16 kSide values, a thread
// kSide x kSide in registers. Both operands pass through shared memory kDepth
// values of the summed dimension at a time, in two buffers: while one is used,
// the next is on its way from global memory in registers.
#ifndef COURSE_OPS_GPU_GEMM_CUH_
#define COURSE_OPS_GPU_GEMM_CUH_

#include "conv_geometry.h"
#include "cuda_api.h"
#include "gpu_loaders.cuh"

namespace course {
namespace gpu {

// The block's piece of the product, summed over [k, end). `at` and `bt` are
// made by functions of (row or column within the block, k): they know the rest.
template <typename T, int kSide, typename MakeA, typename MakeB, typename Store>
__device__ inline void BlockProduct(int k, int end, const MakeA& make_a,
                                    const MakeB& make_b, const Store& store) {
  constexpr int kBlock = 16 * kSide;
  constexpr int kRun = kSide / 2;  // kBlock * kDepth values by 256 threads
  constexpr int kPad =
      4;  // turned stores then hit other banks, loads stay aligned
  __shared__ T as[2][kDepth][kBlock + kPad];
  __shared__ T bs[2][kDepth][kBlock + kPad];
  const int t = threadIdx.x;
  // Where this thread's loads lie: along the summed dimension or across it.
  const int across_row = t / (kDepth / kRun);
  const int across_k = t % (kDepth / kRun) * kRun;
  const int along_row = t % (kBlock / kRun) * kRun;
  const int along_k = t / (kBlock / kRun);

  using A = decltype(make_a(0, 0));
  using B = decltype(make_b(0, 0));
  A a = A::kAcross ? make_a(across_row, k + across_k)
                   : make_a(along_row, k + along_k);
  B b = B::kAcross ? make_b(across_row, k + across_k)
                   : make_b(along_row, k + along_k);
  T a_next[kRun], b_next[kRun];
  const auto put = [&](bool across, T(*to)[kBlock + kPad], const T* from) {
#pragma unroll
    for (int i = 0; i < kRun; ++i) {
      if (across) {
        to[across_k + i][across_row] = from[i];
      } else {
        to[along_k][along_row + i] = from[i];
      }
    }
  };

  const int ty = t / 16;
  const int tx = t % 16;
  T sum[kSide][kSide] = {};
  a.Load(a_next);
  b.Load(b_next);
  put(A::kAcross, as[0], a_next);
  put(B::kAcross, bs[0], b_next);
  __syncthreads();
  int buffer = 0;
  for (; k < end; k += kDepth) {
    const bool more = k + kDepth < end;
    if (more) {
      a.Advance();
      b.Advance();
      a.Load(a_next);
      b.Load(b_next);
    }
#pragma unroll
    for (int d = 0; d < kDepth; ++d) {
      T x[kSide], y[kSide];
#pragma unroll
      for (int i = 0; i < kSide; ++i) {
        // Quads of neighbours, the second quad half a block further on: a
        // warp's reads then fall into different banks or are the same word.
        x[i] = as[buffer][d][i / 4 * (kBlock / 2) + ty * 4 + i % 4];
        y[i] = bs[buffer][d][i / 4 * (kBlock / 2) + tx * 4 + i % 4];
      }
#pragma unroll
      for (int i = 0; i < kSide; ++i) {
#pragma unroll
        for (int j = 0; j < kSide; ++j) sum[i][j] += x[i] * y[j];
      }
    }
    if (more) {
      buffer ^= 1;
      put(A::kAcross, as[buffer], a_next);
      put(B::kAcross, bs[buffer], b_next);
      __syncthreads();  // one is enough: the other buffer is free by now
    }
  }
#pragma unroll
  for (int i = 0; i < kSide; ++i) {
#pragma unroll
    for (int j = 0; j < kSide; ++j) {
      store(i / 4 * (kBlock / 2) + ty * 4 + i % 4,
            j / 4 * (kBlock / 2) + tx * 4 + j % 4, sum[i][j]);
    }
  }
}

// Blocks are numbered (group, row block, column block), columns fastest, so
// that blocks that run together read the same patches.
struct BlockIndex {
  int row, column, group;
  __device__ BlockIndex(int block, int rows, int columns, int size) {
    const int wide = (columns + size - 1) / size;
    const int high = (rows + size - 1) / size;
    column = block % wide * size;
    row = block / wide % high * size;
    group = block / wide / high;
  }
};

template <typename T, int kSide, bool kVector>
__global__ void __launch_bounds__(kGemmThreads)
    GemmForwardKernel(ConvGeometry g, const T* input, const T* kernel,
                      T* output) {
  constexpr int kRun = kSide / 2;
  const int rows = static_cast<int>(g.OutPixels());
  const int columns = static_cast<int>(g.GroupFilters());
  const int depth = static_cast<int>(g.Taps() * g.GroupChannels());
  const BlockIndex at(blockIdx.x, rows, columns, 16 * kSide);
  const int64_t first = at.group * g.GroupFilters();
  BlockProduct<T, kSide>(
      0, depth,
      [&](int row, int k) {
        return PatchLoader<T, kRun, kVector>(g, input, at.group, at.row + row,
                                             k, depth);
      },
      [&](int column, int k) {
        return MatrixLoader<T, kRun, kVector>(
            kernel + first, g.filters, at.column + column, columns, k, depth);
      },
      [&](int row, int column, T value) {
        if (at.row + row < rows && at.column + column < columns) {
          output[(at.row + row) * g.filters + first + at.column + column] =
              value;
        }
      });
}

template <typename T, int kSide, bool kVector>
__global__ void __launch_bounds__(kGemmThreads)
    GemmGradInputKernel(ConvGeometry g, const T* d_output, const T* kernel,
                        T* d_input) {
  constexpr int kRun = kSide / 2;
  const int rows = static_cast<int>(g.batch * g.rows.in * g.cols.in);
  const int columns = static_cast<int>(g.GroupChannels());
  const int depth = static_cast<int>(g.Taps() * g.GroupFilters());
  const BlockIndex at(blockIdx.x, rows, columns, 16 * kSide);
  const int64_t first = at.group * g.GroupChannels();
  BlockProduct<T, kSide>(
      0, depth,
      [&](int row, int k) {
        return GradPatchLoader<T, kRun, kVector>(g, d_output, at.group,
                                                 at.row + row, k, depth);
      },
      [&](int column, int k) {
        return TransposedKernelLoader<T, kRun, kVector>(
            g, kernel, at.group, at.column + column, k, depth);
      },
      [&](int row, int column, T value) {
        if (at.row + row < rows && at.column + column < columns) {
          d_input[(at.row + row) * g.channels + first + at.column + column] =
              value;
        }
      });
}

// Part `blockIdx.y` sums pixels [y, y + 1) * part into a kernel of its own.
template <typename T, int kSide, bool kVector>
__global__ void __launch_bounds__(kGemmThreads)
    GemmGradKernelKernel(ConvGeometry g, int part, const T* input,
                         const T* d_output, T* partial) {
  constexpr int kRun = kSide / 2;
  const int rows = static_cast<int>(g.Taps() * g.GroupChannels());
  const int columns = static_cast<int>(g.GroupFilters());
  const int pixels = static_cast<int>(g.OutPixels());
  const int begin = static_cast<int>(blockIdx.y) * part;
  const int end = begin + part < pixels ? begin + part : pixels;
  const BlockIndex at(blockIdx.x, rows, columns, 16 * kSide);
  const int64_t first = at.group * g.GroupFilters();
  T* d_kernel = partial + blockIdx.y * g.KernelSize();
  BlockProduct<T, kSide>(
      begin, end,
      [&](int row, int k) {
        return PatchColumnLoader<T, kRun, kVector>(g, input, at.group,
                                                   at.row + row, k, end);
      },
      [&](int column, int k) {
        return MatrixLoader<T, kRun, kVector>(
            d_output + first, g.filters, at.column + column, columns, k, end);
      },
      [&](int row, int column, T value) {
        if (at.row + row < rows && at.column + column < columns) {
          d_kernel[(at.row + row) * g.filters + first + at.column + column] =
              value;
        }
      });
}

template <typename T>
__global__ void SumPartialsKernel(int64_t size, int parts, const T* partial,
                                  T* total) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= size) return;
  T sum = 0;
  for (int part = 0; part < parts; ++part) sum += partial[part * size + i];
  total[i] = sum;
}

}  // namespace gpu
}  // namespace course

#endif  // COURSE_OPS_GPU_GEMM_CUH_
