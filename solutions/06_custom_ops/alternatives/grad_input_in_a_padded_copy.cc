#include <map>
#include <tuple>

#include "conv2d.h"

// Every place a window touches gets its sum, on the image or beside it; at the
// end the image is cut out.
template <typename T>
void conv2d_grad_input_cpu(const Conv& g, const T* d_y, const T* kernel,
                           T* d_x) {
  std::map<std::tuple<int64_t, int64_t, int64_t, int64_t>, double> sums;
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t i = 0; i < g.out_height; ++i)
      for (int64_t j = 0; j < g.out_width; ++j)
        for (int64_t a = 0; a < g.kernel_height; ++a)
          for (int64_t b = 0; b < g.kernel_width; ++b)
            for (int64_t c = 0; c < g.channels; ++c)
              for (int64_t f = 0; f < g.filters; ++f) {
                const int64_t r = i * g.stride_h + a * g.dilation_h;
                const int64_t s = j * g.stride_w + b * g.dilation_w;
                const T up =
                    d_y[((n * g.out_height + i) * g.out_width + j) * g.filters + f];
                const T w = kernel[((a * g.kernel_width + b) * g.channels + c) *
                                       g.filters +
                                   f];
                sums[{n, r - g.pad_top, s - g.pad_left, c}] += double(up) * w;
              }
  T* to = d_x;
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t r = 0; r < g.height; ++r)
      for (int64_t s = 0; s < g.width; ++s)
        for (int64_t c = 0; c < g.channels; ++c, ++to) {
          const auto found = sums.find({n, r, s, c});
          *to = found == sums.end() ? T(0) : static_cast<T>(found->second);
        }
}
