// The CPU functors: which implementation runs.
#include <string.h>

#include "conv2d.h"
#include "fast_kernels.h"
#include "naive.h"

namespace course {
namespace {

template <typename T>
Outcome Run(const DeviceContext<Cpu>& context, const ConvGeometry& g,
            Implementation how, const FastPass<T>& pass, const T* a, const T* b,
            T* result, int64_t result_size) {
  if (g.OutputSize() == 0) {  // nothing is summed; no kernel need think of it
    memset(result, 0, result_size * sizeof(T));
    return Outcome::kDone;
  }
  FastKernel<T> kernel = nullptr;
  switch (how) {
    case Implementation::kIm2col:
      kernel = pass.im2col;
      break;
    case Implementation::kWinograd:
    case Implementation::kWinograd4x4:
      kernel = pass.winograd4x4;
      break;
    case Implementation::kWinograd2x2:
      kernel = pass.winograd2x2;
      break;
    default:
      kernel = pass.direct;
  }
  if (kernel == nullptr) return Outcome::kUnsupported;
  return kernel(context.runtime, g, a, b, result);
}

}  // namespace

template <typename T>
struct Conv2D<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* kernel,
                     T* output) {
    if (how == Implementation::kNaive) {
      NaiveForward(context.runtime, g, input, kernel, output);
      return Outcome::kDone;
    }
    return Run(context, g, how, ChooseFastKernels<T>().forward, input, kernel,
               output, g.OutputSize());
  }
};

template <typename T>
struct Conv2DGradInput<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* d_output, const T* kernel,
                     T* d_input) {
    if (how == Implementation::kNaive) {
      NaiveGradInput(context.runtime, g, d_output, kernel, d_input);
      return Outcome::kDone;
    }
    return Run(context, g, how, ChooseFastKernels<T>().grad_input, d_output,
               kernel, d_input, g.InputSize());
  }
};

template <typename T>
struct Conv2DGradKernel<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* d_output,
                     T* d_kernel) {
    if (how == Implementation::kNaive) {
      NaiveGradKernel(context.runtime, g, input, d_output, d_kernel);
      return Outcome::kDone;
    }
    return Run(context, g, how, ChooseFastKernels<T>().grad_kernel, input,
               d_output, d_kernel, g.KernelSize());
  }
};

template struct Conv2D<Cpu, float>;
template struct Conv2D<Cpu, double>;
template struct Conv2DGradInput<Cpu, float>;
template struct Conv2DGradInput<Cpu, double>;
template struct Conv2DGradKernel<Cpu, float>;
template struct Conv2DGradKernel<Cpu, double>;

}  // namespace course
