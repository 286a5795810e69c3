// The fast kernels for AVX512.
#include <string.h>

#include "fast_kernels.h"

// COURSE_PORTABLE_ONLY leaves them out where compiling them buys nothing, as
// under a sanitizer.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(COURSE_PORTABLE_ONLY)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")
namespace course {
namespace avx512 {
namespace {
#include "simd_avx512.inl"
// After it, what uses it.
#include "fast_kernels.inl"
}  // namespace
}  // namespace avx512
}  // namespace course
#pragma GCC pop_options

namespace course {
template <typename T>
const FastKernels<T>* FastKernelsAvx512() {
  return avx512::Table<T>("avx512");
}
}  // namespace course

#else

namespace course {
template <typename T>
const FastKernels<T>* FastKernelsAvx512() {
  return nullptr;
}
}  // namespace course

#endif

namespace course {
template const FastKernels<float>* FastKernelsAvx512<float>();
template const FastKernels<double>* FastKernelsAvx512<double>();
}  // namespace course
