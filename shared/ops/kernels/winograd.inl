// Winograd convolution, 3x3 and stride 1: how the steps of winograd_steps.inl
// are cut into jobs, and the two passes that are made of them.

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
            V check = Simd::Zero();
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
                                m_layout, out[i], &check);
              }
            }
            Report<T>(check, p.finite);
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
      V check = Simd::Zero();
      for (int64_t i = 0; i < count; ++i) {
        TransformOutput(p, begin + i, f, f_end, m_layout, out[i], &check);
      }
      Report<T>(check, p.finite);
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
  std::atomic<bool> finite{true};
  const Outcome outcome = Winograd<T, Tile>::Run(
      runtime, {g.batch, g.rows.in, g.cols.in, g.channels, g.filters,
                g.rows.pad_before, g.cols.pad_before,
                WinogradTiling(g.rows.out, g.rows.dilation, Tile<T>::kOut),
                WinogradTiling(g.cols.out, g.cols.dilation, Tile<T>::kOut),
                input, kernel, output, zeros, &finite});
  if (outcome != Outcome::kDone || finite) return outcome;
  return DirectForward(runtime, g, input, kernel, output);
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
  std::atomic<bool> finite{true};
  const Outcome outcome = Winograd<T, Tile>::Run(
      runtime, {g.batch, g.rows.out, g.cols.out, g.filters, g.channels,
                2 * g.rows.dilation - g.rows.pad_before,
                2 * g.cols.dilation - g.cols.pad_before,
                WinogradTiling(g.rows.in, g.rows.dilation, Tile<T>::kOut),
                WinogradTiling(g.cols.in, g.cols.dilation, Tile<T>::kOut),
                d_output, flipped, d_input, zeros, &finite});
  if (outcome != Outcome::kDone || finite) return outcome;
  return DirectGradInput(runtime, g, d_output, kernel, d_input);
}
