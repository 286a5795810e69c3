// The convolution and its two gradients, per device and element type.
//
// Free of TensorFlow headers: a kernel file compiles in about a second and runs
// under a sanitizer or on a machine without TensorFlow.
#ifndef COURSE_OPS_CONV2D_H_
#define COURSE_OPS_CONV2D_H_

#include "conv_geometry.h"
#include "runtime.h"

namespace course {

// Devices are tags: they choose the specialisation and are never made.
struct Cpu {};
struct Gpu {};

enum class Implementation {
  kAuto,
  kNaive,     // the loop nest; on a GPU one thread per output value
  kIm2col,    // patches as rows of a matrix; on a GPU implicit GEMM
  kDirect,    // register-blocked, no patch matrix; on a GPU shared-memory tiles
  kWinograd,  // 3x3 stride 1, the cheaper tile of the two below
  kWinograd2x2,
  kWinograd4x4,
};

enum class Outcome {
  kDone,
  kOutOfMemory,
  kUnsupported,  // this implementation cannot do this geometry
  kLaunchFailed,
};

// What a functor needs besides tensors: the runtime on a CPU, a cudaStream_t
// on a GPU.
template <typename Device>
struct DeviceContext;

template <>
struct DeviceContext<Cpu> {
  Runtime runtime;
};

template <>
struct DeviceContext<Gpu> {
  void* stream = nullptr;
  // Memory on the GPU, which must outlive the stream's use of it; nullptr if
  // none.
  void* (*allocate)(void* arena, size_t bytes) = nullptr;
  void* arena = nullptr;
  // For tests and measurements: how the implicit GEMM is cut (gpu_plan.h), if
  // not as predicted to be fastest.
  int tile = -1;
  int parts = 0;
};

// output (N, OH, OW, F) = input (N, H, W, C) correlated with kernel
// (KH, KW, C / groups, F).
template <typename Device, typename T>
struct Conv2D {
  Outcome operator()(const DeviceContext<Device>& context,
                     const ConvGeometry& geometry, Implementation how,
                     const T* input, const T* kernel, T* output);
};

// d_input (N, H, W, C) from d_output (N, OH, OW, F): the adjoint in the input.
template <typename Device, typename T>
struct Conv2DGradInput {
  Outcome operator()(const DeviceContext<Device>& context,
                     const ConvGeometry& geometry, Implementation how,
                     const T* d_output, const T* kernel, T* d_input);
};

// d_kernel (KH, KW, C / groups, F): the adjoint in the kernel.
template <typename Device, typename T>
struct Conv2DGradKernel {
  Outcome operator()(const DeviceContext<Device>& context,
                     const ConvGeometry& geometry, Implementation how,
                     const T* input, const T* d_output, T* d_kernel);
};

}  // namespace course

#endif  // COURSE_OPS_CONV2D_H_
