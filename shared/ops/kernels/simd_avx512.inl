// Vec<T> on AVX-512: 32 registers of 16 floats or 8 doubles, masks for
// remainders.

template <typename T>
struct Vec;

template <>
struct Vec<float> {
  using V = __m512;
  static constexpr int kLanes = 16;
  static V Zero() { return _mm512_setzero_ps(); }
  static V Set1(float x) { return _mm512_set1_ps(x); }
  static V Load(const float* p) { return _mm512_loadu_ps(p); }
  static void Store(float* p, V v) { _mm512_storeu_ps(p, v); }
  static V LoadN(const float* p, int n) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
  }
  static void StoreN(float* p, V v, int n) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
  }
  static V Fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  using Index = __m512i;
  static Index MakeIndex(const int* lanes) { return _mm512_loadu_si512(lanes); }
  static V Permute(V v, Index at) { return _mm512_permutexvar_ps(at, v); }
};

template <>
struct Vec<double> {
  using V = __m512d;
  static constexpr int kLanes = 8;
  static V Zero() { return _mm512_setzero_pd(); }
  static V Set1(double x) { return _mm512_set1_pd(x); }
  static V Load(const double* p) { return _mm512_loadu_pd(p); }
  static void Store(double* p, V v) { _mm512_storeu_pd(p, v); }
  static V LoadN(const double* p, int n) {
    return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
  }
  static void StoreN(double* p, V v, int n) {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), v);
  }
  static V Fma(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
  using Index = __m512i;
  static Index MakeIndex(const int* lanes) {
    return _mm512_cvtepi32_epi64(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes)));
  }
  static V Permute(V v, Index at) { return _mm512_permutexvar_pd(at, v); }
};

// Output tiles of kTileRows[nv - 1] pixels by nv vectors of filters. Rows times
// nv accumulators, nv vectors of weights and one broadcast fill the 32
// registers; twelve row pointers are what the general registers hold.
constexpr int kMaxVectors = 4;
constexpr int kTileRows[kMaxVectors] = {12, 12, 8, 6};
