// The convolution as the implicit GEMM sees it: in 32 bits, and as one form for
// the forward pass and for each phase of the gradient in the input.
//
// The gradient in the input at stride s falls into s x s phases: positions that
// leave the same remainder meet the same taps and no others. Within a phase it
// is a convolution of stride 1, and no tap is tried in vain.
#ifndef COURSE_OPS_GPU_GEOMETRY_H_
#define COURSE_OPS_GPU_GEOMETRY_H_

#include "conv_geometry.h"
#include "cuda_api.h"

namespace course {
namespace gpu {

constexpr int kOutside = -(1 << 30);

// Position o of the result, out of `count`, reads the source at
// o * scale + shift + tap * step through each of `taps` taps.
struct PatchAxis {
  int size;  // of the source
  int count;
  int scale, shift;
  int taps, step;
  int kernel;                 // its taps, all phases together
  int tap_first, tap_stride;  // which of them the taps of this phase are
  int result;                 // size of the result, all phases together
  int first, spread;          // where the positions of this phase lie in it

  COURSE_HOST_DEVICE int Origin(int o) const { return o * scale + shift; }
  COURSE_HOST_DEVICE int ResultAt(int o) const { return first + o * spread; }
  COURSE_HOST_DEVICE int KernelTap(int tap) const {
    return tap_first + tap * tap_stride;
  }
  COURSE_HOST_DEVICE bool Holds(int at) const {
    return static_cast<unsigned>(at) < static_cast<unsigned>(size);
  }
};

struct PatchView {
  int batch;
  PatchAxis rows, cols;
  int channels;      // of the source
  int group;         // of them in a group
  int result;        // channels of the result
  int result_group;  // of them in a group

  COURSE_HOST_DEVICE int Depth() const { return rows.taps * cols.taps * group; }
  COURSE_HOST_DEVICE int Positions() const {
    return batch * rows.count * cols.count;
  }
  // Where the position-th of this phase lies in the whole result.
  __device__ int ResultPosition(int position) const;
  // Of a value of the source, or of the kernel as its gradient in the input
  // reads it. Unsigned: outside they wrap around, and are not used.
  COURSE_HOST_DEVICE unsigned Index(unsigned image_row, unsigned column,
                                    unsigned channel) const {
    return (image_row * cols.size + column) * channels + channel;
  }
  COURSE_HOST_DEVICE unsigned KernelIndex(unsigned tap, unsigned column,
                                          unsigned channel) const {
    return (tap * result_group + column) * channels + channel;
  }
};

inline PatchAxis ForwardAxis(const ConvAxis& axis) {
  PatchAxis a;
  a.size = static_cast<int>(axis.in);
  a.count = static_cast<int>(axis.out);
  a.scale = static_cast<int>(axis.stride);
  a.shift = -static_cast<int>(axis.pad_before);
  a.taps = a.kernel = static_cast<int>(axis.kernel);
  a.step = static_cast<int>(axis.dilation);
  a.tap_first = 0;
  a.tap_stride = 1;
  a.result = a.count;
  a.first = 0;
  a.spread = 1;
  return a;
}

// Phases along an axis: positions p, p + stride, p + 2 stride, ... each.
COURSE_HOST_DEVICE inline int64_t Phases(const ConvAxis& axis) {
  return axis.stride < axis.in ? axis.stride : axis.in;
}

COURSE_HOST_DEVICE inline int64_t CommonDivisor(int64_t a, int64_t b) {
  while (b != 0) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// Most taps that a phase meets: they lie stride / divisor apart.
inline int64_t MostTaps(const ConvAxis& axis) {
  const int64_t divisor = CommonDivisor(axis.stride, axis.dilation);
  const int64_t apart = axis.stride / divisor;
  return (axis.kernel + apart - 1) / apart;
}

// Position h meets tap k if h + pad - k * dilation is a multiple of the stride.
// A phase that meets none has no taps: its gradient is zero.
COURSE_HOST_DEVICE inline PatchAxis GradAxis(const ConvAxis& axis,
                                             int64_t phase) {
  const int64_t divisor = CommonDivisor(axis.stride, axis.dilation);
  const int64_t apart = axis.stride / divisor;  // taps of one phase
  int64_t tap = 0;
  int64_t numerator = phase + axis.pad_before;
  while (tap < apart && tap < axis.kernel && numerator % axis.stride != 0) {
    numerator -= axis.dilation;
    ++tap;
  }
  const bool meets = tap < apart && tap < axis.kernel;
  PatchAxis a;
  a.size = static_cast<int>(axis.out);
  a.count = static_cast<int>((axis.in - phase + axis.stride - 1) / axis.stride);
  a.scale = 1;
  a.shift = meets ? static_cast<int>(numerator / axis.stride) : 0;
  a.taps = meets ? static_cast<int>((axis.kernel - 1 - tap) / apart) + 1 : 0;
  a.step = -static_cast<int>(axis.dilation / divisor);
  a.kernel = static_cast<int>(axis.kernel);
  a.tap_first = static_cast<int>(tap);
  a.tap_stride = static_cast<int>(apart);
  a.result = static_cast<int>(axis.in);
  a.first = static_cast<int>(phase);
  a.spread = static_cast<int>(axis.stride);
  return a;
}

inline PatchView ForwardView(const ConvGeometry& g) {
  PatchView v;
  v.batch = static_cast<int>(g.batch);
  v.rows = ForwardAxis(g.rows);
  v.cols = ForwardAxis(g.cols);
  v.channels = static_cast<int>(g.channels);
  v.group = static_cast<int>(g.GroupChannels());
  v.result = static_cast<int>(g.filters);
  v.result_group = static_cast<int>(g.GroupFilters());
  return v;
}

COURSE_HOST_DEVICE inline PatchView GradView(const ConvGeometry& g,
                                             int64_t phase) {
  PatchView v;
  v.batch = static_cast<int>(g.batch);
  v.rows = GradAxis(g.rows, phase / Phases(g.cols));
  v.cols = GradAxis(g.cols, phase % Phases(g.cols));
  v.channels = static_cast<int>(g.filters);
  v.group = static_cast<int>(g.GroupFilters());
  v.result = static_cast<int>(g.channels);
  v.result_group = static_cast<int>(g.GroupChannels());
  return v;
}

// A position in (tap row, tap column, channel), in the order of HWIO.
struct TapWalk {
  int h, w, c;

  TapWalk() = default;
  __device__ TapWalk(const PatchView& v, int at) {
    // A phase without taps has nothing to walk over.
    const int wide = v.cols.taps > 0 ? v.cols.taps : 1;
    c = at % v.group;
    w = at / v.group % wide;
    h = at / v.group / wide;
  }
  __device__ void Advance(const PatchView& v, int by) {
    c += by;
    while (c >= v.group) {
      c -= v.group;
      if (++w == v.cols.taps) {
        w = 0;
        ++h;
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

__device__ inline int PatchView::ResultPosition(int position) const {
  if (rows.spread == 1 && cols.spread == 1) return position;
  const PixelWalk pixel(position, rows.count, cols.count);
  return (pixel.n * rows.result + rows.ResultAt(pixel.h)) * cols.result +
         cols.ResultAt(pixel.w);
}

}  // namespace gpu
}  // namespace course

#endif  // COURSE_OPS_GPU_GEOMETRY_H_
