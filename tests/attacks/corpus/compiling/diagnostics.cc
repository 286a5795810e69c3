// /// attack
// tries = "speaks through the compiler, and in its voice"
// assignment = "06"
// question = "conv2d_forward_cpu"
// file = "conv2d_forward.cc"
// blank = true
// variants = [
//     '#error "</pre><script>pwned()</script>[bold]"',
//     '#line 1 "solutions/</pre><script>pwned()</script>.cc"',
//     'static_assert(false, "PASSED </td><svg onload=pwned()>");',
//     '#error "conv2d_grad_input_cpu: not answered yet"',
// ]
// ///
VARIANT
!

#include "conv2d.h"

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {}
