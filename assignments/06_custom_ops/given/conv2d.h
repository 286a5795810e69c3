// The sizes of one 2-D convolution, and the functions that you write for it.
//
// All arrays lie in memory row by row, the last index running fastest:
//   x (batch, height, width, channels), kernel (kernel_height, kernel_width,
//   channels, filters), y (batch, out_height, out_width, filters).
// Output (i, j) reads x at row i * stride_h - pad_top + a * dilation_h and
// column j * stride_w - pad_left + b * dilation_w, times kernel (a, b).
// Beyond the image x counts as zero.
#ifndef CUSTOM_OPS_CONV2D_H_
#define CUSTOM_OPS_CONV2D_H_

#include <stdint.h>

struct Conv {
  int64_t batch, height, width, channels;
  int64_t kernel_height, kernel_width, filters;
  int64_t out_height, out_width;
  int64_t stride_h, stride_w;
  int64_t dilation_h, dilation_w;
  int64_t pad_top, pad_left;
};

// y = x correlated with kernel. y holds garbage before.
template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y);

// d_x = the gradient of sum(y * d_y) with respect to x. d_x holds garbage before.
template <typename T>
void conv2d_grad_input_cpu(const Conv& conv, const T* d_y, const T* kernel,
                           T* d_x);

// d_kernel = the same with respect to kernel. It holds garbage before.
template <typename T>
void conv2d_grad_kernel_cpu(const Conv& conv, const T* x, const T* d_y,
                            T* d_kernel);

#endif  // CUSTOM_OPS_CONV2D_H_
