// How the implicit GEMM fetches its operands: each loader knows one matrix
// whose elements lie somewhere in a tensor, and walks along it without
// divisions.
#ifndef COURSE_OPS_GPU_LOADERS_CUH_
#define COURSE_OPS_GPU_LOADERS_CUH_

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

}  // namespace gpu
}  // namespace course

#endif  // COURSE_OPS_GPU_LOADERS_CUH_
