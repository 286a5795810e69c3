// The CUDA kernels and their launchers on the CPU, behind the C interface of
// cpu_api.cc. See cuda_emulation.h.
#include <stdlib.h>

#include <vector>

// The launchers are CUDA sources; without nvcc, cuda_api.h emulates it.
#include "../conv2d_gpu.cu.cc"

namespace {

struct Arena {
  std::vector<void*> pieces;
  ~Arena() {
    for (void* piece : pieces) free(piece);
  }
  static void* Allocate(void* self, size_t bytes) {
    void* piece = nullptr;
    if (posix_memalign(&piece, 64, bytes) != 0) return nullptr;
    memset(piece, 0xff, bytes);  // not-a-numbers
    static_cast<Arena*>(self)->pieces.push_back(piece);
    return piece;
  }
};

template <typename T>
course::Outcome Call(const course::DeviceContext<course::Gpu>& context, int how,
                     int pass, const course::ConvGeometry& g, const void* a,
                     const void* b, void* result) {
  const auto implementation = static_cast<course::Implementation>(how);
  const T* first = static_cast<const T*>(a);
  const T* second = static_cast<const T*>(b);
  T* to = static_cast<T*>(result);
  if (pass == 0) {
    return course::Conv2D<course::Gpu, T>()(context, g, implementation, first,
                                            second, to);
  }
  if (pass == 1) {
    return course::Conv2DGradInput<course::Gpu, T>()(context, g, implementation,
                                                     first, second, to);
  }
  return course::Conv2DGradKernel<course::Gpu, T>()(context, g, implementation,
                                                    first, second, to);
}

}  // namespace

// `reversed` runs the threads of a block from the last to the first; `tile` and
// `parts` as in DeviceContext.
extern "C" __attribute__((visibility("default"))) int course_conv2d_emulated(
    int how, int pass, int is_double, const int64_t* sizes, int reversed,
    int tile, int parts, const void* a, const void* b, void* result) {
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
  Arena arena;
  course::DeviceContext<course::Gpu> context;
  context.allocate = Arena::Allocate;
  context.arena = &arena;
  context.tile = tile;
  context.parts = parts;
  course::emulation::Emulator().reversed = reversed != 0;
  return static_cast<int>(
      is_double ? Call<double>(context, how, pass, g, a, b, result)
                : Call<float>(context, how, pass, g, a, b, result));
}

// How a float32 product is cut on so many multiprocessors: writes the tile's
// index and the number of parts.
extern "C" __attribute__((visibility("default"))) void course_gpu_plan(
    int64_t rows, int64_t cols, int64_t copies, int64_t depth,
    int multiprocessors, int* tile_and_parts) {
  const course::gpu::Plan plan =
      course::gpu::ChoosePlan(course::gpu::kFloatTiles,
                              {rows, cols, copies, depth}, multiprocessors, 4);
  tile_and_parts[0] = plan.tile;
  tile_and_parts[1] = plan.parts;
}
