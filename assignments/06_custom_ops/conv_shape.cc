// Question 1: the shape of the output.
#include "shape.h"

Sizes conv_out_shape(const Sizes& x, const Sizes& kernel, const Sizes& strides,
                     const std::string& padding, const Sizes& dilations) {
  // TODO: throw std::invalid_argument for what is no convolution; return the
  // TODO: four sizes of y, kUnknown where x or kernel do not tell.
#error "conv_out_shape: not answered yet"
}
