// The steps of a Winograd convolution: tiles of the input and the kernel are
// transformed, multiplied as matrices (one per position in the tile), and
// transformed back. winograd.inl puts them together.

// How an axis of outputs is cut into tiles of `size`. A dilated convolution is
// as many plain ones as the dilation, each of the outputs that leave one
// remainder: a tile's pixels lie `step` apart.
struct WinogradTiling {
  int64_t out, step, size;
  int64_t per_residue, count;  // tiles

  WinogradTiling(int64_t out, int64_t step, int64_t size)
      : out(out), step(step), size(size) {
    per_residue = CeilDiv(CeilDiv(out, step), size);
    count = per_residue * (step < out ? step : out);
  }
  // The first output of a tile; beyond the last where a residue has fewer.
  int64_t First(int64_t tile) const {
    if (step == 1) return tile * size;
    return tile / per_residue + tile % per_residue * size * step;
  }
  // Outputs of the tile that begins at `first`.
  int64_t Outputs(int64_t first) const {
    if (step == 1) return Clamp(out - first, 0, size);
    return Clamp(CeilDiv(out - first, step), 0, size);
  }
};

// A 3x3 convolution of stride 1 with whatever padding, negative too: the
// gradient in the input has (kernel_size - 1) * dilation - pad_before.
template <typename T>
struct WinogradProblem {
  int64_t batch, in_h, in_w, channels;
  int64_t filters;
  int64_t pad_h, pad_w;
  WinogradTiling rows, cols;
  const T* in;
  const T* kernel;  // (3, 3, channels, filters)
  T* out;
  const T* zeros;  // `channels` rounded up to whole vectors of them
  // Set to false where a result is infinite or not a number. The transforms mix
  // the values of a tile, so that one infinity makes not-a-numbers of outputs
  // that do not see it; the caller has the direct convolution do it again.
  std::atomic<bool>* finite;
};

// Sums zeros for finite values, not-a-numbers for all others.
template <typename T>
static inline void Check(typename Vec<T>::V value, typename Vec<T>::V* sum) {
  *sum = Vec<T>::Fma(value, Vec<T>::Zero(), *sum);
}

template <typename T>
static inline void Report(typename Vec<T>::V sum, std::atomic<bool>* finite) {
  T lanes[Vec<T>::kLanes];
  Vec<T>::Store(lanes, sum);
  for (T lane : lanes) {
    if (lane != 0) finite->store(false, std::memory_order_relaxed);
  }
}

static inline bool FitsWinograd(const ConvGeometry& g) {
  return g.rows.kernel == 3 && g.cols.kernel == 3 && g.IsUnitStride() &&
         g.groups == 1;
}

// Transformed tiles are matrices [position][tile][channel]. The line between
// two positions keeps their addresses from agreeing modulo the cache's size,
// where the 36 stores of one tile would evict each other.
template <typename T>
struct Positions {
  static constexpr int64_t kLine = 64 / sizeof(T);
  int64_t width;   // of a row, whole vectors
  int64_t stride;  // from one position to the next

  Positions(int64_t rows, int64_t columns)
      : width(CeilDiv(columns, Vec<T>::kLanes) * Vec<T>::kLanes),
        stride(CeilDiv(rows * width, kLine) * kLine + kLine) {}
};

template <typename T, template <typename> class Tile>
struct Winograd {
  using Simd = Vec<T>;
  using V = typename Simd::V;
  using Map = Tile<T>;
  static constexpr int kIn = Map::kIn;
  static constexpr int kOut = Map::kOut;
  static constexpr int kPositions = kIn * kIn;
  static constexpr int64_t kLanes = Simd::kLanes;

  static int64_t Tiles(const WinogradProblem<T>& p) {
    return p.batch * p.rows.count * p.cols.count;
  }

  // Where tile `index` begins in the output.
  static void Place(const WinogradProblem<T>& p, int64_t index, int64_t* n,
                    int64_t* h, int64_t* w) {
    *w = p.cols.First(index % p.cols.count);
    *h = p.rows.First(index / p.cols.count % p.rows.count);
    *n = index / p.cols.count / p.rows.count;
  }

  static V LoadLanes(const T* p, int64_t lanes) {
    return lanes >= kLanes ? Simd::Load(p)
                           : Simd::LoadN(p, static_cast<int>(lanes));
  }

  // Channels [c_begin, c_end) of one tile to v[position * layout.stride + c].
  static void TransformInput(const WinogradProblem<T>& p, int64_t tile,
                             int64_t c_begin, int64_t c_end,
                             const Positions<T>& layout, T* v) {
    int64_t n, h, w;
    Place(p, tile, &n, &h, &w);
    const T* at[kIn][kIn];
    for (int i = 0; i < kIn; ++i) {
      const int64_t ih = h - p.pad_h + i * p.rows.step;
      for (int j = 0; j < kIn; ++j) {
        const int64_t iw = w - p.pad_w + j * p.cols.step;
        const bool inside = ih >= 0 && ih < p.in_h && iw >= 0 && iw < p.in_w;
        at[i][j] = inside
                       ? p.in + ((n * p.in_h + ih) * p.in_w + iw) * p.channels
                       : p.zeros;
      }
    }
    for (int64_t c = c_begin; c < c_end; c += kLanes) {
      V d[kIn][kIn], result[kIn][kIn];
#pragma GCC unroll 6
      for (int i = 0; i < kIn; ++i) {
#pragma GCC unroll 6
        for (int j = 0; j < kIn; ++j) {
          d[i][j] = LoadLanes(at[i][j] + c, p.channels - c);
        }
      }
      BothWays<T, kIn, kIn>(d, result, Map::Input);
#pragma GCC unroll 6
      for (int i = 0; i < kIn; ++i) {
#pragma GCC unroll 6
        for (int j = 0; j < kIn; ++j) {
          Simd::Store(v + (i * kIn + j) * layout.stride + c - c_begin,
                      result[i][j]);
        }
      }
    }
  }

  // Channels [c_begin, c_end) and one panel of filters to
  // u[(position * rows + c - c_begin) * width + f], f counted from the panel's
  // first.
  static void TransformKernel(const WinogradProblem<T>& p, int64_t c_begin,
                              int64_t c_end, int64_t f_begin, int64_t f_end,
                              int64_t rows, int64_t width, T* u) {
    for (int64_t c = c_begin; c < c_end; ++c) {
      for (int64_t f = 0; f < f_end - f_begin; f += kLanes) {
        const T* from = p.kernel + c * p.filters + f_begin + f;
        V g[3][3], result[kIn][kIn];
#pragma GCC unroll 9
        for (int tap = 0; tap < 9; ++tap) {
          g[tap / 3][tap % 3] = LoadLanes(from + tap * p.channels * p.filters,
                                          f_end - f_begin - f);
        }
        BothWays<T, 3, kIn>(g, result, Map::Kernel);
#pragma GCC unroll 36
        for (int i = 0; i < kPositions; ++i) {
          Simd::Store(u + (i * rows + c - c_begin) * width + f,
                      result[i / kIn][i % kIn]);
        }
      }
    }
  }

  // m[position * layout.stride + f] to the pixels of one tile.
  static void TransformOutput(const WinogradProblem<T>& p, int64_t tile,
                              int64_t f_begin, int64_t f_end,
                              const Positions<T>& layout, const T* m,
                              V* check) {
    int64_t n, h, w;
    Place(p, tile, &n, &h, &w);
    const int64_t high = p.rows.Outputs(h);
    const int64_t wide = p.cols.Outputs(w);
    T* out =
        p.out + ((n * p.rows.out + h) * p.cols.out + w) * p.filters + f_begin;
    for (int64_t f = 0; f < f_end - f_begin; f += kLanes) {
      V in[kIn][kIn], y[kOut][kOut];
#pragma GCC unroll 36
      for (int i = 0; i < kPositions; ++i) {
        in[i / kIn][i % kIn] = Simd::Load(m + i * layout.stride + f);
      }
      BothWays<T, kIn, kOut>(in, y, Map::Output);
      const int64_t lanes = f_end - f_begin - f;
      for (int64_t i = 0; i < high; ++i) {
        for (int64_t j = 0; j < wide; ++j) {
          T* to = out +
                  (i * p.rows.step * p.cols.out + j * p.cols.step) * p.filters +
                  f;
          Check<T>(y[i][j], check);
          if (lanes >= kLanes) {
            Simd::Store(to, y[i][j]);
          } else {
            Simd::StoreN(to, y[i][j], static_cast<int>(lanes));
          }
        }
      }
    }
  }

  // m (+)= v x u at every position, for one panel of filters and the channels
  // [c, c + run). `in` and `out` hold a pointer per tile, to its row at
  // position 0.
  static void Multiply(const T* const* in, int64_t c, int64_t in_stride,
                       const T* u, int64_t run, int64_t width, int vectors,
                       int64_t tiles, T* const* out, int64_t out_stride,
                       bool accumulate) {
    static constexpr int64_t kNoOffset = 0;
    TileArgs<T> args;
    args.in_stride = 0;
    args.taps = 1;
    args.tap_list = nullptr;
    args.run = run;
    args.tap_weights = &kNoOffset;
    args.weight_stride = width;
    args.last_lanes = kLanes;
    args.accumulate = accumulate;
    for (int position = 0; position < kPositions; ++position) {
      args.in_offset = position * in_stride + c;
      args.out_offset = position * out_stride;
      args.weights = u + position * run * width;
      ForTiles(tiles, kTileRows[vectors - 1], [&](int64_t first, int rows) {
        args.in = in + first;
        args.out = out + first;
        FindTile<T>(vectors, rows)(args);
      });
    }
  }

  static Outcome Run(const Runtime& runtime, const WinogradProblem<T>& p);
  static Outcome RunTileBlocks(const Runtime& runtime,
                               const WinogradProblem<T>& p, int64_t block,
                               int workers);
  static Outcome RunPanels(const Runtime& runtime, const WinogradProblem<T>& p,
                           int64_t block, int workers);
};
