// Just enough CUDA to run the course's kernels on a CPU, thread by thread.
//
// Every thread of a block is a fiber with a stack of its own. __syncthreads()
// hands over to the next fiber, and nobody passes before all have arrived.
// Fibers run one after the other, in an order that a test can turn around: a
// missing
// __syncthreads() gives wrong sums in one order or the other, not just on a
// GPU.
#ifndef COURSE_OPS_TESTS_CUDA_EMULATION_H_
#define COURSE_OPS_TESTS_CUDA_EMULATION_H_

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <functional>
#include <memory>
#include <vector>

#define __global__ static
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)
#define COURSE_LAUNCH(kernel, grid, block, shared, stream, ...) \
  ::course::emulation::Launch(grid, block, shared, [&] { kernel(__VA_ARGS__); })

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

namespace course {
namespace emulation {

struct State {
  dim3 thread, block, block_size, grid_size;
  std::vector<double> shared;
  bool reversed = false;
  ucontext_t scheduler;
  std::vector<ucontext_t> fibers;
  std::vector<char> finished;
  unsigned current = 0;
  const std::function<void()>* body = nullptr;
};
inline State& Emulator() {
  static State state;
  return state;
}

inline void Yield() {
  State& s = Emulator();
  swapcontext(&s.fibers[s.current], &s.scheduler);
}

inline void RunFiber() {
  State& s = Emulator();
  (*s.body)();
  s.finished[s.current] = 1;
  Yield();
}

inline void RunBlock(std::vector<char>& stacks, size_t stack_size) {
  State& s = Emulator();
  const unsigned threads = s.block_size.x * s.block_size.y * s.block_size.z;
  s.fibers.assign(threads, ucontext_t());
  s.finished.assign(threads, 0);
  for (unsigned t = 0; t < threads; ++t) {
    getcontext(&s.fibers[t]);
    s.fibers[t].uc_stack.ss_sp = stacks.data() + t * stack_size;
    s.fibers[t].uc_stack.ss_size = stack_size;
    s.fibers[t].uc_link = nullptr;
    makecontext(&s.fibers[t], RunFiber, 0);
  }
  for (unsigned left = threads; left > 0;) {
    const unsigned before = left;
    for (unsigned i = 0; i < threads; ++i) {
      const unsigned t = s.reversed ? threads - 1 - i : i;
      if (s.finished[t]) continue;
      s.current = t;
      s.thread = dim3(t % s.block_size.x, t / s.block_size.x % s.block_size.y,
                      t / s.block_size.x / s.block_size.y);
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

inline void Launch(dim3 grid, dim3 block, size_t shared,
                   const std::function<void()>& body) {
  constexpr size_t kStack = 64 * 1024;
  State& s = Emulator();
  s.grid_size = grid;
  s.block_size = block;
  s.body = &body;
  std::vector<char> stacks(static_cast<size_t>(block.x) * block.y * block.z *
                           kStack);
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        s.block = dim3(x, y, z);
        // Not-a-numbers, so that reading before writing shows.
        s.shared.assign(shared / sizeof(double) + 1, 0.0);
        memset(s.shared.data(), 0xff, s.shared.size() * sizeof(double));
        RunBlock(stacks, kStack);
      }
    }
  }
}

}  // namespace emulation

inline bool LaunchSucceeded() { return true; }

template <typename T>
T* DynamicShared() {
  return reinterpret_cast<T*>(emulation::Emulator().shared.data());
}

template <typename T, int kCount>
void LoadPack(const T* p, T* to) {
  if (reinterpret_cast<uintptr_t>(p) % (kCount * sizeof(T)) != 0) {
    fprintf(stderr, "a load of %d values is not aligned\n", kCount);
    abort();
  }
  for (int i = 0; i < kCount; ++i) to[i] = p[i];
}

}  // namespace course

#define threadIdx (::course::emulation::Emulator().thread)
#define blockIdx (::course::emulation::Emulator().block)
#define blockDim (::course::emulation::Emulator().block_size)
#define gridDim (::course::emulation::Emulator().grid_size)
inline void __syncthreads() { ::course::emulation::Yield(); }

#endif  // COURSE_OPS_TESTS_CUDA_EMULATION_H_
