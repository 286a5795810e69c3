// /// attack
// tries = "has the compiler read a file without end, or without right"
// assignment = "06"
// question = "conv2d_forward_cpu"
// file = "conv2d_forward.cc"
// blank = true
// variants = [
//     '#include "/dev/zero"',
//     '#include "/proc/self/environ"',
//     '#include __FILE__',
//     'asm(".incbin \"/dev/zero\"");',
// ]
// ///
VARIANT

#include "conv2d.h"

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {}
