// CUDA, or its emulation on the CPU: the same kernel sources compile with nvcc
// and, for tests on machines without a GPU, with any C++ compiler.
#ifndef COURSE_OPS_CUDA_API_H_
#define COURSE_OPS_CUDA_API_H_

#if defined(__CUDACC__)
#include <cuda_runtime.h>

// Launches a kernel on the given stream; `shared` bytes of dynamic shared
// memory.
#define COURSE_LAUNCH(kernel, grid, block, shared, stream, ...)       \
  kernel<<<grid, block, shared, static_cast<cudaStream_t>(stream)>>>( \
      __VA_ARGS__)

namespace course {
// Whether the launch before was accepted. Errors while the kernel runs surface
// with the stream's next synchronisation.
inline bool LaunchSucceeded() { return cudaGetLastError() == cudaSuccess; }

template <typename T>
__device__ inline T* DynamicShared() {
  extern __shared__ __align__(16) char course_dynamic_shared[];
  return reinterpret_cast<T*>(course_dynamic_shared);
}

template <typename T, int kCount>
struct alignas(kCount * sizeof(T)) Pack {
  T value[kCount];
};

// One load instruction; p must be aligned to the whole pack.
template <typename T, int kCount>
__device__ inline void LoadPack(const T* p, T* to) {
  const Pack<T, kCount> pack = *reinterpret_cast<const Pack<T, kCount>*>(p);
#pragma unroll
  for (int i = 0; i < kCount; ++i) to[i] = pack.value[i];
}

// One store instruction; the same of p.
template <typename T, int kCount>
__device__ inline void StorePack(const T* from, T* p) {
  Pack<T, kCount> pack;
#pragma unroll
  for (int i = 0; i < kCount; ++i) pack.value[i] = from[i];
  *reinterpret_cast<Pack<T, kCount>*>(p) = pack;
}

// Multiprocessors of the current GPU, 0 if that is not known.
inline int Multiprocessors() {
  int device = 0, count = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return 0;
  cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device);
  return count;
}
}  // namespace course
#else
#include "tests/cuda_emulation.h"
#endif

#endif  // COURSE_OPS_CUDA_API_H_
