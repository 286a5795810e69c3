// The register tile under every fast CPU path: a few output pixels by a few
// vectors of filters, kept in registers while the sum over taps and channels
// runs.
//
// Inputs are reached through pointers, one per pixel and tap, so the same tile
// serves a direct convolution (pointers into the image, or to zeros on
// padding), a patch matrix (one "tap" as long as a patch) and Winograd's
// products.

template <typename T>
struct TileArgs {
  const T* const* in;  // in[tap * in_stride + row]
  int64_t in_stride;
  int64_t in_offset;  // added to every input pointer
  int64_t taps;
  const int16_t* tap_list;  // which taps; the first `taps` if nullptr
  int64_t run;              // contiguous input values behind each pointer
  const T* weights;
  const int64_t* tap_weights;  // offset of each tap's first weight row
  int64_t weight_stride;       // from one row of weights to the next
  T* const* out;               // out[row]
  int64_t out_offset;
  int last_lanes;   // lanes of the last vector that are stored
  bool accumulate;  // add to what `out` holds
};

template <typename T, int kRows, int kVectors>
static void Tile(const TileArgs<T>& a) {
  using Simd = Vec<T>;
  using V = typename Simd::V;
  constexpr int kLanes = Simd::kLanes;
  V sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) sum[i][j] = Simd::Zero();
  }
  for (int64_t t = 0; t < a.taps; ++t) {
    const int64_t tap = a.tap_list == nullptr ? t : a.tap_list[t];
    const T* in[kRows];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      in[i] = a.in[tap * a.in_stride + i] + a.in_offset;
    }
    const T* w = a.weights + a.tap_weights[tap];
    for (int64_t c = 0; c < a.run; ++c, w += a.weight_stride) {
      V weight[kVectors];
#pragma GCC unroll 16
      for (int j = 0; j < kVectors; ++j) weight[j] = Simd::Load(w + j * kLanes);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
        const V x = Simd::Set1(in[i][c]);
#pragma GCC unroll 16
        for (int j = 0; j < kVectors; ++j) {
          sum[i][j] = Simd::Fma(x, weight[j], sum[i][j]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
    T* out = a.out[i] + a.out_offset;
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) {
      T* p = out + j * kLanes;
      if (j + 1 < kVectors || a.last_lanes == kLanes) {
        Simd::Store(p, a.accumulate ? Simd::Load(p) + sum[i][j] : sum[i][j]);
      } else {
        const V old =
            a.accumulate ? Simd::LoadN(p, a.last_lanes) : Simd::Zero();
        Simd::StoreN(p, old + sum[i][j], a.last_lanes);
      }
    }
  }
}

// The transposed product, for gradients in the kernel: the sum runs over
// pixels, rows are channels (contiguous behind each pointer) and vectors are
// filters.
template <typename T>
struct TransposedTileArgs {
  const T* const* in;  // in[pixel]
  int64_t in_offset;   // the first channel
  int64_t pixels;
  const T* right;  // d_output of the first pixel, at the first filter
  int64_t right_stride;
  T* out;
  int64_t out_stride;
  int last_lanes;
  bool accumulate;
};

template <typename T, int kRows, int kVectors, bool kPartial>
static void TransposedTile(const TransposedTileArgs<T>& a) {
  using Simd = Vec<T>;
  using V = typename Simd::V;
  constexpr int kLanes = Simd::kLanes;
  constexpr int kLast = kVectors - 1;
  V sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) sum[i][j] = Simd::Zero();
  }
  const T* right = a.right;
  for (int64_t p = 0; p < a.pixels; ++p, right += a.right_stride) {
    const T* in = a.in[p] + a.in_offset;
    V r[kVectors];
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) {
      r[j] = kPartial && j == kLast
                 ? Simd::LoadN(right + j * kLanes, a.last_lanes)
                 : Simd::Load(right + j * kLanes);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const V x = Simd::Set1(in[i]);
#pragma GCC unroll 16
      for (int j = 0; j < kVectors; ++j)
        sum[i][j] = Simd::Fma(x, r[j], sum[i][j]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) {
      T* p = a.out + i * a.out_stride + j * kLanes;
      if (kPartial && j == kLast) {
        const V old =
            a.accumulate ? Simd::LoadN(p, a.last_lanes) : Simd::Zero();
        Simd::StoreN(p, old + sum[i][j], a.last_lanes);
      } else {
        Simd::Store(p, a.accumulate ? Simd::Load(p) + sum[i][j] : sum[i][j]);
      }
    }
  }
}

// Tables of every tile height, so that a remainder costs its own rows only.
template <typename T>
using TileFunction = void (*)(const TileArgs<T>&);
template <typename T>
using TransposedTileFunction = void (*)(const TransposedTileArgs<T>&);

template <typename T, int kVectors, int kRows>
static TileFunction<T> FindTile(int rows) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return FindTile<T, kVectors, kRows - 1>(rows);
  }
  return Tile<T, kRows, kVectors>;
}

template <typename T, int kVectors = kMaxVectors>
static TileFunction<T> FindTile(int vectors, int rows) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return FindTile<T, kVectors - 1>(vectors, rows);
  }
  return FindTile<T, kVectors, kTileRows[kVectors - 1]>(rows);
}

template <typename T, int kVectors, int kRows>
static TransposedTileFunction<T> FindTransposedTile(int rows, bool partial) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return FindTransposedTile<T, kVectors, kRows - 1>(rows, partial);
    }
  }
  return partial ? TransposedTile<T, kRows, kVectors, true>
                 : TransposedTile<T, kRows, kVectors, false>;
}

template <typename T, int kVectors = kMaxVectors>
static TransposedTileFunction<T> FindTransposedTile(int vectors, int rows,
                                                    bool partial) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) {
      return FindTransposedTile<T, kVectors - 1>(vectors, rows, partial);
    }
  }
  return FindTransposedTile<T, kVectors, kTileRows[kVectors - 1]>(rows,
                                                                  partial);
}

// Splits `count` rows into near-equal tiles of at most `most` rows and calls
// body(first, rows): 49 rows in tiles of 6 become 4 x 6 + 5 x 5, not 8 x 6 + 1.
template <typename Body>
static inline void ForTiles(int64_t count, int most, const Body& body) {
  const int64_t tiles = (count + most - 1) / most;
  for (int64_t tile = 0, first = 0; tile < tiles; ++tile) {
    const int64_t end = (tile + 1) * count / tiles;
    body(first, static_cast<int>(end - first));
    first = end;
  }
}

// The filters of a group, cut into panels of `width` vectors.
template <typename T>
struct Panels {
  static constexpr int kLanes = Vec<T>::kLanes;
  int64_t filters;
  int width;  // vectors in every panel but, perhaps, the last
  int64_t count;

  explicit Panels(int64_t filters, int most = kMaxVectors) : filters(filters) {
    const int64_t vectors = (filters + kLanes - 1) / kLanes;
    const int64_t panels = (vectors + most - 1) / most;
    width = static_cast<int>((vectors + panels - 1) / panels);
    count = (vectors + width - 1) / width;
  }
  int64_t First(int64_t panel) const { return panel * Stride(); }
  int64_t Stride() const { return static_cast<int64_t>(width) * kLanes; }
  int64_t Filters(int64_t panel) const {
    const int64_t rest = filters - First(panel);
    return rest < Stride() ? rest : Stride();
  }
  int Vectors(int64_t panel) const {
    return static_cast<int>((Filters(panel) + kLanes - 1) / kLanes);
  }
  int LastLanes(int64_t panel) const {
    return static_cast<int>(Filters(panel) - (Vectors(panel) - 1) * kLanes);
  }
};
