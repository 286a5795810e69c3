#include "conv2d.h"

template <typename T>
void conv2d_grad_input_cpu(const Conv& g, const T* d_y, const T* kernel,
                           T* d_x) {
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t r = 0; r < g.height; ++r)
      for (int64_t s = 0; s < g.width; ++s)
        for (int64_t c = 0; c < g.channels; ++c) {
          T sum = 0;
          for (int64_t a = 0; a < g.kernel_height; ++a) {
            const int64_t down = r + g.pad_top - a * g.dilation_h;
            if (down < 0 || down % g.stride_h) continue;
            const int64_t i = down / g.stride_h;
            if (i >= g.out_height) continue;
            for (int64_t b = 0; b < g.kernel_width; ++b) {
              const int64_t along = s + g.pad_left - b * g.dilation_w;
              if (along < 0 || along % g.stride_w) continue;
              const int64_t j = along / g.stride_w;
              if (j >= g.out_width) continue;
              const T* out =
                  d_y + ((n * g.out_height + i) * g.out_width + j) * g.filters;
              const T* w = kernel + ((a * g.kernel_width + b) * g.channels + c) *
                                        g.filters;
              for (int64_t f = 0; f < g.filters; ++f) sum += out[f] * w[f];
            }
          }
          d_x[((n * g.height + r) * g.width + s) * g.channels + c] = sum;
        }
}
