// Launches your CUDA kernel: `call_cuda REQUEST RESULT`.
//
// The request holds 5 + 15 integers (block width and height, how many values of
// x, kernel and y, the fields of Conv), then x and kernel. The result holds y,
// and three more integers: emulated, how often x, kernel and y were accessed;
// on a GPU nanoseconds of one launch.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "course_cuda.h"

// All but two calls stands before your file, so that no macro of yours changes
// it.
namespace driver {

static dim3 GridOfAnswer(const Conv& conv, dim3 block);
static void StartAnswer(dim3 grid, dim3 block, const Conv& conv, Input x,
                        Input kernel, Output y);

// Not a vector: its header would take most of the time to compile this.
struct Array {
  float* values;
  int64_t count;
  size_t bytes() const { return count * sizeof(float); }
};

static Array NewArray(int64_t count) {
  return {static_cast<float*>(malloc(count * sizeof(float))), count};
}

struct Problem {
  dim3 block;
  Conv conv;
  Array x, kernel, y;
};

static void Read(FILE* file, void* to, size_t bytes) {
  if (fread(to, 1, bytes, file) != bytes) exit(4);
}

static dim3 CheckedGrid(const Problem& p) {
  const dim3 grid = GridOfAnswer(p.conv, p.block);
  const long long blocks = 1ll * grid.x * grid.y * grid.z;
  if (blocks < 1 || blocks > (1 << 20)) {
    fprintf(
        stderr,
        "course: the grid has %u x %u x %u blocks: no dimension may be 0, and "
        "there may be 1048576 in all\n",
        grid.x, grid.y, grid.z);
    exit(3);
  }
  return grid;
}

#if defined(__CUDACC__)

static void Check(cudaError_t error) {
  if (error == cudaSuccess) return;
  fprintf(stderr, "course: CUDA says: %s\n", cudaGetErrorString(error));
  exit(3);
}

static float* ToDevice(const Array& array) {
  float* device = nullptr;
  Check(cudaMalloc(&device, array.bytes()));
  Check(
      cudaMemcpy(device, array.values, array.bytes(), cudaMemcpyHostToDevice));
  return device;
}

static void Launch(Problem* p, long long numbers[3]) {
  constexpr int kRepeats = 20;
  float *x = ToDevice(p->x), *kernel = ToDevice(p->kernel), *y = ToDevice(p->y);
  const dim3 grid = CheckedGrid(*p);
  cudaEvent_t start, stop;
  Check(cudaEventCreate(&start));
  Check(cudaEventCreate(&stop));
  StartAnswer(grid, p->block, p->conv, x, kernel, y);
  Check(cudaGetLastError());
  Check(cudaEventRecord(start));
  for (int i = 0; i < kRepeats; ++i) {
    StartAnswer(grid, p->block, p->conv, x, kernel, y);
  }
  Check(cudaEventRecord(stop));
  Check(cudaEventSynchronize(stop));
  float milliseconds = 0;
  Check(cudaEventElapsedTime(&milliseconds, start, stop));
  numbers[0] = static_cast<long long>(milliseconds * 1e6 / kRepeats);
  Check(cudaMemcpy(p->y.values, y, p->y.bytes(), cudaMemcpyDeviceToHost));
}

#else

static void LaunchInOrder(Problem* p, bool reversed, int64_t counts[3]) {
  // Not-a-numbers: what no thread writes shows.
  memset(p->y.values, 0xff, p->y.bytes());
  course::emulation::Emulator().reversed = reversed;
  const Input x("x", p->x.values, p->x.count, &counts[0]);
  const Input kernel("kernel", p->kernel.values, p->kernel.count, &counts[1]);
  const Output y("y", p->y.values, p->y.count, &counts[2]);
  const dim3 grid = CheckedGrid(*p);
  StartAnswer(grid, p->block, p->conv, x, kernel, y);
  if (course::LaunchSucceeded()) return;
  fprintf(stderr,
          "course: a GPU refuses a grid of %u x %u x %u blocks: there may be "
          "65535 along y and along z\n",
          grid.x, grid.y, grid.z);
  exit(3);
}

// The threads of a block run in one order, then in the other: a GPU promises
// none.
static void Launch(Problem* p, long long numbers[3]) {
  int64_t counts[3] = {0, 0, 0}, again[3] = {0, 0, 0};
  LaunchInOrder(p, true, again);
  const Array other = NewArray(p->y.count);
  memcpy(other.values, p->y.values, other.bytes());
  LaunchInOrder(p, false, counts);
  if (memcmp(other.values, p->y.values, other.bytes()) != 0) {
    fprintf(
        stderr,
        "course: the result depends on the order of the threads: is there a "
        "__syncthreads() missing?\n");
    exit(3);
  }
  for (int i = 0; i < 3; ++i) numbers[i] = counts[i];
}

#endif

static int Main(char** argv) {
  int64_t head[5];
  Problem p;
  FILE* request = fopen(argv[1], "rb");
  if (request == nullptr) return 4;
  Read(request, head, sizeof(head));
  Read(request, &p.conv, sizeof(p.conv));
  p.block = dim3(head[0], head[1]);
  p.x = NewArray(head[2]);
  p.kernel = NewArray(head[3]);
  p.y = NewArray(head[4]);
  Read(request, p.x.values, p.x.bytes());
  Read(request, p.kernel.values, p.kernel.bytes());
  fclose(request);
  long long numbers[3] = {0, 0, 0};
  Launch(&p, numbers);
  FILE* result = fopen(argv[2], "wb");
  if (result == nullptr) return 4;
  fwrite(p.y.values, sizeof(float), p.y.count, result);
  fwrite(numbers, sizeof(long long), 3, result);
  return fclose(result);
}

}  // namespace driver

int main(int, char** argv) { return driver::Main(argv); }

// Your file may have a main of its own, to be tried out.
#define main students_main
#include STUDENT_FILE
#undef main

// FUNCTION is conv2d_naive or conv2d_tiled; its grid function is named after
// it.
#define COURSE_JOINED(a, b) a##b
#define COURSE_GRID_OF(function) COURSE_JOINED(function, _grid)

dim3 driver::GridOfAnswer(const Conv& course_conv, dim3 course_block) {
  return COURSE_GRID_OF(FUNCTION)(course_conv, course_block);
}

void driver::StartAnswer(dim3 course_grid, dim3 course_block,
                         const Conv& course_conv, Input course_x,
                         Input course_kernel, Output course_y) {
#if defined(__CUDACC__)
  FUNCTION<<<course_grid, course_block>>>(course_conv, course_x, course_kernel,
                                          course_y);
#else
  COURSE_LAUNCH(FUNCTION, course_grid, course_block, 0, nullptr, course_conv,
                course_x, course_kernel, course_y);
#endif
}
