// The convolution as a loop nest: what every other implementation must equal.
#ifndef COURSE_OPS_NAIVE_H_
#define COURSE_OPS_NAIVE_H_

#include "conv_geometry.h"
#include "runtime.h"

namespace course {

template <typename T>
void NaiveForward(const Runtime& runtime, const ConvGeometry& g, const T* input,
                  const T* kernel, T* output);

template <typename T>
void NaiveGradInput(const Runtime& runtime, const ConvGeometry& g,
                    const T* d_output, const T* kernel, T* d_input);

template <typename T>
void NaiveGradKernel(const Runtime& runtime, const ConvGeometry& g,
                     const T* input, const T* d_output, T* d_kernel);

}  // namespace course

#endif  // COURSE_OPS_NAIVE_H_
