// Just enough CUDA to run the course's kernels on a CPU, thread by thread.
//
// Every thread of a block is a fiber with a stack of its own. __syncthreads()
// hands over to the next fiber, and nobody passes before all have arrived.
// Fibers run one after the other, in an order that a test can turn around: a
// missing __syncthreads() gives wrong sums in one order or the other, not just
// on a GPU. With COURSE_WATCH, a thread sanitizer watches them (cuda_watch.h).
#ifndef COURSE_OPS_TESTS_CUDA_EMULATION_H_
#define COURSE_OPS_TESTS_CUDA_EMULATION_H_

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

// No header of the C++ library: a student waits for every compilation of this file.

#define __global__ static
#define __device__
#define __host__
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define COURSE_LAUNCH(kernel, grid, block, shared, stream, ...) \
  ::course::emulation::Launch(grid, block, shared, [&] { kernel(__VA_ARGS__); })

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#if defined(COURSE_WATCH)
#include "cuda_watch.h"
#else
#define __shared__ static
#define COURSE_UNWATCHED
namespace course {
namespace emulation {
inline void WatchBlock() {}
inline void WatchRound() {}
inline void WatchSwitch(int) {}
}  // namespace emulation
}  // namespace course
#endif

namespace course {
namespace emulation {

struct State {
  dim3 thread, block, block_size, grid_size;
  double* shared = nullptr;
  bool reversed = false;
  bool refused = false;
  ucontext_t scheduler;
  ucontext_t* fibers = nullptr;
  bool* finished = nullptr;
  unsigned current = 0;
  void (*body)(void*) = nullptr;
  void* argument = nullptr;
};
inline State& Emulator() {
  static State state;
  return state;
}

COURSE_UNWATCHED inline dim3 ThreadIdx() { return Emulator().thread; }

COURSE_UNWATCHED inline void Yield() {
  State& s = Emulator();
  WatchSwitch(-1);
  swapcontext(&s.fibers[s.current], &s.scheduler);
}

COURSE_UNWATCHED inline void RunFiber() {
  State& s = Emulator();
  s.body(s.argument);
  s.finished[s.current] = true;
  Yield();
}

COURSE_UNWATCHED inline void RunBlock(char* stacks, size_t stack_size) {
  State& s = Emulator();
  const unsigned threads = s.block_size.x * s.block_size.y * s.block_size.z;
  for (unsigned t = 0; t < threads; ++t) {
    s.finished[t] = false;
    getcontext(&s.fibers[t]);
    s.fibers[t].uc_stack.ss_sp = stacks + t * stack_size;
    s.fibers[t].uc_stack.ss_size = stack_size;
    s.fibers[t].uc_link = nullptr;
    makecontext(&s.fibers[t], RunFiber, 0);
  }
  for (unsigned left = threads; left > 0;) {
    const unsigned before = left;
    WatchRound();
    for (unsigned i = 0; i < threads; ++i) {
      const unsigned t = s.reversed ? threads - 1 - i : i;
      if (s.finished[t]) continue;
      s.current = t;
      s.thread = dim3(t % s.block_size.x, t / s.block_size.x % s.block_size.y,
                      t / s.block_size.x / s.block_size.y);
      WatchSwitch(static_cast<int>(t));
      swapcontext(&s.scheduler, &s.fibers[t]);
      left -= s.finished[t];
    }
    // On a GPU, a barrier that some threads never reach is undefined behaviour.
    if (left != 0 && left != before) {
      // A driver's caller looks for lines of the course.
      fprintf(stderr,
              "course: threads of one block ended at different barriers\n");
      abort();
    }
  }
}

// What a GPU takes: no empty grid, no more threads, no more shared memory.
inline bool Accepts(dim3 grid, dim3 block, size_t shared) {
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  return grid.x - 1 < 0x7fffffff && grid.y - 1 < 65535 && grid.z - 1 < 65535 &&
         block.x - 1 < 1024 && block.y - 1 < 1024 && block.z - 1 < 64 &&
         threads <= 1024 && shared <= 48 * 1024;
}

inline void LaunchBlocks(dim3 grid, dim3 block, size_t shared) {
  constexpr size_t kStack = 64 * 1024;
  State& s = Emulator();
  if (!Accepts(grid, block, shared)) {
    s.refused = true;
    return;
  }
  s.grid_size = grid;
  s.block_size = block;
  const size_t threads = static_cast<size_t>(block.x) * block.y * block.z;
  const size_t shared_bytes = (shared / sizeof(double) + 1) * sizeof(double);
  char* stacks = static_cast<char*>(malloc(threads * kStack));
  s.fibers = new ucontext_t[threads];
  s.finished = new bool[threads];
  s.shared = static_cast<double*>(malloc(shared_bytes));
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        WatchBlock();
        s.block = dim3(x, y, z);
        // Not-a-numbers, so that reading before writing shows.
        memset(s.shared, 0xff, shared_bytes);
        RunBlock(stacks, kStack);
      }
    }
  }
  WatchBlock();
  free(s.shared);
  delete[] s.finished;
  delete[] s.fibers;
  free(stacks);
}

template <typename Body>
void Launch(dim3 grid, dim3 block, size_t shared, Body body) {
  State& s = Emulator();
  s.body = [](void* argument) { (*static_cast<Body*>(argument))(); };
  s.argument = &body;
  LaunchBlocks(grid, block, shared);
}

}  // namespace emulation

// Clears the error, as cudaGetLastError does.
inline bool LaunchSucceeded() {
  const bool refused = emulation::Emulator().refused;
  emulation::Emulator().refused = false;
  return !refused;
}

template <typename T>
T* DynamicShared() {
  return reinterpret_cast<T*>(emulation::Emulator().shared);
}

inline void CheckAligned(const void* p, size_t bytes) {
  if (reinterpret_cast<uintptr_t>(p) % bytes == 0) return;
  fprintf(stderr, "an access of %d bytes is not aligned\n",
          static_cast<int>(bytes));
  abort();
}

template <typename T, int kCount>
void LoadPack(const T* p, T* to) {
  CheckAligned(p, kCount * sizeof(T));
  for (int i = 0; i < kCount; ++i) to[i] = p[i];
}

template <typename T, int kCount>
void StorePack(const T* from, T* p) {
  CheckAligned(p, kCount * sizeof(T));
  for (int i = 0; i < kCount; ++i) p[i] = from[i];
}

inline int Multiprocessors() { return 0; }

}  // namespace course

#define threadIdx (::course::emulation::ThreadIdx())
#define blockIdx (::course::emulation::Emulator().block)
#define blockDim (::course::emulation::Emulator().block_size)
#define gridDim (::course::emulation::Emulator().grid_size)
inline void __syncthreads() { ::course::emulation::Yield(); }

#endif  // COURSE_OPS_TESTS_CUDA_EMULATION_H_
