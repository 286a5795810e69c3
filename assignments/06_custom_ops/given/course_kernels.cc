// The course's own kernels behind the same interface: what the operations use
// where you have not put in yours.
#include <string.h>

#include "conv_geometry.h"
#include "interface.h"
#include "naive.cc"

#define COURSE_EXPORT extern "C" __attribute__((visibility("default")))

static course::ConvGeometry Geometry(const Conv& conv) {
  course::ConvGeometry g;
  g.batch = conv.batch;
  g.channels = conv.channels;
  g.filters = conv.filters;
  g.rows.in = conv.height;
  g.rows.kernel = conv.kernel_height;
  g.rows.stride = conv.stride_h;
  g.rows.dilation = conv.dilation_h;
  g.rows.pad_before = conv.pad_top;
  g.rows.out = conv.out_height;
  g.cols.in = conv.width;
  g.cols.kernel = conv.kernel_width;
  g.cols.stride = conv.stride_w;
  g.cols.dilation = conv.dilation_w;
  g.cols.pad_before = conv.pad_left;
  g.cols.out = conv.out_width;
  return g;
}

#define COURSE_KERNEL(name, Function)                                       \
  COURSE_EXPORT void name(int is_double, const Conv* conv, const void* a,   \
                          const void* b, void* result) {                    \
    const course::Runtime runtime;                                          \
    const course::ConvGeometry g = Geometry(*conv);                         \
    if (is_double) {                                                        \
      course::Function(runtime, g, static_cast<const double*>(a),           \
                       static_cast<const double*>(b),                       \
                       static_cast<double*>(result));                       \
    } else {                                                                \
      course::Function(runtime, g, static_cast<const float*>(a),            \
                       static_cast<const float*>(b),                        \
                       static_cast<float*>(result));                        \
    }                                                                       \
  }
COURSE_KERNEL(course_forward, NaiveForward)
COURSE_KERNEL(course_grad_input, NaiveGradInput)
COURSE_KERNEL(course_grad_kernel, NaiveGradKernel)
#undef COURSE_KERNEL

COURSE_EXPORT int course_shape(const int64_t* x, int x_count,
                               const int64_t* kernel, int kernel_count,
                               const int64_t* strides, int,
                               const int64_t* dilations, int,
                               const char* padding, int64_t* out,
                               char* message) {
  if (x_count != 4 || kernel_count != 4) {
    strcpy(message, "x and kernel must have four sizes");
    return 0;
  }
  if (x[3] >= 0 && kernel[2] >= 0 && x[3] != kernel[2]) {
    strcpy(message, "x and kernel differ in channels");
    return 0;
  }
  const bool same = strcmp(padding, "SAME") == 0;
  out[0] = x[0];
  out[3] = kernel[3];
  for (int i = 0; i < 2; ++i) {
    course::ConvAxis axis;
    axis.in = x[1 + i];
    axis.kernel = kernel[i];
    axis.stride = strides[i];
    axis.dilation = dilations[i];
    out[1 + i] = -1;
    if (axis.in < 0 || (!same && axis.kernel < 0)) continue;
    if (same) {
      axis.SetSame();
    } else if (!axis.SetExplicit(0, 0)) {
      strcpy(message, "the kernel is larger than x");
      return 0;
    }
    out[1 + i] = axis.out;
  }
  return 1;
}
