// /// attack
// tries = "keeps the compiler busy, or takes its memory"
// assignment = "06"
// question = "conv2d_forward_cpu"
// file = "conv2d_forward.cc"
// blank = true
// verdict = ["ERROR", "CRASHED", "TIMEOUT", "FAILED"]
// variants = [
//     "template <int N> struct Deep { enum { value = Deep<N - 1>::value + Deep<N - 2>::value + N }; }; int deep = Deep<1 << 30>::value;",
//     "char huge[1L << 45] = {1};",
// ]
// ///
VARIANT

#include "conv2d.h"

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {}
