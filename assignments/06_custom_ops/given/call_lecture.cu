// Launches a kernel called `lecture`, emulated: `call_lecture REQUEST RESULT`.
//
// The request holds 3 integers (width of the filter, height and width of the
// image), the image and the filter; PIXEL is the type of all three arrays.
#include "cuda_emulation.h"

#include <vector>

#include STUDENT_FILE

int main(int, char** argv) {
  int64_t head[3];
  FILE* request = fopen(argv[1], "rb");
  if (request == nullptr || fread(head, sizeof(head), 1, request) != 1) return 4;
  const size_t count = head[1] * head[2], taps = head[0] * head[0];
  std::vector<PIXEL> in(count), filter(taps), out(count);
  if (fread(in.data(), sizeof(PIXEL), count, request) != count) return 4;
  if (fread(filter.data(), sizeof(PIXEL), taps, request) != taps) return 4;
  fclose(request);
  const dim3 block(4, 4), grid((head[2] + 3) / 4, (head[1] + 3) / 4);
  COURSE_LAUNCH(lecture, grid, block, 0, nullptr, in.data(), filter.data(),
                out.data(), static_cast<int>(head[0]),
                static_cast<int>(head[2]), static_cast<int>(head[1]));
  FILE* result = fopen(argv[2], "wb");
  if (result == nullptr) return 4;
  fwrite(out.data(), sizeof(PIXEL), count, result);
  return fclose(result);
}
