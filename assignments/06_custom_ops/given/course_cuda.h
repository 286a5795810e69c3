// CUDA, or its emulation on a CPU, for the same source.
//
// nvcc compiles your kernel for a GPU. Any other compiler makes each thread of
// a block a fiber, thread by thread and block by block; __syncthreads() waits
// for all of them. There every access is checked and counted.
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

// libstdc++ would read its Bessel functions, which takes longer than all the
// rest.
#undef _GLIBCXX_USE_STD_SPEC_FUNCS
#include <math.h>

#include "cuda_emulation.h"

// Names that no macro of yours changes, not even one that is called `block`;
// and functions that may be called static, or extern "C".
#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim
inline const dim3& CourseThreadIdx() {
  return course::emulation::Emulator().thread;
}
inline const dim3& CourseBlockIdx() {
  return course::emulation::Emulator().block;
}
inline const dim3& CourseBlockDim() {
  return course::emulation::Emulator().block_size;
}
inline const dim3& CourseGridDim() {
  return course::emulation::Emulator().grid_size;
}
#define threadIdx (CourseThreadIdx())
#define blockIdx (CourseBlockIdx())
#define blockDim (CourseBlockDim())
#define gridDim (CourseGridDim())
#undef __global__
#define __global__ __attribute__((unused))

// What CUDA has in every file.
#define __forceinline__ inline
#define __noinline__
#define __constant__ __attribute__((unused))

#define COURSE_VECTORS(T, U)                                   \
  struct U##2 { T x, y; };                                     \
  struct U##3 { T x, y, z; };                                  \
  struct U##4 { T x, y, z, w; };                               \
  inline U##2 make_##U##2(T x, T y) { return {x, y}; }         \
  inline U##3 make_##U##3(T x, T y, T z) { return {x, y, z}; } \
  inline U##4 make_##U##4(T x, T y, T z, T w) { return {x, y, z, w}; }
COURSE_VECTORS(int, int)
COURSE_VECTORS(unsigned, uint)
COURSE_VECTORS(float, float)
#undef COURSE_VECTORS

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
template <typename T>
class GlobalMemory;
template <typename T>
inline typename std::remove_const<T>::type __ldg(GlobalMemory<T> place) {
  return *place;
}

extern "C" void __sanitizer_print_stack_trace();

// A barrier is a place in the text: threads that wait at two, as in the
// branches of an `if`, may wait forever on a GPU.
inline void CourseBarrier(int place, int line) {
  static unsigned arrived = 0;
  static int first_place = 0, first_line = 0;
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  if (arrived++ % threads == 0) {
    first_place = place;
    first_line = line;
  }
  if (place != first_place) {
    fprintf(stderr,
            "course: threads of one block wait at different barriers, in lines "
            "%d and "
            "%d: all must come to the same __syncthreads()\n",
            first_line, line);
    _Exit(3);
  }
  course::emulation::Yield();
}
#define __syncthreads() CourseBarrier(__COUNTER__, __LINE__)

// An array in global memory. Use it as a pointer: array[i], array + i,
// *array++.
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
  GlobalMemory& operator+=(int64_t i) {
    offset_ += i;
    return *this;
  }
  GlobalMemory& operator-=(int64_t i) { return *this += -i; }
  GlobalMemory& operator++() { return *this += 1; }
  GlobalMemory& operator--() { return *this += -1; }
  GlobalMemory operator++(int) { return (*this += 1) - 1; }
  GlobalMemory operator--(int) { return (*this += -1) + 1; }
  GlobalMemory operator+(int64_t i) const { return GlobalMemory(*this) += i; }
  GlobalMemory operator-(int64_t i) const { return GlobalMemory(*this) += -i; }
  friend GlobalMemory operator+(int64_t i, GlobalMemory p) { return p + i; }
  // Of two places in one array.
  int64_t operator-(GlobalMemory p) const { return offset_ - p.offset_; }
  bool operator==(GlobalMemory p) const { return offset_ == p.offset_; }
  bool operator!=(GlobalMemory p) const { return offset_ != p.offset_; }
  bool operator<(GlobalMemory p) const { return offset_ < p.offset_; }
  bool operator<=(GlobalMemory p) const { return offset_ <= p.offset_; }
  bool operator>(GlobalMemory p) const { return offset_ > p.offset_; }
  bool operator>=(GlobalMemory p) const { return offset_ >= p.offset_; }

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
