// Launches your CUDA kernel: `call_cuda REQUEST RESULT`.
//
// The request holds 5 + 15 integers (block width and height, how many values of x,
// kernel and y, the fields of Conv), then x and kernel. The result holds y, and
// three more integers: emulated, how often x, kernel and y were accessed; on a GPU
// nanoseconds of one launch.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vector>

#include "course_cuda.h"

// Your file may have a main of its own, to be tried out.
#define main students_main
#include STUDENT_FILE
#undef main

namespace driver {

struct Problem {
  dim3 block;
  Conv conv;
  std::vector<float> x, kernel, y;
};

static void Read(FILE* file, void* to, size_t bytes) {
  if (fread(to, 1, bytes, file) != bytes) exit(4);
}

// FUNCTION is conv2d_naive or conv2d_tiled; its grid function is named after it.
#define JOINED(a, b) a##b
#define GRID_OF(function) JOINED(function, _grid)

static dim3 CheckedGrid(const Problem& p) {
  const dim3 grid = GRID_OF(FUNCTION)(p.conv, p.block);
  const long long blocks = 1ll * grid.x * grid.y * grid.z;
  if (blocks < 1 || blocks > (1 << 20)) {
    fprintf(stderr, "course: the grid has %u x %u x %u blocks\n", grid.x,
            grid.y, grid.z);
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

static float* ToDevice(const std::vector<float>& values) {
  float* device = nullptr;
  Check(cudaMalloc(&device, values.size() * sizeof(float)));
  Check(cudaMemcpy(device, values.data(), values.size() * sizeof(float),
                   cudaMemcpyHostToDevice));
  return device;
}

static void Launch(Problem* p, long long numbers[3]) {
  constexpr int kRepeats = 20;
  float *x = ToDevice(p->x), *kernel = ToDevice(p->kernel),
        *y = ToDevice(p->y);
  const dim3 grid = CheckedGrid(*p);
  cudaEvent_t start, stop;
  Check(cudaEventCreate(&start));
  Check(cudaEventCreate(&stop));
  FUNCTION<<<grid, p->block>>>(p->conv, x, kernel, y);
  Check(cudaGetLastError());
  Check(cudaEventRecord(start));
  for (int i = 0; i < kRepeats; ++i) {
    FUNCTION<<<grid, p->block>>>(p->conv, x, kernel, y);
  }
  Check(cudaEventRecord(stop));
  Check(cudaEventSynchronize(stop));
  float milliseconds = 0;
  Check(cudaEventElapsedTime(&milliseconds, start, stop));
  numbers[0] = static_cast<long long>(milliseconds * 1e6 / kRepeats);
  Check(cudaMemcpy(p->y.data(), y, p->y.size() * sizeof(float),
                   cudaMemcpyDeviceToHost));
}

#else

static void LaunchInOrder(Problem* p, bool reversed, int64_t counts[3]) {
  // Not-a-numbers: what no thread writes shows.
  memset(p->y.data(), 0xff, p->y.size() * sizeof(float));
  course::emulation::Emulator().reversed = reversed;
  const Input x("x", p->x.data(), p->x.size(), &counts[0]);
  const Input kernel("kernel", p->kernel.data(), p->kernel.size(), &counts[1]);
  const Output y("y", p->y.data(), p->y.size(), &counts[2]);
  const dim3 grid = CheckedGrid(*p);
  COURSE_LAUNCH(FUNCTION, grid, p->block, 0, nullptr, p->conv, x, kernel, y);
}

// The threads of a block run in one order, then in the other: a GPU promises none.
static void Launch(Problem* p, long long numbers[3]) {
  int64_t counts[3] = {0, 0, 0}, again[3] = {0, 0, 0};
  LaunchInOrder(p, true, again);
  const std::vector<float> other = p->y;
  LaunchInOrder(p, false, counts);
  if (memcmp(other.data(), p->y.data(), other.size() * sizeof(float)) != 0) {
    fprintf(stderr,
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
  p.x.resize(head[2]);
  p.kernel.resize(head[3]);
  p.y.resize(head[4]);
  Read(request, p.x.data(), p.x.size() * sizeof(float));
  Read(request, p.kernel.data(), p.kernel.size() * sizeof(float));
  fclose(request);
  long long numbers[3] = {0, 0, 0};
  Launch(&p, numbers);
  FILE* result = fopen(argv[2], "wb");
  if (result == nullptr) return 4;
  fwrite(p.y.data(), sizeof(float), p.y.size(), result);
  fwrite(numbers, sizeof(long long), 3, result);
  return fclose(result);
}

}  // namespace driver

int main(int, char** argv) { return driver::Main(argv); }
