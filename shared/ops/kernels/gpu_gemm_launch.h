// Launches of the implicit GEMM.
#ifndef COURSE_OPS_GPU_GEMM_LAUNCH_H_
#define COURSE_OPS_GPU_GEMM_LAUNCH_H_

#include <stdint.h>

#include <initializer_list>

#include "conv2d.h"
#include "gpu_gemm.cuh"
#include "gpu_plan.h"

namespace course {
namespace gpu {

constexpr int64_t kIndexLimit = (int64_t{1} << 31) - 1024;
constexpr int64_t kMostPhases = 65535;  // blocks along the third axis of a grid
constexpr int kSumThreads = 256;

inline Outcome Launched() {
  return LaunchSucceeded() ? Outcome::kDone : Outcome::kLaunchFailed;
}

// The implicit GEMM counts values, pixels and blocks in 32 bits. Origins of
// windows stay far from kOutside.
inline bool FitsIndex(const ConvGeometry& g) {
  bool fits = g.InputSize() < kIndexLimit && g.OutputSize() < kIndexLimit &&
              g.KernelSize() < kIndexLimit;
  for (const ConvAxis* axis : {&g.rows, &g.cols}) {
    const int64_t padded = axis->in + axis->pad_before + axis->pad_after;
    fits =
        fits && padded + axis->EffectiveKernel() + axis->stride < -kOutside / 2;
  }
  return fits;
}

// Vector loads and stores need runs of whole vectors, and tensors that begin
// on one.
inline bool FitsVectors(const ConvGeometry& g, const void* a, const void* b,
                        const void* result) {
  bool fits = g.GroupChannels() % 4 == 0 && g.GroupFilters() % 4 == 0;
  for (const void* p : {a, b, result}) {
    fits = fits && reinterpret_cast<uintptr_t>(p) % 16 == 0;
  }
  return fits;
}

template <typename T>
Plan PlanFor(const DeviceContext<Gpu>& context, const Product& p) {
  const int known = Multiprocessors();
  const int multiprocessors = known > 0 ? known : 132;  // an H100 or H200
  Plan plan;
  if constexpr (sizeof(T) == 4) {
    plan = ChoosePlan(kFloatTiles, p, multiprocessors, sizeof(T));
  } else {
    plan = ChoosePlan(kDoubleTiles, p, multiprocessors, sizeof(T));
  }
  if (context.tile >= 0 && sizeof(T) == 4) plan.tile = context.tile;
  if (context.parts > 0) plan.parts = context.parts;
  return plan;
}

template <bool value>
struct Constant {
  constexpr bool operator()() const { return value; }
};

// Calls launch(tile, vectors) with the plan's tile as a type and whether
// vectors fit as a constant.
template <typename T, typename Launch>
void WithTile(const Plan& plan, bool vectors, const Launch& launch) {
  const auto with = [&](auto tile) {
    if (vectors) {
      launch(tile, Constant<true>());
    } else {
      launch(tile, Constant<false>());
    }
  };
  if constexpr (sizeof(T) == 8) {
    with(Tile<T, kDoubleTiles[0].rows, kDoubleTiles[0].cols,
              kDoubleTiles[0].side>());
  } else {
    constexpr const TileSize* kTiles = kFloatTiles;
    switch (plan.tile) {
      case 0:
        return with(Tile<T, kTiles[0].rows, kTiles[0].cols, kTiles[0].side>());
      case 1:
        return with(Tile<T, kTiles[1].rows, kTiles[1].cols, kTiles[1].side>());
      case 2:
        return with(Tile<T, kTiles[2].rows, kTiles[2].cols, kTiles[2].side>());
      default:
        return with(Tile<T, kTiles[3].rows, kTiles[3].cols, kTiles[3].side>());
    }
  }
}

// Carries out a product: run(tile, vectors, blocks, part, to) launches its
// kernel once for all parts of the sum, the results of which are then added up
// in a fixed order, so that the result is reproducible.
template <typename T, typename Run>
Outcome RunProduct(const DeviceContext<Gpu>& context, const Product& p,
                   int64_t phases, bool vectors, int64_t size, T* result,
                   const Run& run) {
  const Plan plan = PlanFor<T>(context, p);
  const int64_t part = CeilDiv(CeilDiv(p.depth, plan.parts), kDepth) * kDepth;
  const int64_t parts = CeilDiv(p.depth, part);
  T* to = result;
  if (parts > 1) {
    to = static_cast<T*>(context.allocate(
        context.arena, static_cast<size_t>(parts * size) * sizeof(T)));
    if (to == nullptr) return Outcome::kOutOfMemory;
  }
  bool launched = false;
  WithTile<T>(plan, vectors, [&](auto tile, auto vector) {
    using Tile = decltype(tile);
    const TileSize cut{Tile::kRows, Tile::kCols, Tile::kSide};
    const int64_t blocks = Blocks(p, cut) / phases;
    if (blocks >= kIndexLimit) return;
    launched = true;
    const dim3 grid(static_cast<unsigned>(blocks), static_cast<unsigned>(parts),
                    static_cast<unsigned>(phases));
    run(tile, vector, grid, static_cast<int>(part), to);
  });
  if (!launched) return Outcome::kUnsupported;
  // Asked once for each launch: the answer clears the error.
  const Outcome outcome = Launched();
  if (parts == 1 || outcome != Outcome::kDone) return outcome;
  COURSE_LAUNCH(SumPartsKernel<T>,
                dim3(static_cast<unsigned>(CeilDiv(size, kSumThreads))),
                dim3(kSumThreads), 0, context.stream, size,
                static_cast<int>(parts), to, result);
  return Launched();
}

template <typename T>
Outcome GemmForward(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                    const T* input, const T* kernel, T* output) {
  if (!FitsIndex(g)) return Outcome::kUnsupported;
  const PatchView v = ForwardView(g);
  const int64_t size = g.OutputSize();
  return RunProduct<T>(
      context, {g.OutPixels(), g.GroupFilters(), g.groups, v.Depth()}, 1,
      FitsVectors(g, input, kernel, output), size, output,
      [&](auto tile, auto vector, dim3 grid, int part, T* to) {
        using Tile = decltype(tile);
        COURSE_LAUNCH((PatchProductKernel<Tile, true, vector(), T>), grid,
                      dim3(Tile::kThreads), 0, context.stream, v, part, size,
                      input, kernel, to);
      });
}

template <typename T>
Outcome GemmGradInput(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                      const T* d_output, const T* kernel, T* d_input) {
  const int64_t phases = Phases(g.rows) * Phases(g.cols);
  if (!FitsIndex(g) || phases > kMostPhases) return Outcome::kUnsupported;
  const int64_t size = g.InputSize();
  const bool vectors = FitsVectors(g, d_output, kernel, d_input);
  // The first phase has the most positions, though not always the most taps.
  const PatchView v = GradView(g, 0);
  const int64_t depth = MostTaps(g.rows) * MostTaps(g.cols) * g.GroupFilters();
  if (phases == 1) {
    return RunProduct<T>(
        context, {v.Positions(), g.GroupChannels(), g.groups, depth}, 1,
        vectors, size, d_input,
        [&](auto tile, auto vector, dim3 grid, int part, T* to) {
          using Tile = decltype(tile);
          COURSE_LAUNCH((PatchProductKernel<Tile, false, vector(), T>), grid,
                        dim3(Tile::kThreads), 0, context.stream, v, part, size,
                        d_output, kernel, to);
        });
  }
  return RunProduct<T>(
      context, {v.Positions(), g.GroupChannels(), g.groups * phases, depth},
      phases, vectors, size, d_input,
      [&](auto tile, auto vector, dim3 grid, int part, T* to) {
        using Tile = decltype(tile);
        COURSE_LAUNCH((PhasedProductKernel<Tile, vector(), T>), grid,
                      dim3(Tile::kThreads), 0, context.stream, g, part, size,
                      d_output, kernel, to);
      });
}

template <typename T>
Outcome GemmGradKernel(const DeviceContext<Gpu>& context, const ConvGeometry& g,
                       const T* input, const T* d_output, T* d_kernel) {
  if (!FitsIndex(g)) return Outcome::kUnsupported;
  const PatchView v = ForwardView(g);
  const int64_t size = g.KernelSize();
  return RunProduct<T>(
      context, {v.Depth(), g.GroupFilters(), g.groups, g.OutPixels()}, 1,
      FitsVectors(g, input, d_output, d_kernel), size, d_kernel,
      [&](auto tile, auto vector, dim3 grid, int part, T* to) {
        using Tile = decltype(tile);
        COURSE_LAUNCH((KernelProductKernel<Tile, vector(), T>), grid,
                      dim3(Tile::kThreads), 0, context.stream, v, part, size,
                      input, d_output, to);
      });
}

}  // namespace gpu
}  // namespace course

#endif  // COURSE_OPS_GPU_GEMM_LAUNCH_H_
