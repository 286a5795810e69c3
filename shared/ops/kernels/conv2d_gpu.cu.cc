// The GPU functors: launches of the CUDA kernels on the stream that is given.
#include <type_traits>

#include "conv2d.h"
#include "gpu_gemm.cuh"
#include "gpu_naive.cuh"
#include "gpu_tiled.cuh"

namespace course {
namespace {

// Blocks of 128 x 128 where there are enough to fill the GPU, else of 64 x 64.
constexpr int64_t kLargeSide = 8;
constexpr int64_t kSmallSide = 4;
#if !defined(COURSE_ENOUGH_BLOCKS)
#define COURSE_ENOUGH_BLOCKS 264
#endif
constexpr int64_t kEnoughBlocks =
    COURSE_ENOUGH_BLOCKS;  // two on each of 132 multiprocessors
constexpr int64_t kSharedBytes =
    48 * 1024;  // what every kernel may use unasked
constexpr int64_t kIndexLimit = (int64_t{1} << 31) - 1024;

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

Outcome Launched() {
  return LaunchSucceeded() ? Outcome::kDone : Outcome::kLaunchFailed;
}

// The implicit GEMM counts pixels, patches and blocks in 32 bits.
bool FitsIndex(const ConvGeometry& g) {
  return g.InputSize() < kIndexLimit && g.OutputSize() < kIndexLimit &&
         g.KernelSize() < kIndexLimit &&
         g.batch * g.rows.in * g.cols.in < kIndexLimit &&
         g.rows.EffectiveKernel() + g.rows.pad_before < kIndexLimit &&
         g.cols.EffectiveKernel() + g.cols.pad_before < kIndexLimit;
}

// Vector loads need runs of whole vectors, and tensors that begin on one.
bool FitsVectors(const ConvGeometry& g, const void* a, const void* b) {
  return g.GroupChannels() % 4 == 0 && g.GroupFilters() % 4 == 0 &&
         reinterpret_cast<uintptr_t>(a) % 16 == 0 &&
         reinterpret_cast<uintptr_t>(b) % 16 == 0;
}

int64_t Blocks(int64_t rows, int64_t columns, int64_t groups, int64_t side) {
  return CeilDiv(rows, 16 * side) * CeilDiv(columns, 16 * side) * groups;
}

// Calls launch(side, vectors) with both as compile-time constants. Doubles take
// the small block: eight by eight of them would not leave registers for a
// second one.
template <typename T, typename Launch>
void WithBlock(bool large, bool vectors, const Launch& launch) {
  using Large =
      std::integral_constant<int, sizeof(T) == 4 ? kLargeSide : kSmallSide>;
  using Small = std::integral_constant<int, kSmallSide>;
  if (large && vectors) launch(Large(), std::true_type());
  if (large && !vectors) launch(Large(), std::false_type());
  if (!large && vectors) launch(Small(), std::true_type());
  if (!large && !vectors) launch(Small(), std::false_type());
}

template <typename T>
bool IsLarge(int64_t rows, int64_t columns, int64_t groups) {
  return sizeof(T) == 4 &&
         Blocks(rows, columns, groups, kLargeSide) >= kEnoughBlocks;
}

template <typename T>
Outcome Tiled(const DeviceContext<Gpu>& context, gpu::TiledProblem p,
              const T* from, const T* kernel, T* to) {
  const int64_t taps = p.rows.kernel * p.cols.kernel;
  const int64_t per_channel =
      (p.rows.window * p.cols.window + taps * gpu::kFilters) *
      static_cast<int64_t>(sizeof(T));
  p.chunk = kSharedBytes / per_channel;
  if (p.chunk == 0) return Outcome::kUnsupported;  // one window fills it all
  if (p.chunk > 8) p.chunk = 8;
  if (p.chunk > p.in_channels) p.chunk = p.in_channels;
  const int64_t blocks =
      CeilDiv(p.cols.size, gpu::kTile) * CeilDiv(p.rows.size, gpu::kTile) *
      CeilDiv(p.out_channels, gpu::kFilters) * p.groups * p.batch;
  if (blocks >= kIndexLimit) return Outcome::kUnsupported;
  COURSE_LAUNCH(gpu::TiledKernel<T>, dim3(static_cast<unsigned>(blocks)),
                dim3(gpu::kTile * gpu::kTile), p.chunk * per_channel,
                context.stream, p, from, kernel, to);
  return Launched();
}

gpu::TiledAxis ForwardAxis(const ConvAxis& axis) {
  return {axis.out,
          axis.in,
          axis.kernel,
          axis.stride,
          -axis.pad_before,
          -axis.dilation,
          1,
          (gpu::kTile - 1) * axis.stride + axis.EffectiveKernel()};
}

gpu::TiledAxis GradAxis(const ConvAxis& axis) {
  return {axis.in,
          axis.out,
          axis.kernel,
          1,
          axis.pad_before,
          axis.dilation,
          axis.stride,
          (gpu::kTile - 1 + axis.EffectiveKernel() - 1) / axis.stride + 2};
}

template <typename T>
Outcome Forward(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                Implementation how, const T* input, const T* kernel,
                T* output) {
  switch (how) {
    case Implementation::kNaive: {
      const int64_t blocks = CeilDiv(g.OutputSize(), gpu::kNaiveThreads);
      if (blocks >= kIndexLimit) return Outcome::kUnsupported;
      COURSE_LAUNCH(gpu::NaiveForwardKernel<T>,
                    dim3(static_cast<unsigned>(blocks)),
                    dim3(gpu::kNaiveThreads), 0, context.stream, g, input,
                    kernel, output);
      return Launched();
    }
    case Implementation::kDirect:
      return Tiled(context,
                   {g.batch, g.groups, ForwardAxis(g.rows), ForwardAxis(g.cols),
                    g.GroupChannels(), g.GroupFilters(), 0, g.filters, 1,
                    g.GroupFilters(), g.GroupChannels() * g.filters},
                   input, kernel, output);
    case Implementation::kAuto:
    case Implementation::kIm2col: {
      if (!FitsIndex(g)) return Outcome::kUnsupported;
      WithBlock<T>(
          IsLarge<T>(g.OutPixels(), g.GroupFilters(), g.groups),
          FitsVectors(g, input, kernel), [&](auto side, auto vectors) {
            const int64_t blocks =
                Blocks(g.OutPixels(), g.GroupFilters(), g.groups, side());
            COURSE_LAUNCH((gpu::GemmForwardKernel<T, side(), vectors()>),
                          dim3(static_cast<unsigned>(blocks)),
                          dim3(gpu::kGemmThreads), 0, context.stream, g, input,
                          kernel, output);
          });
      return Launched();
    }
    default:
      return Outcome::kUnsupported;
  }
}

template <typename T>
Outcome GradInput(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                  Implementation how, const T* d_output, const T* kernel,
                  T* d_input) {
  switch (how) {
    case Implementation::kNaive: {
      const int64_t blocks = CeilDiv(g.InputSize(), gpu::kNaiveThreads);
      if (blocks >= kIndexLimit) return Outcome::kUnsupported;
      COURSE_LAUNCH(gpu::NaiveGradInputKernel<T>,
                    dim3(static_cast<unsigned>(blocks)),
                    dim3(gpu::kNaiveThreads), 0, context.stream, g, d_output,
                    kernel, d_input);
      return Launched();
    }
    case Implementation::kDirect:
      return Tiled(context,
                   {g.batch, g.groups, GradAxis(g.rows), GradAxis(g.cols),
                    g.GroupFilters(), g.GroupChannels(), 0, 1, g.filters,
                    g.GroupFilters(), g.GroupChannels() * g.filters},
                   d_output, kernel, d_input);
    case Implementation::kAuto:
    case Implementation::kIm2col: {
      if (!FitsIndex(g)) return Outcome::kUnsupported;
      const int64_t pixels = g.batch * g.rows.in * g.cols.in;
      WithBlock<T>(
          IsLarge<T>(pixels, g.GroupChannels(), g.groups),
          FitsVectors(g, d_output, kernel), [&](auto side, auto vectors) {
            const int64_t blocks =
                Blocks(pixels, g.GroupChannels(), g.groups, side());
            COURSE_LAUNCH((gpu::GemmGradInputKernel<T, side(), vectors()>),
                          dim3(static_cast<unsigned>(blocks)),
                          dim3(gpu::kGemmThreads), 0, context.stream, g,
                          d_output, kernel, d_input);
          });
      return Launched();
    }
    default:
      return Outcome::kUnsupported;
  }
}

template <typename T>
Outcome GemmGradKernel(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                       const T* input, const T* d_output, T* d_kernel) {
  if (!FitsIndex(g)) return Outcome::kUnsupported;
  const int64_t rows = g.Taps() * g.GroupChannels();
  const bool large = IsLarge<T>(rows, g.GroupFilters(), g.groups);
  const int64_t blocks =
      Blocks(rows, g.GroupFilters(), g.groups, large ? kLargeSide : kSmallSide);
  // The result is small and the sum long, so the sum is split until the GPU is
  // full. Partial sums are added in a fixed order: the result is reproducible.
  constexpr int64_t kLeastPixels = 256;
  int64_t parts = CeilDiv(kEnoughBlocks, blocks);
  if (parts > CeilDiv(g.OutPixels(), kLeastPixels)) {
    parts = CeilDiv(g.OutPixels(), kLeastPixels);
  }
  const int64_t part = CeilDiv(g.OutPixels(), parts);
  parts = CeilDiv(g.OutPixels(), part);
  T* partial = d_kernel;
  if (parts > 1) {
    partial = static_cast<T*>(context.allocate(
        context.arena,
        static_cast<size_t>(parts * g.KernelSize()) * sizeof(T)));
    if (partial == nullptr) return Outcome::kOutOfMemory;
  }
  WithBlock<T>(
      large, FitsVectors(g, input, d_output), [&](auto side, auto vectors) {
        COURSE_LAUNCH(
            (gpu::GemmGradKernelKernel<T, side(), vectors()>),
            dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(parts)),
            dim3(gpu::kGemmThreads), 0, context.stream, g,
            static_cast<int>(part), input, d_output, partial);
      });
  if (parts > 1 && LaunchSucceeded()) {
    COURSE_LAUNCH(gpu::SumPartialsKernel<T>,
                  dim3(static_cast<unsigned>(
                      CeilDiv(g.KernelSize(), gpu::kNaiveThreads))),
                  dim3(gpu::kNaiveThreads), 0, context.stream, g.KernelSize(),
                  static_cast<int>(parts), partial, d_kernel);
  }
  return Launched();
}

template <typename T>
Outcome GradKernel(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                   Implementation how, const T* input, const T* d_output,
                   T* d_kernel) {
  switch (how) {
    case Implementation::kNaive: {
      const int64_t blocks = CeilDiv(g.KernelSize(), gpu::kNaiveThreads);
      if (blocks >= kIndexLimit) return Outcome::kUnsupported;
      COURSE_LAUNCH(gpu::NaiveGradKernelKernel<T>,
                    dim3(static_cast<unsigned>(blocks)),
                    dim3(gpu::kNaiveThreads), 0, context.stream, g, input,
                    d_output, d_kernel);
      return Launched();
    }
    case Implementation::kDirect: {
      const int64_t blocks = CeilDiv(g.GroupChannels(), gpu::kTile) *
                             CeilDiv(g.GroupFilters(), gpu::kTile) * g.Taps() *
                             g.groups;
      if (blocks >= kIndexLimit) return Outcome::kUnsupported;
      COURSE_LAUNCH(gpu::TiledGradKernelKernel<T>,
                    dim3(static_cast<unsigned>(blocks)),
                    dim3(gpu::kTile * gpu::kTile), 0, context.stream, g, input,
                    d_output, d_kernel);
      return Launched();
    }
    case Implementation::kAuto:
    case Implementation::kIm2col:
      return GemmGradKernel(context, g, input, d_output, d_kernel);
    default:
      return Outcome::kUnsupported;
  }
}

}  // namespace

template <typename T>
struct Conv2D<Gpu, T> {
  Outcome operator()(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* kernel,
                     T* output) {
    return Forward(context, g, how, input, kernel, output);
  }
};

// A gradient without outputs to sum over is zero, which the kernels store.
template <typename T>
struct Conv2DGradInput<Gpu, T> {
  Outcome operator()(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                     Implementation how, const T* d_output, const T* kernel,
                     T* d_input) {
    if (g.OutputSize() == 0) how = Implementation::kNaive;
    return GradInput(context, g, how, d_output, kernel, d_input);
  }
};

template <typename T>
struct Conv2DGradKernel<Gpu, T> {
  Outcome operator()(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                     Implementation how, const T* input, const T* d_output,
                     T* d_kernel) {
    if (g.OutputSize() == 0) how = Implementation::kNaive;
    return GradKernel(context, g, how, input, d_output, d_kernel);
  }
};

template struct Conv2D<Gpu, float>;
template struct Conv2D<Gpu, double>;
template struct Conv2DGradInput<Gpu, float>;
template struct Conv2DGradInput<Gpu, double>;
template struct Conv2DGradKernel<Gpu, float>;
template struct Conv2DGradKernel<Gpu, double>;

}  // namespace course
