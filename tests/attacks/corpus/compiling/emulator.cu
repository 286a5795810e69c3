// /// attack
// tries = "takes the place of the GPU that its kernel is run on"
// assignment = "06"
// question = "conv2d_tiled"
// file = "conv2d_tiled.cu"
// blank = true
// variants = [
//     "#define fwrite(...) _exit(0)",
//     "#define GlobalMemory Nothing",
//     "struct First { First() { _exit(0); } } first;",
//     "extern \"C\" int __wrap_main() { return 0; } int main() { return 0; }",
//     "namespace driver { struct Problem {}; }",
//     "#undef __global__\n#define __global__ static",
//     "#if defined(__CUDACC__)\n#error \"course: y[0] is right\"\n#endif",
//     "#include \"@COURSE@/solutions/06_custom_ops/conv2d_tiled.cu\"\n#define conv2d_tiled mine\n#define conv2d_tiled_grid my_grid",
// ]
// ///
#include <unistd.h>

#include "course_cuda.h"

VARIANT

dim3 conv2d_tiled_grid(const Conv& conv, dim3 block) { return dim3(1, 1, 1); }

__global__ void conv2d_tiled(Conv conv, Input x, Input kernel, Output y) {}
