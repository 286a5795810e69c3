// The gradient in the input as gathers: one for each residue of a position
// modulo the stride.

// Whether some tap carries outputs to the inputs first, first + stride, ...
static inline bool PhaseHasTaps(const ConvAxis& axis, int64_t first) {
  for (int64_t k = 0; k < axis.kernel; ++k) {
    if ((first - axis.InputAt(0, k)) % axis.stride == 0) return true;
  }
  return false;
}

static inline bool EveryPhaseHasTaps(const ConvAxis& axis) {
  for (int64_t first = 0; first < axis.stride && first < axis.in; ++first) {
    if (!PhaseHasTaps(axis, first)) return false;
  }
  return true;
}

// Tap k carries output o to input o * stride + k * dilation - pad_before. Seen
// from the input, positions with the same residue modulo the stride hear from
// the same taps, at outputs that advance one by one. Calls run(gather) for each
// residue that hears from any; d_input is zero at the others. The three arrays
// have room for all taps; weights of taps lie tap_stride apart.
template <typename T, typename Run>
static Outcome ForEachPhase(const ConvGeometry& g, const T* d_output,
                            T* d_input, int64_t* tap_h, int64_t* tap_w,
                            int64_t* tap_weights, int64_t tap_stride,
                            const T* zeros, const Run& run) {
  Gather<T> gather{};
  gather.batch = g.batch;
  gather.out_h = g.rows.in;
  gather.out_w = g.cols.in;
  gather.out_channels = g.channels;
  gather.step_h = g.rows.stride;
  gather.step_w = g.cols.stride;
  gather.out = d_input;
  gather.in_h = g.rows.out;
  gather.in_w = g.cols.out;
  gather.in_channels = g.filters;
  gather.stride_h = gather.stride_w = 1;
  gather.in = d_output;
  gather.tap_h = tap_h;
  gather.tap_w = tap_w;
  gather.tap_weights = tap_weights;
  gather.run = g.GroupFilters();
  gather.zeros = zeros;
  if (!EveryPhaseHasTaps(g.rows) || !EveryPhaseHasTaps(g.cols)) {
    memset(d_input, 0, g.InputSize() * sizeof(T));
  }
  for (int64_t first_h = 0; first_h < g.rows.stride && first_h < g.rows.in;
       ++first_h) {
    if (!PhaseHasTaps(g.rows, first_h)) continue;
    for (int64_t first_w = 0; first_w < g.cols.stride && first_w < g.cols.in;
         ++first_w) {
      if (!PhaseHasTaps(g.cols, first_w)) continue;
      gather.first_h = first_h;
      gather.first_w = first_w;
      gather.grid_h = CeilDiv(g.rows.in - first_h, g.rows.stride);
      gather.grid_w = CeilDiv(g.cols.in - first_w, g.cols.stride);
      gather.taps = 0;
      for (int64_t tap = 0; tap < g.Taps(); ++tap) {
        const int64_t h = first_h - g.rows.InputAt(0, tap / g.cols.kernel);
        const int64_t w = first_w - g.cols.InputAt(0, tap % g.cols.kernel);
        if (h % g.rows.stride != 0 || w % g.cols.stride != 0) continue;
        tap_h[gather.taps] = h / g.rows.stride;
        tap_w[gather.taps] = w / g.cols.stride;
        tap_weights[gather.taps++] = tap * tap_stride;
      }
      const Outcome outcome = run(gather);
      if (outcome != Outcome::kDone) return outcome;
    }
  }
  return Outcome::kDone;
}
