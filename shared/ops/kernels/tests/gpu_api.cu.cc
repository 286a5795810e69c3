// The CUDA kernels behind a C interface, for timing beside another library in
// one process (benchmarks/conv2d_gpu.py). Pointers are to GPU memory, float32.
#include "conv2d.h"

namespace {

// Scratch that the caller gives: one piece, handed out once per call.
struct Arena {
  void* memory;
  size_t left;
  static void* Allocate(void* self, size_t bytes) {
    Arena* arena = static_cast<Arena*>(self);
    if (bytes > arena->left) return nullptr;
    arena->left = 0;
    return arena->memory;
  }
};

}  // namespace

// sizes: as in cpu_api.cc; tile, parts: as in DeviceContext. Returns an
// Outcome, or -1 for impossible sizes.
extern "C" int course_conv2d_gpu(int how, int pass, const int64_t* sizes,
                                 int tile, int parts, void* stream,
                                 void* scratch, int64_t scratch_bytes,
                                 const float* a, const float* b,
                                 float* result) {
  course::ConvGeometry g;
  g.batch = sizes[0];
  g.channels = sizes[1];
  g.filters = sizes[2];
  g.groups = sizes[3];
  course::ConvAxis* axes[] = {&g.rows, &g.cols};
  for (int i = 0; i < 2; ++i) {
    const int64_t* s = sizes + 4 + 6 * i;
    axes[i]->in = s[0];
    axes[i]->kernel = s[1];
    axes[i]->stride = s[2];
    axes[i]->dilation = s[3];
    if (!axes[i]->SetExplicit(s[4], s[5])) return -1;
  }
  Arena arena{scratch, static_cast<size_t>(scratch_bytes)};
  course::DeviceContext<course::Gpu> context;
  context.stream = stream;
  context.allocate = Arena::Allocate;
  context.arena = &arena;
  context.tile = tile;
  context.parts = parts;
  const auto implementation = static_cast<course::Implementation>(how);
  course::Outcome outcome{};
  if (pass == 0) {
    outcome = course::Conv2D<course::Gpu, float>()(context, g, implementation,
                                                   a, b, result);
  } else if (pass == 1) {
    outcome = course::Conv2DGradInput<course::Gpu, float>()(
        context, g, implementation, a, b, result);
  } else {
    outcome = course::Conv2DGradKernel<course::Gpu, float>()(
        context, g, implementation, a, b, result);
  }
  return static_cast<int>(outcome);
}
