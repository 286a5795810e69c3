#include "shape.h"

#include <cmath>
#include <set>

Sizes conv_out_shape(const Sizes& x, const Sizes& kernel, const Sizes& strides,
                     const std::string& padding, const Sizes& dilations) {
  const std::set<size_t> ranks = {x.size(), kernel.size()};
  const std::set<size_t> pairs = {strides.size(), dilations.size()};
  if (ranks != std::set<size_t>{4} || pairs != std::set<size_t>{2})
    throw std::invalid_argument("sizes");
  if (!(padding == "SAME" || padding == "VALID"))
    throw std::invalid_argument("padding");
  if (x[3] >= 0 && kernel[2] >= 0 && x[3] != kernel[2])
    throw std::invalid_argument("channels");
  Sizes y(4, kUnknown);
  y[0] = x[0];
  y[3] = kernel[3];
  for (int i : {0, 1}) {
    if (strides[i] <= 0 || dilations[i] <= 0 || kernel[i] == 0)
      throw std::invalid_argument("positive numbers");
    double places = x[i + 1];
    if (places < 0) continue;
    if (padding == "VALID") {
      if (kernel[i] < 0) continue;
      places -= (kernel[i] - 1.0) * dilations[i];
      if (places < 1) throw std::invalid_argument("kernel too large");
    }
    y[i + 1] = static_cast<int64_t>(std::ceil(places / strides[i]));
  }
  return y;
}
