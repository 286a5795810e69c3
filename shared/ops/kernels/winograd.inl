// Winograd convolution, 3x3 and stride 1: transform tiles of the input and the
// kernel, multiply matrices (one per position in the tile), transform back.

// A 3x3 convolution of stride 1 with whatever padding, negative too: the
// gradient in the input has kernel_size - 1 - pad_before.
template <typename T>
struct WinogradProblem {
  int64_t batch, in_h, in_w, channels;
  int64_t out_h, out_w, filters;
  int64_t pad_h, pad_w;
  const T* in;
  const T* kernel;  // (3, 3, channels, filters)
  T* out;
  const T* zeros;  // `channels` rounded up to whole vectors of them
};

static inline bool FitsWinograd(const ConvGeometry& g) {
  return g.rows.kernel == 3 && g.cols.kernel == 3 && g.IsUnitStride() &&
         g.IsUndilated() && g.groups == 1;
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
    return p.batch * CeilDiv(p.out_h, kOut) * CeilDiv(p.out_w, kOut);
  }

  // Where tile `index` begins in the output.
  static void Place(int64_t out_h, int64_t out_w, int64_t index, int64_t* n,
                    int64_t* h, int64_t* w) {
    const int64_t wide = CeilDiv(out_w, kOut);
    const int64_t high = CeilDiv(out_h, kOut);
    *w = index % wide * kOut;
    *h = index / wide % high * kOut;
    *n = index / wide / high;
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
    Place(p.out_h, p.out_w, tile, &n, &h, &w);
    const T* at[kIn][kIn];
    for (int i = 0; i < kIn; ++i) {
      const int64_t ih = h - p.pad_h + i;
      for (int j = 0; j < kIn; ++j) {
        const int64_t iw = w - p.pad_w + j;
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
                              const Positions<T>& layout, const T* m) {
    int64_t n, h, w;
    Place(p.out_h, p.out_w, tile, &n, &h, &w);
    const int64_t high = Clamp(p.out_h - h, 0, kOut);
    const int64_t wide = Clamp(p.out_w - w, 0, kOut);
    T* out = p.out + ((n * p.out_h + h) * p.out_w + w) * p.filters + f_begin;
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
          T* to = out + (i * p.out_w + j) * p.filters + f;
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

// Many tiles: the kernel is transformed once, then each job takes a block of
// tiles through all three steps, so that what lies between them stays in its
// cache.
template <typename T, template <typename> class Tile>
Outcome Winograd<T, Tile>::RunTileBlocks(const Runtime& runtime,
                                         const WinogradProblem<T>& p,
                                         int64_t block, int workers) {
  const int64_t tiles = Tiles(p);
  const Panels<T> panels(p.filters);
  const Positions<T> v_layout(block, p.channels);
  const Positions<T> m_layout(block, panels.Stride());
  const int64_t panel_size = kPositions * p.channels * panels.Stride();
  const int64_t v_size = kPositions * v_layout.stride;
  const int64_t m_size = kPositions * m_layout.stride;
  T* u = Allocate<T>(runtime, panels.count * panel_size);
  T* scratch = Allocate<T>(runtime, workers * (v_size + m_size));
  const T** pointers = Allocate<const T*>(runtime, workers * 2 * block);
  if (u == nullptr || scratch == nullptr || pointers == nullptr) {
    return Outcome::kOutOfMemory;
  }
  constexpr int64_t kSlice =
      16;  // channels of a job: 16 rows of every position
  const int64_t slices = CeilDiv(p.channels, kSlice);
  ForEach(runtime, workers, panels.count * slices, [&](int64_t job, int) {
    const int64_t panel = job / slices;
    const int64_t c = job % slices * kSlice;
    TransformKernel(p, c, Clamp(c + kSlice, 0, p.channels), panels.First(panel),
                    panels.First(panel) + panels.Filters(panel), p.channels,
                    panels.Stride(),
                    u + panel * panel_size + c * panels.Stride());
  });
  ForEach(runtime, workers, CeilDiv(tiles, block),
          [&](int64_t job, int worker) {
            const int64_t begin = job * block;
            const int64_t count = Clamp(tiles - begin, 0, block);
            T* v = scratch + worker * (v_size + m_size);
            T* m = v + v_size;
            const T** in = pointers + worker * 2 * block;
            T** out = const_cast<T**>(in + block);
            for (int64_t i = 0; i < count; ++i) {
              in[i] = v + i * v_layout.width;
              out[i] = m + i * m_layout.width;
              TransformInput(p, begin + i, 0, p.channels, v_layout,
                             v + i * v_layout.width);
            }
            for (int64_t panel = 0; panel < panels.count; ++panel) {
              Multiply(in, 0, v_layout.stride, u + panel * panel_size,
                       p.channels, panels.Stride(), panels.Vectors(panel),
                       count, out, m_layout.stride, false);
              const int64_t f = panels.First(panel);
              for (int64_t i = 0; i < count; ++i) {
                TransformOutput(p, begin + i, f, f + panels.Filters(panel),
                                m_layout, out[i]);
              }
            }
          });
  return Outcome::kDone;
}

// Few tiles, or a kernel that would not fit the cache once transformed (512 x
// 512 grows to 38 MB in the 4x4 tile): a block of tiles is transformed by all
// workers, then each job takes one panel of filters and transforms its part of
// the kernel, some channels at a time, just before they are used.
template <typename T, template <typename> class Tile>
Outcome Winograd<T, Tile>::RunPanels(const Runtime& runtime,
                                     const WinogradProblem<T>& p, int64_t block,
                                     int workers) {
  constexpr int64_t kBlockBytes = 384 * 1024;
  const int64_t tiles = Tiles(p);
  // Two vectors wide: twice the jobs, and twice the channels at a time.
  const Panels<T> panels(p.filters, 2);
  const int64_t width = panels.Stride();
  const int64_t c_block =
      Clamp(kBlockBytes / (kPositions * width * sizeof(T)), 8, p.channels);
  const Positions<T> v_layout(block, p.channels);
  const Positions<T> m_layout(block, width);
  const int64_t u_size = kPositions * c_block * width;
  const int64_t m_size = kPositions * m_layout.stride;
  T* v = Allocate<T>(runtime, kPositions * v_layout.stride);
  T* scratch = Allocate<T>(runtime, workers * (u_size + m_size));
  const T** pointers = Allocate<const T*>(runtime, (workers + 1) * block);
  if (v == nullptr || scratch == nullptr || pointers == nullptr) {
    return Outcome::kOutOfMemory;
  }
  for (int64_t i = 0; i < block; ++i) pointers[i] = v + i * v_layout.width;
  for (int64_t begin = 0; begin < tiles; begin += block) {
    const int64_t count = Clamp(tiles - begin, 0, block);
    constexpr int64_t kSlice = 4;  // tiles of a job
    ForEach(runtime, workers, CeilDiv(count, kSlice), [&](int64_t job, int) {
      const int64_t end = Clamp((job + 1) * kSlice, 0, count);
      for (int64_t i = job * kSlice; i < end; ++i) {
        TransformInput(p, begin + i, 0, p.channels, v_layout,
                       v + i * v_layout.width);
      }
    });
    ForEach(runtime, workers, panels.count, [&](int64_t panel, int worker) {
      T* u = scratch + worker * (u_size + m_size);
      T* m = u + u_size;
      T** out = const_cast<T**>(pointers + (worker + 1) * block);
      for (int64_t i = 0; i < count; ++i) out[i] = m + i * m_layout.width;
      const int64_t f = panels.First(panel);
      const int64_t f_end = f + panels.Filters(panel);
      for (int64_t c = 0; c < p.channels; c += c_block) {
        const int64_t run = Clamp(p.channels - c, 0, c_block);
        TransformKernel(p, c, c + run, f, f_end, run, width, u);
        Multiply(pointers, c, v_layout.stride, u, run, width,
                 panels.Vectors(panel), count, out, m_layout.stride, c > 0);
      }
      for (int64_t i = 0; i < count; ++i) {
        TransformOutput(p, begin + i, f, f_end, m_layout, out[i]);
      }
    });
  }
  return Outcome::kDone;
}

// A transformed kernel larger than this is not kept: it would not stay in the
// L3 cache, and memory fresh from the system costs more than transforming
// again.
constexpr int64_t kKeptKernelBytes = 12 * 1024 * 1024;
constexpr int64_t kTileBlock = 48;    // tiles that one job takes all the way
constexpr int64_t kPanelBlock = 192;  // tiles that share a transformed kernel

template <typename T, template <typename> class Tile>
Outcome Winograd<T, Tile>::Run(const Runtime& runtime,
                               const WinogradProblem<T>& p) {
  const int64_t tiles = Tiles(p);
  const int64_t kernel_size = kPositions * p.channels * p.filters;
  const int workers =
      WorkersFor(runtime, static_cast<double>(tiles) * kernel_size);
  const bool panels =
      tiles <= kTileBlock ||
      kernel_size * static_cast<int64_t>(sizeof(T)) > kKeptKernelBytes;
  // Equal blocks; where each is a job, in a multiple of the workers.
  int64_t blocks = CeilDiv(tiles, panels ? kPanelBlock : kTileBlock);
  if (panels) return RunPanels(runtime, p, CeilDiv(tiles, blocks), workers);
  blocks = CeilDiv(blocks, workers) * workers;
  return RunTileBlocks(runtime, p, CeilDiv(tiles, blocks), workers);
}

template <typename T>
static T* AllocateZeros(const Runtime& runtime, int64_t count) {
  T* zeros = Allocate<T>(runtime, count);
  if (zeros != nullptr) memset(zeros, 0, count * sizeof(T));
  return zeros;
}

template <typename T, template <typename> class Tile>
static Outcome WinogradForward(const Runtime& runtime, const ConvGeometry& g,
                               const T* input, const T* kernel, T* output) {
  if (!FitsWinograd(g)) return Outcome::kUnsupported;
  const T* zeros = AllocateZeros<T>(runtime, g.channels);
  if (zeros == nullptr) return Outcome::kOutOfMemory;
  return Winograd<T, Tile>::Run(
      runtime, {g.batch, g.rows.in, g.cols.in, g.channels, g.rows.out,
                g.cols.out, g.filters, g.rows.pad_before, g.cols.pad_before,
                input, kernel, output, zeros});
}

// The gradient in the input is a convolution of d_output with the kernel
// flipped and transposed, padded so that the sizes come out.
template <typename T, template <typename> class Tile>
static Outcome WinogradGradInput(const Runtime& runtime, const ConvGeometry& g,
                                 const T* d_output, const T* kernel,
                                 T* d_input) {
  if (!FitsWinograd(g)) return Outcome::kUnsupported;
  T* flipped = Allocate<T>(runtime, g.KernelSize());
  const T* zeros = AllocateZeros<T>(runtime, g.filters);
  if (zeros == nullptr || flipped == nullptr) return Outcome::kOutOfMemory;
  TransposeKernel(runtime, g, kernel, true, flipped);
  return Winograd<T, Tile>::Run(
      runtime, {g.batch, g.rows.out, g.cols.out, g.filters, g.rows.in,
                g.cols.in, g.channels, 2 - g.rows.pad_before,
                2 - g.cols.pad_before, d_output, flipped, d_input, zeros});
}
