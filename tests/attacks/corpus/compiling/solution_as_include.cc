// /// attack
// tries = "includes the solution"
// assignment = "06"
// question = "conv2d_forward_cpu"
// file = "conv2d_forward.cc"
// blank = true
// control = true
// ///
#if __has_include("@COURSE@/solutions/06_custom_ops/conv2d_forward.cc")
#include "@COURSE@/solutions/06_custom_ops/conv2d_forward.cc"
#endif
