#include <string.h>

#include "conv2d.h"

template <typename T>
void conv2d_grad_kernel_cpu(const Conv& g, const T* x, const T* d_y,
                            T* d_kernel) {
  const int64_t per_tap = g.channels * g.filters;
  memset(d_kernel, 0, g.kernel_height * g.kernel_width * per_tap * sizeof(T));
  for (int64_t at = 0; at < g.batch * g.out_height * g.out_width; ++at) {
    const T* up = d_y + at * g.filters;
    const int64_t n = at / (g.out_height * g.out_width);
    const int64_t top =
        at / g.out_width % g.out_height * g.stride_h - g.pad_top;
    const int64_t left = at % g.out_width * g.stride_w - g.pad_left;
    for (int64_t tap = 0; tap < g.kernel_height * g.kernel_width; ++tap) {
      const int64_t r = top + tap / g.kernel_width * g.dilation_h;
      const int64_t s = left + tap % g.kernel_width * g.dilation_w;
      if (r < 0 || s < 0 || r >= g.height || s >= g.width) continue;
      for (int64_t k = 0; k < per_tap; ++k)
        d_kernel[tap * per_tap + k] +=
            x[((n * g.height + r) * g.width + s) * g.channels +
              k / g.filters] *
            up[k % g.filters];
    }
  }
}
