// What question 1 asks for: the shape of the output, before anything runs.
#ifndef CUSTOM_OPS_SHAPE_H_
#define CUSTOM_OPS_SHAPE_H_

#include <stdint.h>

#include <stdexcept>
#include <string>
#include <vector>

using Sizes = std::vector<int64_t>;

// Stands for a size that is not known yet, such as the batch's in a graph.
constexpr int64_t kUnknown = -1;

// The shape of y, four sizes, from those of x and kernel.
// Throws std::invalid_argument if there is no such convolution.
Sizes conv_out_shape(const Sizes& x, const Sizes& kernel, const Sizes& strides,
                     const std::string& padding, const Sizes& dilations);

#endif  // CUSTOM_OPS_SHAPE_H_
