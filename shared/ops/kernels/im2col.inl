// Convolution as a matrix product: every patch of the input becomes a row.
//
// The patch matrix is as large as the input times the number of taps, so it is
// made and used up block by block, a block of pixels at a time.

constexpr int64_t kPatchBytes = 512 * 1024;

static inline int64_t PatchBlock(int64_t pixels, int64_t row, int64_t size,
                                 int workers) {
  const int64_t wanted = workers > 1 ? 4 * workers : 1;
  const int64_t block = Clamp(kPatchBytes / (row * size), 24, kMaxBlock);
  return Clamp(block, 1,
               CeilDiv(pixels, wanted) > 24 ? CeilDiv(pixels, wanted) : 24);
}

// The scratch of one worker: patches, pointers to their rows, and a pointer
// table.
template <typename T>
struct PatchScratch {
  T* patches;
  const T** table;
  const T** rows;
  T** outs;
  int64_t patch_size, table_size;

  bool Allocate(const Runtime& runtime, int workers, int64_t block,
                int64_t row) {
    patch_size = block * row;
    table_size = block * (kMaxTapBlock + 2);
    patches = course::Allocate<T>(runtime, workers * patch_size);
    table = course::Allocate<const T*>(runtime, workers * table_size);
    return patches != nullptr && table != nullptr;
  }
  PatchScratch Of(int worker, int64_t block) const {
    PatchScratch mine = *this;
    mine.patches += worker * patch_size;
    mine.table += worker * table_size;
    mine.rows = mine.table + block * kMaxTapBlock;
    mine.outs = const_cast<T**>(mine.rows + block);
    return mine;
  }
};

// Rows (pixels [begin, end) of one group) of the patch matrix.
template <typename T>
static void FillPatches(const Gather<T>& g, int64_t begin, int64_t end,
                        int64_t group, const PatchScratch<T>& scratch) {
  const int64_t pixels = end - begin;
  const int64_t row = g.taps * g.run;
  for (int64_t tap = 0; tap < g.taps; tap += kMaxTapBlock) {
    const int64_t tap_end = Clamp(tap + kMaxTapBlock, 0, g.taps);
    FillTable(g, begin, end, tap, tap_end, scratch.table, pixels);
    for (int64_t i = 0; i < pixels; ++i) {
      T* to = scratch.patches + i * row + tap * g.run;
      for (int64_t t = 0; t < tap_end - tap; ++t, to += g.run) {
        const T* from = scratch.table[t * pixels + i] + group * g.run;
        for (int64_t c = 0; c < g.run; ++c) to[c] = from[c];
      }
    }
  }
  for (int64_t i = 0; i < pixels; ++i)
    scratch.rows[i] = scratch.patches + i * row;
}

// out[i] (rows of `outs`) = in[i] x weights, over `row` values, panel by panel.
template <typename T>
static void MultiplyRows(const T* const* in, int64_t count, int64_t row,
                         const Weights<T>& weights, const Panels<T>& panels,
                         int64_t group, T* const* outs, int64_t out_offset) {
  static constexpr int64_t kNoOffset = 0;
  const int64_t step = Clamp(
      kWeightBlockBytes / (panels.Stride() * static_cast<int64_t>(sizeof(T))),
      1, row);
  for (int64_t k = 0; k < row; k += step) {
    for (int64_t panel = 0; panel < panels.count; ++panel) {
      const int vectors = panels.Vectors(panel);
      TileArgs<T> args;
      args.in_stride = 0;
      args.in_offset = k;
      args.taps = 1;
      args.tap_list = nullptr;
      args.run = Clamp(step, 0, row - k);
      args.weights = weights.Panel(group, panel) + k * weights.row_stride;
      args.tap_weights = &kNoOffset;
      args.weight_stride = weights.row_stride;
      args.out_offset = out_offset + panels.First(panel);
      args.last_lanes = panels.LastLanes(panel);
      args.accumulate = k > 0;
      ForTiles(count, kTileRows[vectors - 1], [&](int64_t first, int rows) {
        args.in = in + first;
        args.out = outs + first;
        FindTile<T>(vectors, rows)(args);
      });
    }
  }
}

template <typename T>
static Outcome Im2colForward(const Runtime& runtime, const ConvGeometry& g,
                             const T* input, const T* kernel, T* output) {
  const int64_t row = g.Taps() * g.GroupChannels();
  const int64_t pixels = g.OutPixels();
  const int workers = WorkersFor(runtime, g.MultiplyAdds());
  const int64_t block = PatchBlock(pixels, row, sizeof(T), workers);
  const Panels<T> panels(g.GroupFilters());
  int64_t *tap_h, *tap_w, *tap_weights;
  T* zeros;
  Weights<T> weights;
  PatchScratch<T> scratch;
  if (!AllocateTaps(runtime, g.Taps(), g.channels, &tap_h, &tap_w, &tap_weights,
                    &zeros) ||
      !PrepareWeights(runtime, kernel, 1, row, g.filters, g.groups, pixels,
                      panels, &weights) ||
      !scratch.Allocate(runtime, workers, block, row)) {
    return Outcome::kOutOfMemory;
  }
  const Gather<T> gather = ForwardGather(g, input, output, tap_h, tap_w, zeros);
  ForEach(runtime, workers, CeilDiv(pixels, block),
          [&](int64_t job, int worker) {
            const PatchScratch<T> mine = scratch.Of(worker, block);
            const int64_t begin = job * block;
            const int64_t end = Clamp(begin + block, 0, pixels);
            FillOutputs(gather, begin, end, mine.outs);
            for (int64_t group = 0; group < g.groups; ++group) {
              FillPatches(gather, begin, end, group, mine);
              MultiplyRows(mine.rows, end - begin, row, weights, panels, group,
                           mine.outs, group * panels.filters);
            }
          });
  return Outcome::kDone;
}

template <typename T>
static Outcome Im2colGradKernel(const Runtime& runtime, const ConvGeometry& g,
                                const T* input, const T* d_output,
                                T* d_kernel) {
  const int64_t row = g.Taps() * g.GroupChannels();
  const int64_t pixels = g.OutPixels();
  const int workers = WorkersFor(runtime, g.MultiplyAdds());
  const int64_t block = PatchBlock(pixels, row, sizeof(T), workers);
  const Panels<T> panels(g.GroupFilters());
  int64_t *tap_h, *tap_w, *tap_weights;
  T* zeros;
  PatchScratch<T> scratch;
  // One part of the pixels per worker, with sums of its own; the first part's
  // are the result.
  const int64_t blocks = CeilDiv(pixels, block);
  const int64_t per_part = CeilDiv(blocks, workers);
  const int64_t parts = CeilDiv(blocks, per_part);
  T* partial = Allocate<T>(runtime, (parts - 1) * g.KernelSize());
  if (!AllocateTaps(runtime, g.Taps(), g.channels, &tap_h, &tap_w, &tap_weights,
                    &zeros) ||
      !scratch.Allocate(runtime, workers, block, row) || partial == nullptr) {
    return Outcome::kOutOfMemory;
  }
  const Gather<T> gather =
      ForwardGather<T>(g, input, nullptr, tap_h, tap_w, zeros);
  ForEach(runtime, workers, parts, [&](int64_t part, int worker) {
    const PatchScratch<T> mine = scratch.Of(worker, block);
    T* result = part == 0 ? d_kernel : partial + (part - 1) * g.KernelSize();
    const int64_t stop = Clamp((part + 1) * per_part, 0, blocks);
    for (int64_t b = part * per_part; b < stop; ++b) {
      const int64_t begin = b * block;
      const int64_t end = Clamp(begin + block, 0, pixels);
      for (int64_t group = 0; group < g.groups; ++group) {
        FillPatches(gather, begin, end, group, mine);
        for (int64_t panel = 0; panel < panels.count; ++panel) {
          const int vectors = panels.Vectors(panel);
          const int64_t column = group * panels.filters + panels.First(panel);
          TransposedTileArgs<T> args;
          args.in = mine.rows;
          args.pixels = end - begin;
          args.right = d_output + begin * g.filters + column;
          args.right_stride = args.out_stride = g.filters;
          args.last_lanes = panels.LastLanes(panel);
          args.accumulate = b > part * per_part;
          const bool ragged = args.last_lanes != Panels<T>::kLanes;
          ForTiles(row, kTileRows[vectors - 1], [&](int64_t first, int rows) {
            args.in_offset = first;
            args.out = result + first * g.filters + column;
            FindTransposedTile<T>(vectors, rows, ragged)(args);
          });
        }
      }
    }
  });
  AddPartials(runtime, partial, parts - 1, g.KernelSize(), d_kernel);
  return Outcome::kDone;
}

// Adds the rows of one block of patches back to where they came from, as far as
// that lies in input rows [h_begin, h_end).
template <typename T>
static void ScatterPatches(const ConvGeometry& g, const T* patches, int64_t oh,
                           int64_t ow, int64_t group, int64_t h_begin,
                           int64_t h_end, T* image) {
  const int64_t run = g.GroupChannels();
  for (int64_t kh = 0; kh < g.rows.kernel; ++kh) {
    const int64_t ih = g.rows.InputAt(oh, kh);
    if (ih < h_begin || ih >= h_end) continue;
    for (int64_t kw = 0; kw < g.cols.kernel; ++kw) {
      const int64_t iw = g.cols.InputAt(ow, kw);
      if (iw < 0 || iw >= g.cols.in) continue;
      const T* from = patches + (kh * g.cols.kernel + kw) * run;
      T* to = image + (ih * g.cols.in + iw) * g.channels + group * run;
      // Without gaps between taps or groups the rest of this kernel row
      // follows.
      int64_t count = run;
      if (g.cols.dilation == 1 && g.groups == 1) {
        const int64_t taps = Clamp(g.cols.kernel - kw, 0, g.cols.in - iw);
        count *= taps;
        kw += taps - 1;
      }
      for (int64_t c = 0; c < count; ++c) to[c] += from[c];
    }
  }
}

template <typename T>
static Outcome Im2colGradInput(const Runtime& runtime, const ConvGeometry& g,
                               const T* d_output, const T* kernel, T* d_input) {
  const int64_t row = g.Taps() * g.GroupChannels();
  const int workers = WorkersFor(runtime, g.MultiplyAdds());
  const Panels<T> panels(row);
  // The kernel as a matrix (filters of a group, groups x row).
  T* transposed = Allocate<T>(runtime, g.KernelSize());
  Weights<T> weights;
  PatchScratch<T> scratch;
  const int64_t block = Clamp(kPatchBytes / (row * sizeof(T)), 24, kMaxBlock);
  if (transposed == nullptr ||
      !scratch.Allocate(runtime, workers, block, row)) {
    return Outcome::kOutOfMemory;
  }
  ForEach(runtime, WorkersFor(runtime, g.KernelSize()), g.groups,
          [&](int64_t group, int) {
            TransposeBlock(kernel + group * g.GroupFilters(), g.filters, row,
                           g.GroupFilters(), transposed + group * row,
                           g.groups * row);
          });
  if (!PrepareWeights(runtime, transposed, 1, g.GroupFilters(), g.groups * row,
                      g.groups, g.OutPixels(), panels, &weights)) {
    return Outcome::kOutOfMemory;
  }
  // A job owns a band of input rows and computes every output row that reaches
  // it; neighbouring bands compute a few of those twice, but write nothing in
  // common.
  const int64_t bands =
      g.batch >= 2 * workers ? 1 : Clamp(2 * workers, 1, g.rows.in);
  const int64_t band = CeilDiv(g.rows.in, bands);
  const int64_t image_size = g.rows.in * g.cols.in * g.channels;
  ForEach(runtime, workers, g.batch * bands, [&](int64_t job, int worker) {
    const PatchScratch<T> mine = scratch.Of(worker, block);
    const int64_t n = job / bands;
    const int64_t h_begin = Clamp(job % bands * band, 0, g.rows.in);
    const int64_t h_end = Clamp(h_begin + band, 0, g.rows.in);
    T* image = d_input + n * image_size;
    memset(image + h_begin * g.cols.in * g.channels, 0,
           (h_end - h_begin) * g.cols.in * g.channels * sizeof(T));
    const int64_t reach = g.rows.EffectiveKernel() - 1;
    const int64_t first =
        Clamp(CeilDiv(h_begin + g.rows.pad_before - reach, g.rows.stride), 0,
              g.rows.out);
    const int64_t last = Clamp(
        CeilDiv(h_end + g.rows.pad_before, g.rows.stride), first, g.rows.out);
    for (int64_t i = 0; i < block; ++i) mine.outs[i] = mine.patches + i * row;
    for (int64_t p = first * g.cols.out; p < last * g.cols.out; p += block) {
      const int64_t count = Clamp(block, 0, last * g.cols.out - p);
      for (int64_t i = 0; i < count; ++i) {
        mine.rows[i] =
            d_output + (n * g.rows.out * g.cols.out + p + i) * g.filters;
      }
      for (int64_t group = 0; group < g.groups; ++group) {
        for (int64_t i = 0; i < count && group > 0; ++i) {
          mine.rows[i] += g.GroupFilters();
        }
        MultiplyRows(mine.rows, count, g.GroupFilters(), weights, panels, group,
                     mine.outs, 0);
        for (int64_t i = 0; i < count; ++i) {
          ScatterPatches(g, mine.patches + i * row, (p + i) / g.cols.out,
                         (p + i) % g.cols.out, group, h_begin, h_end, image);
        }
      }
    }
  });
  return Outcome::kDone;
}
