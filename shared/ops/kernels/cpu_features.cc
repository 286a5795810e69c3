// Which instruction set the fast kernels use on this processor.
#include <stdlib.h>
#include <string.h>

#include "fast_kernels.h"

namespace course {
namespace {

bool Supports(const char* isa) {
#if defined(__x86_64__)
  if (strcmp(isa, "avx512") == 0) {
    return __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
  }
  if (strcmp(isa, "avx2") == 0) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  }
#endif
  return strcmp(isa, "portable") == 0;
}

template <typename T>
const FastKernels<T>* Choose() {
  const FastKernels<T>* sets[] = {FastKernelsAvx512<T>(), FastKernelsAvx2<T>(),
                                  FastKernelsPortable<T>()};
  const char* wanted = getenv("COURSE_OPS_ISA");
  if (wanted != nullptr && *wanted == '\0') wanted = nullptr;
  bool reached = true;  // sets are in falling order: skip to the wanted one
  for (const FastKernels<T>* set : sets) {
    if (set != nullptr && wanted != nullptr && reached) {
      reached = strcmp(wanted, set->isa) != 0;
      if (reached && strcmp(set->isa, "portable") != 0) continue;
    }
    if (set != nullptr && Supports(set->isa)) return set;
  }
  return FastKernelsPortable<T>();
}

}  // namespace

template <typename T>
const FastKernels<T>& ChooseFastKernels() {
  static const FastKernels<T>* const chosen = Choose<T>();
  return *chosen;
}
template const FastKernels<float>& ChooseFastKernels<float>();
template const FastKernels<double>& ChooseFastKernels<double>();

}  // namespace course
