// CUDA, or its emulation on a CPU, for the same source.
//
// nvcc compiles your kernel for a GPU. Any other compiler makes each thread of a
// block a fiber, thread by thread and block by block; __syncthreads() waits for
// all of them. There every access is checked and counted.
#ifndef CUSTOM_OPS_COURSE_CUDA_H_
#define CUSTOM_OPS_COURSE_CUDA_H_

#include "conv2d.h"

#if defined(__CUDACC__)

#include <cuda_runtime.h>

// Arrays of float in the GPU's global memory.
typedef const float* __restrict__ Input;
typedef float* __restrict__ Output;

#else

#include <type_traits>

// libstdc++ would read its Bessel functions, which takes longer than all the rest.
#undef _GLIBCXX_USE_STD_SPEC_FUNCS
#include <math.h>

#include "cuda_emulation.h"

// What CUDA has in every file.
#define __forceinline__ inline
#define __noinline__
#define __constant__ static

template <typename A, typename B>
inline typename std::common_type<A, B>::type min(A a, B b) {
  return b < a ? b : a;
}
template <typename A, typename B>
inline typename std::common_type<A, B>::type max(A a, B b) {
  return a < b ? b : a;
}
template <typename T>
inline T __ldg(const T* place) {
  return *place;
}

extern "C" void __sanitizer_print_stack_trace();

// An array in global memory. Use it as a pointer: array[i], array + i.
template <typename T>
class GlobalMemory {
 public:
  GlobalMemory(const char* name, T* values, int64_t count, int64_t* accesses)
      : name_(name), values_(values), count_(count), accesses_(accesses) {}

  T& operator[](int64_t i) const {
    const int64_t index = offset_ + i;
    if (index < 0 || index >= count_) Complain(index);
    ++*accesses_;
    return values_[index];
  }
  T& operator*() const { return (*this)[0]; }
  GlobalMemory operator+(int64_t i) const {
    GlobalMemory moved = *this;
    moved.offset_ += i;
    return moved;
  }
  GlobalMemory operator-(int64_t i) const { return *this + -i; }
  GlobalMemory& operator+=(int64_t i) { return *this = *this + i; }
  GlobalMemory& operator-=(int64_t i) { return *this = *this + -i; }

 private:
  [[noreturn]] void Complain(int64_t index) const {
    const dim3 b = blockIdx, t = threadIdx;
    fprintf(stderr,
            "course: thread (%u, %u, %u) of block (%u, %u, %u) uses %s[%lld], "
            "outside its %lld values\n",
            t.x, t.y, t.z, b.x, b.y, b.z, name_, static_cast<long long>(index),
            static_cast<long long>(count_));
    __sanitizer_print_stack_trace();
    _Exit(3);
  }

  const char* name_;
  T* values_;
  int64_t count_, offset_ = 0;
  int64_t* accesses_;
};

typedef GlobalMemory<const float> Input;
typedef GlobalMemory<float> Output;

#endif

#endif  // CUSTOM_OPS_COURSE_CUDA_H_
