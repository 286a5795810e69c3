#include <algorithm>

#include "conv2d.h"

template <typename T>
void conv2d_forward_cpu(const Conv& g, const T* x, const T* kernel, T* y) {
  std::fill(y, y + g.batch * g.out_height * g.out_width * g.filters, T(0));
  for (int64_t tap = 0; tap < g.kernel_height * g.kernel_width; ++tap) {
    const T* weights = kernel + tap * g.channels * g.filters;
    const int64_t down = tap / g.kernel_width * g.dilation_h - g.pad_top;
    const int64_t right = tap % g.kernel_width * g.dilation_w - g.pad_left;
    for (int64_t at = 0; at < g.batch * g.out_height * g.out_width; ++at) {
      const int64_t column = at % g.out_width * g.stride_w + right;
      const int64_t row =
          at / g.out_width % g.out_height * g.stride_h + down;
      const int64_t image = at / g.out_width / g.out_height;
      if (row < 0 || column < 0 || row >= g.height || column >= g.width) continue;
      const T* in =
          x + ((image * g.height + row) * g.width + column) * g.channels;
      for (int64_t c = 0; c < g.channels; ++c)
        for (int64_t f = 0; f < g.filters; ++f)
          y[at * g.filters + f] += in[c] * weights[c * g.filters + f];
    }
  }
}
