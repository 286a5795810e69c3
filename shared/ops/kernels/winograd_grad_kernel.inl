// Winograd's gradient in the kernel: with y = A'[(G g) * (B' d)] in each tile,
// the chain rule gives dg = G'[sum over tiles of (B' d) * (A dy)]. The products
// are matrices again, summed over tiles.
//
// A job owns some channels and one panel of filters, and transforms what it
// needs of the input and of d_output itself: repeated by other jobs, but a
// tenth of the work.

template <typename T, template <typename> class Tile>
struct WinogradGrad {
  using Forward = Winograd<T, Tile>;
  using Simd = Vec<T>;
  using V = typename Simd::V;
  using Map = Tile<T>;
  static constexpr int kIn = Map::kIn;
  static constexpr int kOut = Map::kOut;
  static constexpr int kPositions = kIn * kIn;
  static constexpr int64_t kLanes = Simd::kLanes;
  static constexpr int64_t kChannels = 64;  // of a job
  static constexpr int64_t kTiles = 24;     // summed in registers

  // Filters [f_begin, f_end) of d_output's tile, zero where it has no pixel, to
  // z[position * layout.stride + f - f_begin].
  static void TransformOutputGrad(const WinogradProblem<T>& p,
                                  const T* d_output, int64_t tile,
                                  int64_t f_begin, int64_t f_end,
                                  const Positions<T>& layout, T* z) {
    int64_t n, h, w;
    Forward::Place(p, tile, &n, &h, &w);
    const int64_t high = p.rows.Outputs(h);
    const int64_t wide = p.cols.Outputs(w);
    const T* at[kOut][kOut];
    for (int i = 0; i < kOut; ++i) {
      for (int j = 0; j < kOut; ++j) {
        const int64_t oh = h + i * p.rows.step;
        const int64_t ow = w + j * p.cols.step;
        at[i][j] = i < high && j < wide
                       ? d_output + ((n * p.rows.out + oh) * p.cols.out + ow) *
                                        p.filters
                       : p.zeros;
      }
    }
    for (int64_t f = f_begin; f < f_end; f += kLanes) {
      V y[kOut][kOut], result[kIn][kIn];
#pragma GCC unroll 4
      for (int i = 0; i < kOut; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < kOut; ++j) {
          y[i][j] = Forward::LoadLanes(at[i][j] + f, f_end - f);
        }
      }
      BothWays<T, kOut, kIn>(y, result, Map::OutputTransposed);
#pragma GCC unroll 36
      for (int i = 0; i < kPositions; ++i) {
        Simd::Store(z + i * layout.stride + f - f_begin,
                    result[i / kIn][i % kIn]);
      }
    }
  }

  // du[(position * channels + c) * width + f] to d_kernel.
  static void TransformKernelGrad(const T* du, int64_t c_begin,
                                  int64_t channels, int64_t f_begin,
                                  int64_t filters, int64_t width,
                                  const ConvGeometry& g, T* d_kernel,
                                  std::atomic<bool>* finite) {
    V check = Simd::Zero();
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t f = 0; f < filters; f += kLanes) {
        V u[kIn][kIn], result[3][3];
#pragma GCC unroll 36
        for (int i = 0; i < kPositions; ++i) {
          u[i / kIn][i % kIn] = Simd::Load(du + (i * channels + c) * width + f);
        }
        BothWays<T, kIn, 3>(u, result, Map::KernelTransposed);
        const int64_t lanes = Clamp(filters - f, 0, kLanes);
        for (int tap = 0; tap < 9; ++tap) {
          Check<T>(result[tap / 3][tap % 3], &check);
          Simd::StoreN(d_kernel + (tap * g.channels + c_begin + c) * g.filters +
                           f_begin + f,
                       result[tap / 3][tap % 3], static_cast<int>(lanes));
        }
      }
    }
    Report<T>(check, finite);
  }

  static Outcome Run(const Runtime& runtime, const ConvGeometry& g,
                     const T* input, const T* d_output, T* d_kernel) {
    if (!FitsWinograd(g)) return Outcome::kUnsupported;
    const int64_t widest = g.channels > g.filters ? g.channels : g.filters;
    const T* zeros = AllocateZeros<T>(runtime, widest);
    if (zeros == nullptr) return Outcome::kOutOfMemory;
    std::atomic<bool> finite{true};
    const WinogradProblem<T> p{
        g.batch,
        g.rows.in,
        g.cols.in,
        g.channels,
        g.filters,
        g.rows.pad_before,
        g.cols.pad_before,
        WinogradTiling(g.rows.out, g.rows.dilation, kOut),
        WinogradTiling(g.cols.out, g.cols.dilation, kOut),
        input,
        nullptr,
        nullptr,
        zeros,
        &finite};
    const Panels<T> panels(g.filters);
    const int64_t width = panels.Stride();
    const int64_t tiles = Forward::Tiles(p);
    const int64_t c_blocks = CeilDiv(g.channels, kChannels);
    const int workers = WorkersFor(runtime, g.MultiplyAdds());
    // Split over tiles too where channels and panels are too few.
    const int64_t parts = c_blocks * panels.count;
    int64_t splits = 1;
    if (parts < kJobsPerWorker * workers && workers > 1) {
      splits = Clamp(CeilDiv(kJobsPerWorker * workers, parts), 1,
                     CeilDiv(tiles, kTiles));
    }
    const int64_t split = CeilDiv(tiles, splits);
    splits = CeilDiv(tiles, split);
    const Positions<T> v_layout(kTiles, kChannels);
    const Positions<T> z_layout(kTiles, width);
    const int64_t v_size = kPositions * v_layout.stride;
    const int64_t z_size = kPositions * z_layout.stride;
    const int64_t du_size = kPositions * kChannels * width;
    T* partial = Allocate<T>(runtime, (splits - 1) * g.KernelSize());
    T* scratch = Allocate<T>(runtime, workers * (v_size + z_size + du_size));
    const T** pointers = Allocate<const T*>(runtime, workers * kTiles);
    if (partial == nullptr || scratch == nullptr || pointers == nullptr) {
      return Outcome::kOutOfMemory;
    }
    ForEach(runtime, workers, parts * splits, [&](int64_t job, int worker) {
      T* v = scratch + worker * (v_size + z_size + du_size);
      T* z = v + v_size;
      T* du = z + z_size;
      const T** in = pointers + worker * kTiles;
      for (int64_t i = 0; i < kTiles; ++i) in[i] = v + i * v_layout.width;
      const int64_t which = job / parts;
      const int64_t panel = job % parts % panels.count;
      const int64_t c = job % parts / panels.count * kChannels;
      const int64_t channels = Clamp(g.channels - c, 0, kChannels);
      const int64_t f = panels.First(panel);
      const int64_t f_end = f + panels.Filters(panel);
      const int64_t begin = which * split;
      const int64_t stop = Clamp(begin + split, 0, tiles);
      for (int64_t tile = begin; tile < stop; tile += kTiles) {
        const int64_t count = Clamp(stop - tile, 0, kTiles);
        for (int64_t i = 0; i < count; ++i) {
          Forward::TransformInput(p, tile + i, c, c + channels, v_layout,
                                  v + i * v_layout.width);
          TransformOutputGrad(p, d_output, tile + i, f, f_end, z_layout,
                              z + i * z_layout.width);
        }
        const int vectors = panels.Vectors(panel);
        TransposedTileArgs<T> args;
        args.in = in;
        args.pixels = count;
        args.right_stride = z_layout.width;
        args.out_stride = width;
        args.last_lanes = kLanes;
        args.accumulate = tile > begin;
        for (int position = 0; position < kPositions; ++position) {
          args.right = z + position * z_layout.stride;
          ForTiles(channels, kTileRows[vectors - 1],
                   [&](int64_t row, int rows) {
                     args.in_offset = position * v_layout.stride + row;
                     args.out = du + (position * channels + row) * width;
                     FindTransposedTile<T>(vectors, rows, false)(args);
                   });
        }
      }
      T* result =
          which == 0 ? d_kernel : partial + (which - 1) * g.KernelSize();
      TransformKernelGrad(du, c, channels, f, f_end - f, width, g, result,
                          p.finite);
    });
    if (!finite) return DirectGradKernel(runtime, g, input, d_output, d_kernel);
    AddPartials(runtime, partial, splits - 1, g.KernelSize(), d_kernel);
    return Outcome::kDone;
  }
};

template <typename T, template <typename> class Tile>
static Outcome WinogradGradKernel(const Runtime& runtime, const ConvGeometry& g,
                                  const T* input, const T* d_output,
                                  T* d_kernel) {
  return WinogradGrad<T, Tile>::Run(runtime, g, input, d_output, d_kernel);
}
