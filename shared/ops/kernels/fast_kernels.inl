// Everything that is compiled once per instruction set. Included in a namespace of
// its own after the compiler's target has been set, so it may include no header:
// an inline function compiled for AVX-512 must not be shared with other files.
// clang-format off
#include "tile.inl"
#include "gather.inl"
#include "direct.inl"
#include "transpose.inl"
#include "direct_gradients.inl"
// clang-format on

template <typename T>
static const FastKernels<T>* Table(const char* isa) {
  static const FastKernels<T> table = {
      isa,
      {DirectForward<T>, nullptr, nullptr, nullptr},
      {DirectGradInput<T>, nullptr, nullptr, nullptr},
      {DirectGradKernel<T>, nullptr, nullptr, nullptr},
  };
  return &table;
}
