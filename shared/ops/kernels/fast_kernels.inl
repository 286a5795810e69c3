// Everything that is compiled once per instruction set. Included in a namespace
// of its own after the compiler's target has been set, so it may include no
// header: an inline function compiled for AVX-512 must not be shared with other
// files.
// clang-format off
#include "tile.inl"
#include "gather.inl"
#include "direct.inl"
#include "transpose.inl"
#include "phases.inl"
#include "direct_gradients.inl"
#include "narrow.inl"
#include "narrow_grad_kernel.inl"
#include "im2col.inl"
#include "winograd_tiles.inl"
#include "winograd_steps.inl"
#include "winograd.inl"
#include "winograd_grad_kernel.inl"
// clang-format on

// "direct" is either of two, as the groups are wide or narrow.
template <typename T>
static Outcome AnyForward(const Runtime& runtime, const ConvGeometry& g,
                          const T* input, const T* kernel, T* output) {
  const auto narrow = NarrowGroups::Forward(g, Vec<T>::kLanes);
  return narrow.Fit() ? NarrowForward(runtime, g, narrow, input, kernel, output)
                      : DirectForward(runtime, g, input, kernel, output);
}

template <typename T>
static Outcome AnyGradInput(const Runtime& runtime, const ConvGeometry& g,
                            const T* d_output, const T* kernel, T* d_input) {
  const auto narrow = NarrowGroups::GradInput(g, Vec<T>::kLanes);
  return narrow.Fit()
             ? NarrowGradInput(runtime, g, narrow, d_output, kernel, d_input)
             : DirectGradInput(runtime, g, d_output, kernel, d_input);
}

template <typename T>
static Outcome AnyGradKernel(const Runtime& runtime, const ConvGeometry& g,
                             const T* input, const T* d_output, T* d_kernel) {
  const auto narrow = NarrowGroups::Forward(g, Vec<T>::kLanes);
  return narrow.Fit()
             ? NarrowGradKernel(runtime, g, narrow, input, d_output, d_kernel)
             : DirectGradKernel(runtime, g, input, d_output, d_kernel);
}

template <typename T>
static const FastKernels<T>* Table(const char* isa) {
  static const FastKernels<T> table = {
      isa,
      Vec<T>::kLanes,
      {AnyForward<T>, Im2colForward<T>, WinogradForward<T, WinogradTile2>,
       WinogradForward<T, WinogradTile4>},
      {AnyGradInput<T>, Im2colGradInput<T>, WinogradGradInput<T, WinogradTile2>,
       WinogradGradInput<T, WinogradTile4>},
      {AnyGradKernel<T>, Im2colGradKernel<T>,
       WinogradGradKernel<T, WinogradTile2>,
       WinogradGradKernel<T, WinogradTile4>},
  };
  return &table;
}
