// The CPU functors: which implementation runs.
#include <string.h>

#include "conv2d.h"
#include "cost_model.h"
#include "fast_kernels.h"
#include "naive.h"

namespace course {
namespace {

template <typename T>
FastKernel<T> Find(const FastPass<T>& pass, Implementation how) {
  switch (how) {
    case Implementation::kIm2col:
      return pass.im2col;
    case Implementation::kWinograd2x2:
      return pass.winograd2x2;
    case Implementation::kWinograd4x4:
      return pass.winograd4x4;
    default:
      return pass.direct;
  }
}

// "winograd" leaves the size of the tile to the cost model.
Implementation ChooseTile(Pass pass, const ConvGeometry& g, int lanes) {
  CostCounts small, large;
  if (!CountCosts(pass, Implementation::kWinograd2x2, g, lanes, &small) ||
      !CountCosts(pass, Implementation::kWinograd4x4, g, lanes, &large)) {
    return Implementation::kWinograd2x2;  // which will say that it cannot
  }
  return PredictTime(pass, Implementation::kWinograd2x2, small) <
                 PredictTime(pass, Implementation::kWinograd4x4, large)
             ? Implementation::kWinograd2x2
             : Implementation::kWinograd4x4;
}

template <typename T>
using NaiveKernel = void (*)(const Runtime&, const ConvGeometry&, const T*,
                             const T*, T*);

template <typename T>
Outcome Run(const DeviceContext<Cpu>& context, const ConvGeometry& g,
            Implementation how, Pass pass, NaiveKernel<T> naive,
            const FastPass<T>& fast, const T* a, const T* b, T* result,
            int64_t result_size) {
  if (g.OutputSize() == 0) {  // nothing is summed; no kernel need think of it
    memset(result, 0, result_size * sizeof(T));
    return Outcome::kDone;
  }
  const int lanes = ChooseFastKernels<T>().lanes;
  if (how == Implementation::kAuto) {
    how = ChooseImplementation(pass, g, lanes,
                               WorkersFor(context.runtime, g.MultiplyAdds()));
  }
  if (how == Implementation::kWinograd) how = ChooseTile(pass, g, lanes);
  if (how == Implementation::kNaive) {
    naive(context.runtime, g, a, b, result);
    return Outcome::kDone;
  }
  return Find(fast, how)(context.runtime, g, a, b, result);
}

}  // namespace

template <typename T>
struct Conv2D<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* kernel,
                     T* output) {
    return Run<T>(context, g, how, Pass::kForward, NaiveForward<T>,
                  ChooseFastKernels<T>().forward, input, kernel, output,
                  g.OutputSize());
  }
};

template <typename T>
struct Conv2DGradInput<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* d_output, const T* kernel,
                     T* d_input) {
    return Run<T>(context, g, how, Pass::kGradInput, NaiveGradInput<T>,
                  ChooseFastKernels<T>().grad_input, d_output, kernel, d_input,
                  g.InputSize());
  }
};

template <typename T>
struct Conv2DGradKernel<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* d_output,
                     T* d_kernel) {
    return Run<T>(context, g, how, Pass::kGradKernel, NaiveGradKernel<T>,
                  ChooseFastKernels<T>().grad_kernel, input, d_output, d_kernel,
                  g.KernelSize());
  }
};

template struct Conv2D<Cpu, float>;
template struct Conv2D<Cpu, double>;
template struct Conv2DGradInput<Cpu, float>;
template struct Conv2DGradInput<Cpu, double>;
template struct Conv2DGradKernel<Cpu, float>;
template struct Conv2DGradKernel<Cpu, double>;

}  // namespace course
