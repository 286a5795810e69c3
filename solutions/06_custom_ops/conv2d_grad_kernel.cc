// Question 4: the gradient with respect to the kernel, on the CPU.
#include "conv2d.h"

template <typename T>
void conv2d_grad_kernel_cpu(const Conv& conv, const T* x, const T* d_y,
                            T* d_kernel) {
  // BEGIN SOLUTION
  // TODO: for every weight, add up pixel times d_y over all the places where the
  // TODO: weight joined the two. d_kernel holds garbage before.
  T* to = d_kernel;
  for (int64_t a = 0; a < conv.kernel_height; ++a) {
    for (int64_t b = 0; b < conv.kernel_width; ++b) {
      for (int64_t c = 0; c < conv.channels; ++c) {
        for (int64_t f = 0; f < conv.filters; ++f) {
          T sum = 0;
          for (int64_t n = 0; n < conv.batch; ++n) {
            for (int64_t i = 0; i < conv.out_height; ++i) {
              const int64_t row =
                  i * conv.stride_h - conv.pad_top + a * conv.dilation_h;
              if (row < 0 || row >= conv.height) continue;
              for (int64_t j = 0; j < conv.out_width; ++j) {
                const int64_t column =
                    j * conv.stride_w - conv.pad_left + b * conv.dilation_w;
                if (column < 0 || column >= conv.width) continue;
                const int64_t pixel =
                    (n * conv.height + row) * conv.width + column;
                const int64_t place =
                    (n * conv.out_height + i) * conv.out_width + j;
                sum += x[pixel * conv.channels + c] *
                       d_y[place * conv.filters + f];
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
