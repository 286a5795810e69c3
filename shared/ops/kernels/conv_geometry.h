// The sizes of one 2-D convolution, NHWC activations and HWIO kernels.
//
// This is the only place in C++ where an output size or a padding is computed:
// the operation, every CPU and CUDA kernel and the stand-alone tests read it.
#ifndef COURSE_OPS_CONV_GEOMETRY_H_
#define COURSE_OPS_CONV_GEOMETRY_H_

#include <stdint.h>

#if defined(__CUDACC__)
#define COURSE_HOST_DEVICE __host__ __device__
#else
#define COURSE_HOST_DEVICE
#endif

namespace course {

// One spatial axis. Output o reads input o * stride - pad_before + k * dilation
// through tap k; positions outside [0, in) read as zero.
struct ConvAxis {
  int64_t in = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_before = 0;
  int64_t pad_after = 0;
  int64_t out = 0;

  COURSE_HOST_DEVICE int64_t EffectiveKernel() const {
    return (kernel - 1) * dilation + 1;
  }
  COURSE_HOST_DEVICE int64_t InputAt(int64_t o, int64_t k) const {
    return o * stride - pad_before + k * dilation;
  }
  // TensorFlow's SAME rule: ceil(in / stride) outputs, the odd zero at the end.
  void SetSame() {
    out = (in + stride - 1) / stride;
    const int64_t total = (out - 1) * stride + EffectiveKernel() - in;
    const int64_t needed = (out > 0 && total > 0) ? total : 0;
    pad_before = needed / 2;
    pad_after = needed - pad_before;
  }
  // False if the kernel does not fit the padded input: there is no output size.
  bool SetExplicit(int64_t before, int64_t after) {
    pad_before = before;
    pad_after = after;
    const int64_t room = in + before + after - EffectiveKernel() + stride;
    out = room / stride;
    return room >= 0;
  }
};

struct ConvGeometry {
  int64_t batch = 0;
  ConvAxis rows;
  ConvAxis cols;
  int64_t channels = 0;  // of the input, all groups together
  int64_t filters = 0;   // of the output, all groups together
  int64_t groups = 1;

  COURSE_HOST_DEVICE int64_t GroupChannels() const { return channels / groups; }
  COURSE_HOST_DEVICE int64_t GroupFilters() const { return filters / groups; }
  COURSE_HOST_DEVICE int64_t Taps() const { return rows.kernel * cols.kernel; }
  COURSE_HOST_DEVICE int64_t OutPixels() const {
    return batch * rows.out * cols.out;
  }
  COURSE_HOST_DEVICE int64_t InputSize() const {
    return batch * rows.in * cols.in * channels;
  }
  COURSE_HOST_DEVICE int64_t KernelSize() const {
    return Taps() * GroupChannels() * filters;
  }
  COURSE_HOST_DEVICE int64_t OutputSize() const {
    return OutPixels() * filters;
  }
  // Multiply-adds of the plain loop nest, taps on padding counted too.
  COURSE_HOST_DEVICE double MultiplyAdds() const {
    return static_cast<double>(OutputSize()) *
           static_cast<double>(Taps() * GroupChannels());
  }
  bool IsUnitStride() const { return rows.stride == 1 && cols.stride == 1; }
};

}  // namespace course

#endif  // COURSE_OPS_CONV_GEOMETRY_H_
