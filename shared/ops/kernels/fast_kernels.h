// The SIMD kernels, compiled once per instruction set and chosen at run time.
#ifndef COURSE_OPS_FAST_KERNELS_H_
#define COURSE_OPS_FAST_KERNELS_H_

#include "conv2d.h"
#include "narrow_groups.h"

namespace course {

// Forward: (input, kernel, output). Gradients: the operands of conv2d.h.
template <typename T>
using FastKernel = Outcome (*)(const Runtime&, const ConvGeometry&, const T*,
                               const T*, T*);

template <typename T>
struct FastPass {
  FastKernel<T> direct;
  FastKernel<T> im2col;
  FastKernel<T> winograd2x2;
  FastKernel<T> winograd4x4;
};

template <typename T>
struct FastKernels {
  const char* isa;
  int lanes;  // of a vector of T
  FastPass<T> forward;
  FastPass<T> grad_input;
  FastPass<T> grad_kernel;
};

// The best set for this processor. COURSE_OPS_ISA=avx512|avx2|portable asks for
// a lesser one; what the processor lacks is never chosen.
template <typename T>
const FastKernels<T>& ChooseFastKernels();

// One per instruction set; nullptr where the compiler's target has none.
template <typename T>
const FastKernels<T>* FastKernelsAvx512();
template <typename T>
const FastKernels<T>* FastKernelsAvx2();
template <typename T>
const FastKernels<T>* FastKernelsPortable();

}  // namespace course

#endif  // COURSE_OPS_FAST_KERNELS_H_
