#include <vector>

#include "conv2d.h"

template <typename T>
static T At(const Conv& g, const T* x, int64_t n, int64_t r, int64_t s,
            int64_t c) {
  const bool inside = r >= 0 && s >= 0 && r < g.height && s < g.width;
  return inside ? x[((n * g.height + r) * g.width + s) * g.channels + c] : T(0);
}

template <typename T>
void conv2d_grad_kernel_cpu(const Conv& g, const T* x, const T* d_y,
                            T* d_kernel) {
  const int64_t size = g.kernel_height * g.kernel_width * g.channels * g.filters;
  std::vector<double> sums(size, 0.0);
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t i = 0; i < g.out_height; ++i)
      for (int64_t j = 0; j < g.out_width; ++j)
        for (int64_t w = 0; w < size; ++w) {
          const int64_t f = w % g.filters, c = w / g.filters % g.channels;
          const int64_t tap = w / g.filters / g.channels;
          const int64_t r = i * g.stride_h - g.pad_top +
                            tap / g.kernel_width * g.dilation_h;
          const int64_t s = j * g.stride_w - g.pad_left +
                            tap % g.kernel_width * g.dilation_w;
          const T up =
              d_y[((n * g.out_height + i) * g.out_width + j) * g.filters + f];
          sums[w] += double(At(g, x, n, r, s, c)) * up;
        }
  for (int64_t w = 0; w < size; ++w) d_kernel[w] = static_cast<T>(sums[w]);
}
