// Question 3: the gradient with respect to the input, on the CPU.
#include "conv2d.h"

template <typename T>
void conv2d_grad_input_cpu(const Conv& conv, const T* d_y, const T* kernel,
                           T* d_x) {
  // BEGIN SOLUTION
  // TODO: give every d_y value back to the pixels that it came from, each times
  // TODO: the weight between them. d_x holds garbage before.
  const int64_t pixels = conv.batch * conv.height * conv.width;
  for (int64_t p = 0; p < pixels * conv.channels; ++p) d_x[p] = 0;
  const T* from = d_y;
  for (int64_t n = 0; n < conv.batch; ++n) {
    for (int64_t i = 0; i < conv.out_height; ++i) {
      for (int64_t j = 0; j < conv.out_width; ++j, from += conv.filters) {
        for (int64_t a = 0; a < conv.kernel_height; ++a) {
          const int64_t row =
              i * conv.stride_h - conv.pad_top + a * conv.dilation_h;
          if (row < 0 || row >= conv.height) continue;
          for (int64_t b = 0; b < conv.kernel_width; ++b) {
            const int64_t column =
                j * conv.stride_w - conv.pad_left + b * conv.dilation_w;
            if (column < 0 || column >= conv.width) continue;
            T* pixel = d_x + ((n * conv.height + row) * conv.width + column) *
                                 conv.channels;
            const T* weight = kernel + (a * conv.kernel_width + b) *
                                           conv.channels * conv.filters;
            for (int64_t c = 0; c < conv.channels; ++c) {
              for (int64_t f = 0; f < conv.filters; ++f) {
                pixel[c] += from[f] * *weight++;
              }
            }
          }
        }
      }
    }
  }
  // END SOLUTION
}
