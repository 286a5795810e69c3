// /// attack
// tries = "has a CUDA kernel do what a processor's code can"
// assignment = "06"
// question = "conv2d_naive"
// file = "conv2d_naive.cu"
// blank = true
// verdict = ["FAILED", "ERROR", "CRASHED", "TIMEOUT"]
// variants = [
//     "system(\"mkdir /tmp/@PWNED@ '@COURSE@/@PWNED@'; cat '@SECRET@' >&2; echo x >> '@NEIGHBOUR@'\"); abort();",
//     "FILE* f = fopen(\"@SECRET@\", \"r\"); char text[99] = {}; fgets(text, 99, f); fprintf(stderr, \"course: %s\", text); _exit(3);",
//     "asm volatile(\"syscall\" : : \"a\"(62), \"D\"((long)getppid()), \"S\"(9L) : \"rcx\", \"r11\", \"memory\"); abort();",
//     "for (;;) memset(malloc(1 << 24), 1, 1 << 24);",
//     "while (fork() >= 0) {}",
//     "float* past = new float[4]; past[blockIdx.x + 4] = 1; y[0] = past[5];",
//     "for (;;) __syncthreads();",
//     "throw 1;",
//     "_exit(0);",
// ]
// ///
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "course_cuda.h"

dim3 conv2d_naive_grid(const Conv& conv, dim3 block) { return dim3(1, 1, 1); }

#if defined(__CUDACC__)
__global__ void conv2d_naive(Conv conv, Input x, Input kernel, Output y) { y[0] = 1; }
#else
__global__ void conv2d_naive(Conv conv, Input x, Input kernel, Output y) {
  VARIANT
}
#endif
