// The GPU functors: launches of the CUDA kernels on the stream that is given.
#include "conv2d.h"
#include "gpu_gemm_launch.h"
#include "gpu_naive.cuh"
#include "gpu_tiled.cuh"

namespace course {
namespace {

using gpu::CeilDiv;
using gpu::kIndexLimit;
using gpu::Launched;

constexpr int64_t kSharedBytes =
    48 * 1024;  // what every kernel may use unasked

template <typename T>
Outcome Tiled(const DeviceContext<Gpu>& context, gpu::TiledProblem p,
              const T* from, const T* kernel, T* to) {
  // Each alone, for the product of two windows may exceed 64 bits.
  if (p.rows.window > kSharedBytes || p.cols.window > kSharedBytes) {
    return Outcome::kUnsupported;
  }
  const int64_t taps = p.rows.kernel * p.cols.kernel;
  const int64_t per_channel =
      (p.rows.window * p.cols.window + taps * gpu::kFilters) *
      static_cast<int64_t>(sizeof(T));
  p.chunk = kSharedBytes / per_channel;
  if (p.chunk == 0) return Outcome::kUnsupported;  // one window fills it all
  if (p.chunk > 8) p.chunk = 8;
  if (p.chunk > p.in_channels) p.chunk = p.in_channels;
  const int64_t blocks =
      CeilDiv(p.cols.size, gpu::kTile) * CeilDiv(p.rows.size, gpu::kTile) *
      CeilDiv(p.out_channels, gpu::kFilters) * p.groups * p.batch;
  if (blocks >= kIndexLimit) return Outcome::kUnsupported;
  COURSE_LAUNCH(gpu::TiledKernel<T>, dim3(static_cast<unsigned>(blocks)),
                dim3(gpu::kTile * gpu::kTile), p.chunk * per_channel,
                context.stream, p, from, kernel, to);
  return Launched();
}

gpu::TiledAxis ForwardAxis(const ConvAxis& axis) {
  return {axis.out,
          axis.in,
          axis.kernel,
          axis.stride,
          -axis.pad_before,
          -axis.dilation,
          1,
          (gpu::kTile - 1) * axis.stride + axis.EffectiveKernel()};
}

gpu::TiledAxis GradAxis(const ConvAxis& axis) {
  return {axis.in,
          axis.out,
          axis.kernel,
          1,
          axis.pad_before,
          axis.dilation,
          axis.stride,
          (gpu::kTile - 1 + axis.EffectiveKernel() - 1) / axis.stride + 2};
}

template <typename T>
Outcome Forward(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                Implementation how, const T* input, const T* kernel,
                T* output) {
  switch (how) {
    case Implementation::kAuto: {
      const Outcome outcome =
          gpu::GemmForward(context, g, input, kernel, output);
      if (outcome != Outcome::kUnsupported) return outcome;
      [[fallthrough]];  // slow, but any size
    }
    case Implementation::kNaive: {
      const int64_t blocks = CeilDiv(g.OutputSize(), gpu::kNaiveThreads);
      if (blocks >= kIndexLimit) return Outcome::kUnsupported;
      COURSE_LAUNCH(gpu::NaiveForwardKernel<T>,
                    dim3(static_cast<unsigned>(blocks)),
                    dim3(gpu::kNaiveThreads), 0, context.stream, g, input,
                    kernel, output);
      return Launched();
    }
    case Implementation::kDirect:
      return Tiled(context,
                   {g.batch, g.groups, ForwardAxis(g.rows), ForwardAxis(g.cols),
                    g.GroupChannels(), g.GroupFilters(), 0, g.filters, 1,
                    g.GroupFilters(), g.GroupChannels() * g.filters},
                   input, kernel, output);
    case Implementation::kIm2col:
      return gpu::GemmForward(context, g, input, kernel, output);
    default:
      return Outcome::kUnsupported;
  }
}

template <typename T>
Outcome GradInput(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                  Implementation how, const T* d_output, const T* kernel,
                  T* d_input) {
  switch (how) {
    case Implementation::kAuto: {
      const Outcome outcome =
          gpu::GemmGradInput(context, g, d_output, kernel, d_input);
      if (outcome != Outcome::kUnsupported) return outcome;
      [[fallthrough]];  // slow, but any size
    }
    case Implementation::kNaive: {
      const int64_t blocks = CeilDiv(g.InputSize(), gpu::kNaiveThreads);
      if (blocks >= kIndexLimit) return Outcome::kUnsupported;
      COURSE_LAUNCH(gpu::NaiveGradInputKernel<T>,
                    dim3(static_cast<unsigned>(blocks)),
                    dim3(gpu::kNaiveThreads), 0, context.stream, g, d_output,
                    kernel, d_input);
      return Launched();
    }
    case Implementation::kDirect:
      return Tiled(context,
                   {g.batch, g.groups, GradAxis(g.rows), GradAxis(g.cols),
                    g.GroupFilters(), g.GroupChannels(), 0, 1, g.filters,
                    g.GroupFilters(), g.GroupChannels() * g.filters},
                   d_output, kernel, d_input);
    case Implementation::kIm2col:
      return gpu::GemmGradInput(context, g, d_output, kernel, d_input);
    default:
      return Outcome::kUnsupported;
  }
}

template <typename T>
Outcome GradKernel(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                   Implementation how, const T* input, const T* d_output,
                   T* d_kernel) {
  switch (how) {
    case Implementation::kAuto: {
      const Outcome outcome =
          gpu::GemmGradKernel(context, g, input, d_output, d_kernel);
      if (outcome != Outcome::kUnsupported) return outcome;
      [[fallthrough]];  // slow, but any size
    }
    case Implementation::kNaive: {
      const int64_t blocks = CeilDiv(g.KernelSize(), gpu::kNaiveThreads);
      if (blocks >= kIndexLimit) return Outcome::kUnsupported;
      COURSE_LAUNCH(gpu::NaiveGradKernelKernel<T>,
                    dim3(static_cast<unsigned>(blocks)),
                    dim3(gpu::kNaiveThreads), 0, context.stream, g, input,
                    d_output, d_kernel);
      return Launched();
    }
    case Implementation::kDirect: {
      const int64_t blocks = CeilDiv(g.GroupChannels(), gpu::kTile) *
                             CeilDiv(g.GroupFilters(), gpu::kTile) * g.Taps() *
                             g.groups;
      if (blocks >= kIndexLimit) return Outcome::kUnsupported;
      COURSE_LAUNCH(gpu::TiledGradKernelKernel<T>,
                    dim3(static_cast<unsigned>(blocks)),
                    dim3(gpu::kTile * gpu::kTile), 0, context.stream, g, input,
                    d_output, d_kernel);
      return Launched();
    }
    case Implementation::kIm2col:
      return gpu::GemmGradKernel(context, g, input, d_output, d_kernel);
    default:
      return Outcome::kUnsupported;
  }
}

// The kernel for `how`, given how many columns its product has. A sum of no
// terms is zero, which only the naive kernels store. Two columns or one would
// leave most of every tile of a product unused.
Implementation Chosen(Implementation how, const ConvGeometry& g,
                      int64_t columns) {
  if (g.OutputSize() == 0 || g.InputSize() == 0 || g.KernelSize() == 0) {
    return Implementation::kNaive;
  }
  if (how == Implementation::kAuto && columns <= 2) {
    return Implementation::kNaive;
  }
  return how;
}

}  // namespace

template <typename T>
struct Conv2D<Gpu, T> {
  Outcome operator()(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* kernel,
                     T* output) {
    if (g.OutputSize() == 0) return Outcome::kDone;
    return Forward(context, g, Chosen(how, g, g.GroupFilters()), input, kernel,
                   output);
  }
};

template <typename T>
struct Conv2DGradInput<Gpu, T> {
  Outcome operator()(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                     Implementation how, const T* d_output, const T* kernel,
                     T* d_input) {
    if (g.InputSize() == 0) return Outcome::kDone;
    return GradInput(context, g, Chosen(how, g, g.GroupChannels()), d_output,
                     kernel, d_input);
  }
};

template <typename T>
struct Conv2DGradKernel<Gpu, T> {
  Outcome operator()(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* d_output,
                     T* d_kernel) {
    if (g.KernelSize() == 0) return Outcome::kDone;
    return GradKernel(context, g, Chosen(how, g, g.GroupFilters()), input,
                      d_output, d_kernel);
  }
};

template struct Conv2D<Gpu, float>;
template struct Conv2D<Gpu, double>;
template struct Conv2DGradInput<Gpu, float>;
template struct Conv2DGradInput<Gpu, double>;
template struct Conv2DGradKernel<Gpu, float>;
template struct Conv2DGradKernel<Gpu, double>;

}  // namespace course
