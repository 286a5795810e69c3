// Implicit GEMM: the convolution as a matrix product whose patch matrix is
// never stored; a block fetches the piece of it that it needs, straight from
// the image.
//
// A block computes kRows x kCols values, a thread kSide x kSide in registers.
// Both operands pass through shared memory kDepth values of the summed
// dimension at a time, in two buffers: while one is used, the next is on its
// way from global memory in registers.
#ifndef COURSE_OPS_GPU_GEMM_CUH_
#define COURSE_OPS_GPU_GEMM_CUH_

#include "cuda_api.h"
#include "gpu_geometry.h"
#include "gpu_loaders.cuh"
#include "gpu_plan.h"

namespace course {
namespace gpu {

// A tile as a type. The threads of a warp are 4 x 8 of its thread tiles (8 x 4
// of a narrow one), so that what a warp reads from shared memory is little.
template <typename Value, int rows, int cols, int side>
struct Tile {
  using T = Value;
  static constexpr int kRows = rows;
  static constexpr int kCols = cols;
  static constexpr int kSide = side;
  static constexpr int kThreads = rows / side * (cols / side);
  static constexpr int kBlocks = kResidentThreads / kThreads;
  static constexpr int kLaneCols = cols / side < 8 ? cols / side : 8;

  __device__ static int ThreadRow(int thread) {
    constexpr int kWarpsWide = cols / side / kLaneCols;
    return thread / 32 / kWarpsWide * (32 / kLaneCols) +
           thread % 32 / kLaneCols;
  }
  __device__ static int ThreadCol(int thread) {
    constexpr int kWarpsWide = cols / side / kLaneCols;
    return thread / 32 % kWarpsWide * kLaneCols + thread % kLaneCols;
  }
};

// Puts fetched runs into a buffer [k][row], turned if they run along k; `to` is
// where this thread's first run lies.
template <bool kAcross, int kWidth, int kSpan, typename T, int kCount>
__device__ inline void Put(const T (&from)[kCount][kRun<T>], T* to) {
#pragma unroll
  for (int r = 0; r < kCount; ++r) {
#pragma unroll
    for (int i = 0; i < kRun<T>; ++i) {
      to[r * kSpan + i * (kAcross ? kWidth : 1)] = from[r][i];
    }
  }
}

// The block's piece of the product, summed over k in [begin, end), whose
// operands a and b fetch. store(row, column, values) gets kRun neighbours.
template <typename Tile, typename A, typename B, typename Store>
__device__ inline void BlockProduct(A a, B b, int begin, int end,
                                    const Store& store) {
  using T = typename Tile::T;
  constexpr int kSide = Tile::kSide;
  using APlace = typename A::Place;
  using BPlace = typename B::Place;
  // The padding puts turned writes into other banks and keeps runs aligned.
  constexpr int kAWidth = Tile::kRows + 4;
  constexpr int kBWidth = Tile::kCols + 4;
  __shared__ __align__(16) T as[2][kDepth * kAWidth];
  __shared__ __align__(16) T bs[2][kDepth * kBWidth];
  const int t = threadIdx.x;
  const int a_put = APlace::K(t) * kAWidth + APlace::Row(t);
  const int b_put = BPlace::K(t) * kBWidth + BPlace::Row(t);
  // Quads of neighbours; of eight, the second quad is half a tile further on:
  // reads of a warp then fall into different banks or are the same word.
  const int row = Tile::ThreadRow(t) * 4;
  const int col = Tile::ThreadCol(t) * 4;

  T a_next[APlace::kCount][kRun<T>], b_next[BPlace::kCount][kRun<T>];
  T sum[kSide][kSide] = {};
  a.Load(begin, a_next);
  b.Load(begin, b_next);
  Put<A::kAcross, kAWidth, APlace::kSpan>(a_next, as[0] + a_put);
  Put<B::kAcross, kBWidth, BPlace::kSpan>(b_next, bs[0] + b_put);
  __syncthreads();
  int buffer = 0;
  for (int k = begin; k < end; k += kDepth) {
    const bool more = k + kDepth < end;
    if (more) {
      a.Advance();
      b.Advance();
      a.Load(k + kDepth, a_next);
      b.Load(k + kDepth, b_next);
    }
    const T* a_now = as[buffer] + row;
    const T* b_now = bs[buffer] + col;
#pragma unroll
    for (int d = 0; d < kDepth; ++d) {
      T x[kSide], y[kSide];
#pragma unroll
      for (int i = 0; i < kSide; ++i) {
        x[i] = a_now[d * kAWidth + i / 4 * (Tile::kRows / 2) + i % 4];
        y[i] = b_now[d * kBWidth + i / 4 * (Tile::kCols / 2) + i % 4];
      }
#pragma unroll
      for (int i = 0; i < kSide; ++i) {
#pragma unroll
        for (int j = 0; j < kSide; ++j) sum[i][j] += x[i] * y[j];
      }
    }
    if (more) {
      buffer ^= 1;
      Put<A::kAcross, kAWidth, APlace::kSpan>(a_next, as[buffer] + a_put);
      Put<B::kAcross, kBWidth, BPlace::kSpan>(b_next, bs[buffer] + b_put);
      __syncthreads();  // one is enough: the other buffer is free by now
    }
  }
#pragma unroll
  for (int i = 0; i < kSide; ++i) {
#pragma unroll
    for (int j = 0; j < kSide; j += kRun<T>) {
      store(i / 4 * (Tile::kRows / 2) + row + i % 4,
            j / 4 * (Tile::kCols / 2) + col + j % 4, &sum[i][j]);
    }
  }
}

// Blocks are numbered (group, row block, column block), columns fastest, so
// that blocks that run together read the same patches.
template <typename Tile>
struct BlockPlace {
  int row, column, group;
  __device__ BlockPlace(int rows, int columns) {
    const int wide = (columns + Tile::kCols - 1) / Tile::kCols;
    const int high = (rows + Tile::kRows - 1) / Tile::kRows;
    const int block = blockIdx.x;
    column = block % wide * Tile::kCols;
    row = block / wide % high * Tile::kRows;
    group = block / wide / high;
  }
};

// A part of the sum: blockIdx.y-th of `part` values each.
struct PartOfSum {
  int begin, end;
  __device__ PartOfSum(int part, int depth) {
    begin = static_cast<int>(blockIdx.y) * part;
    // The sum of both could exceed 32 bits.
    end = part < depth - begin ? begin + part : depth;
  }
};

// Patches times the kernel: the forward pass, and a phase of the gradient in
// the input. Part blockIdx.y of the sum goes to a result of its own.
template <typename Tile, bool kForward, bool kVector, typename T>
__device__ inline void PatchProduct(const PatchView& v, int part, int64_t size,
                                    const T* source, const T* kernel,
                                    T* result) {
  const int rows = v.Positions();
  const int columns = v.result_group;
  const BlockPlace<Tile> at(rows, columns);
  const PartOfSum sum(part, v.Depth());
  using A = PatchLoader<T, Tile::kRows, Tile::kThreads, kVector>;
  const A a(v, source, at.group, at.row, sum.begin, sum.end);
  T* to = result + blockIdx.y * size + at.group * columns + at.column;
  const auto store = [&](int row, int column, const T* values) {
    row += at.row;
    if (row >= rows) return;
    if constexpr (!kForward) row = v.ResultPosition(row);
    StoreRun<kVector>(values, columns - at.column - column,
                      to + static_cast<int64_t>(row) * v.result + column);
  };
  if constexpr (kForward) {
    using B = MatrixLoader<T, Tile::kCols, Tile::kThreads, kVector>;
    const B b(kernel + at.group * columns, v.result, at.column, columns,
              sum.begin, sum.end);
    BlockProduct<Tile>(a, b, sum.begin, sum.end, store);
  } else {
    using B = TurnedKernelLoader<T, Tile::kCols, Tile::kThreads, kVector>;
    const B b(v, kernel, at.group, at.column, sum.begin, sum.end);
    BlockProduct<Tile>(a, b, sum.begin, sum.end, store);
  }
}

template <typename Tile, bool kForward, bool kVector, typename T>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    PatchProductKernel(PatchView v, int part, int64_t size, const T* source,
                       const T* kernel, T* result) {
  PatchProduct<Tile, kForward, kVector>(v, part, size, source, kernel, result);
}

// The gradient in the input at a stride: blockIdx.z is the phase.
template <typename Tile, bool kVector, typename T>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    PhasedProductKernel(ConvGeometry g, int part, int64_t size,
                        const T* d_output, const T* kernel, T* d_input) {
  __shared__ PatchView v;
  if (threadIdx.x == 0) v = GradView(g, blockIdx.z);
  __syncthreads();
  // Later phases have fewer positions, and the grid is made for the first.
  if (BlockPlace<Tile>(v.Positions(), v.result_group).group >= g.groups) return;
  PatchProduct<Tile, false, kVector>(v, part, size, d_output, kernel, d_input);
}

// The gradient in the kernel: turned patches times d_output, summed over
// pixels.
template <typename Tile, bool kVector, typename T>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    KernelProductKernel(PatchView v, int part, int64_t size, const T* input,
                        const T* d_output, T* d_kernel) {
  const int rows = v.Depth();
  const int columns = v.result_group;
  const BlockPlace<Tile> at(rows, columns);
  const PartOfSum sum(part, v.Positions());
  using A = PatchColumnLoader<T, Tile::kRows, Tile::kThreads, kVector>;
  using B = MatrixLoader<T, Tile::kCols, Tile::kThreads, kVector>;
  const A a(v, input, at.group, at.row, sum.begin, sum.end);
  const B b(d_output + at.group * columns, v.result, at.column, columns,
            sum.begin, sum.end);
  T* to = d_kernel + blockIdx.y * size + at.group * columns + at.column;
  BlockProduct<Tile>(
      a, b, sum.begin, sum.end, [&](int row, int column, const T* values) {
        row += at.row;
        if (row >= rows) return;
        StoreRun<kVector>(values, columns - at.column - column,
                          to + static_cast<int64_t>(row) * v.result + column);
      });
}

template <typename T>
__global__ void SumPartsKernel(int64_t size, int parts, const T* partial,
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
