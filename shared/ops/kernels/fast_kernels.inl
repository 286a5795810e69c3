// Everything that is compiled once per instruction set. Included in a namespace
// of its own after the compiler's target has been set, so it may include no
// header: an inline function compiled for AVX-512 must not be shared with other
// files.
// clang-format off
#include "tile.inl"
#include "gather.inl"
#include "direct.inl"
#include "transpose.inl"
#include "direct_gradients.inl"
#include "im2col.inl"
#include "winograd_tiles.inl"
#include "winograd_steps.inl"
#include "winograd.inl"
#include "winograd_grad_kernel.inl"
// clang-format on

template <typename T>
static const FastKernels<T>* Table(const char* isa) {
  static const FastKernels<T> table = {
      isa,
      Vec<T>::kLanes,
      {DirectForward<T>, Im2colForward<T>, WinogradForward<T, WinogradTile2>,
       WinogradForward<T, WinogradTile4>},
      {DirectGradInput<T>, Im2colGradInput<T>,
       WinogradGradInput<T, WinogradTile2>,
       WinogradGradInput<T, WinogradTile4>},
      {DirectGradKernel<T>, Im2colGradKernel<T>,
       WinogradGradKernel<T, WinogradTile2>,
       WinogradGradKernel<T, WinogradTile4>},
  };
  return &table;
}
