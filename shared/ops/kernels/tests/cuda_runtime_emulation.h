// As much of CUDA's runtime as check_gpu.cu.cc calls, on a CPU.
//
// Work for the default stream waits, as late as CUDA allows, for whoever
// synchronises with it. Kernels, on a stream that does not wait for the default
// one, run at once: whoever forgot to synchronise sees it.
#ifndef COURSE_OPS_TESTS_CUDA_RUNTIME_EMULATION_H_
#define COURSE_OPS_TESTS_CUDA_RUNTIME_EMULATION_H_

#include <stdlib.h>
#include <string.h>

#include <functional>
#include <vector>

#include "cuda_emulation.h"

enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum { cudaStreamNonBlocking = 1 };
typedef void* cudaStream_t;

inline std::vector<std::function<void()>>& DefaultStream() {
  static std::vector<std::function<void()>> waiting;
  return waiting;
}
inline cudaError_t cudaDeviceSynchronize() {
  for (const auto& work : DefaultStream()) work();
  DefaultStream().clear();
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return stream == nullptr ? cudaDeviceSynchronize() : cudaSuccess;
}
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  static int some;
  *stream = &some;
  // What thread 0 writes for all is then not there before a barrier.
  course::emulation::Emulator().reversed = true;
  return cudaSuccess;
}
template <typename T>
cudaError_t cudaMalloc(T** place, size_t bytes) {
  void* memory = nullptr;
  const bool failed = posix_memalign(&memory, 256, bytes) != 0;
  *place = static_cast<T*>(memory);
  return failed ? cudaErrorMemoryAllocation : cudaSuccess;
}
inline cudaError_t cudaFree(void* place) {
  cudaDeviceSynchronize();
  free(place);
  return cudaSuccess;
}
inline cudaError_t cudaMemset(void* place, int value, size_t bytes) {
  DefaultStream().push_back([=] { memset(place, value, bytes); });
  return cudaSuccess;
}
inline cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes,
                              cudaMemcpyKind kind) {
  if (kind == cudaMemcpyHostToDevice) {
    // Staged when the call returns, but not yet on the GPU.
    const char* bytes_of = static_cast<const char*>(from);
    const std::vector<char> staged(bytes_of, bytes_of + bytes);
    DefaultStream().push_back([=] { memcpy(to, staged.data(), bytes); });
  } else {
    cudaDeviceSynchronize();
    memcpy(to, from, bytes);
  }
  return cudaSuccess;
}
inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess ? "no error" : "out of memory";
}

#endif  // COURSE_OPS_TESTS_CUDA_RUNTIME_EMULATION_H_
