// Question 1: the shape of the output.
#include "shape.h"

Sizes conv_out_shape(const Sizes& x, const Sizes& kernel, const Sizes& strides,
                     const std::string& padding, const Sizes& dilations) {
  // BEGIN SOLUTION
  // TODO: throw std::invalid_argument for what is no convolution; return the
  // TODO: four sizes of y, kUnknown where x or kernel do not tell.
  if (x.size() != 4 || kernel.size() != 4) {
    throw std::invalid_argument("x and kernel must have four sizes each");
  }
  if (strides.size() != 2 || dilations.size() != 2) {
    throw std::invalid_argument("strides and dilations must be two numbers");
  }
  if (padding != "SAME" && padding != "VALID") {
    throw std::invalid_argument("padding must be SAME or VALID, not " + padding);
  }
  if (x[3] != kUnknown && kernel[2] != kUnknown && x[3] != kernel[2]) {
    throw std::invalid_argument("x has " + std::to_string(x[3]) +
                                " channels, kernel " +
                                std::to_string(kernel[2]));
  }
  Sizes y = {x[0], kUnknown, kUnknown, kernel[3]};
  for (int axis = 0; axis < 2; ++axis) {
    const int64_t in = x[1 + axis], taps = kernel[axis];
    const int64_t stride = strides[axis], dilation = dilations[axis];
    if (stride < 1 || dilation < 1 || taps == 0) {
      throw std::invalid_argument("strides, dilations and kernel sizes start at 1");
    }
    if (in == kUnknown) continue;
    if (padding == "SAME") {
      y[1 + axis] = (in + stride - 1) / stride;
      continue;
    }
    if (taps == kUnknown) continue;
    const int64_t span = (taps - 1) * dilation + 1;
    if (span > in) {
      throw std::invalid_argument("a kernel of " + std::to_string(span) +
                                  " does not fit into " + std::to_string(in));
    }
    y[1 + axis] = (in - span) / stride + 1;
  }
  return y;
  // END SOLUTION
}
