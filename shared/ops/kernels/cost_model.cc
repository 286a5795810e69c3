// A linear model of each implementation's time. The counts are derived here
// from the algorithm; the weights are measured
// (benchmarks/conv2d_calibrate.py).
#include "cost_model.h"

#include "narrow_groups.h"

namespace course {
namespace {

struct CostRow {
  Pass pass;
  Implementation how;
  double nanoseconds[kCosts];
};

constexpr CostRow kTable[] = {
#include "cost_table.inc"
};

double Vectors(int64_t values, int lanes) {
  return static_cast<double>((values + lanes - 1) / lanes);
}

bool CountWinograd(Pass pass, int tile, const ConvGeometry& g, int lanes,
                   CostCounts* counts) {
  if (g.rows.kernel != 3 || g.cols.kernel != 3 || !g.IsUnitStride() ||
      g.groups != 1) {
    return false;
  }
  const bool to_input = pass == Pass::kGradInput;
  const auto tiles_along = [&](const ConvAxis& axis) {
    // A dilation d makes d grids of every d-th output.
    const int64_t out = to_input ? axis.in : axis.out;
    const int64_t grids = axis.dilation < out ? axis.dilation : out;
    const int64_t pixels = (out + axis.dilation - 1) / axis.dilation;
    return grids * ((pixels + tile - 1) / tile);
  };
  const int64_t high = tiles_along(g.rows);
  const int64_t wide = tiles_along(g.cols);
  const double positions = (tile + 2.0) * (tile + 2);
  const double tiles = positions * g.batch * high * wide;
  const double from = to_input ? g.filters : g.channels;
  const int64_t to = to_input ? g.channels : g.filters;
  counts->count[1] = tiles * from * Vectors(to, lanes);
  counts->count[2] = tiles * Vectors(from, lanes);
  counts->count[3] = positions * from * Vectors(to, lanes);
  counts->count[4] = tiles * Vectors(to, lanes);
  return true;
}

// How often im2col computes an output for the gradient in the input: bands of
// input rows are shared out, and each computes every row that reaches it.
double TimesComputed(const ConvGeometry& g, int workers) {
  if (workers == 1 || g.batch >= 2 * workers) return 1;
  const double bands = 2.0 * workers < g.rows.in ? 2 * workers : g.rows.in;
  const double reaching =
      (g.rows.in / bands + g.rows.EffectiveKernel() - 1) / g.rows.stride;
  const double out = static_cast<double>(g.rows.out);
  return bands * (reaching < out ? reaching : out) / out;
}

}  // namespace

bool CountCosts(Pass pass, Implementation how, const ConvGeometry& g, int lanes,
                CostCounts* counts, int workers) {
  const double pixels = static_cast<double>(g.OutPixels());
  const double in_pixels = static_cast<double>(g.batch) * g.rows.in * g.cols.in;
  const double taps = static_cast<double>(g.Taps());
  const bool to_input = pass == Pass::kGradInput;
  // Rows of the register tiles times their vectors.
  const double products =
      to_input ? pixels * taps * g.filters * Vectors(g.GroupChannels(), lanes)
               : pixels * taps * g.channels * Vectors(g.GroupFilters(), lanes);
  double* count = counts->count;
  count[0] = 1;
  switch (how) {
    case Implementation::kWinograd2x2:
      return CountWinograd(pass, 2, g, lanes, counts);
    case Implementation::kWinograd4x4:
      return CountWinograd(pass, 4, g, lanes, counts);
    case Implementation::kDirect: {
      const NarrowGroups narrow = to_input ? NarrowGroups::GradInput(g, lanes)
                                           : NarrowGroups::Forward(g, lanes);
      count[4] = in_pixels * g.channels + pixels * g.filters;
      if (narrow.Fit()) {  // a load for each product; nothing is packed
        count[1] = 2 * pixels * taps * narrow.channels *
                   static_cast<double>(narrow.Vectors());
        count[2] = count[3] = 0;
        return true;
      }
      count[1] = products;
      if (pass ==
          Pass::kForward) {  // with few channels, a pointer per kernel row
        const bool merged =
            g.groups == 1 && g.channels < 16 && g.cols.dilation == 1;
        count[2] = pixels * (merged ? g.rows.kernel : g.Taps()) * g.groups;
      } else if (to_input) {
        count[2] = in_pixels * taps * g.groups;
      } else {  // each tap and block of channels loads d_output's vectors again
        count[2] = pixels * taps * g.groups *
                   (1 + Vectors(g.GroupFilters(), lanes)) *
                   Vectors(g.GroupChannels(), 8);
      }
      count[3] = static_cast<double>(g.KernelSize());
      return true;
    }
    case Implementation::kIm2col:
      // The patch matrix's columns are panels as well when the input is summed.
      count[1] = to_input ? pixels * g.filters *
                                Vectors(g.Taps() * g.GroupChannels(), lanes)
                          : products;
      // A run of values costs a few more than it holds.
      count[2] = pixels * taps * (g.channels + 8 * g.groups);
      count[3] = static_cast<double>(g.KernelSize());
      count[4] = in_pixels * g.channels + pixels * g.filters;
      if (to_input) {
        const double times = TimesComputed(g, workers);
        count[1] *= times;
        count[2] *= times;
      }
      return true;
    case Implementation::kNaive:
      // The gradient in the input sums over filters, one by one.
      count[1] = to_input ? pixels * taps * g.channels *
                                static_cast<double>(g.GroupFilters())
                          : products;
      count[2] = pixels * taps;
      count[3] = 0;
      count[4] = pixels * taps * g.channels;  // starts of an inner loop
      return true;
    default:
      return false;
  }
}

double PredictTime(Pass pass, Implementation how, const CostCounts& counts) {
  for (const CostRow& row : kTable) {
    if (row.pass != pass || row.how != how) continue;
    double sum = 0;
    for (int i = 0; i < kCosts; ++i)
      sum += row.nanoseconds[i] * counts.count[i];
    return sum;
  }
  return -1;
}

Implementation ChooseImplementation(Pass pass, const ConvGeometry& g, int lanes,
                                    int workers) {
  Implementation best = Implementation::kDirect;
  double least = -1;
  for (const CostRow& row : kTable) {
    CostCounts counts;
    if (row.pass != pass ||
        !CountCosts(pass, row.how, g, lanes, &counts, workers))
      continue;
    const double time = PredictTime(pass, row.how, counts);
    if (least < 0 || time < least) {
      least = time;
      best = row.how;
    }
  }
  return best;
}

}  // namespace course
