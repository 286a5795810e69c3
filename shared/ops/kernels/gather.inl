// Which input pixel each output pixel reads through each tap, as tables of
// pointers.
//
// A Gather describes a convolution seen from its output grid. The forward pass
// is one; the gradient in the input is one per residue of its position modulo
// the stride, each with the taps that reach it.

template <typename T>
struct Gather {
  // The output grid: pixel (h, w) lies at (first + step * h, ...) of the image.
  int64_t batch, grid_h, grid_w;
  int64_t out_h, out_w, out_channels;
  int64_t first_h, first_w, step_h, step_w;
  T* out;
  // Input pixel of grid pixel (h, w) and tap t: (stride_h * h + tap_h[t], ...).
  int64_t in_h, in_w, in_channels;
  int64_t stride_h, stride_w;
  const T* in;
  // Per tap: shift, and where its weights begin.
  int64_t taps;
  const int64_t* tap_h;
  const int64_t* tap_w;
  const int64_t* tap_weights;
  int64_t run;     // input values summed per tap, contiguous in memory
  const T* zeros;  // at least `in_channels` of them: what padding points to

  int64_t Pixels() const { return batch * grid_h * grid_w; }
};

static inline int64_t Clamp(int64_t x, int64_t low, int64_t high) {
  return x < low ? low : (x > high ? high : x);
}
static inline int64_t CeilDiv(int64_t a, int64_t b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

// Calls body(first pixel of the segment - begin, length, n, h, w) for each
// piece of the pixels [begin, end) that lies in one row of the grid.
template <typename T, typename Body>
static inline void ForRowSegments(const Gather<T>& g, int64_t begin,
                                  int64_t end, const Body& body) {
  int64_t w = begin % g.grid_w;
  int64_t row = begin / g.grid_w;
  for (int64_t p = begin; p < end; w = 0, ++row) {
    const int64_t length = Clamp(g.grid_w - w, 0, end - p);
    body(p - begin, length, row / g.grid_h, row % g.grid_h, w);
    p += length;
  }
}

// table[(tap - tap_begin) * stride + pixel - begin] = where that tap reads.
template <typename T>
static void FillTable(const Gather<T>& g, int64_t begin, int64_t end,
                      int64_t tap_begin, int64_t tap_end, const T** table,
                      int64_t stride) {
  ForRowSegments(
      g, begin, end,
      [&](int64_t at, int64_t length, int64_t n, int64_t h, int64_t w) {
        for (int64_t tap = tap_begin; tap < tap_end; ++tap) {
          const T** to = table + (tap - tap_begin) * stride + at;
          const int64_t ih = g.stride_h * h + g.tap_h[tap];
          const int64_t iw = g.stride_w * w + g.tap_w[tap];
          int64_t low = 0;
          int64_t high = 0;
          if (ih >= 0 && ih < g.in_h) {
            low = Clamp(CeilDiv(-iw, g.stride_w), 0, length);
            high = Clamp(CeilDiv(g.in_w - iw, g.stride_w), low, length);
          }
          const T* from =
              g.in + ((n * g.in_h + ih) * g.in_w + iw) * g.in_channels;
          const int64_t step = g.stride_w * g.in_channels;
          for (int64_t i = 0; i < low; ++i) to[i] = g.zeros;
          for (int64_t i = low; i < high; ++i) to[i] = from + i * step;
          for (int64_t i = high; i < length; ++i) to[i] = g.zeros;
        }
      });
}

template <typename T>
static void FillOutputs(const Gather<T>& g, int64_t begin, int64_t end,
                        T** to) {
  ForRowSegments(
      g, begin, end,
      [&](int64_t at, int64_t length, int64_t n, int64_t h, int64_t w) {
        T* out = g.out + ((n * g.out_h + g.first_h + g.step_h * h) * g.out_w +
                          g.first_w + g.step_w * w) *
                             g.out_channels;
        const int64_t step = g.step_w * g.out_channels;
        for (int64_t i = 0; i < length; ++i) to[at + i] = out + i * step;
      });
}

// Taps, their weights' offsets and the zeros that padding points to, in one
// piece of scratch memory.
template <typename T>
static bool AllocateTaps(const Runtime& runtime, int64_t taps, int64_t channels,
                         int64_t** tap_h, int64_t** tap_w,
                         int64_t** tap_weights, T** zeros) {
  int64_t* tap_memory = Allocate<int64_t>(runtime, 3 * taps);
  *zeros = Allocate<T>(runtime, channels);
  if (tap_memory == nullptr || *zeros == nullptr) return false;
  *tap_h = tap_memory;
  *tap_w = tap_memory + taps;
  *tap_weights = tap_memory + 2 * taps;
  memset(*zeros, 0, channels * sizeof(T));
  return true;
}

// The forward convolution as a gather. Its tap_weights are left to whoever
// knows the layout of the weights.
template <typename T>
static Gather<T> ForwardGather(const ConvGeometry& g, const T* input, T* output,
                               int64_t* tap_h, int64_t* tap_w, const T* zeros) {
  for (int64_t tap = 0; tap < g.Taps(); ++tap) {
    tap_h[tap] = g.rows.InputAt(0, tap / g.cols.kernel);
    tap_w[tap] = g.cols.InputAt(0, tap % g.cols.kernel);
  }
  Gather<T> gather{};
  gather.batch = g.batch;
  gather.grid_h = gather.out_h = g.rows.out;
  gather.grid_w = gather.out_w = g.cols.out;
  gather.out_channels = g.filters;
  gather.step_h = gather.step_w = 1;
  gather.out = output;
  gather.in_h = g.rows.in;
  gather.in_w = g.cols.in;
  gather.in_channels = g.channels;
  gather.stride_h = g.rows.stride;
  gather.stride_w = g.cols.stride;
  gather.in = input;
  gather.taps = g.Taps();
  gather.tap_h = tap_h;
  gather.tap_w = tap_w;
  gather.run = g.GroupChannels();
  gather.zeros = zeros;
  return gather;
}

// Weights [taps][rows per tap][filters], as they come or packed into panels.
template <typename T>
struct Weights {
  const T* data;
  int64_t row_stride;
  int64_t tap_stride;
  int64_t panel_stride;
  int64_t group_stride;

  static Weights AsTheyAre(const T* kernel, int64_t rows, int64_t filters,
                           int64_t groups, const Panels<T>& panels) {
    return {kernel, filters, rows * filters, panels.Stride(), filters / groups};
  }
  static Weights Packed(const T* data, int64_t taps, int64_t rows,
                        const Panels<T>& panels) {
    const int64_t width = panels.Stride();
    return {data, width, rows * width, taps * rows * width,
            panels.count * taps * rows * width};
  }
  const T* Panel(int64_t group, int64_t panel) const {
    return data + group * group_stride + panel * panel_stride;
  }
};

// Copies the kernel so that a panel's weights are contiguous, its last vector
// filled up with zeros.
template <typename T>
static void PackWeights(const Runtime& runtime, const T* kernel, int64_t taps,
                        int64_t rows, int64_t filters, int64_t groups,
                        const Panels<T>& panels, T* packed) {
  const int64_t width = panels.Stride();
  const int64_t per_group = filters / groups;
  const double work = static_cast<double>(taps) * rows * filters;
  ForEach(runtime, WorkersFor(runtime, work), groups * panels.count * taps,
          [&](int64_t job, int) {
            const int64_t tap = job % taps;
            const int64_t panel = job / taps % panels.count;
            const int64_t group = job / taps / panels.count;
            const int64_t count = panels.Filters(panel);
            const T* from = kernel + tap * rows * filters + group * per_group +
                            panels.First(panel);
            T* to = packed + job * rows * width;
            // job orders (group, panel, tap), which is the packed order.
            for (int64_t row = 0; row < rows; ++row) {
              memcpy(to, from, count * sizeof(T));
              memset(to + count, 0, (width - count) * sizeof(T));
              from += filters;
              to += width;
            }
          });
}
