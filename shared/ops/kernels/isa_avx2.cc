// The fast kernels for AVX2.
#include <string.h>

#include "fast_kernels.h"

// COURSE_PORTABLE_ONLY leaves them out where compiling them buys nothing, as
// under a sanitizer.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(COURSE_PORTABLE_ONLY)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace course {
namespace avx2 {
namespace {
#include "simd_avx2.inl"
// After it, what uses it.
#include "fast_kernels.inl"
}  // namespace
}  // namespace avx2
}  // namespace course
#pragma GCC pop_options

namespace course {
template <typename T>
const FastKernels<T>* FastKernelsAvx2() {
  return avx2::Table<T>("avx2");
}
}  // namespace course

#else

namespace course {
template <typename T>
const FastKernels<T>* FastKernelsAvx2() {
  return nullptr;
}
}  // namespace course

#endif

namespace course {
template const FastKernels<float>* FastKernelsAvx2<float>();
template const FastKernels<double>* FastKernelsAvx2<double>();
}  // namespace course
