// How the implicit GEMM is cut into blocks: which tile of the result a block
// computes, and into how many parts the sum is split.
//
// A GPU is fast only when it is full, and a tile is fast only when the result
// fills it: 128 x 128 reads least per product, but on 64 filters half of it is
// thrown away. So a few tiles are compared by what they would issue.
#ifndef COURSE_OPS_GPU_PLAN_H_
#define COURSE_OPS_GPU_PLAN_H_

#include <stdint.h>

namespace course {
namespace gpu {

// Values of the summed dimension per step. Eight keeps both buffers of the
// largest tile in 17 KB: registers, not shared memory, bound the blocks.
constexpr int kDepth = 8;

// Registers for 512 threads of 128 each: what runs at a time on one
// multiprocessor, whatever the tile.
constexpr int kResidentThreads = 512;

// A block computes rows x cols values, a thread side x side of them.
struct TileSize {
  int rows, cols, side;
  constexpr int Threads() const { return rows / side * (cols / side); }
};

constexpr TileSize kFloatTiles[] = {
    {128, 128, 8}, {128, 64, 8}, {64, 64, 8}, {128, 32, 8}};
// Eight by eight doubles would leave no registers for a second block.
constexpr TileSize kDoubleTiles[] = {{64, 64, 4}};

struct Plan {
  int tile = 0;
  int parts = 1;  // of the sum, added up afterwards in a fixed order
};

struct Product {
  int64_t rows, cols;  // of the result
  int64_t copies;      // groups, and phases of a stride
  int64_t depth;       // of the sum
};

inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

inline int64_t Blocks(const Product& p, const TileSize& tile) {
  return CeilDiv(p.rows, tile.rows) * CeilDiv(p.cols, tile.cols) * p.copies;
}

// Cycles that the product takes in this way, by count of instructions:
// products, reads of shared memory, and the fetching of the next step's
// operands as the compiler's output shows it. Waiting is hidden from three
// warps a scheduler on.
inline double PredictCycles(const Product& p, const TileSize& tile, int parts,
                            int multiprocessors, int value_bytes) {
  const double threads = tile.Threads();
  const double fetches = kDepth * (tile.rows + tile.cols) / 4.0 / threads;
  const double step =
      kDepth * tile.side * (tile.side + 0.5) + 40 + 28 * fetches;
  const double steps = static_cast<double>(CeilDiv(p.depth, kDepth * parts));
  const double block = threads * (steps * step + 300);
  const int64_t busiest = CeilDiv(Blocks(p, tile) * parts, multiprocessors);
  const double resident = busiest * threads < kResidentThreads
                              ? busiest * threads
                              : kResidentThreads;
  constexpr double kFullThreads = 384;
  const double busy = resident < kFullThreads ? resident / kFullThreads : 1;
  double cycles = busiest * block / (128 * busy);
  if (parts > 1) {
    // Each part is written and read once more; 16 bytes a cycle and processor.
    const double values = static_cast<double>(p.rows) * p.cols * p.copies;
    cycles +=
        3000 + 2 * parts * values * value_bytes / (16.0 * multiprocessors);
  }
  return cycles;
}

// The least predicted time. A part sums at least 128 values.
template <int kTiles>
Plan ChoosePlan(const TileSize (&tiles)[kTiles], const Product& p,
                int multiprocessors, int value_bytes) {
  Plan best;
  double least = -1;
  for (int tile = 0; tile < kTiles; ++tile) {
    for (int parts = 1; parts <= 512; parts += parts < 8 ? 1 : parts / 4) {
      if (parts > 1 && p.depth < parts * int64_t{128}) break;
      const double cycles =
          PredictCycles(p, tiles[tile], parts, multiprocessors, value_bytes);
      if (least < 0 || cycles < least) {
        least = cycles;
        best.tile = tile;
        best.parts = parts;
      }
    }
  }
  return best;
}

}  // namespace gpu
}  // namespace course

#endif  // COURSE_OPS_GPU_PLAN_H_
