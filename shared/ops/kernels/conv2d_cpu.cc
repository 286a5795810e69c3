// The CPU functors: which implementation runs.
#include "conv2d.h"
#include "naive.h"

namespace course {

template <typename T>
struct Conv2D<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* kernel,
                     T* output) {
    NaiveForward(context.runtime, g, input, kernel, output);
    return Outcome::kDone;
  }
};

template <typename T>
struct Conv2DGradInput<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* d_output, const T* kernel,
                     T* d_input) {
    NaiveGradInput(context.runtime, g, d_output, kernel, d_input);
    return Outcome::kDone;
  }
};

template <typename T>
struct Conv2DGradKernel<Cpu, T> {
  Outcome operator()(const DeviceContext<Cpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* d_output,
                     T* d_kernel) {
    NaiveGradKernel(context.runtime, g, input, d_output, d_kernel);
    return Outcome::kDone;
  }
};

template struct Conv2D<Cpu, float>;
template struct Conv2D<Cpu, double>;
template struct Conv2DGradInput<Cpu, float>;
template struct Conv2DGradInput<Cpu, double>;
template struct Conv2DGradKernel<Cpu, float>;
template struct Conv2DGradKernel<Cpu, double>;

}  // namespace course
