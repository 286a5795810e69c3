// Calls your shape function once: `call_shape REQUEST RESULT`.
//
// The request is text: the padding, then four lists, each its length and its
// numbers. So is the result: "shape" and the sizes, or "invalid" and the
// reason.
#include <inttypes.h>
#include <stdio.h>

#include "shape.h"

// Your file stands last, so that no macro of yours changes what is here.
namespace driver {

// Not a stream: its header would double the time to compile this.
static Sizes Read(FILE* file) {
  int count = 0;
  if (fscanf(file, "%d", &count) != 1) return Sizes();
  Sizes sizes(count);
  for (int64_t& size : sizes) {
    if (fscanf(file, "%" SCNd64, &size) != 1) return Sizes();
  }
  return sizes;
}

static int Main(char** argv) {
  FILE* request = fopen(argv[1], "r");
  char padding[64] = "";
  if (request == nullptr || fscanf(request, "%63s", padding) != 1) return 4;
  const Sizes x = Read(request), kernel = Read(request);
  const Sizes strides = Read(request), dilations = Read(request);
  fclose(request);
  FILE* result = fopen(argv[2], "w");
  if (result == nullptr) return 4;
  try {
    const Sizes y = conv_out_shape(x, kernel, strides, padding, dilations);
    fputs("shape", result);
    for (const int64_t size : y) fprintf(result, " %" PRId64, size);
  } catch (const std::invalid_argument& error) {
    fprintf(result, "invalid %s", error.what());
  }
  return fclose(result);
}

}  // namespace driver

int main(int, char** argv) { return driver::Main(argv); }

// Your file may have a main of its own, to be tried out.
#define main students_main
#include STUDENT_FILE
#undef main
