// One of your CPU kernels as a library, for TensorFlow and for measurements.
#include "interface.h"

// Your file may have a main of its own, to be tried out.
#define main students_main
#include STUDENT_FILE
#undef main

extern "C" __attribute__((visibility("default"))) void custom_kernel(
    int is_double, const Conv* conv, const void* a, const void* b,
    void* result) {
  if (is_double) {
    FUNCTION(*conv, static_cast<const double*>(a),
             static_cast<const double*>(b), static_cast<double*>(result));
  } else {
    FUNCTION(*conv, static_cast<const float*>(a), static_cast<const float*>(b),
             static_cast<float*>(result));
  }
}
