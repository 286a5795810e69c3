// Geometries and values for the stand-alone checks, the same in every run.
#ifndef COURSE_OPS_TESTS_RANDOM_GEOMETRY_H_
#define COURSE_OPS_TESTS_RANDOM_GEOMETRY_H_

#include <stdint.h>

#include <vector>

#include "conv_geometry.h"

namespace course {

// A linear congruential generator.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  int64_t Below(int64_t limit) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int64_t>((state_ >> 33) % static_cast<uint64_t>(limit));
  }

  template <typename T>
  std::vector<T> Values(int64_t count) {
    std::vector<T> values(count);
    for (T& value : values) value = T(Below(2001)) / T(1000) - T(1);
    return values;
  }

  // False if the geometry has no output. `plain`: 3x3, stride 1, one group.
  bool Geometry(bool plain, ConvGeometry* g) {
    g->groups = plain ? 1 : 1 + Below(3);
    g->batch = 1 + Below(3);
    g->channels = g->groups * (1 + Below(20));
    g->filters = g->groups * (1 + Below(30));
    if (!plain && Below(3) == 0) {  // depthwise, or nearly
      g->groups = 1 + Below(20);
      g->channels = g->groups;
      g->filters = g->groups * (1 + Below(3));
    }
    bool possible = true;
    for (ConvAxis* axis : {&g->rows, &g->cols}) {
      axis->in = 1 + Below(14);
      axis->kernel = plain ? 3 : 1 + Below(5);
      axis->stride = plain ? 1 : 1 + Below(3);
      axis->dilation = plain ? 1 + Below(5) / 4 : 1 + Below(2);
      const int64_t before = Below(4);
      possible =
          axis->SetExplicit(before, Below(4)) && axis->out > 0 && possible;
    }
    return possible;
  }

 private:
  uint64_t state_;
};

}  // namespace course

#endif  // COURSE_OPS_TESTS_RANDOM_GEOMETRY_H_
