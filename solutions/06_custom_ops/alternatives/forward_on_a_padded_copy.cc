#include <vector>

#include "conv2d.h"

template <typename T>
void conv2d_forward_cpu(const Conv& g, const T* x, const T* kernel, T* y) {
  const int64_t high = (g.out_height - 1) * g.stride_h +
                       (g.kernel_height - 1) * g.dilation_h + 1;
  const int64_t wide =
      (g.out_width - 1) * g.stride_w + (g.kernel_width - 1) * g.dilation_w + 1;
  std::vector<T> padded(high * wide * g.channels);
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t i = 0; i < high; ++i)
      for (int64_t j = 0; j < wide; ++j)
        for (int64_t c = 0; c < g.channels; ++c) {
          const int64_t r = i - g.pad_top, s = j - g.pad_left;
          const bool in = r >= 0 && r < g.height && s >= 0 && s < g.width;
          padded[(i * wide + j) * g.channels + c] =
              in ? x[((n * g.height + r) * g.width + s) * g.channels + c] : 0;
        }
    for (int64_t i = 0; i < g.out_height; ++i)
      for (int64_t j = 0; j < g.out_width; ++j)
        for (int64_t f = 0; f < g.filters; ++f) {
          double sum = 0;
          int64_t w = f;
          for (int64_t a = 0; a < g.kernel_height; ++a)
            for (int64_t b = 0; b < g.kernel_width; ++b)
              for (int64_t c = 0; c < g.channels; ++c, w += g.filters)
                sum += double(padded[((i * g.stride_h + a * g.dilation_h) * wide +
                                      j * g.stride_w + b * g.dilation_w) *
                                         g.channels +
                                     c]) *
                       kernel[w];
          y[((n * g.out_height + i) * g.out_width + j) * g.filters + f] =
              static_cast<T>(sum);
        }
  }
}
