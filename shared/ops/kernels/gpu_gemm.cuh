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

namespace course {
namespace gpu {

constexpr int kGemmThreads = 256;
// Eight keeps both double buffers of a float block of 128 x 128 in 16 KB, so
// that registers, not shared memory, bound the blocks per multiprocessor.
constexpr int kDepth = 8;

// `count` neighbouring values from p, those from `valid` on as zeros. kVector:
// p is aligned and either all are valid or none.
template <typename T, int kCount, bool kVector>
__device__ inline void LoadRun(const T* p, int valid, T* to) {
  if constexpr (kVector) {
    if (valid > 0) return LoadPack<T, kCount>(p, to);
#pragma unroll
    for (int i = 0; i < kCount; ++i) to[i] = T(0);
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) to[i] = i < valid ? p[i] : T(0);
  }
}

// A position in (kernel row, kernel column, channel), in the order of HWIO.
struct TapWalk {
  int kh, kw, c;
  int kernel_w, channels;

  __device__ TapWalk(int at, int kernel_w, int channels)
      : kernel_w(kernel_w), channels(channels) {
    c = at % channels;
    kw = at / channels % kernel_w;
    kh = at / channels / kernel_w;
  }
  __device__ void Advance(int by) {
    c += by;
    while (c >= channels) {
      c -= channels;
      if (++kw == kernel_w) {
        kw = 0;
        ++kh;
      }
    }
  }
};

// A position in (image, row, column).
struct PixelWalk {
  int n, h, w;
  int high, wide;

  __device__ PixelWalk(int at, int high, int wide) : high(high), wide(wide) {
    w = at % wide;
    h = at / wide % high;
    n = at / wide / high;
  }
  __device__ void Advance(int by) {
    w += by;
    while (w >= wide) {
      w -= wide;
      if (++h == high) {
        h = 0;
        ++n;
      }
    }
  }
};

// The loaders below fetch kRun neighbouring values per thread and step. Those
// of type kAcross run along the summed dimension and are turned when they are
// put into shared memory; the others run along the rows of the result.

// Rows are output pixels, the sum runs over (tap, channel) of the input.
template <typename T, int kRun, bool kVector>
struct PatchLoader {
  static constexpr bool kAcross = true;
  const ConvGeometry& g;
  const T* base;
  bool inside;
  int h, w, k, depth;
  TapWalk walk;

  __device__ PatchLoader(const ConvGeometry& g, const T* input, int group,
                         int row, int k, int end)
      : g(g),
        k(k),
        depth(end),
        walk(k, static_cast<int>(g.cols.kernel),
             static_cast<int>(g.GroupChannels())) {
    inside = row < g.OutPixels();
    const PixelWalk pixel(inside ? row : 0, static_cast<int>(g.rows.out),
                          static_cast<int>(g.cols.out));
    h = static_cast<int>(g.rows.InputAt(pixel.h, 0));
    w = static_cast<int>(g.cols.InputAt(pixel.w, 0));
    base = input + pixel.n * g.rows.in * g.cols.in * g.channels +
           group * g.GroupChannels();
  }
  __device__ void Load(T* to) {
    TapWalk at = walk;
    // A vector stays within one tap; single values may cross into the next.
    constexpr int kPiece = kVector ? kRun : 1;
#pragma unroll
    for (int i = 0; i < kRun; i += kPiece) {
      const int64_t ih = h + at.kh * g.rows.dilation;
      const int64_t iw = w + at.kw * g.cols.dilation;
      const bool valid = inside && k + i < depth && ih >= 0 && ih < g.rows.in &&
                         iw >= 0 && iw < g.cols.in;
      const T* p =
          valid ? base + (ih * g.cols.in + iw) * g.channels + at.c : base;
      LoadRun<T, kPiece, kVector>(p, valid ? kPiece : 0, to + i);
      if constexpr (!kVector) at.Advance(1);
    }
  }
  __device__ void Advance() {
    walk.Advance(kDepth);
    k += kDepth;
  }
};

// Rows are input pixels, the sum runs over (tap, filter) of d_output.
template <typename T, int kRun, bool kVector>
struct GradPatchLoader {
  static constexpr bool kAcross = true;
  const ConvGeometry& g;
  const T* base;
  bool inside;
  int h, w, k, depth;
  TapWalk walk;

  __device__ GradPatchLoader(const ConvGeometry& g, const T* d_output,
                             int group, int row, int k, int end)
      : g(g),
        k(k),
        depth(end),
        walk(k, static_cast<int>(g.cols.kernel),
             static_cast<int>(g.GroupFilters())) {
    inside = row < g.batch * g.rows.in * g.cols.in;
    const PixelWalk pixel(inside ? row : 0, static_cast<int>(g.rows.in),
                          static_cast<int>(g.cols.in));
    h = pixel.h + static_cast<int>(g.rows.pad_before);
    w = pixel.w + static_cast<int>(g.cols.pad_before);
    base = d_output + pixel.n * g.rows.out * g.cols.out * g.filters +
           group * g.GroupFilters();
  }
  __device__ void Load(T* to) {
    TapWalk at = walk;
    constexpr int kPiece = kVector ? kRun : 1;
#pragma unroll
    for (int i = 0; i < kRun; i += kPiece) {
      const int64_t oh = h - at.kh * g.rows.dilation;
      const int64_t ow = w - at.kw * g.cols.dilation;
      const bool valid = inside && k + i < depth && oh >= 0 && ow >= 0 &&
                         oh % g.rows.stride == 0 && ow % g.cols.stride == 0 &&
                         oh / g.rows.stride < g.rows.out &&
                         ow / g.cols.stride < g.cols.out;
      const T* p =
          valid ? base +
                      (oh / g.rows.stride * g.cols.out + ow / g.cols.stride) *
                          g.filters +
                      at.c
                : base;
      LoadRun<T, kPiece, kVector>(p, valid ? kPiece : 0, to + i);
      if constexpr (!kVector) at.Advance(1);
    }
  }
  __device__ void Advance() {
    walk.Advance(kDepth);
    k += kDepth;
  }
};

// Rows are (tap, channel) of the input, the sum runs over output pixels.
template <typename T, int kRun, bool kVector>
struct PatchColumnLoader {
  static constexpr bool kAcross = false;
  const ConvGeometry& g;
  const T* base;
  int row, rows, k, depth;
  TapWalk tap;
  PixelWalk pixel;

  __device__ PatchColumnLoader(const ConvGeometry& g, const T* input, int group,
                               int row, int k, int end)
      : g(g),
        base(input + group * g.GroupChannels()),
        row(row),
        rows(static_cast<int>(g.Taps() * g.GroupChannels())),
        k(k),
        depth(end),
        tap(row, static_cast<int>(g.cols.kernel),
            static_cast<int>(g.GroupChannels())),
        pixel(k, static_cast<int>(g.rows.out), static_cast<int>(g.cols.out)) {}
  __device__ void Load(T* to) {
    TapWalk at = tap;
    constexpr int kPiece = kVector ? kRun : 1;
#pragma unroll
    for (int i = 0; i < kRun; i += kPiece) {
      const int64_t ih = g.rows.InputAt(pixel.h, at.kh);
      const int64_t iw = g.cols.InputAt(pixel.w, at.kw);
      const bool valid = row + i < rows && k < depth && ih >= 0 &&
                         ih < g.rows.in && iw >= 0 && iw < g.cols.in;
      const T* p = valid ? base +
                               ((pixel.n * g.rows.in + ih) * g.cols.in + iw) *
                                   g.channels +
                               at.c
                         : base;
      LoadRun<T, kPiece, kVector>(p, valid ? kPiece : 0, to + i);
      if constexpr (!kVector) at.Advance(1);
    }
  }
  __device__ void Advance() {
    pixel.Advance(kDepth);
    k += kDepth;
  }
};

// Plain matrix rows: data[k * stride + column], `columns` of them.
template <typename T, int kRun, bool kVector>
struct MatrixLoader {
  static constexpr bool kAcross = false;
  const T* p;
  int valid, k, depth;
  int64_t stride;

  __device__ MatrixLoader(const T* data, int64_t stride, int column,
                          int columns, int k, int end)
      : p(data + k * stride + column),
        valid(columns - column),
        k(k),
        depth(end),
        stride(stride) {}
  __device__ void Load(T* to) {
    LoadRun<T, kRun, kVector>(p, k < depth ? valid : 0, to);
  }
  __device__ void Advance() {
    p += kDepth * stride;
    k += kDepth;
  }
};

// The kernel with channels as columns; the sum runs over (tap, filter).
template <typename T, int kRun, bool kVector>
struct TransposedKernelLoader {
  static constexpr bool kAcross = true;
  const ConvGeometry& g;
  const T* base;
  int column, k, depth;
  TapWalk walk;

  __device__ TransposedKernelLoader(const ConvGeometry& g, const T* kernel,
                                    int group, int column, int k, int end)
      : g(g),
        base(kernel + group * g.GroupFilters()),
        column(column),
        k(k),
        depth(end),
        walk(k, static_cast<int>(g.cols.kernel),
             static_cast<int>(g.GroupFilters())) {}
  __device__ void Load(T* to) {
    TapWalk at = walk;
    constexpr int kPiece = kVector ? kRun : 1;
#pragma unroll
    for (int i = 0; i < kRun; i += kPiece) {
      const bool valid = column < g.GroupChannels() && k + i < depth;
      const T* p =
          valid ? base +
                      ((at.kh * g.cols.kernel + at.kw) * g.GroupChannels() +
                       column) *
                          g.filters +
                      at.c
                : base;
      LoadRun<T, kPiece, kVector>(p, valid ? kPiece : 0, to + i);
      if constexpr (!kVector) at.Advance(1);
    }
  }
  __device__ void Advance() {
    walk.Advance(kDepth);
    k += kDepth;
  }
};

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
