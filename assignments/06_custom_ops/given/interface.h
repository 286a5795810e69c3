// How the TensorFlow operations call your code: plain C, found by name.
#ifndef CUSTOM_OPS_INTERFACE_H_
#define CUSTOM_OPS_INTERFACE_H_

#include "conv2d.h"

// Sizes of x and kernel with their counts, two strides, two dilations. Writes four
// sizes to `out` and returns 1, or the reason to `message` (200 bytes) and returns 0.
typedef int (*ShapeFunction)(const int64_t* x, int x_count,
                             const int64_t* kernel, int kernel_count,
                             const int64_t* strides, int strides_count,
                             const int64_t* dilations, int dilations_count,
                             const char* padding, int64_t* out, char* message);

// Any of the three kernels: two inputs, one result, all float or all double.
typedef void (*KernelFunction)(int is_double, const Conv* conv, const void* a,
                               const void* b, void* result);

#endif  // CUSTOM_OPS_INTERFACE_H_
