// Calls your shape function once: `call_shape REQUEST RESULT`.
//
// The request is text: the padding, then four lists, each its length and its
// numbers. So is the result: "shape" and the sizes, or "invalid" and the reason.
#include <fstream>

#include "shape.h"

// Your file may have a main of its own, to be tried out.
#define main students_main
#include STUDENT_FILE
#undef main

namespace driver {

static Sizes Read(std::istream& in) {
  size_t count = 0;
  in >> count;
  Sizes sizes(count);
  for (int64_t& size : sizes) in >> size;
  return sizes;
}

static int Main(char** argv) {
  std::ifstream request(argv[1]);
  std::string padding;
  request >> padding;
  const Sizes x = Read(request), kernel = Read(request);
  const Sizes strides = Read(request), dilations = Read(request);
  std::ofstream result(argv[2]);
  try {
    const Sizes y = conv_out_shape(x, kernel, strides, padding, dilations);
    result << "shape";
    for (const int64_t size : y) result << ' ' << size;
  } catch (const std::invalid_argument& error) {
    result << "invalid " << error.what();
  }
  return 0;
}

}  // namespace driver

int main(int, char** argv) { return driver::Main(argv); }
