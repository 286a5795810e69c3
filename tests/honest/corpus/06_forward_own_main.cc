// /// honest
// why = "has a main of its own to try it out; names and macros of its own that the course's driver has too, int as a macro"
// assignment = "06"
// file = "conv2d_forward.cc"
// ///
#include "conv2d.h"
#include <cassert>
#include <cmath>
#define int long long
#define x(n, i, j, d) x[(((n) * c.height + (i)) * c.width + (j)) * c.channels + (d)]
#define kernel(a, b, d, f) k[(((a) * c.kernel_width + (b)) * c.channels + (d)) * c.filters + (f)]
#define item 8
#define result (void)0;
#define argv none

template <typename T> struct Array { T* p; int64_t n; };
struct Problem { int64_t row, column; };
static void Check(bool ok) { assert(ok); }
static bool Inside(const Conv& c, Problem p) { return p.row >= 0 && p.row < c.height && p.column >= 0 && p.column < c.width; }

template <typename T>
static void Call(const Conv& c, const T* x, const T* k, Array<T> y) {
  int64_t o = 0;
  for (int64_t n = 0; n < c.batch; ++n) for (int64_t i = 0; i < c.out_height; ++i) for (int64_t j = 0; j < c.out_width; ++j)
  for (int64_t f = 0; f < c.filters; ++f, ++o) {
    Check(o < y.n);
    y.p[o] = 0;
    for (int64_t a = 0; a < c.kernel_height; ++a) for (int64_t b = 0; b < c.kernel_width; ++b) {
      Problem p{i * c.stride_h - c.pad_top + a * c.dilation_h, j * c.stride_w - c.pad_left + b * c.dilation_w};
      if (!Inside(c, p)) continue;
      for (int64_t d = 0; d < c.channels; ++d)
        y.p[o] = std::fma(x(n, p.row, p.column, d), kernel(a, b, d, f), y.p[o]);
    }
  }
}

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {
  Call<T>(conv, x, kernel, Array<T>{y, conv.batch * conv.out_height * conv.out_width * conv.filters});
}

signed main() {
  Conv c = {1, 2, 2, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 0, 0};
  float x[] = {1, 2, 3, 4}, k[] = {2}, y[4];
  conv2d_forward_cpu(c, x, k, y);
  return y[3] == 8 ? 0 : 1;
}
