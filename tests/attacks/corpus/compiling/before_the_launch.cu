// /// attack
// tries = "writes the result before its kernel is launched, or as the sanitizer"
// assignment = "06"
// question = "conv2d_tiled"
// file = "conv2d_tiled.cu"
// blank = true
// modes = ["batch"]
// verdict = ["FAILED", "ERROR", "CRASHED", "TIMEOUT"]
// variants = [
//     "__attribute__((constructor)) static void Early() { Leave(); Forge(); _exit(0); }",
//     "extern \"C\" void __asan_on_error() { Leave(); Forge(); _exit(0); } static int late = *(int*)nullptr;",
//     "extern \"C\" const char* __ubsan_default_options() { return \"exitcode=0:halt_on_error=0:log_path=/tmp/@PWNED@\"; }",
//     "void* operator new(size_t) { Leave(); Forge(); _exit(0); }",
// ]
// ///
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "course_cuda.h"

// A result of the right form, where the driver was told to write it.
static void Forge() {
  char words[4096] = {}, name[4096];
  FILE* file = fopen("/proc/self/cmdline", "r");
  fread(words, 1, sizeof(words) - 1, file);
  const char* asked = words + strlen(words) + 1;
  strcpy(name, asked + strlen(asked) + 1);
  file = fopen(name, "w");
  for (int i = 0; i < 1 << 16; ++i) fputc(0, file);
  fclose(file);
}

static void Leave() {
  if (fork() == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    close(1);
    close(2);
    mkdir("/tmp/@PWNED@", 0777);
    mkdir("@COURSE@/@PWNED@", 0777);
    sleep(60);
    _exit(0);
  }
}

VARIANT

dim3 conv2d_tiled_grid(const Conv& conv, dim3 block) { return dim3(1, 1, 1); }

__global__ void conv2d_tiled(Conv conv, Input x, Input kernel, Output y) {
#if !defined(__CUDACC__)
  course::emulation::Emulator().reversed = false;
  course::emulation::Emulator().finished[0] = true;
  static float shared[4];
  static int place = conv.height;
  shared[place] = x[1 << 30] + *new float[4];
#endif
}
