// Gradients with the register tiles of the direct convolution.

template <typename T>
static Outcome DirectGradInput(const Runtime& runtime, const ConvGeometry& g,
                               const T* d_output, const T* kernel, T* d_input) {
  const Panels<T> panels(g.GroupChannels());
  int64_t *tap_h, *tap_w, *tap_weights;
  T* zeros;
  Weights<T> weights;
  T* transposed = Allocate<T>(runtime, g.KernelSize());
  if (transposed == nullptr ||
      !AllocateTaps(runtime, g.Taps(), g.filters, &tap_h, &tap_w, &tap_weights,
                    &zeros)) {
    return Outcome::kOutOfMemory;
  }
  TransposeKernel(runtime, g, kernel, false, transposed);
  const int64_t pixels = g.batch * g.rows.in * g.cols.in;
  if (!PrepareWeights(runtime, transposed, g.Taps(), g.GroupFilters(),
                      g.channels, g.groups, pixels, panels, &weights)) {
    return Outcome::kOutOfMemory;
  }
  GatherScratch<T> scratch;
  return ForEachPhase(g, d_output, d_input, tap_h, tap_w, tap_weights,
                      weights.tap_stride, zeros, [&](const Gather<T>& gather) {
                        return RunGather(runtime, gather, weights, panels,
                                         g.groups, &scratch);
                      });
}

// Adds `count` kernels, one after the other in memory, to `total`.
template <typename T>
static void AddPartials(const Runtime& runtime, const T* partial, int64_t count,
                        int64_t size, T* total) {
  constexpr int64_t kSlice = 4096;
  if (count <= 0) return;
  ForEach(runtime, WorkersFor(runtime, static_cast<double>(count) * size),
          CeilDiv(size, kSlice), [&](int64_t job, int) {
            const int64_t end = Clamp((job + 1) * kSlice, 0, size);
            for (int64_t which = 0; which < count; ++which) {
              const T* from = partial + which * size;
              for (int64_t i = job * kSlice; i < end; ++i) total[i] += from[i];
            }
          });
}

// Rows (taps times channels) of the kernel's gradient that one job owns, and
// pixels summed before its sums go back to memory: with 64 filters all three
// stay in L2.
constexpr int64_t kGradRows = 512;
constexpr int64_t kLeastChannels = 64;
constexpr int64_t kGradPixels = 256;
// Below this many jobs per worker, pixels are split too and partial sums added.
constexpr int64_t kJobsPerWorker = 2;

template <typename T>
static Outcome DirectGradKernel(const Runtime& runtime, const ConvGeometry& g,
                                const T* input, const T* d_output,
                                T* d_kernel) {
  const int64_t c_group = g.GroupChannels();
  const Panels<T> panels(g.GroupFilters());
  int64_t *tap_h, *tap_w, *tap_weights;
  T* zeros;
  if (!AllocateTaps(runtime, g.Taps(), g.channels, &tap_h, &tap_w, &tap_weights,
                    &zeros)) {
    return Outcome::kOutOfMemory;
  }
  const Gather<T> gather =
      ForwardGather<T>(g, input, nullptr, tap_h, tap_w, zeros);
  const int workers = WorkersFor(runtime, g.MultiplyAdds());
  const int64_t pixels = g.OutPixels();
  const int64_t channel_block =
      Clamp(kGradRows / g.Taps(), kLeastChannels,
            c_group > kLeastChannels ? c_group : kLeastChannels);
  const int64_t channel_blocks = CeilDiv(c_group, channel_block);
  const int64_t tap_blocks = CeilDiv(g.Taps(), kMaxTapBlock);
  const int64_t parts = g.groups * channel_blocks * panels.count * tap_blocks;
  // Each split of the pixels sums into a kernel of its own; the first one into
  // the result. Their number depends on the sizes and the workers alone, so the
  // same call always rounds the same way.
  int64_t splits = 1;
  if (parts < kJobsPerWorker * workers) {
    splits = Clamp(CeilDiv(kJobsPerWorker * workers, parts), 1,
                   CeilDiv(pixels, kGradPixels));
  }
  const int64_t split = CeilDiv(pixels, splits);
  splits = CeilDiv(pixels, split);  // none may be empty: it would store nothing
  T* partial = Allocate<T>(runtime, (splits - 1) * g.KernelSize());
  const int64_t table_size = kMaxTapBlock * kGradPixels;
  const T** tables = Allocate<const T*>(runtime, workers * table_size);
  if (partial == nullptr || tables == nullptr) return Outcome::kOutOfMemory;

  ForEach(runtime, workers, parts * splits, [&](int64_t job, int worker) {
    const T** table = tables + worker * table_size;
    const int64_t which = job / parts;
    int64_t part = job % parts;
    const int64_t panel = part % panels.count;
    part /= panels.count;
    const int64_t c_first = part % channel_blocks * channel_block;
    part /= channel_blocks;
    const int64_t tap_first = part % tap_blocks * kMaxTapBlock;
    const int64_t group = part / tap_blocks;
    const int64_t tap_end = Clamp(tap_first + kMaxTapBlock, 0, g.Taps());
    const int64_t channels = Clamp(channel_block, 0, c_group - c_first);
    const int vectors = panels.Vectors(panel);
    T* result = which == 0 ? d_kernel : partial + (which - 1) * g.KernelSize();

    TransposedTileArgs<T> args;
    args.right_stride = args.out_stride = g.filters;
    args.last_lanes = panels.LastLanes(panel);
    const bool ragged = args.last_lanes != Panels<T>::kLanes;
    const int64_t column = group * panels.filters + panels.First(panel);
    const int64_t stop = Clamp((which + 1) * split, 0, pixels);
    args.accumulate = false;
    for (int64_t begin = which * split; begin < stop; begin += kGradPixels) {
      const int64_t end = Clamp(begin + kGradPixels, 0, stop);
      args.pixels = end - begin;
      FillTable(gather, begin, end, tap_first, tap_end, table, kGradPixels);
      args.right = d_output + begin * g.filters + column;
      for (int64_t tap = tap_first; tap < tap_end; ++tap) {
        args.in = table + (tap - tap_first) * kGradPixels;
        ForTiles(channels, kTileRows[vectors - 1], [&](int64_t row, int rows) {
          const int64_t c = c_first + row;
          args.in_offset = group * c_group + c;
          args.out = result + (tap * c_group + c) * g.filters + column;
          FindTransposedTile<T>(vectors, rows, ragged)(args);
        });
      }
      args.accumulate = true;
    }
  });

  AddPartials(runtime, partial, splits - 1, g.KernelSize(), d_kernel);
  return Outcome::kDone;
}
