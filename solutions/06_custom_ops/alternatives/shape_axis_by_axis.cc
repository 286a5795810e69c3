#include "shape.h"

namespace {

void Require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

int64_t Outputs(int64_t in, int64_t taps, int64_t stride, int64_t dilation,
                bool same) {
  Require(stride > 0, "stride");
  Require(dilation > 0, "dilation");
  Require(taps == kUnknown || taps > 0, "kernel size");
  if (in == kUnknown || (taps == kUnknown && !same)) return kUnknown;
  if (same) return in / stride + (in % stride != 0);
  const int64_t last = in - ((taps - 1) * dilation + 1);
  Require(last >= 0, "the kernel does not fit");
  return last / stride + 1;
}

}  // namespace

Sizes conv_out_shape(const Sizes& x, const Sizes& kernel, const Sizes& strides,
                     const std::string& padding, const Sizes& dilations) {
  Require(x.size() == 4, "x has four sizes");
  Require(kernel.size() == 4, "kernel has four sizes");
  Require(strides.size() == 2, "two strides");
  Require(dilations.size() == 2, "two dilations");
  const bool same = padding == "SAME";
  Require(same || padding == "VALID", "padding");
  Require(x[3] == kernel[2] || x[3] == kUnknown || kernel[2] == kUnknown,
          "channels");
  return {x[0], Outputs(x[1], kernel[0], strides[0], dilations[0], same),
          Outputs(x[2], kernel[1], strides[1], dilations[1], same), kernel[3]};
}
