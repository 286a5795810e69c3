// Vec<T> on any machine: vectors of 16 bytes, which GCC and Clang turn into the
// SIMD that there is (SSE2, NEON) or into scalars.

template <typename T>
struct Vec {
  typedef T V __attribute__((vector_size(16)));
  static constexpr int kLanes = 16 / sizeof(T);
  static V Zero() { return V{}; }
  static V Set1(T x) { return x - V{}; }
  static V Load(const T* p) { return LoadN(p, kLanes); }
  static void Store(T* p, V v) { StoreN(p, v, kLanes); }
  static V LoadN(const T* p, int n) {
    V v{};
    memcpy(&v, p, n * sizeof(T));
    return v;
  }
  static void StoreN(T* p, V v, int n) { memcpy(p, &v, n * sizeof(T)); }
  static V Fma(V a, V b, V c) { return a * b + c; }
  struct Index {
    int lanes[kLanes];
  };
  static Index MakeIndex(const int* lanes) {
    Index index;
    memcpy(index.lanes, lanes, sizeof(index.lanes));
    return index;
  }
  static V Permute(V v, const Index& at) {
    V moved{};
    for (int i = 0; i < kLanes; ++i) moved[i] = v[at.lanes[i]];
    return moved;
  }
};

// Four rows by two vectors leave registers for a product that is not fused.
constexpr int kMaxVectors = 2;
constexpr int kTileRows[kMaxVectors] = {8, 4};
