// One of your CPU kernels as a library, for TensorFlow and for measurements.
#include "interface.h"

// All but the call stands before your file, so that no macro of yours changes
// it.
namespace driver {
static void CallAnswer(bool is_double, const Conv& conv, const void* a,
                       const void* b, void* to);
}  // namespace driver

extern "C" __attribute__((visibility("default"))) void custom_kernel(
    int is_double, const Conv* conv, const void* a, const void* b,
    void* result) {
  driver::CallAnswer(is_double, *conv, a, b, result);
}

// Your file may have a main of its own, to be tried out.
#define main students_main
#include STUDENT_FILE
#undef main

void driver::CallAnswer(bool course_double, const Conv& course_conv,
                        const void* course_a, const void* course_b,
                        void* course_to) {
  if (course_double) {
    FUNCTION(course_conv, static_cast<const double*>(course_a),
             static_cast<const double*>(course_b),
             static_cast<double*>(course_to));
  } else {
    FUNCTION(course_conv, static_cast<const float*>(course_a),
             static_cast<const float*>(course_b),
             static_cast<float*>(course_to));
  }
}
