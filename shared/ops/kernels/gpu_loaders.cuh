// How the implicit GEMM fetches its operands: each loader knows one matrix
// whose elements lie somewhere in a tensor, and walks along it without
// divisions.
#ifndef COURSE_OPS_GPU_LOADERS_CUH_
#define COURSE_OPS_GPU_LOADERS_CUH_

#include "cuda_api.h"
#include "gpu_geometry.h"
#include "gpu_plan.h"

namespace course {
namespace gpu {

// Neighbouring values that are fetched at once: 16 bytes.
template <typename T>
constexpr int kRun = 16 / sizeof(T);

// `kRun` neighbouring values from p, those from `valid` on as zeros. kVector: p
// is aligned and either all are valid or none.
template <bool kVector, typename T>
__device__ inline void LoadRun(const T* p, int valid, T* to) {
  if constexpr (kVector) {
    if (valid > 0) return LoadPack<T, kRun<T>>(p, to);
#pragma unroll
    for (int i = 0; i < kRun<T>; ++i) to[i] = T(0);
  } else {
#pragma unroll
    for (int i = 0; i < kRun<T>; ++i) to[i] = i < valid ? p[i] : T(0);
  }
}

// `kRun` neighbouring values to p, of which `room` exist.
template <bool kVector, typename T>
__device__ inline void StoreRun(const T* from, int room, T* p) {
  if constexpr (kVector) {
    if (room > 0) StorePack<T, kRun<T>>(from, p);
  } else {
#pragma unroll
    for (int i = 0; i < kRun<T>; ++i) {
      if (i < room) p[i] = from[i];
    }
  }
}

// Where a thread's runs lie in the piece of kDepth x kSize values that a block
// fetches. Along the summed dimension (kAcross, the run is turned when it is
// put into shared memory) or along the rows of the result: either way a warp's
// writes there fall into different banks.
template <typename T, bool kAcross, int kSize, int kThreads>
struct Runs {
  static constexpr int kCount = kSize * kDepth / kRun<T> / kThreads;
  static constexpr int kSpan = kSize / kCount;  // rows from one run to the next
  static_assert(kCount * kRun<T> * kThreads == kSize * kDepth, "whole runs");
  __device__ static int K(int thread) {
    return kAcross ? thread % (kDepth / kRun<T>)*kRun<T> : thread % kDepth;
  }
  __device__ static int Row(int thread) {
    return kAcross ? thread / (kDepth / kRun<T>) : thread / kDepth * kRun<T>;
  }
};

// The loaders are asked for the runs of the step that starts at k, and walk on
// from step to step.

// Rows are positions of the result, the sum runs over (tap, channel) of the
// source: the input of a forward pass, d_output of the gradient in the input.
template <typename T, int kSize, int kThreads, bool kVector>
struct PatchLoader {
  using Place = Runs<T, true, kSize, kThreads>;
  static constexpr bool kAcross = true;
  const PatchView& v;
  const T* source;
  TapWalk walk;
  int first_channel, limit;
  int image[Place::kCount], h[Place::kCount], w[Place::kCount];

  __device__ PatchLoader(const PatchView& v, const T* source, int group,
                         int first_row, int begin, int end)
      : v(v),
        source(source),
        walk(v, begin + Place::K(threadIdx.x)),
        first_channel(group * v.group),
        limit(end - Place::K(threadIdx.x)) {
#pragma unroll
    for (int r = 0; r < Place::kCount; ++r) {
      const int row = first_row + Place::Row(threadIdx.x) + r * Place::kSpan;
      const PixelWalk pixel(row, v.rows.count, v.cols.count);
      image[r] = pixel.n * v.rows.size;
      w[r] = v.cols.Origin(pixel.w);
      // A row beyond the last is outside the source whatever its tap.
      h[r] = pixel.n < v.batch ? v.rows.Origin(pixel.h) : kOutside;
    }
  }
  __device__ void Load(int k, T (*to)[kRun<T>]) const {
    TapWalk at = walk;
    // A vector stays within one tap; single values may cross into the next.
#pragma unroll
    for (int i = 0; i < kRun<T>; i += kVector ? kRun<T> : 1) {
      const int h_tap = at.h * v.rows.step;
      const int w_tap = at.w * v.cols.step;
#pragma unroll
      for (int r = 0; r < Place::kCount; ++r) {
        const int ih = h[r] + h_tap;
        const int iw = w[r] + w_tap;
        const bool valid =
            k + i < limit && v.rows.Holds(ih) && v.cols.Holds(iw);
        const T* p = source + v.Index(image[r] + ih, iw, first_channel + at.c);
        if constexpr (kVector) {
          LoadRun<true>(p, valid, to[r]);
        } else {
          to[r][i] = valid ? *p : T(0);
        }
      }
      if constexpr (!kVector) at.Advance(v, 1);
    }
  }
  __device__ void Advance() { walk.Advance(v, kDepth); }
};

// Columns are channels of the input, the sum runs over (tap, filter): the
// kernel as the gradient in the input reads it.
template <typename T, int kSize, int kThreads, bool kVector>
struct TurnedKernelLoader {
  using Place = Runs<T, true, kSize, kThreads>;
  static constexpr bool kAcross = true;
  const PatchView& v;
  const T* kernel;
  TapWalk walk;
  int first_filter, limit, column;

  __device__ TurnedKernelLoader(const PatchView& v, const T* kernel, int group,
                                int first_column, int begin, int end)
      : v(v),
        kernel(kernel),
        walk(v, begin + Place::K(threadIdx.x)),
        first_filter(group * v.group),
        limit(end - Place::K(threadIdx.x)),
        column(first_column + Place::Row(threadIdx.x)) {}
  __device__ void Load(int k, T (*to)[kRun<T>]) const {
    TapWalk at = walk;
#pragma unroll
    for (int i = 0; i < kRun<T>; i += kVector ? kRun<T> : 1) {
      const int tap =
          v.rows.KernelTap(at.h) * v.cols.kernel + v.cols.KernelTap(at.w);
#pragma unroll
      for (int r = 0; r < Place::kCount; ++r) {
        const int c = column + r * Place::kSpan;
        const bool valid = k + i < limit && c < v.result_group;
        const T* p = kernel + v.KernelIndex(tap, c, first_filter + at.c);
        if constexpr (kVector) {
          LoadRun<true>(p, valid, to[r]);
        } else {
          to[r][i] = valid ? *p : T(0);
        }
      }
      if constexpr (!kVector) at.Advance(v, 1);
    }
  }
  __device__ void Advance() { walk.Advance(v, kDepth); }
};

// Rows are (tap, channel) of the input, the sum runs over output pixels: the
// patch matrix as the gradient in the kernel reads it.
template <typename T, int kSize, int kThreads, bool kVector>
struct PatchColumnLoader {
  using Place = Runs<T, false, kSize, kThreads>;
  static constexpr bool kAcross = false;
  const PatchView& v;
  const T* source;
  PixelWalk pixel;
  int first_channel, limit, row, rows;
  TapWalk taps[Place::kCount];

  __device__ PatchColumnLoader(const PatchView& v, const T* source, int group,
                               int first_row, int begin, int end)
      : v(v),
        source(source),
        pixel(begin + Place::K(threadIdx.x), v.rows.count, v.cols.count),
        first_channel(group * v.group),
        limit(end - Place::K(threadIdx.x)),
        row(first_row + Place::Row(threadIdx.x)),
        rows(v.Depth()) {
#pragma unroll
    for (int r = 0; r < Place::kCount; ++r) {
      taps[r] = TapWalk(v, row + r * Place::kSpan);
    }
  }
  __device__ void Load(int k, T (*to)[kRun<T>]) const {
    const int h = v.rows.Origin(pixel.h);
    const int w = v.cols.Origin(pixel.w);
    const int image = pixel.n * v.rows.size;
#pragma unroll
    for (int r = 0; r < Place::kCount; ++r) {
      TapWalk at = taps[r];
#pragma unroll
      for (int i = 0; i < kRun<T>; i += kVector ? kRun<T> : 1) {
        const int ih = h + at.h * v.rows.step;
        const int iw = w + at.w * v.cols.step;
        const bool valid = k < limit && row + r * Place::kSpan + i < rows &&
                           v.rows.Holds(ih) && v.cols.Holds(iw);
        const T* p = source + v.Index(image + ih, iw, first_channel + at.c);
        if constexpr (kVector) {
          LoadRun<true>(p, valid, to[r]);
        } else {
          to[r][i] = valid ? *p : T(0);
          at.Advance(v, 1);
        }
      }
    }
  }
  __device__ void Advance() { pixel.Advance(kDepth); }
};

// Plain matrix rows: data[k * stride + column], `columns` of them.
template <typename T, int kSize, int kThreads, bool kVector>
struct MatrixLoader {
  using Place = Runs<T, false, kSize, kThreads>;
  static constexpr bool kAcross = false;
  const T* p;
  int valid, limit, stride;

  __device__ MatrixLoader(const T* data, int stride, int first_column,
                          int columns, int begin, int end)
      : limit(end - Place::K(threadIdx.x)), stride(stride) {
    const int column = first_column + Place::Row(threadIdx.x);
    p = data + static_cast<int64_t>(begin + Place::K(threadIdx.x)) * stride +
        column;
    valid = columns - column;
  }
  __device__ void Load(int k, T (*to)[kRun<T>]) const {
#pragma unroll
    for (int r = 0; r < Place::kCount; ++r) {
      LoadRun<kVector>(p + r * Place::kSpan,
                       k < limit ? valid - r * Place::kSpan : 0, to[r]);
    }
  }
  __device__ void Advance() { p += static_cast<int64_t>(stride) * kDepth; }
};

}  // namespace gpu
}  // namespace course

#endif  // COURSE_OPS_GPU_LOADERS_CUH_
