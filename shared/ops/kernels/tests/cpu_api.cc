// The CPU kernels behind a C interface, without TensorFlow: what the
// stand-alone tests and the calibration call through ctypes, and what
// sanitizers run.
#include <stdlib.h>
#include <string.h>

#include <mutex>
#include <thread>
#include <vector>

#include "conv2d.h"
#include "cost_model.h"
#include "fast_kernels.h"
#include "naive.h"

#define COURSE_API extern "C" __attribute__((visibility("default")))

namespace course {
namespace {

// Memory of one call, every piece from malloc so that a sanitizer sees its
// ends. A limit stands for a machine that has no more.
struct Arena {
  size_t left;
  bool poison;
  std::vector<void*> pieces;
  std::mutex mutex;
  ~Arena() {
    for (void* piece : pieces) free(piece);
  }
  static void* Allocate(void* self, size_t bytes) {
    Arena* arena = static_cast<Arena*>(self);
    const std::lock_guard<std::mutex> lock(arena->mutex);
    if (bytes > arena->left) return nullptr;
    arena->left -= bytes;
    void* piece = nullptr;
    if (posix_memalign(&piece, 64, bytes) != 0) return nullptr;
    // Not-a-numbers: what a kernel reads before it wrote it shows in its
    // result.
    if (arena->poison) memset(piece, 0xff, bytes);
    arena->pieces.push_back(piece);
    return piece;
  }
};

void RunThreads(void*, int workers, void (*body)(void*, int), void* state) {
  std::vector<std::thread> threads;
  for (int worker = 1; worker < workers; ++worker) {
    threads.emplace_back(body, state, worker);
  }
  body(state, 0);
  for (std::thread& thread : threads) thread.join();
}

template <typename T>
const FastKernels<T>* Find(const char* isa) {
  if (strcmp(isa, "avx512") == 0) return FastKernelsAvx512<T>();
  if (strcmp(isa, "avx2") == 0) return FastKernelsAvx2<T>();
  if (strcmp(isa, "portable") == 0) return FastKernelsPortable<T>();
  return nullptr;
}

template <typename T>
FastKernel<T> Find(const FastPass<T>& pass, const char* how) {
  if (strcmp(how, "im2col") == 0) return pass.im2col;
  if (strcmp(how, "direct") == 0) return pass.direct;
  if (strcmp(how, "winograd2x2") == 0) return pass.winograd2x2;
  if (strcmp(how, "winograd4x4") == 0) return pass.winograd4x4;
  return nullptr;
}

template <typename T>
Outcome Call(const Runtime& runtime, const char* isa, const char* how, int pass,
             const ConvGeometry& g, const T* a, const T* b, T* result) {
  if (strcmp(how, "naive") == 0) {
    if (pass == 0) NaiveForward(runtime, g, a, b, result);
    if (pass == 1) NaiveGradInput(runtime, g, a, b, result);
    if (pass == 2) NaiveGradKernel(runtime, g, a, b, result);
    return Outcome::kDone;
  }
  const FastKernels<T>* kernels = Find<T>(isa);
  if (kernels == nullptr) return Outcome::kUnsupported;
  const FastPass<T>* passes[] = {&kernels->forward, &kernels->grad_input,
                                 &kernels->grad_kernel};
  const FastKernel<T> kernel = Find(*passes[pass], how);
  if (kernel == nullptr) return Outcome::kUnsupported;
  return kernel(runtime, g, a, b, result);
}

}  // namespace
}  // namespace course

namespace {

// batch, channels, filters, groups, then for rows and columns: in, kernel,
// stride, dilation, pad_before, pad_after. False for impossible sizes.
bool ReadGeometry(const int64_t* sizes, course::ConvGeometry* g) {
  g->batch = sizes[0];
  g->channels = sizes[1];
  g->filters = sizes[2];
  g->groups = sizes[3];
  course::ConvAxis* axes[] = {&g->rows, &g->cols};
  for (int i = 0; i < 2; ++i) {
    const int64_t* s = sizes + 4 + 6 * i;
    axes[i]->in = s[0];
    axes[i]->kernel = s[1];
    axes[i]->stride = s[2];
    axes[i]->dilation = s[3];
    if (!axes[i]->SetExplicit(s[4], s[5])) return false;
  }
  return true;
}

}  // namespace

// Fills counts[5] for the cost model; 0 if the implementation cannot do it.
COURSE_API int course_count_costs(int how, int pass, int lanes,
                                  const int64_t* sizes, double* counts) {
  course::ConvGeometry g;
  course::CostCounts result;
  if (!ReadGeometry(sizes, &g) ||
      !course::CountCosts(static_cast<course::Pass>(pass),
                          static_cast<course::Implementation>(how), g, lanes,
                          &result)) {
    return 0;
  }
  memcpy(counts, result.count, sizeof(result.count));
  return 1;
}

// The instruction set that the operation would use.
COURSE_API const char* course_isa() {
  return course::ChooseFastKernels<float>().isa;
}

// The Implementation that "auto" takes, or -1 for impossible sizes.
COURSE_API int course_choose(int pass, int lanes, const int64_t* sizes) {
  course::ConvGeometry g;
  if (!ReadGeometry(sizes, &g)) return -1;
  return static_cast<int>(
      course::ChooseImplementation(static_cast<course::Pass>(pass), g, lanes));
}

// Pass 0 is forward, 1 the gradient in the input, 2 in the kernel. `memory`
// bounds the scratch. Returns an Outcome, or -1 for impossible sizes.
COURSE_API int course_conv2d(const char* isa, const char* how, int pass,
                             int is_double, const int64_t* sizes, int threads,
                             int64_t memory, int poison, const void* a,
                             const void* b, void* result) {
  course::ConvGeometry g;
  if (!ReadGeometry(sizes, &g)) return -1;
  course::Arena arena;
  arena.left = static_cast<size_t>(memory);
  arena.poison = poison != 0;
  course::Runtime runtime;
  runtime.threads = threads;
  runtime.run = course::RunThreads;
  runtime.allocate = course::Arena::Allocate;
  runtime.arena = &arena;
  const course::Outcome outcome =
      is_double
          ? course::Call(
                runtime, isa, how, pass, g, static_cast<const double*>(a),
                static_cast<const double*>(b), static_cast<double*>(result))
          : course::Call(
                runtime, isa, how, pass, g, static_cast<const float*>(a),
                static_cast<const float*>(b), static_cast<float*>(result));
  return static_cast<int>(outcome);
}
