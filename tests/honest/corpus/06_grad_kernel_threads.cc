// /// honest
// why = "one thread per kernel row, a functor, atomics, C++17"
// assignment = "06"
// file = "conv2d_grad_kernel.cc"
// ///
#include "conv2d.h"
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace {
template <typename T>
class RowGradient {
 public:
  RowGradient(const Conv& c, const T* x, const T* dy, T* dk) : c(c), x(x), dy(dy), dk(dk) {}
  void operator()(int64_t a) const {
    for (int64_t b = 0; b < c.kernel_width; ++b)
      for (int64_t ch = 0; ch < c.channels; ++ch)
        for (int64_t f = 0; f < c.filters; ++f) {
          long double total = 0;
          for (int64_t n = 0; n < c.batch; ++n)
            for (int64_t i = 0; i < c.out_height; ++i)
              for (int64_t j = 0; j < c.out_width; ++j)
                if (auto v = pixel(n, i * c.stride_h - c.pad_top + a * c.dilation_h, j * c.stride_w - c.pad_left + b * c.dilation_w, ch); v)
                  total += (long double)*v * dy[((n * c.out_height + i) * c.out_width + j) * c.filters + f];
          dk[((a * c.kernel_width + b) * c.channels + ch) * c.filters + f] = total;
        }
  }
 private:
  std::optional<T> pixel(int64_t n, int64_t r, int64_t s, int64_t ch) const {
    if (r < 0 or s < 0 or r >= c.height or s >= c.width) return std::nullopt;
    return x[((n * c.height + r) * c.width + s) * c.channels + ch];
  }
  const Conv& c; const T* x; const T* dy; T* dk;
};
}  // namespace

template <typename T>
void conv2d_grad_kernel_cpu(const Conv& conv, const T* x, const T* d_y, T* d_kernel) {
  std::vector<std::thread> workers;
  std::atomic<int64_t> done{0};
  auto row = std::make_unique<RowGradient<T>>(conv, x, d_y, d_kernel);
  for (int64_t a = 0; a < conv.kernel_height; ++a)
    workers.emplace_back([&, a] { (*row)(a); ++done; });
  for (auto& w : workers) w.join();
}
