// A program for sanitizers: every portable CPU kernel on many geometries,
// against the loop nest. Prints what disagrees; the sanitizer prints the rest.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random_geometry.h"

extern "C" int course_conv2d(const char* isa, const char* how, int pass,
                             int is_double, const int64_t* sizes, int threads,
                             int64_t memory, int poison, const void* a,
                             const void* b, void* result);

namespace {

int checked = 0;
int wrong = 0;

template <typename T>
void Check(const course::ConvGeometry& g, course::Random* random, int round) {
  const char* hows[] = {"im2col", "direct", "winograd2x2", "winograd4x4"};
  constexpr int64_t kMemory = int64_t{1} << 30;
  constexpr int kDouble = sizeof(T) == 8;
  int64_t sizes[16] = {g.batch, g.channels, g.filters, g.groups};
  for (int i = 0; i < 2; ++i) {
    const course::ConvAxis& axis = i == 0 ? g.rows : g.cols;
    int64_t* s = sizes + 4 + 6 * i;
    s[0] = axis.in;
    s[1] = axis.kernel;
    s[2] = axis.stride;
    s[3] = axis.dilation;
    s[4] = axis.pad_before;
    s[5] = axis.pad_after;
  }
  const auto x = random->Values<T>(g.InputSize());
  const auto k = random->Values<T>(g.KernelSize());
  const auto y = random->Values<T>(g.OutputSize());
  const std::vector<T>* operands[3][2] = {{&x, &k}, {&y, &k}, {&x, &y}};
  const int64_t results[3] = {g.OutputSize(), g.InputSize(), g.KernelSize()};
  for (int pass = 0; pass < 3; ++pass) {
    const void* a = operands[pass][0]->data();
    const void* b = operands[pass][1]->data();
    std::vector<T> expected(results[pass]), actual(results[pass]);
    course_conv2d("portable", "naive", pass, kDouble, sizes, 3, kMemory, 1, a,
                  b, expected.data());
    for (const char* how : hows) {
      if (course_conv2d("portable", how, pass, kDouble, sizes, 3, kMemory, 1, a,
                        b, actual.data()) != 0) {
        continue;  // Winograd, where it does not apply
      }
      ++checked;
      double worst = 0;
      for (int64_t i = 0; i < results[pass]; ++i) {
        const double error = fabs(actual[i] - expected[i]);
        if (!(error <= worst)) worst = error;
      }
      if (!(worst < (kDouble ? 1e-10 : 1e-3))) {
        printf("round %d, pass %d, %s, %d bytes: off by %g\n", round, pass, how,
               static_cast<int>(sizeof(T)), worst);
        ++wrong;
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 60;
  course::Random random(20);
  for (int round = 0; round < rounds; ++round) {
    course::ConvGeometry g;
    if (!random.Geometry(round % 3 == 0, &g)) continue;
    if (round % 2 == 0) {
      Check<double>(g, &random, round);
    } else {
      Check<float>(g, &random, round);
    }
  }
  printf("%d checked, %d wrong\n", checked, wrong);
  return wrong == 0 ? 0 : 1;
}
