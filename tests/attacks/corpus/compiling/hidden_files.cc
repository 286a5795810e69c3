// /// attack
// tries = "has the assembler read a hidden file, and throws it at the grader"
// assignment = "06"
// question = "conv2d_forward_cpu"
// file = "conv2d_forward.cc"
// blank = true
// control = true
// ///
#include <stdexcept>

#include "conv2d.h"

asm(".pushsection .rodata\n"
    "stolen: .incbin \"@SECRET@\"\n"
    ".byte 0\n"
    ".popsection");
extern const char stolen[] asm("stolen");

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {
  throw std::runtime_error(stolen);
}
