// The seven loops of a convolution, written to be read.
//
// Order of the loops: filters innermost, because in HWIO and NHWC both the
// kernel and the output are contiguous in them, so that the compiler can use
// SIMD without being told. Nothing else is optimised.
#include "naive.h"

#include <string.h>

namespace course {

template <typename T>
void NaiveForward(const Runtime& runtime, const ConvGeometry& g, const T* input,
                  const T* kernel, T* output) {
  const int64_t c_group = g.GroupChannels();
  const int64_t f_group = g.GroupFilters();
  // A job is one output row: rows never share an output value.
  ForEach(runtime, WorkersFor(runtime, g.MultiplyAdds()), g.batch * g.rows.out,
          [&](int64_t job, int) {
            const int64_t n = job / g.rows.out;
            const int64_t oh = job % g.rows.out;
            for (int64_t ow = 0; ow < g.cols.out; ++ow) {
              T* out = output + (job * g.cols.out + ow) * g.filters;
              memset(out, 0, g.filters * sizeof(T));
              for (int64_t kh = 0; kh < g.rows.kernel; ++kh) {
                const int64_t ih = g.rows.InputAt(oh, kh);
                if (ih < 0 || ih >= g.rows.in) continue;
                for (int64_t kw = 0; kw < g.cols.kernel; ++kw) {
                  const int64_t iw = g.cols.InputAt(ow, kw);
                  if (iw < 0 || iw >= g.cols.in) continue;
                  const T* in =
                      input +
                      ((n * g.rows.in + ih) * g.cols.in + iw) * g.channels;
                  const T* tap =
                      kernel + (kh * g.cols.kernel + kw) * c_group * g.filters;
                  for (int64_t group = 0; group < g.groups; ++group) {
                    for (int64_t c = 0; c < c_group; ++c) {
                      const T x = in[group * c_group + c];
                      const T* k = tap + c * g.filters + group * f_group;
                      T* o = out + group * f_group;
                      for (int64_t f = 0; f < f_group; ++f) o[f] += x * k[f];
                    }
                  }
                }
              }
            }
          });
}

template <typename T>
void NaiveGradInput(const Runtime& runtime, const ConvGeometry& g,
                    const T* d_output, const T* kernel, T* d_input) {
  const int64_t c_group = g.GroupChannels();
  const int64_t f_group = g.GroupFilters();
  // A job is one image: its input values gather from its outputs alone.
  ForEach(runtime, WorkersFor(runtime, g.MultiplyAdds()), g.batch,
          [&](int64_t n, int) {
            T* image = d_input + n * g.rows.in * g.cols.in * g.channels;
            memset(image, 0, g.rows.in * g.cols.in * g.channels * sizeof(T));
            for (int64_t oh = 0; oh < g.rows.out; ++oh) {
              for (int64_t ow = 0; ow < g.cols.out; ++ow) {
                const T* out =
                    d_output +
                    ((n * g.rows.out + oh) * g.cols.out + ow) * g.filters;
                for (int64_t kh = 0; kh < g.rows.kernel; ++kh) {
                  const int64_t ih = g.rows.InputAt(oh, kh);
                  if (ih < 0 || ih >= g.rows.in) continue;
                  for (int64_t kw = 0; kw < g.cols.kernel; ++kw) {
                    const int64_t iw = g.cols.InputAt(ow, kw);
                    if (iw < 0 || iw >= g.cols.in) continue;
                    T* in = image + (ih * g.cols.in + iw) * g.channels;
                    const T* tap = kernel + (kh * g.cols.kernel + kw) *
                                                c_group * g.filters;
                    for (int64_t group = 0; group < g.groups; ++group) {
                      for (int64_t c = 0; c < c_group; ++c) {
                        const T* k = tap + c * g.filters + group * f_group;
                        const T* o = out + group * f_group;
                        T sum = 0;
                        for (int64_t f = 0; f < f_group; ++f)
                          sum += o[f] * k[f];
                        in[group * c_group + c] += sum;
                      }
                    }
                  }
                }
              }
            }
          });
}

template <typename T>
void NaiveGradKernel(const Runtime& runtime, const ConvGeometry& g,
                     const T* input, const T* d_output, T* d_kernel) {
  const int64_t c_group = g.GroupChannels();
  const int64_t f_group = g.GroupFilters();
  // A job is one tap: every tap sums over all pixels by itself.
  ForEach(runtime, WorkersFor(runtime, g.MultiplyAdds()), g.Taps(),
          [&](int64_t job, int) {
            const int64_t kh = job / g.cols.kernel;
            const int64_t kw = job % g.cols.kernel;
            T* tap = d_kernel + job * c_group * g.filters;
            memset(tap, 0, c_group * g.filters * sizeof(T));
            for (int64_t row = 0; row < g.batch * g.rows.out; ++row) {
              const int64_t n = row / g.rows.out;
              const int64_t ih = g.rows.InputAt(row % g.rows.out, kh);
              if (ih < 0 || ih >= g.rows.in) continue;
              for (int64_t ow = 0; ow < g.cols.out; ++ow) {
                const int64_t iw = g.cols.InputAt(ow, kw);
                if (iw < 0 || iw >= g.cols.in) continue;
                const T* in = input + ((n * g.rows.in + ih) * g.cols.in + iw) *
                                          g.channels;
                const T* out = d_output + (row * g.cols.out + ow) * g.filters;
                for (int64_t group = 0; group < g.groups; ++group) {
                  for (int64_t c = 0; c < c_group; ++c) {
                    const T x = in[group * c_group + c];
                    T* k = tap + c * g.filters + group * f_group;
                    const T* o = out + group * f_group;
                    for (int64_t f = 0; f < f_group; ++f) k[f] += x * o[f];
                  }
                }
              }
            }
          });
}

#define COURSE_INSTANTIATE(T)                                                  \
  template void NaiveForward<T>(const Runtime&, const ConvGeometry&, const T*, \
                                const T*, T*);                                 \
  template void NaiveGradInput<T>(const Runtime&, const ConvGeometry&,         \
                                  const T*, const T*, T*);                     \
  template void NaiveGradKernel<T>(const Runtime&, const ConvGeometry&,        \
                                   const T*, const T*, T*);
COURSE_INSTANTIATE(float)
COURSE_INSTANTIATE(double)
#undef COURSE_INSTANTIATE

}  // namespace course
