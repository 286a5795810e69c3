// Question 2: the forward kernel on the CPU.
#include "conv2d.h"

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {
  // BEGIN SOLUTION
  // TODO: for every output value, add up the products of its window; skip what
  // TODO: lies beyond the image. y holds garbage before.
  T* to = y;
  for (int64_t n = 0; n < conv.batch; ++n) {
    for (int64_t i = 0; i < conv.out_height; ++i) {
      for (int64_t j = 0; j < conv.out_width; ++j) {
        for (int64_t f = 0; f < conv.filters; ++f) {
          T sum = 0;
          for (int64_t a = 0; a < conv.kernel_height; ++a) {
            const int64_t row =
                i * conv.stride_h - conv.pad_top + a * conv.dilation_h;
            if (row < 0 || row >= conv.height) continue;
            for (int64_t b = 0; b < conv.kernel_width; ++b) {
              const int64_t column =
                  j * conv.stride_w - conv.pad_left + b * conv.dilation_w;
              if (column < 0 || column >= conv.width) continue;
              const T* pixel =
                  x + ((n * conv.height + row) * conv.width + column) *
                          conv.channels;
              const T* tap = kernel + (a * conv.kernel_width + b) *
                                          conv.channels * conv.filters;
              for (int64_t c = 0; c < conv.channels; ++c) {
                sum += pixel[c] * tap[c * conv.filters + f];
              }
            }
          }
          *to++ = sum;
        }
      }
    }
  }
  // END SOLUTION
}
