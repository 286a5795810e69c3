// What a CPU kernel may ask of whoever runs it: workers and scratch memory.
//
// The TensorFlow operation answers with TensorFlow's thread pool and allocator,
// the stand-alone tests with std::thread and malloc. Plain function pointers
// keep both sides out of the kernels.
#ifndef COURSE_OPS_RUNTIME_H_
#define COURSE_OPS_RUNTIME_H_

#include <stddef.h>
#include <stdint.h>

#include <atomic>

namespace course {

struct Runtime {
  int threads = 1;
  // Calls body(state, worker) once for each worker in [0, workers) and returns
  // when all of them have.
  void (*run)(void* pool, int workers, void (*body)(void*, int),
              void* state) = nullptr;
  void* pool = nullptr;
  // Memory aligned to 64 bytes that lives as long as the call; nullptr if there
  // is none.
  void* (*allocate)(void* arena, size_t bytes) = nullptr;
  void* arena = nullptr;
};

// Hands the jobs [0, jobs) to `workers` threads, whoever is free taking the
// next one, so that a slow core does not hold the others up. body(job, worker).
template <typename Body>
void ForEach(const Runtime& runtime, int workers, int64_t jobs,
             const Body& body) {
  if (workers <= 1 || jobs <= 1) {
    for (int64_t job = 0; job < jobs; ++job) body(job, 0);
    return;
  }
  struct State {
    const Body* body;
    int64_t jobs;
    std::atomic<int64_t> next;
  } state{&body, jobs, {0}};
  if (workers > jobs) workers = static_cast<int>(jobs);
  runtime.run(
      runtime.pool, workers,
      [](void* p, int worker) {
        State* s = static_cast<State*>(p);
        for (int64_t job; (job = s->next.fetch_add(1)) < s->jobs;) {
          (*s->body)(job, worker);
        }
      },
      &state);
}

template <typename T>
T* Allocate(const Runtime& runtime, int64_t count) {
  return static_cast<T*>(runtime.allocate(
      runtime.arena, static_cast<size_t>(count > 0 ? count : 1) * sizeof(T)));
}

// Waking another thread costs some microseconds, so work shorter than that
// stays with the caller.
inline int WorkersFor(const Runtime& runtime, double multiply_adds) {
  constexpr double kWorthAThread = 4e5;
  return multiply_adds < kWorthAThread ? 1 : runtime.threads;
}

}  // namespace course

#endif  // COURSE_OPS_RUNTIME_H_
