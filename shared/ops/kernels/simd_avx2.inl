// Vec<T> on AVX2 with FMA: 16 registers of 8 floats or 4 doubles.

template <typename T>
struct Vec;

template <>
struct Vec<float> {
  using V = __m256;
  static constexpr int kLanes = 8;
  static __m256i Mask(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static V Zero() { return _mm256_setzero_ps(); }
  static V Set1(float x) { return _mm256_set1_ps(x); }
  static V Load(const float* p) { return _mm256_loadu_ps(p); }
  static void Store(float* p, V v) { _mm256_storeu_ps(p, v); }
  static V LoadN(const float* p, int n) {
    return _mm256_maskload_ps(p, Mask(n));
  }
  static void StoreN(float* p, V v, int n) {
    _mm256_maskstore_ps(p, Mask(n), v);
  }
  static V Fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
  // Lane i of Permute's result is lane lanes[i] of v.
  using Index = __m256i;
  static Index MakeIndex(const int* lanes) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes));
  }
  static V Permute(V v, Index at) { return _mm256_permutevar8x32_ps(v, at); }
};

template <>
struct Vec<double> {
  using V = __m256d;
  static constexpr int kLanes = 4;
  static __m256i Mask(int n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n),
                              _mm256_setr_epi64x(0, 1, 2, 3));
  }
  static V Zero() { return _mm256_setzero_pd(); }
  static V Set1(double x) { return _mm256_set1_pd(x); }
  static V Load(const double* p) { return _mm256_loadu_pd(p); }
  static void Store(double* p, V v) { _mm256_storeu_pd(p, v); }
  static V LoadN(const double* p, int n) {
    return _mm256_maskload_pd(p, Mask(n));
  }
  static void StoreN(double* p, V v, int n) {
    _mm256_maskstore_pd(p, Mask(n), v);
  }
  static V Fma(V a, V b, V c) { return _mm256_fmadd_pd(a, b, c); }
  // A double is moved as its two halves.
  using Index = __m256i;
  static Index MakeIndex(const int* lanes) {
    const int* l = lanes;
    return _mm256_setr_epi32(2 * l[0], 2 * l[0] + 1, 2 * l[1], 2 * l[1] + 1,
                             2 * l[2], 2 * l[2] + 1, 2 * l[3], 2 * l[3] + 1);
  }
  static V Permute(V v, Index at) {
    return _mm256_castps_pd(_mm256_permutevar8x32_ps(_mm256_castpd_ps(v), at));
  }
};

// Six rows by two vectors: 12 accumulators, 2 vectors of weights, 1 broadcast.
constexpr int kMaxVectors = 2;
constexpr int kTileRows[kMaxVectors] = {8, 6};
