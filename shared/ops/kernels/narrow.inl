// Groups narrower than a vector: a vector of filters spans several groups, and
// the channels that its lanes need are loaded as one vector and put in place.
// No patch matrix and no tables of pointers: there is too little to sum over.

// Which lane of the loaded channels each lane of the filters reads, for each
// channel of a group.
template <typename T>
static void FillLanes(const NarrowGroups& narrow,
                      typename Vec<T>::Index* lanes) {
  int at[Vec<T>::kLanes];
  for (int64_t c = 0; c < narrow.channels; ++c) {
    for (int64_t lane = 0; lane < Vec<T>::kLanes; ++lane) {
      const int64_t group = lane / narrow.filters;
      at[lane] = group < narrow.per_vector
                     ? static_cast<int>(group * narrow.channels + c)
                     : 0;
    }
    lanes[c] = Vec<T>::MakeIndex(at);
  }
}

// A tap as a row of the grid sees it: where grid column 0 reads, its weights,
// and the columns [low, high) that read inside.
template <typename T>
struct NarrowTap {
  const T* in;
  const T* weights;
  int64_t low, high;
};

// What is the same for all pixels of a vector.
template <typename T>
struct NarrowArgs {
  const NarrowTap<T>* taps;
  int64_t count;
  int64_t in_step;  // from a grid column to the next
  const T* ahead;   // a row below those that are read
  int64_t channels, in_offset, in_lanes;
  int64_t weight_stride, weight_offset, lanes;
  const typename Vec<T>::Index* index;
  T* out;
  int64_t out_step;
  int64_t reduce;  // neighbouring lanes that are summed into one value
  int64_t values;  // so many of these
};

template <bool kFull, typename T>
static inline typename Vec<T>::V LoadLanes(const T* p, int64_t n) {
  return kFull ? Vec<T>::Load(p) : Vec<T>::LoadN(p, static_cast<int>(n));
}

template <typename T>
static inline void StoreLanes(const NarrowArgs<T>& a, typename Vec<T>::V sum,
                              T* out) {
  if (a.reduce == 1) {
    Vec<T>::StoreN(out, sum, static_cast<int>(a.lanes));
    return;
  }
  T each[Vec<T>::kLanes];
  Vec<T>::Store(each, sum);
  const T* from = each;
  for (int64_t i = 0; i < a.values; ++i) {
    T total = 0;
    for (int64_t j = 0; j < a.reduce; ++j) total += *from++;
    out[i] = total;
  }
}

// kPixels neighbouring pixels from grid column w. kPlain: lanes read the
// channels as they lie. kInside: every tap reads inside for all the pixels. Its
// registers are counted: inlined into one another, these would run out of them.
template <typename T, int kPixels, bool kPlain, bool kFull, bool kInside>
__attribute__((noinline)) static void NarrowPixels(const NarrowArgs<T>& a,
                                                   int64_t w) {
  using Simd = Vec<T>;
  using V = typename Simd::V;
  V sum[kPixels];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) sum[p] = Simd::Zero();
  if (kInside) {  // the next row of outputs will need it, and memory is slow
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      __builtin_prefetch(a.ahead + (w + p) * a.in_step + a.in_offset);
    }
  }
  for (int64_t tap = 0; tap < a.count; ++tap) {
    const NarrowTap<T>& t = a.taps[tap];
    if (!kInside && (w < t.low || w >= t.high)) continue;
    const T* in = t.in + w * a.in_step + a.in_offset;
    const T* weights = t.weights + a.weight_offset;
    if (kPlain) {
      const V weight = LoadLanes<kFull>(weights, a.lanes);
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) {
        const V x = LoadLanes<kFull>(in + p * a.in_step, a.lanes);
        sum[p] = Simd::Fma(x, weight, sum[p]);
      }
      continue;
    }
    for (int64_t c = 0; c < a.channels; ++c, weights += a.weight_stride) {
      const V weight = LoadLanes<kFull>(weights, a.lanes);
      const typename Simd::Index index = a.index[c];
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) {
        const V x =
            Simd::LoadN(in + p * a.in_step, static_cast<int>(a.in_lanes));
        sum[p] = Simd::Fma(Simd::Permute(x, index), weight, sum[p]);
      }
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
    StoreLanes(a, sum[p], a.out + (w + p) * a.out_step);
  }
}

// A few pixels for vectors [first, last): all that lies side by side in memory
// before the next pixels, and weights that stay in the cache.
template <typename T, int kPixels, bool kInside>
static void NarrowBlock(const NarrowGroups& narrow, NarrowArgs<T> args,
                        int64_t first, int64_t last, int64_t w) {
  const bool plain = narrow.channels == 1 && narrow.filters == 1;
  T* out = args.out;
  for (int64_t vector = first; vector < last; ++vector) {
    const int64_t group = vector * narrow.per_vector;
    const int64_t held = narrow.GroupsIn(vector);
    args.in_offset = group * narrow.channels;
    args.in_lanes = held * narrow.channels;
    args.weight_offset = group * narrow.filters;
    args.lanes = held * narrow.filters;
    args.values = args.lanes / args.reduce;
    args.out = out + args.weight_offset / args.reduce;
    const bool full = args.lanes == Vec<T>::kLanes;
    if (plain && full) {
      NarrowPixels<T, kPixels, true, true, kInside>(args, w);
    } else if (plain) {
      NarrowPixels<T, kPixels, true, false, kInside>(args, w);
    } else if (full) {
      NarrowPixels<T, kPixels, false, true, kInside>(args, w);
    } else {
      NarrowPixels<T, kPixels, false, false, kInside>(args, w);
    }
  }
}

// What gathers that run one after the other share: each worker's taps of a row,
// and the places of the channels.
template <typename T>
struct NarrowScratch {
  NarrowTap<T>* taps = nullptr;
  typename Vec<T>::Index* index = nullptr;

  bool Prepare(const Runtime& runtime, const NarrowGroups& narrow,
               int64_t most_taps) {
    taps = Allocate<NarrowTap<T>>(runtime, runtime.threads * most_taps);
    index = Allocate<typename Vec<T>::Index>(runtime, narrow.channels);
    if (taps == nullptr || index == nullptr) return false;
    FillLanes<T>(narrow, index);
    return true;
  }
};

// Runs a gather whose taps' weights are rows of `channels` times all filters.
template <typename T>
static Outcome RunNarrow(const Runtime& runtime, const Gather<T>& g,
                         const NarrowGroups& narrow, const T* weights,
                         int64_t reduce, const NarrowScratch<T>& scratch) {
  const int64_t filters = narrow.groups * narrow.filters;
  const int workers =
      WorkersFor(runtime, static_cast<double>(g.Pixels()) * g.taps *
                              narrow.channels * filters);
  const int64_t rows = g.batch * g.grid_h;
  const int64_t vectors = narrow.Vectors();
  const int64_t chunks =
      Clamp(CeilDiv(workers > 1 ? 4 * workers : 1, rows), 1, vectors);
  const int64_t chunk = CeilDiv(vectors, chunks);

  ForEach(runtime, workers, rows * chunks, [&](int64_t job, int worker) {
    const int64_t row = job / chunks;
    const int64_t n = row / g.grid_h;
    const int64_t h = row % g.grid_h;
    NarrowArgs<T> args;
    NarrowTap<T>* taps = scratch.taps + worker * g.taps;
    args.taps = taps;
    args.count = 0;
    args.ahead = g.in;
    int64_t low = 0;
    int64_t high = g.grid_w;
    for (int64_t tap = 0; tap < g.taps; ++tap) {
      const int64_t ih = g.stride_h * h + g.tap_h[tap];
      const int64_t iw = g.tap_w[tap];
      const int64_t from = Clamp(CeilDiv(-iw, g.stride_w), 0, g.grid_w);
      const int64_t to =
          Clamp(CeilDiv(g.in_w - iw, g.stride_w), from, g.grid_w);
      if (ih < 0 || ih >= g.in_h || from == to) continue;
      taps[args.count++] = {
          g.in + ((n * g.in_h + ih) * g.in_w + iw) * g.in_channels,
          weights + g.tap_weights[tap], from, to};
      if (ih < g.in_h - g.stride_h) {
        const T* below =
            taps[args.count - 1].in + g.stride_h * g.in_w * g.in_channels;
        if (below > args.ahead) args.ahead = below;
      }
      low = Clamp(low, from, g.grid_w);
      high = Clamp(high, 0, to);
    }
    if (high < low) low = high = 0;
    args.in_step = g.stride_w * g.in_channels;
    args.channels = narrow.channels;
    args.weight_stride = filters;
    args.index = scratch.index;
    args.out = g.out + ((n * g.out_h + g.first_h + g.step_h * h) * g.out_w +
                        g.first_w) *
                           g.out_channels;
    args.out_step = g.step_w * g.out_channels;
    args.reduce = reduce;
    const int64_t first = job % chunks * chunk;
    const int64_t last = Clamp(first + chunk, 0, vectors);
    int64_t w = 0;
    for (; w < low; ++w) NarrowBlock<T, 1, false>(narrow, args, first, last, w);
    for (; w + 8 <= high; w += 8) {
      NarrowBlock<T, 8, true>(narrow, args, first, last, w);
    }
    for (; w + 2 <= high; w += 2) {
      NarrowBlock<T, 2, true>(narrow, args, first, last, w);
    }
    for (; w < g.grid_w; ++w) {
      NarrowBlock<T, 1, false>(narrow, args, first, last, w);
    }
  });
  return Outcome::kDone;
}

template <typename T>
static Outcome NarrowForward(const Runtime& runtime, const ConvGeometry& g,
                             const NarrowGroups& narrow, const T* input,
                             const T* kernel, T* output) {
  int64_t *tap_h, *tap_w, *tap_weights;
  T* zeros;
  NarrowScratch<T> scratch;
  if (!AllocateTaps(runtime, g.Taps(), 1, &tap_h, &tap_w, &tap_weights,
                    &zeros) ||
      !scratch.Prepare(runtime, narrow, g.Taps())) {
    return Outcome::kOutOfMemory;
  }
  Gather<T> gather = ForwardGather(g, input, output, tap_h, tap_w, zeros);
  for (int64_t tap = 0; tap < g.Taps(); ++tap) {
    tap_weights[tap] = tap * g.GroupChannels() * g.filters;
  }
  gather.tap_weights = tap_weights;
  return RunNarrow(runtime, gather, narrow, kernel, 1, scratch);
}

template <typename T>
static Outcome NarrowGradInput(const Runtime& runtime, const ConvGeometry& g,
                               const NarrowGroups& narrow, const T* d_output,
                               const T* kernel, T* d_input) {
  int64_t *tap_h, *tap_w, *tap_weights;
  T* zeros;
  NarrowScratch<T> scratch;
  if (!AllocateTaps(runtime, g.Taps(), 1, &tap_h, &tap_w, &tap_weights,
                    &zeros) ||
      !scratch.Prepare(runtime, narrow, g.Taps())) {
    return Outcome::kOutOfMemory;
  }
  const T* weights = kernel;
  if (narrow.channels > 1) {
    T* transposed = Allocate<T>(runtime, g.KernelSize());
    if (transposed == nullptr) return Outcome::kOutOfMemory;
    TransposeKernel(runtime, g, kernel, false, transposed);
    weights = transposed;
  }
  const int64_t tap_stride = g.KernelSize() / g.Taps();
  const int64_t reduce = narrow.channels > 1 ? 1 : g.GroupFilters();
  return ForEachPhase(g, d_output, d_input, tap_h, tap_w, tap_weights,
                      tap_stride, zeros, [&](const Gather<T>& gather) {
                        return RunNarrow(runtime, gather, narrow, weights,
                                         reduce, scratch);
                      });
}
