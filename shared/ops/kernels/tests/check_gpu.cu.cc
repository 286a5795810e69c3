// A program for a machine with a GPU, with or without TensorFlow: every CUDA
// kernel on many geometries, against the loop nest in float64 on the CPU. Also
// what compute-sanitizer runs. benchmarks/conv2d_gpu.py builds it; without
// nvcc, an emulation of the GPU's threads runs it on the CPU.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "conv2d.h"
#include "cuda_api.h"
#include "naive.h"
#include "random_geometry.h"
#if !defined(__CUDACC__)
#include "cuda_runtime_emulation.h"
#endif

namespace {

// Of the images that take many blocks at a time; an emulated block takes long.
#if defined(__CUDACC__)
constexpr int64_t kSide = 140;
#else
constexpr int64_t kSide = 9;
#endif

using course::ConvGeometry;
using course::Gpu;
using course::Implementation;

// Stops with a message if the CUDA call failed.
void Check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(error));
  exit(2);
}

// An array on the GPU, freed at the end of its scope. It is ready when it is
// made: the kernels' stream does not wait for the default one, which fills it.
template <typename T>
struct OnGpu {
  T* data = nullptr;
  int64_t size;
  explicit OnGpu(int64_t size) : size(size) {
    Check(cudaMalloc(&data, size * sizeof(T)), "cudaMalloc");
    // Not-a-numbers: a value that no thread writes shows.
    Check(cudaMemset(data, 0xff, size * sizeof(T)), "cudaMemset");
    Check(cudaStreamSynchronize(nullptr), "cudaMemset");
  }
  explicit OnGpu(const std::vector<T>& from) : OnGpu(from.size()) {
    Check(
        cudaMemcpy(data, from.data(), size * sizeof(T), cudaMemcpyHostToDevice),
        "copy to the GPU");
    Check(cudaStreamSynchronize(nullptr), "copy to the GPU");
  }
  std::vector<T> Back() const {
    std::vector<T> to(size);
    Check(cudaMemcpy(to.data(), data, size * sizeof(T), cudaMemcpyDeviceToHost),
          "copy from the GPU");
    return to;
  }
  ~OnGpu() { cudaFree(data); }
  OnGpu(const OnGpu&) = delete;
  OnGpu& operator=(const OnGpu&) = delete;
};

struct Arena {
  std::vector<void*> pieces;
  ~Arena() {
    for (void* piece : pieces) cudaFree(piece);
  }
  static void* Allocate(void* self, size_t bytes) {
    void* piece = nullptr;
    if (cudaMalloc(&piece, bytes) != cudaSuccess) return nullptr;
    static_cast<Arena*>(self)->pieces.push_back(piece);
    return piece;
  }
};

struct Tally {
  int checked = 0;
  int wrong = 0;
};

template <typename T>
void CheckPass(const ConvGeometry& g, int pass, const std::vector<T>& a,
               const std::vector<T>& b, int64_t size, cudaStream_t stream,
               Tally* tally) {
  const std::vector<double> a64(a.begin(), a.end()), b64(b.begin(), b.end());
  std::vector<double> expected(size);
  const course::Runtime cpu;
  if (pass == 0) NaiveForward(cpu, g, a64.data(), b64.data(), expected.data());
  if (pass == 1)
    NaiveGradInput(cpu, g, a64.data(), b64.data(), expected.data());
  if (pass == 2)
    NaiveGradKernel(cpu, g, a64.data(), b64.data(), expected.data());
  // The implicit GEMM as planned, then in every tile, the sum whole and split.
  const struct {
    Implementation how;
    const char* name;
    int tile = -1;
    int parts = 0;
  } kernels[] = {{Implementation::kNaive, "one thread per value"},
                 {Implementation::kDirect, "shared-memory tiles"},
                 {Implementation::kIm2col, "implicit GEMM"},
                 {Implementation::kIm2col, "implicit GEMM, tile 0", 0, 1},
                 {Implementation::kIm2col, "implicit GEMM, tile 1", 1, 3},
                 {Implementation::kIm2col, "implicit GEMM, tile 2", 2, 1},
                 {Implementation::kIm2col, "implicit GEMM, tile 3", 3, 2}};
  const OnGpu<T> first(a), second(b);
  for (const auto& kernel : kernels) {
    const OnGpu<T> result(size);
    Arena arena;
    course::DeviceContext<Gpu> context;
    context.stream = stream;
    context.allocate = Arena::Allocate;
    context.arena = &arena;
    context.tile = kernel.tile;
    context.parts = kernel.parts;
    course::Outcome outcome{};
    if (pass == 0) {
      outcome = course::Conv2D<Gpu, T>()(context, g, kernel.how, first.data,
                                         second.data, result.data);
    } else if (pass == 1) {
      outcome = course::Conv2DGradInput<Gpu, T>()(
          context, g, kernel.how, first.data, second.data, result.data);
    } else {
      outcome = course::Conv2DGradKernel<Gpu, T>()(
          context, g, kernel.how, first.data, second.data, result.data);
    }
    Check(cudaStreamSynchronize(stream), kernel.name);
    double worst = outcome == course::Outcome::kDone ? 0 : INFINITY;
    const std::vector<T> actual = result.Back();
    for (int64_t i = 0; i < size; ++i) {
      const double error = fabs(actual[i] - expected[i]);
      if (!(error <= worst)) worst = error;
    }
    ++tally->checked;
    if (!(worst < (sizeof(T) == 4 ? 1e-3 : 1e-10))) {
      printf("pass %d, %s, %d bytes: off by %g\n", pass, kernel.name,
             static_cast<int>(sizeof(T)), worst);
      ++tally->wrong;
    }
  }
}

template <typename T>
void CheckGeometry(const ConvGeometry& g, course::Random* random,
                   cudaStream_t stream, Tally* tally) {
  const auto x = random->Values<T>(g.InputSize());
  const auto k = random->Values<T>(g.KernelSize());
  const auto y = random->Values<T>(g.OutputSize());
  CheckPass(g, 0, x, k, g.OutputSize(), stream, tally);
  CheckPass(g, 1, y, k, g.InputSize(), stream, tally);
  CheckPass(g, 2, x, y, g.KernelSize(), stream, tally);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 100;
  cudaStream_t stream;  // never the default one, as in TensorFlow
  Check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
        "cudaStreamCreate");
  course::Random random(20);
  Tally tally;
  for (int round = 0; round < rounds; ++round) {
    ConvGeometry g;
    if (!random.Geometry(round % 3 == 0, &g)) continue;
    CheckGeometry<float>(g, &random, stream, &tally);
    CheckGeometry<double>(g, &random, stream, &tally);
  }
  // Many blocks at a time, with and without vectors.
  for (int64_t channels : {32, 33}) {
    ConvGeometry g;
    g.batch = 2;
    g.channels = channels;
    g.filters = 128;
    g.rows.in = g.cols.in = kSide;
    g.rows.kernel = g.cols.kernel = 3;
    g.rows.SetSame();
    g.cols.SetSame();
    CheckGeometry<float>(g, &random, stream, &tally);
  }
  printf("%d checked, %d wrong\n", tally.checked, tally.wrong);
  return tally.wrong == 0 ? 0 : 1;
}
