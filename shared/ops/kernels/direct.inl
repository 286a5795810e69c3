// Direct convolution: register tiles over pointers into the image, no patch
// matrix.

// Floats of weights that a tile streams before its sums go back to memory: a
// quarter of a typical 1 MiB L2 cache.
constexpr int64_t kWeightBlockBytes = 256 * 1024;
// Input bytes behind a block of pixels, so that all panels find them in L2.
constexpr int64_t kPixelBlockBytes = 256 * 1024;
constexpr int64_t kMaxBlock = 384;
constexpr int64_t kMaxTapBlock = 64;
// With fewer pixels than this each weight is used too seldom to pay for
// packing.
constexpr int64_t kPackFrom = 96;

// How one gather is cut into jobs: blocks of pixels times chunks of panels.
struct JobPlan {
  int64_t block;  // pixels
  int64_t blocks;
  int64_t chunk;  // units (a unit is one panel of one group)
  int64_t chunks;
};

static inline JobPlan PlanJobs(int64_t pixels, int64_t bytes_per_pixel,
                               int64_t units, int rows, int workers) {
  JobPlan plan;
  plan.block = Clamp(kPixelBlockBytes / bytes_per_pixel, 2 * rows, kMaxBlock);
  const int64_t wanted = workers > 1 ? 4 * workers : 1;
  // Chunks of panels first: they share the input, which is read-only; then
  // smaller blocks, down to two tiles.
  plan.blocks = CeilDiv(pixels, plan.block);
  plan.chunks = Clamp(CeilDiv(wanted, plan.blocks), 1, units);
  if (plan.blocks * plan.chunks < wanted) {
    plan.block = Clamp(CeilDiv(pixels, CeilDiv(wanted, plan.chunks)),
                       Clamp(pixels, 1, 2 * rows), plan.block);
  }
  plan.blocks = CeilDiv(pixels, plan.block);
  plan.block = CeilDiv(pixels, plan.blocks);
  plan.blocks = CeilDiv(pixels, plan.block);
  plan.chunk = CeilDiv(units, plan.chunks);
  plan.chunks = CeilDiv(units, plan.chunk);
  return plan;
}

// The share of taps that read inside, over all pixels.
template <typename T>
static double ShareInside(const Gather<T>& g) {
  double inside = 0;
  for (int64_t tap = 0; tap < g.taps; ++tap) {
    const auto count = [](int64_t first, int64_t stride, int64_t in,
                          int64_t grid) {
      const int64_t low = Clamp(CeilDiv(-first, stride), 0, grid);
      return Clamp(CeilDiv(in - first, stride), low, grid) - low;
    };
    inside +=
        static_cast<double>(count(g.tap_h[tap], g.stride_h, g.in_h, g.grid_h)) *
        count(g.tap_w[tap], g.stride_w, g.in_w, g.grid_w);
  }
  return inside / (static_cast<double>(g.taps) * g.grid_h * g.grid_w);
}

// Lists the taps of [0, taps) that read inside for some row of a tile.
template <typename T>
static int64_t ListTaps(const T* const* in, int64_t stride, int64_t taps,
                        int rows, const T* zeros, int16_t* list) {
  int64_t count = 0;
  for (int64_t tap = 0; tap < taps; ++tap) {
    bool inside = false;
    for (int row = 0; row < rows; ++row) {
      inside |= in[tap * stride + row] != zeros;
    }
    if (inside) list[count++] = static_cast<int16_t>(tap);
  }
  return count;
}

// Where less than this share of taps reads inside (the gradient of a kernel as
// large as the image, dilations as wide as the image), tiles leave out taps.
constexpr double kListBelow = 0.8;

// All sums of pixels [begin, end) and units [unit_begin, unit_end). `table`
// holds kMaxTapBlock + 1 pointers per pixel.
template <typename T>
static void GatherBlock(const Gather<T>& g, const Weights<T>& weights,
                        const Panels<T>& panels, int64_t begin, int64_t end,
                        int64_t unit_begin, int64_t unit_end, bool lists,
                        const T** table) {
  const int64_t pixels = end - begin;
  T** outs = const_cast<T**>(table + kMaxTapBlock * pixels);
  FillOutputs(g, begin, end, outs);
  const int64_t tap_bytes = g.run * panels.Stride() * sizeof(T);
  const int64_t tap_block =
      Clamp(kWeightBlockBytes / tap_bytes, 1, kMaxTapBlock);
  int64_t tap = 0;
  do {  // once even without taps: their sum, zero, has to be stored
    const int64_t tap_end = Clamp(tap + tap_block, 0, g.taps);
    FillTable(g, begin, end, tap, tap_end, table, pixels);
    for (int64_t unit = unit_begin; unit < unit_end; ++unit) {
      const int64_t group = unit / panels.count;
      const int64_t panel = unit % panels.count;
      const int vectors = panels.Vectors(panel);
      TileArgs<T> args;
      args.in_stride = pixels;
      args.in_offset = group * g.run;
      args.taps = tap_end - tap;
      args.tap_list = nullptr;
      args.run = g.run;
      args.weights = weights.Panel(group, panel);
      args.tap_weights = g.tap_weights + tap;
      args.weight_stride = weights.row_stride;
      args.out_offset = group * panels.filters + panels.First(panel);
      args.last_lanes = panels.LastLanes(panel);
      args.accumulate = tap > 0;
      ForTiles(pixels, kTileRows[vectors - 1], [&](int64_t first, int rows) {
        args.in = table + first;
        args.out = outs + first;
        int16_t list[kMaxTapBlock];
        if (lists) {
          args.tap_list = list;
          args.taps =
              ListTaps(args.in, pixels, tap_end - tap, rows, g.zeros, list);
        }
        FindTile<T>(vectors, rows)(args);
      });
    }
    tap = tap_end;
  } while (tap < g.taps);
}

// The workers' pointer tables, shared by gathers that run one after the other.
template <typename T>
struct GatherScratch {
  const T** tables = nullptr;
  int64_t size = 0;
};

// Runs a gather over all its pixels.
template <typename T>
static Outcome RunGather(const Runtime& runtime, const Gather<T>& g,
                         const Weights<T>& weights, const Panels<T>& panels,
                         int64_t groups, GatherScratch<T>* scratch) {
  const double work = static_cast<double>(g.Pixels()) * g.taps * g.run *
                      panels.filters * groups;
  const int workers = WorkersFor(runtime, work);
  const int64_t units = groups * panels.count;
  const int rows = kTileRows[panels.width - 1];
  // A stride beyond the image leaves no more than the image to read.
  const int64_t reads =
      Clamp(g.in_h, 1, g.stride_h) * Clamp(g.in_w, 1, g.stride_w);
  const JobPlan plan = PlanJobs(g.Pixels(), reads * g.in_channels * sizeof(T),
                                units, rows, workers);
  const int64_t table_size = (kMaxTapBlock + 1) * plan.block;
  if (workers * table_size > scratch->size) {
    scratch->size = workers * table_size;
    scratch->tables = Allocate<const T*>(runtime, scratch->size);
  }
  const T** tables = scratch->tables;
  if (tables == nullptr) return Outcome::kOutOfMemory;
  const bool lists = g.taps > 0 && ShareInside(g) < kListBelow;
  ForEach(runtime, workers, plan.blocks * plan.chunks,
          [&](int64_t job, int worker) {
            const int64_t begin = job / plan.chunks * plan.block;
            const int64_t unit = job % plan.chunks * plan.chunk;
            GatherBlock(g, weights, panels, begin,
                        Clamp(begin + plan.block, 0, g.Pixels()), unit,
                        Clamp(unit + plan.chunk, 0, units), lists,
                        tables + worker * table_size);
          });
  return Outcome::kDone;
}

// Chooses between the kernel as it is and a packed copy.
template <typename T>
static bool PrepareWeights(const Runtime& runtime, const T* kernel,
                           int64_t taps, int64_t rows, int64_t filters,
                           int64_t groups, int64_t pixels,
                           const Panels<T>& panels, Weights<T>* weights) {
  // A tile loads whole vectors, which must not run past the end of the kernel.
  const bool whole = panels.filters % Panels<T>::kLanes == 0;
  if (whole && (pixels < kPackFrom || filters == panels.Stride())) {
    *weights = Weights<T>::AsTheyAre(kernel, rows, filters, groups, panels);
    return true;
  }
  T* packed = Allocate<T>(
      runtime, groups * panels.count * taps * rows * panels.Stride());
  if (packed == nullptr) return false;
  PackWeights(runtime, kernel, taps, rows, filters, groups, panels, packed);
  *weights = Weights<T>::Packed(packed, taps, rows, panels);
  return true;
}

// With few channels the runs are so short that following pointers takes longer
// than the sums. The values under one kernel row are contiguous in NHWC, so a
// whole row becomes one run. On padding that holds only in a padded copy, which
// each job makes of the rows and columns that it needs.
constexpr int64_t kMergeBelow = 16;
// A copy holds what lies between taps and between outputs too. Beyond this size
// (strides or dilations of thousands) that is most of it.
constexpr double kMergedBytes = 16 * 1024 * 1024;

// How the output is cut into jobs: bands of rows, and of columns where a row is
// long, a few hundred pixels each.
struct MergePlan {
  int64_t rows, cols;      // outputs of a job
  int64_t bands, columns;  // jobs that an image is cut into
  int64_t in_h, in_w;      // input under them, padding included

  MergePlan(const ConvGeometry& g, int workers) {
    columns = CeilDiv(g.cols.out, kMaxBlock);
    cols = CeilDiv(g.cols.out, columns);
    columns = CeilDiv(g.cols.out, cols);
    const int64_t per_image = workers > 1 ? CeilDiv(4 * workers, g.batch) : 1;
    rows = Clamp(Clamp(kMaxBlock / cols, 1, CeilDiv(g.rows.out, per_image)), 1,
                 g.rows.out);
    bands = CeilDiv(g.rows.out, rows);
    in_h = (rows - 1) * g.rows.stride + g.rows.EffectiveKernel();
    in_w = (cols - 1) * g.cols.stride + g.cols.EffectiveKernel();
  }
};

template <typename T>
static bool MergesRows(const ConvGeometry& g, int workers) {
  if (g.groups != 1 || g.channels >= kMergeBelow || g.cols.kernel == 1 ||
      g.cols.dilation != 1) {
    return false;
  }
  const MergePlan plan(g, workers);
  return static_cast<double>(plan.in_h) * plan.in_w * g.channels * sizeof(T) <=
         kMergedBytes;
}

template <typename T>
static Outcome MergedRows(const Runtime& runtime, const ConvGeometry& g,
                          int workers, const T* input, const T* kernel,
                          T* output) {
  const MergePlan plan(g, workers);
  const Panels<T> panels(g.filters);
  const int64_t run = g.cols.kernel * g.channels;
  int64_t *tap_h, *tap_w, *tap_weights;
  T* zeros;
  Weights<T> weights;
  if (!AllocateTaps(runtime, g.rows.kernel, run, &tap_h, &tap_w, &tap_weights,
                    &zeros) ||
      !PrepareWeights(runtime, kernel, g.rows.kernel, run, g.filters, 1,
                      g.OutPixels(), panels, &weights)) {
    return Outcome::kOutOfMemory;
  }
  for (int64_t kh = 0; kh < g.rows.kernel; ++kh) {
    tap_h[kh] = kh * g.rows.dilation;
    tap_w[kh] = 0;
    tap_weights[kh] = kh * weights.tap_stride;
  }
  const bool copies =
      g.cols.pad_before > 0 || g.rows.pad_before > 0 ||
      g.cols.InputAt(g.cols.out - 1, g.cols.kernel - 1) >= g.cols.in ||
      g.rows.InputAt(g.rows.out - 1, g.rows.kernel - 1) >= g.rows.in;
  const int64_t row_size = plan.in_w * g.channels;
  const int64_t table_size = (kMaxTapBlock + 1) * plan.rows * plan.cols;
  const T** tables = Allocate<const T*>(runtime, workers * table_size);
  T* padded =
      copies ? Allocate<T>(runtime, workers * plan.in_h * row_size) : zeros;
  if (tables == nullptr || padded == nullptr) return Outcome::kOutOfMemory;

  const int64_t jobs = g.batch * plan.bands * plan.columns;
  ForEach(runtime, workers, jobs, [&](int64_t job, int worker) {
    const int64_t ow = job % plan.columns * plan.cols;
    const int64_t oh = job / plan.columns % plan.bands * plan.rows;
    const int64_t n = job / plan.columns / plan.bands;
    const int64_t rows = Clamp(plan.rows, 0, g.rows.out - oh);
    const int64_t cols = Clamp(plan.cols, 0, g.cols.out - ow);
    const int64_t ih = g.rows.InputAt(oh, 0);
    const int64_t iw = g.cols.InputAt(ow, 0);
    const T* image = input + n * g.rows.in * g.cols.in * g.channels;
    Gather<T> view{};
    view.batch = 1;
    view.grid_h = view.out_h = rows;
    view.grid_w = cols;
    view.out_w = g.cols.out;
    view.out_channels = g.filters;
    view.step_h = view.step_w = 1;
    view.out = output + ((n * g.rows.out + oh) * g.cols.out + ow) * g.filters;
    view.in_h = (rows - 1) * g.rows.stride + g.rows.EffectiveKernel();
    view.in_channels = g.channels;
    view.stride_h = g.rows.stride;
    view.stride_w = g.cols.stride;
    view.taps = g.rows.kernel;
    view.tap_h = tap_h;
    view.tap_w = tap_w;
    view.tap_weights = tap_weights;
    view.run = run;
    view.zeros = zeros;
    if (copies) {
      T* copy = padded + worker * plan.in_h * row_size;
      // Values of a row: padding on the left, those inside, the rest padding.
      const int64_t begin = Clamp(iw, 0, g.cols.in);
      const int64_t end = Clamp(iw + plan.in_w, begin, g.cols.in);
      const int64_t left = Clamp(-iw, 0, plan.in_w) * g.channels;
      const int64_t inside = (end - begin) * g.channels;
      for (int64_t row = 0; row < view.in_h; ++row) {
        T* to = copy + row * row_size;
        const int64_t from = ih + row;
        if (from < 0 || from >= g.rows.in || inside == 0) {
          memset(to, 0, row_size * sizeof(T));
          continue;
        }
        memset(to, 0, left * sizeof(T));
        memcpy(to + left, image + (from * g.cols.in + begin) * g.channels,
               inside * sizeof(T));
        memset(to + left + inside, 0, (row_size - left - inside) * sizeof(T));
      }
      view.in = copy;
      view.in_w = plan.in_w;
    } else {
      view.in = image + (ih * g.cols.in + iw) * g.channels;
      view.in_w = g.cols.in;
    }
    GatherBlock(view, weights, panels, 0, rows * cols, 0, panels.count, false,
                tables + worker * table_size);
  });
  return Outcome::kDone;
}

template <typename T>
static Outcome DirectForward(const Runtime& runtime, const ConvGeometry& g,
                             const T* input, const T* kernel, T* output) {
  const int workers = WorkersFor(runtime, g.MultiplyAdds());
  if (MergesRows<T>(g, workers)) {
    return MergedRows(runtime, g, workers, input, kernel, output);
  }
  const Panels<T> panels(g.GroupFilters());
  int64_t *tap_h, *tap_w, *tap_weights;
  T* zeros;
  Weights<T> weights;
  if (!AllocateTaps(runtime, g.Taps(), g.channels, &tap_h, &tap_w, &tap_weights,
                    &zeros) ||
      !PrepareWeights(runtime, kernel, g.Taps(), g.GroupChannels(), g.filters,
                      g.groups, g.OutPixels(), panels, &weights)) {
    return Outcome::kOutOfMemory;
  }
  Gather<T> gather = ForwardGather(g, input, output, tap_h, tap_w, zeros);
  for (int64_t tap = 0; tap < g.Taps(); ++tap) {
    tap_weights[tap] = tap * weights.tap_stride;
  }
  gather.tap_weights = tap_weights;
  GatherScratch<T> scratch;
  return RunGather(runtime, gather, weights, panels, g.groups, &scratch);
}
