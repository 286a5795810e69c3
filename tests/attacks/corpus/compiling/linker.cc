// /// attack
// tries = "takes the place of what the driver is made of"
// assignment = "06"
// question = "conv2d_forward_cpu"
// file = "conv2d_forward.cc"
// blank = true
// variants = [
//     "extern \"C\" void* malloc(unsigned long) { return (void*)1; }",
//     "extern \"C\" const char* __asan_default_options() { return \"halt_on_error=0:exitcode=0\"; }",
//     "#define main other\n#define fwrite(...) 0",
//     "asm(\".globl memset\\nmemset: ret\");",
// ]
// verdict = ["ERROR", "CRASHED", "FAILED"]
// ///
VARIANT

template <typename T>
void conv2d_forward_cpu(const struct Conv& conv, const T* x, const T* kernel, T* y) {
  y[0] = x[-1];
}
