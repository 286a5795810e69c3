// Which implementation "auto" runs: the one with the least predicted time.
#ifndef COURSE_OPS_COST_MODEL_H_
#define COURSE_OPS_COST_MODEL_H_

#include "conv2d.h"

namespace course {

enum class Pass { kForward, kGradInput, kGradKernel };

// What an implementation does, counted. The time is a weighted sum of these.
constexpr int kCosts = 5;
struct CostCounts {
  // One call; vector multiply-adds; work per input value or pointer; per
  // weight; per output value.
  double count[kCosts];
};

// False if the implementation cannot do this geometry. `workers` share the
// work; what more than one of them do twice is counted.
bool CountCosts(Pass pass, Implementation how, const ConvGeometry& g, int lanes,
                CostCounts* counts, int workers = 1);

// Nanoseconds on one core of the machine that the table was measured on; only
// their order matters.
double PredictTime(Pass pass, Implementation how, const CostCounts& counts);

Implementation ChooseImplementation(Pass pass, const ConvGeometry& g, int lanes,
                                    int workers = 1);

}  // namespace course

#endif  // COURSE_OPS_COST_MODEL_H_
