// /// attack
// tries = "ends otherwise than by returning"
// assignment = "06"
// question = "conv2d_forward_cpu"
// file = "conv2d_forward.cc"
// blank = true
// variants = [
//     "throw 1;",
//     "_exit(0);",
//     "longjmp(nowhere, 1);",
//     "y[-1] = y[1 << 20] = 1;",
//     "delete[] y; delete[] y;",
//     "conv2d_forward_cpu(conv, x, kernel, y + 1); y[0]++;",
// ]
// verdict = ["ERROR", "CRASHED", "FAILED", "TIMEOUT"]
// ///
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>

#include "conv2d.h"

static jmp_buf nowhere;

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {
  VARIANT
}
