// Winograd's minimal filtering F(m x m, 3 x 3) (arXiv:1509.09308), one
// dimension at a time: y = A'[(G g) * (B' d)] with m + 2 products instead of 3
// m.
//
// V is a vector of channels or filters: every line works on several at once.
// The transposed maps are what the gradient in the kernel needs.

template <typename T>
struct WinogradTile2 {
  using V = typename Vec<T>::V;
  static constexpr int kOut = 2;
  static constexpr int kIn = 4;
  static void Input(const V* d, V* v) {  // B' d
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[1] - d[3];
  }
  static void Kernel(const V* g, V* u) {  // G g
    const V even = (g[0] + g[2]) * T(0.5);
    const V odd = g[1] * T(0.5);
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }
  static void Output(const V* m, V* y) {  // A' m
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] - m[3];
  }
  static void OutputTransposed(const V* y, V* m) {  // A y
    m[0] = y[0];
    m[1] = y[0] + y[1];
    m[2] = y[0] - y[1];
    m[3] = -y[1];
  }
  static void KernelTransposed(const V* u, V* g) {  // G' u
    const V sum = (u[1] + u[2]) * T(0.5);
    g[0] = u[0] + sum;
    g[1] = (u[1] - u[2]) * T(0.5);
    g[2] = sum + u[3];
  }
};

// Interpolation points 0, 1, -1, 2, -2 and infinity. Their powers, up to 8 in A
// and 1/24 in G, are why its rounding errors are larger than those of the tile
// above.
template <typename T>
struct WinogradTile4 {
  using V = typename Vec<T>::V;
  static constexpr int kOut = 4;
  static constexpr int kIn = 6;
  static void Input(const V* d, V* v) {
    const V a = d[4] - d[2] * T(4);
    const V b = d[3] - d[1] * T(4);
    const V c = d[4] - d[2];
    const V e = (d[3] - d[1]) * T(2);
    v[0] = d[0] * T(4) - d[2] * T(5) + d[4];
    v[1] = a + b;
    v[2] = a - b;
    v[3] = c + e;
    v[4] = c - e;
    v[5] = d[1] * T(4) - d[3] * T(5) + d[5];
  }
  static void Kernel(const V* g, V* u) {
    const V near = (g[0] + g[2]) * T(-1.0 / 6);
    const V near_odd = g[1] * T(-1.0 / 6);
    const V far = g[0] * T(1.0 / 24) + g[2] * T(1.0 / 6);
    const V far_odd = g[1] * T(1.0 / 12);
    u[0] = g[0] * T(0.25);
    u[1] = near + near_odd;
    u[2] = near - near_odd;
    u[3] = far + far_odd;
    u[4] = far - far_odd;
    u[5] = g[2];
  }
  static void Output(const V* m, V* y) {
    const V near = m[1] + m[2];
    const V near_odd = m[1] - m[2];
    const V far = m[3] + m[4];
    const V far_odd = m[3] - m[4];
    y[0] = m[0] + near + far;
    y[1] = near_odd + far_odd * T(2);
    y[2] = near + far * T(4);
    y[3] = near_odd + far_odd * T(8) + m[5];
  }
  static void OutputTransposed(const V* y, V* m) {
    const V near = y[0] + y[2];
    const V near_odd = y[1] + y[3];
    const V far = y[0] + y[2] * T(4);
    const V far_odd = y[1] * T(2) + y[3] * T(8);
    m[0] = y[0];
    m[1] = near + near_odd;
    m[2] = near - near_odd;
    m[3] = far + far_odd;
    m[4] = far - far_odd;
    m[5] = y[3];
  }
  static void KernelTransposed(const V* u, V* g) {
    const V near = (u[1] + u[2]) * T(-1.0 / 6);
    const V near_odd = (u[1] - u[2]) * T(-1.0 / 6);
    const V far = u[3] + u[4];
    const V far_odd = u[3] - u[4];
    g[0] = u[0] * T(0.25) + near + far * T(1.0 / 24);
    g[1] = near_odd + far_odd * T(1.0 / 12);
    g[2] = near + far * T(1.0 / 6) + u[5];
  }
};

// Applies a one-dimensional map to the columns, then to the rows of a square.
template <typename T, int kFrom, int kTo, typename Map>
static inline __attribute__((always_inline)) void BothWays(
    const typename Vec<T>::V (*in)[kFrom], typename Vec<T>::V (*out)[kTo],
    const Map& map) {
  using V = typename Vec<T>::V;
  V half[kTo][kFrom];
#pragma GCC unroll 6
  for (int j = 0; j < kFrom; ++j) {
    V column[kFrom], mapped[kTo];
#pragma GCC unroll 6
    for (int i = 0; i < kFrom; ++i) column[i] = in[i][j];
    map(column, mapped);
#pragma GCC unroll 6
    for (int i = 0; i < kTo; ++i) half[i][j] = mapped[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < kTo; ++i) map(half[i], out[i]);
}
