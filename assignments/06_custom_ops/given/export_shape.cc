// Your shape function as a library, for TensorFlow.
#include <string.h>

#include "interface.h"
#include "shape.h"

// Your file stands last, so that no macro of yours changes what is here.
//
// No exception may leave it: TensorFlow is built without them.
extern "C" __attribute__((visibility("default"))) int custom_shape(
    const int64_t* x, int x_count, const int64_t* kernel, int kernel_count,
    const int64_t* strides, int strides_count, const int64_t* dilations,
    int dilations_count, const char* padding, int64_t* out, char* message) {
  try {
    const Sizes y = conv_out_shape(
        Sizes(x, x + x_count), Sizes(kernel, kernel + kernel_count),
        Sizes(strides, strides + strides_count), padding,
        Sizes(dilations, dilations + dilations_count));
    if (y.size() != 4) throw std::runtime_error("it does not have four sizes");
    memcpy(out, y.data(), 4 * sizeof(int64_t));
    return 1;
  } catch (const std::exception& error) {
    strncpy(message, error.what(), 199);
    return 0;
  }
}

// Your file may have a main of its own, to be tried out.
#define main students_main
#include STUDENT_FILE
#undef main
