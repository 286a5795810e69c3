// /// honest
// why = "C style: malloc, memset, global counters, goto, everything of std in the open, asserts"
// assignment = "06"
// file = "conv2d_grad_input.cc"
// ///
#include <cassert>
#include <cstdlib>
#include <iostream>
using namespace std;
#include "conv2d.h"
#define N (conv.batch)
#define FOR(i, n) for (int i = 0; i < (int)(n); i++)
static long calls = 0;
const int DEBUG = 0;

template <typename T>
void conv2d_grad_input_cpu(const Conv& conv, const T* d_y, const T* kernel, T* d_x) {
  size_t count = (size_t)N * conv.height * conv.width * conv.channels;
  double* total = (double*)calloc(count + 1, sizeof(double));
  assert(total != NULL);
  calls++;
  if (DEBUG) { cout << "call " << calls << endl; fflush(stdout); }
  FOR(n, N) FOR(i, conv.out_height) FOR(j, conv.out_width) FOR(a, conv.kernel_height) FOR(b, conv.kernel_width) {
    int r = i * conv.stride_h - conv.pad_top + a * conv.dilation_h;
    int s = j * conv.stride_w - conv.pad_left + b * conv.dilation_w;
    if (r < 0 || r >= conv.height) goto next;
    if (s < 0 || s >= conv.width) goto next;
    FOR(c, conv.channels) FOR(f, conv.filters)
      total[((n * conv.height + r) * conv.width + s) * conv.channels + c] +=
          (double)d_y[((n * conv.out_height + i) * conv.out_width + j) * conv.filters + f] *
          kernel[((a * conv.kernel_width + b) * conv.channels + c) * conv.filters + f];
    next:;
  }
  for (size_t k = 0; k < count; k++) d_x[k] = (T)total[k];
  free(total);
}
