// The threads of an emulated block under ThreadSanitizer: to it each is a
// thread of its own, and only __syncthreads() orders them. So whatever order
// they run in, it reports two threads of a block that use one word, in shared
// or in global memory, without a barrier between them.
//
// Static shared arrays lie in thread-local storage, whose place is known, and
// hold not-a-numbers before each block, as dynamic shared memory does.
#ifndef COURSE_OPS_TESTS_CUDA_WATCH_H_
#define COURSE_OPS_TESTS_CUDA_WATCH_H_

#include <link.h>
#include <stddef.h>
#include <string.h>

#define __shared__ static thread_local

#if defined(__SANITIZE_THREAD__)
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* place);
void __tsan_release(void* place);
}
// For the scheduler, which passes notes between the threads.
#define COURSE_UNWATCHED __attribute__((no_sanitize("thread"), noinline))
#else
inline void* __tsan_get_current_fiber() { return nullptr; }
inline void* __tsan_create_fiber(unsigned) { return nullptr; }
inline void __tsan_switch_to_fiber(void*, unsigned) {}
inline void __tsan_acquire(void*) {}
inline void __tsan_release(void*) {}
#define COURSE_UNWATCHED
#endif

namespace course {
namespace emulation {

struct Watch {
  void* scheduler = __tsan_get_current_fiber();
  void* fibers[1024] = {};
  // Barriers, odd and even: a thread that is the last to leave one must not
  // meet what the first to leave it did before the next.
  char barriers[2];
  unsigned round = 0;
};
COURSE_UNWATCHED inline Watch& Watched() {
  static Watch watch;
  return watch;
}

// The program's own thread-local storage: its shared arrays.
inline int FillShared(dl_phdr_info* info, size_t, void*) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type == PT_TLS) {
      memset(info->dlpi_tls_data, 0xff, info->dlpi_phdr[i].p_memsz);
    }
  }
  return 1;  // the program comes first; its libraries are none of ours
}

// Between blocks: all that was before is before all that comes.
COURSE_UNWATCHED inline void WatchBlock() {
  Watch& w = Watched();
  for (char& barrier : w.barriers) __tsan_acquire(&barrier);
  dl_iterate_phdr(FillShared, nullptr);
  w.round = 0;
}

// Before each thread of the block runs on to its next barrier.
COURSE_UNWATCHED inline void WatchRound() {
  Watch& w = Watched();
  __tsan_release(&w.barriers[++w.round % 2]);
}

// To a thread, or with -1 back to the scheduler.
COURSE_UNWATCHED inline void WatchSwitch(int thread) {
  constexpr unsigned kUnordered = 1;
  Watch& w = Watched();
  if (thread < 0) {
    __tsan_release(&w.barriers[(w.round + 1) % 2]);
    return __tsan_switch_to_fiber(w.scheduler, kUnordered);
  }
  void*& fiber = w.fibers[thread];
  if (fiber == nullptr) fiber = __tsan_create_fiber(0);
  __tsan_switch_to_fiber(fiber, kUnordered);
  __tsan_acquire(&w.barriers[w.round % 2]);
}

}  // namespace emulation
}  // namespace course

#endif  // COURSE_OPS_TESTS_CUDA_WATCH_H_
