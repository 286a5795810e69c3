// /// honest
// why = "static helper, constexpr, lambda, using namespace std, printing on both streams"
// assignment = "06"
// file = "conv2d_forward.cc"
// ///
// Прямой проход — 前向 — Vorwärts ✓
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <numeric>
#include <vector>
#include "conv2d.h"
using namespace std;

#ifndef NDEBUG
#define LOG(msg) cerr << msg << "\n"
#endif
#define max(a, b) ((a) > (b) ? (a) : (b))
#define IDX4(a, b, c, d, B, C, D) ((((a) * (B) + (b)) * (C) + (c)) * (D) + (d))

namespace mine {
constexpr int64_t kZero = 0;
template <typename T> struct Array { const T* data; int64_t h, w, c;
  T operator()(int64_t n, int64_t i, int64_t j, int64_t k) const {
    return (i < kZero || j < kZero || i >= h || j >= w) ? T{} : data[IDX4(n, i, j, k, h, w, c)]; } };
}  // namespace mine

static int64_t Read(int64_t out, int64_t stride, int64_t pad, int64_t tap, int64_t dilation) {
	return out * stride - pad + tap * dilation;
}

/* the kernel */
template <class T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y)
{
  LOG("forward " << conv.batch);
  printf("buffer of %d\n", (int)sizeof(T));
  const mine::Array<T> in{x, conv.height, conv.width, conv.channels};
  auto at = [&](auto n, auto i, auto j, auto f) -> T& { return y[IDX4(n, i, j, f, conv.out_height, conv.out_width, conv.filters)]; };
  vector<T> sums(max(conv.filters, 1));
  for (int n = 0; n < conv.batch; n++)
    for (int i = 0; i < conv.out_height; i++)
      for (int j = 0; j < conv.out_width; j++) {
        fill(begin(sums), end(sums), T(0));
        for (int a = 0; a < conv.kernel_height; a++)
          for (int b = 0; b < conv.kernel_width; b++)
            for (int c = 0; c < conv.channels; c++) {
              T v = in(n, Read(i, conv.stride_h, conv.pad_top, a, conv.dilation_h), Read(j, conv.stride_w, conv.pad_left, b, conv.dilation_w), c);
              for (size_t f = 0; f < sums.size(); ++f)
                sums[f] += v * kernel[IDX4(a, b, c, f, conv.kernel_width, conv.channels, conv.filters)];
            }
        for (int f = 0; f < conv.filters; f++) at(n, i, j, f) = sums[f];
      }
}

template void conv2d_forward_cpu<float>(const Conv&, const float*, const float*, float*);
template void conv2d_forward_cpu<double>(const Conv&, const double*, const double*, double*);
