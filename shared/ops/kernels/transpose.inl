// The kernel with channels and filters exchanged, as gradients in the input
// need it.

// GCC and Clang have no name in common for this before GCC 12.
#if defined(__clang__)
#define COURSE_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define COURSE_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, I{__VA_ARGS__})
#endif

// Four by four values at a time, in registers.
static inline void Transpose4x4(const float* in, int64_t in_stride, float* out,
                                int64_t out_stride) {
  typedef float V __attribute__((vector_size(16)));
  [[maybe_unused]] typedef int I __attribute__((vector_size(16)));
  V r[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) memcpy(&r[i], in + i * in_stride, 16);
  const V a = COURSE_SHUFFLE(r[0], r[1], 0, 4, 1, 5);
  const V b = COURSE_SHUFFLE(r[0], r[1], 2, 6, 3, 7);
  const V c = COURSE_SHUFFLE(r[2], r[3], 0, 4, 1, 5);
  const V d = COURSE_SHUFFLE(r[2], r[3], 2, 6, 3, 7);
  r[0] = COURSE_SHUFFLE(a, c, 0, 1, 4, 5);
  r[1] = COURSE_SHUFFLE(a, c, 2, 3, 6, 7);
  r[2] = COURSE_SHUFFLE(b, d, 0, 1, 4, 5);
  r[3] = COURSE_SHUFFLE(b, d, 2, 3, 6, 7);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) memcpy(out + i * out_stride, &r[i], 16);
}
#undef COURSE_SHUFFLE

static inline void Transpose4x4(const double* in, int64_t in_stride,
                                double* out, int64_t out_stride) {
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) out[j * out_stride + i] = in[i * in_stride + j];
  }
}

template <typename T>
static void TransposeBlock(const T* in, int64_t in_stride, int64_t rows,
                           int64_t cols, T* out, int64_t out_stride) {
  const int64_t whole_rows = rows & ~int64_t{3};
  const int64_t whole_cols = cols & ~int64_t{3};
  for (int64_t j = 0; j < whole_cols; j += 4) {
    for (int64_t i = 0; i < whole_rows; i += 4) {
      Transpose4x4(in + i * in_stride + j, in_stride, out + j * out_stride + i,
                   out_stride);
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = i < whole_rows ? whole_cols : 0; j < cols; ++j) {
      out[j * out_stride + i] = in[i * in_stride + j];
    }
  }
}

// kernel (taps, C / groups, F) to (taps, F / groups, C), group by group; with
// `flip`, the taps in reverse order.
template <typename T>
static void TransposeKernel(const Runtime& runtime, const ConvGeometry& g,
                            const T* kernel, bool flip, T* out) {
  constexpr int64_t kRows = 32;
  const int64_t c_group = g.GroupChannels();
  const int64_t f_group = g.GroupFilters();
  const int64_t slices = CeilDiv(c_group, kRows);
  ForEach(runtime, WorkersFor(runtime, static_cast<double>(g.KernelSize())),
          g.Taps() * g.groups * slices, [&](int64_t job, int) {
            const int64_t c = job % slices * kRows;
            const int64_t group = job / slices % g.groups;
            const int64_t tap = job / slices / g.groups;
            const int64_t to = flip ? g.Taps() - 1 - tap : tap;
            TransposeBlock(
                kernel + (tap * c_group + c) * g.filters + group * f_group,
                g.filters, Clamp(kRows, 0, c_group - c), f_group,
                out + to * f_group * g.channels + group * c_group + c,
                g.channels);
          });
}
