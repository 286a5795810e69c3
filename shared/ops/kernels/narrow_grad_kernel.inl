// The gradient in the kernel where groups are narrower than a vector: for each
// tap a vector of sums, which stays in registers along a row of pixels.

// Sums of kTaps taps that read side by side; two to eight pixels at a time, so
// that enough sums are under way.
template <typename T, int kTaps, bool kPlain, bool kFull>
static void NarrowRowSums(const T* const* in, int64_t in_step, int64_t in_lanes,
                          const T* right, int64_t right_step, int64_t lanes,
                          typename Vec<T>::Index index, int64_t pixels,
                          T* sums) {
  using Simd = Vec<T>;
  using V = typename Simd::V;
  constexpr int kPixels = 8 / kTaps;
  const auto load = [&](const T* p) {
    return kPlain ? LoadLanes<kFull>(p, in_lanes)
                  : Simd::Permute(Simd::LoadN(p, static_cast<int>(in_lanes)),
                                  index);
  };
  V sum[kPixels][kTaps];
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 8
    for (int t = 0; t < kTaps; ++t) sum[p][t] = Simd::Zero();
  }
  int64_t w = 0;
  for (; w + kPixels <= pixels; w += kPixels) {
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) {
      const V y = LoadLanes<kFull>(right + (w + p) * right_step, lanes);
#pragma GCC unroll 8
      for (int t = 0; t < kTaps; ++t) {
        sum[p][t] = Simd::Fma(load(in[t] + (w + p) * in_step), y, sum[p][t]);
      }
    }
  }
  for (; w < pixels; ++w) {
    const V y = LoadLanes<kFull>(right + w * right_step, lanes);
#pragma GCC unroll 8
    for (int t = 0; t < kTaps; ++t) {
      sum[0][t] = Simd::Fma(load(in[t] + w * in_step), y, sum[0][t]);
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < kTaps; ++t) {
    V total = Simd::Load(sums + t * Simd::kLanes);
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) total = total + sum[p][t];
    Simd::Store(sums + t * Simd::kLanes, total);
  }
}

// One vector's sums over some rows of pixels, for one channel of the groups.
template <typename T>
struct NarrowSums {
  const ConvGeometry& g;
  const T* input;     // from the vector's first channel
  const T* d_output;  // from the vector's first filter
  int64_t in_lanes, lanes;
  typename Vec<T>::Index index;
  T* sums;  // a vector for each tap

  template <int kTaps, bool kPlain, bool kFull>
  void Run(const T* in_row, const T* right_row, int64_t kw, int64_t low,
           int64_t high, T* to) const {
    if (low >= high) return;
    const T* in[kTaps];
    for (int t = 0; t < kTaps; ++t) {
      in[t] = in_row + g.cols.InputAt(low, kw + t) * g.channels;
    }
    NarrowRowSums<T, kTaps, kPlain, kFull>(
        in, g.cols.stride * g.channels, in_lanes, right_row + low * g.filters,
        g.filters, lanes, index, high - low, to);
  }

  // Outputs of a row that tap kw reads for inside the image.
  int64_t Low(int64_t kw) const {
    return Clamp(CeilDiv(-g.cols.InputAt(0, kw), g.cols.stride), 0, g.cols.out);
  }
  int64_t High(int64_t kw) const {
    return Clamp(CeilDiv(g.cols.in - g.cols.InputAt(0, kw), g.cols.stride),
                 Low(kw), g.cols.out);
  }

  // kTaps taps from kw on: together where all of them read inside.
  template <int kTaps, bool kPlain, bool kFull>
  void Taps(const T* in_row, const T* right_row, int64_t kw, T* to) const {
    const int64_t low = Low(kw);  // the first is the last to enter
    const int64_t high =
        High(kw + kTaps - 1);  // and the last the first to leave
    const bool together = low < high;
    if (together) {
      Run<kTaps, kPlain, kFull>(in_row, right_row, kw, low, high, to);
    }
    for (int t = 0; t < kTaps; ++t) {
      T* own = to + t * Vec<T>::kLanes;
      const int64_t first = Low(kw + t);
      const int64_t last = High(kw + t);
      const int64_t before = together ? low : last;
      Run<1, kPlain, kFull>(in_row, right_row, kw + t, first, before, own);
      if (together) {
        Run<1, kPlain, kFull>(in_row, right_row, kw + t, high, last, own);
      }
    }
  }

  template <bool kPlain, bool kFull>
  void Row(int64_t n, int64_t oh) const {
    const T* right_row =
        d_output + (n * g.rows.out + oh) * g.cols.out * g.filters;
    // What the next row of outputs will read, as memory is slow.
    for (int64_t w = 0; w < g.cols.out; ++w) {
      __builtin_prefetch(right_row + (g.cols.out + w) * g.filters);
    }
    const int64_t below = g.rows.InputAt(oh + 1, g.rows.kernel - 1);
    const T* next_row =
        input + (n * g.rows.in + below) * g.cols.in * g.channels;
    for (int64_t w = 0; w < g.cols.in; ++w) {
      __builtin_prefetch(next_row + w * g.channels);
    }
    for (int64_t kh = 0; kh < g.rows.kernel; ++kh) {
      const int64_t ih = g.rows.InputAt(oh, kh);
      if (ih < 0 || ih >= g.rows.in) continue;
      const T* in_row = input + (n * g.rows.in + ih) * g.cols.in * g.channels;
      T* to = sums + kh * g.cols.kernel * Vec<T>::kLanes;
      int64_t kw = 0;
      for (; kw + 3 <= g.cols.kernel; kw += 3) {
        Taps<3, kPlain, kFull>(in_row, right_row, kw, to + kw * Vec<T>::kLanes);
      }
      for (; kw < g.cols.kernel; ++kw) {
        Taps<1, kPlain, kFull>(in_row, right_row, kw, to + kw * Vec<T>::kLanes);
      }
    }
  }
};

template <typename T>
static Outcome NarrowGradKernel(const Runtime& runtime, const ConvGeometry& g,
                                const NarrowGroups& narrow, const T* input,
                                const T* d_output, T* d_kernel) {
  using Index = typename Vec<T>::Index;
  constexpr int kLanes = Vec<T>::kLanes;
  const int workers = WorkersFor(runtime, g.MultiplyAdds());
  const int64_t rows = g.batch * g.rows.out;
  const int64_t vectors = narrow.Vectors();
  // Rows are split, each split with sums of its own, and vectors where rows are
  // few. Both depend on the sizes and the workers alone, so the same call
  // always rounds the same way.
  const int64_t wanted = workers > 1 ? 2 * kJobsPerWorker * workers : 1;
  const int64_t split = CeilDiv(rows, Clamp(wanted, 1, rows));
  const int64_t splits = CeilDiv(rows, split);
  const int64_t chunk =
      CeilDiv(vectors, Clamp(CeilDiv(wanted, splits), 1, vectors));
  const int64_t chunks = CeilDiv(vectors, chunk);
  const int64_t sums_size = chunk * narrow.channels * g.Taps() * kLanes;
  T* partial = Allocate<T>(runtime, (splits - 1) * g.KernelSize());
  T* sums = Allocate<T>(runtime, workers * sums_size);
  Index* index = Allocate<Index>(runtime, narrow.channels);
  if (partial == nullptr || sums == nullptr || index == nullptr) {
    return Outcome::kOutOfMemory;
  }
  FillLanes<T>(narrow, index);
  const bool plain = narrow.channels == 1 && narrow.filters == 1;

  ForEach(runtime, workers, splits * chunks, [&](int64_t job, int worker) {
    const int64_t which = job / chunks;
    const int64_t first = job % chunks * chunk;
    const int64_t last = Clamp(first + chunk, 0, vectors);
    const int64_t end = Clamp((which + 1) * split, 0, rows);
    T* mine = sums + worker * sums_size;
    memset(mine, 0, sums_size * sizeof(T));
    // Calls body(sums of a vector and a channel, the vector's first group, c).
    const auto for_each = [&](const auto& body) {
      for (int64_t v = first; v < last; ++v) {
        const int64_t group = v * narrow.per_vector;
        const int64_t held = narrow.GroupsIn(v);
        for (int64_t c = 0; c < narrow.channels; ++c) {
          const int64_t at = (v - first) * narrow.channels + c;
          body(NarrowSums<T>{g, input + group * narrow.channels,
                             d_output + group * narrow.filters,
                             held * narrow.channels, held * narrow.filters,
                             index[c], mine + at * g.Taps() * kLanes},
               group, c);
        }
      }
    };
    for (int64_t row = which * split; row < end; ++row) {
      const int64_t n = row / g.rows.out;
      const int64_t oh = row % g.rows.out;
      for_each([&](const NarrowSums<T>& all, int64_t, int64_t) {
        const bool full = all.lanes == kLanes;
        if (plain && full) all.template Row<true, true>(n, oh);
        if (plain && !full) all.template Row<true, false>(n, oh);
        if (!plain && full) all.template Row<false, true>(n, oh);
        if (!plain && !full) all.template Row<false, false>(n, oh);
      });
    }
    T* result = which == 0 ? d_kernel : partial + (which - 1) * g.KernelSize();
    for_each([&](const NarrowSums<T>& all, int64_t group, int64_t c) {
      for (int64_t tap = 0; tap < g.Taps(); ++tap) {
        Vec<T>::StoreN(result + (tap * narrow.channels + c) * g.filters +
                           group * narrow.filters,
                       Vec<T>::Load(all.sums + tap * kLanes),
                       static_cast<int>(all.lanes));
      }
    });
  });
  AddPartials(runtime, partial, splits - 1, g.KernelSize(), d_kernel);
  return Outcome::kDone;
}
