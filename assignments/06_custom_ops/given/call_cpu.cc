// Calls one of your CPU kernels once: `call_cpu REQUEST RESULT NAME NAME NAME`.
//
// The request holds 4 + 15 integers (is it double, how many values of each of
// the three arrays, the fields of Conv), then the two inputs. Every array is a
// piece of memory of exactly its size, so that one value too far is noticed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conv2d.h"

// All but the call stands before your file, so that no macro of yours changes
// it.
namespace driver {

static void CallAnswer(bool is_double, const Conv& conv, const void* a,
                       const void* b, void* to);

static void* Array(const char* name, int64_t bytes, int64_t item) {
  void* array = malloc(bytes);
  fprintf(stderr, "buffer %s %p %d\n", name, array, static_cast<int>(item));
  return array;
}

static void Read(FILE* file, void* to, size_t bytes) {
  if (fread(to, 1, bytes, file) != bytes) exit(4);
}

// Complains about the first value of an input that has been changed.
static void Compare(const char* name, const void* before, const void* after,
                    int64_t count, int64_t item) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = i * item;
    if (memcmp(static_cast<const char*>(before) + at,
               static_cast<const char*>(after) + at, item) == 0)
      continue;
    fprintf(stderr,
            "course: it has changed %s[%lld], an input: write to the result "
            "alone\n",
            name, static_cast<long long>(i));
    exit(3);
  }
}

static int Main(char** argv) {
  int64_t head[4];
  Conv conv;
  FILE* request = fopen(argv[1], "rb");
  if (request == nullptr) return 4;
  Read(request, head, sizeof(head));
  Read(request, &conv, sizeof(conv));
  const int64_t item = head[0] ? sizeof(double) : sizeof(float);
  void *array[3], *before[2];
  for (int i = 0; i < 3; ++i) {
    array[i] = Array(argv[3 + i], head[1 + i] * item, item);
    if (i == 2) break;
    Read(request, array[i], head[1 + i] * item);
    before[i] = malloc(head[1 + i] * item);
    memcpy(before[i], array[i], head[1 + i] * item);
  }
  fclose(request);
  // Not-a-numbers: what is not written, or read before, shows.
  memset(array[2], 0xff, head[3] * item);
  CallAnswer(head[0], conv, array[0], array[1], array[2]);
  for (int i = 0; i < 2; ++i) {
    Compare(argv[3 + i], before[i], array[i], head[1 + i], item);
  }
  FILE* result = fopen(argv[2], "wb");
  if (result == nullptr) return 4;
  fwrite(array[2], 1, head[3] * item, result);
  return fclose(result);
}

}  // namespace driver

int main(int, char** argv) { return driver::Main(argv); }

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
