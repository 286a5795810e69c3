// /// attack
// tries = "is another file for nvcc than for the compiler of the emulation"
// assignment = "06"
// question = "conv2d_naive"
// file = "conv2d_naive.cu"
// blank = true
// modes = ["batch"]
// verdict = ["FAILED", "ERROR", "CRASHED", "TIMEOUT"]
// variants = [
//     '#include __FILE__',
//     '__global__ void other(float* y) { asm volatile(".include \"@SECRET@\""); y[0] = 1; }',
//     '__device__ int table[] = {\n#include "@SECRET@"\n};',
// ]
// ///
#include "course_cuda.h"

#if defined(__CUDACC__)
VARIANT
#endif

dim3 conv2d_naive_grid(const Conv& conv, dim3 block) { return dim3(1, 1, 1); }

__global__ void conv2d_naive(Conv conv, Input x, Input kernel, Output y) {}
