// One thread per value of the result: the first CUDA kernel anyone writes.
//
// Four things such a kernel gets wrong easily, and how it is done here: the sum
// is kept in the tensor's own type (an 8-bit pixel type cannot hold a weight of
// -1, and a negative result wraps around); every index is computed from
// blockIdx, blockDim and threadIdx in one place; the borders are tested on
// signed numbers; and threads beyond the last value stop.
#ifndef COURSE_OPS_GPU_NAIVE_CUH_
#define COURSE_OPS_GPU_NAIVE_CUH_

#include "conv_geometry.h"
#include "cuda_api.h"

namespace course {
namespace gpu {

// Neighbouring threads take neighbouring filters, so that a warp's reads of the
// kernel and writes of the output are contiguous.
constexpr int kNaiveThreads = 256;

__device__ inline int64_t ThreadIndex() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

template <typename T>
__global__ void NaiveForwardKernel(ConvGeometry g, const T* input,
                                   const T* kernel, T* output) {
  const int64_t index = ThreadIndex();
  if (index >= g.OutputSize()) return;
  const int64_t f = index % g.filters;
  const int64_t ow = index / g.filters % g.cols.out;
  const int64_t oh = index / g.filters / g.cols.out % g.rows.out;
  const int64_t n = index / g.filters / g.cols.out / g.rows.out;
  const int64_t c_group = g.GroupChannels();
  const int64_t c_first = f / g.GroupFilters() * c_group;
  T sum = 0;
  for (int64_t kh = 0; kh < g.rows.kernel; ++kh) {
    const int64_t ih = g.rows.InputAt(oh, kh);
    if (ih < 0 || ih >= g.rows.in) continue;
    for (int64_t kw = 0; kw < g.cols.kernel; ++kw) {
      const int64_t iw = g.cols.InputAt(ow, kw);
      if (iw < 0 || iw >= g.cols.in) continue;
      const T* in = input +
                    ((n * g.rows.in + ih) * g.cols.in + iw) * g.channels +
                    c_first;
      const T* k = kernel + (kh * g.cols.kernel + kw) * c_group * g.filters + f;
      for (int64_t c = 0; c < c_group; ++c) sum += in[c] * k[c * g.filters];
    }
  }
  output[index] = sum;
}

template <typename T>
__global__ void NaiveGradInputKernel(ConvGeometry g, const T* d_output,
                                     const T* kernel, T* d_input) {
  const int64_t index = ThreadIndex();
  if (index >= g.InputSize()) return;
  const int64_t c = index % g.channels;
  const int64_t iw = index / g.channels % g.cols.in;
  const int64_t ih = index / g.channels / g.cols.in % g.rows.in;
  const int64_t n = index / g.channels / g.cols.in / g.rows.in;
  const int64_t c_group = g.GroupChannels();
  const int64_t f_group = g.GroupFilters();
  const int64_t f_first = c / c_group * f_group;
  T sum = 0;
  for (int64_t kh = 0; kh < g.rows.kernel; ++kh) {
    // The output row that read this input row through tap kh, if there is one.
    const int64_t h = ih - g.rows.InputAt(0, kh);
    if (h < 0 || h % g.rows.stride != 0 || h / g.rows.stride >= g.rows.out) {
      continue;
    }
    for (int64_t kw = 0; kw < g.cols.kernel; ++kw) {
      const int64_t w = iw - g.cols.InputAt(0, kw);
      if (w < 0 || w % g.cols.stride != 0 || w / g.cols.stride >= g.cols.out) {
        continue;
      }
      const T* out = d_output +
                     ((n * g.rows.out + h / g.rows.stride) * g.cols.out +
                      w / g.cols.stride) *
                         g.filters +
                     f_first;
      const T* k =
          kernel +
          ((kh * g.cols.kernel + kw) * c_group + c % c_group) * g.filters +
          f_first;
      for (int64_t f = 0; f < f_group; ++f) sum += out[f] * k[f];
    }
  }
  d_input[index] = sum;
}

template <typename T>
__global__ void NaiveGradKernelKernel(ConvGeometry g, const T* input,
                                      const T* d_output, T* d_kernel) {
  const int64_t index = ThreadIndex();
  if (index >= g.KernelSize()) return;
  const int64_t c_group = g.GroupChannels();
  const int64_t f = index % g.filters;
  const int64_t c = index / g.filters % c_group;
  const int64_t kw = index / g.filters / c_group % g.cols.kernel;
  const int64_t kh = index / g.filters / c_group / g.cols.kernel;
  const int64_t channel = f / g.GroupFilters() * c_group + c;
  T sum = 0;
  for (int64_t row = 0; row < g.batch * g.rows.out; ++row) {
    const int64_t n = row / g.rows.out;
    const int64_t ih = g.rows.InputAt(row % g.rows.out, kh);
    if (ih < 0 || ih >= g.rows.in) continue;
    for (int64_t ow = 0; ow < g.cols.out; ++ow) {
      const int64_t iw = g.cols.InputAt(ow, kw);
      if (iw < 0 || iw >= g.cols.in) continue;
      sum += input[((n * g.rows.in + ih) * g.cols.in + iw) * g.channels +
                   channel] *
             d_output[(row * g.cols.out + ow) * g.filters + f];
    }
  }
  d_kernel[index] = sum;
}

}  // namespace gpu
}  // namespace course

#endif  // COURSE_OPS_GPU_NAIVE_CUH_
