// The fast kernels for any processor.
#include <string.h>

#include "fast_kernels.h"

namespace course {
namespace portable {
namespace {
#include "simd_portable.inl"
// After it, what uses it.
#include "fast_kernels.inl"
}  // namespace
}  // namespace portable

template <typename T>
const FastKernels<T>* FastKernelsPortable() {
  return portable::Table<T>("portable");
}
template const FastKernels<float>* FastKernelsPortable<float>();
template const FastKernels<double>* FastKernelsPortable<double>();
}  // namespace course
