// A program for sanitizers: every portable CPU kernel on many geometries,
// against the loop nest. Prints what disagrees; the sanitizer prints the rest.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <vector>

#include "conv_geometry.h"

extern "C" int course_conv2d(const char* isa, const char* how, int pass,
                             int is_double, const int64_t* sizes, int threads,
                             int64_t memory, int poison, const void* a,
                             const void* b, void* result);

namespace {

uint64_t state = 20;
// Numbers that repeat from run to run (a linear congruential generator).
int64_t Random(int64_t below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(below));
}

std::vector<double> RandomValues(int64_t count) {
  std::vector<double> values(count);
  for (double& value : values) value = Random(2001) / 1000.0 - 1.0;
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 60;
  const char* hows[] = {"im2col", "direct", "winograd2x2", "winograd4x4"};
  int checked = 0;
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    // Every third one as Winograd wants it, the others with everything.
    const bool plain = round % 3 == 0;
    const int64_t groups = plain ? 1 : 1 + Random(3);
    int64_t sizes[16] = {1 + Random(3), groups * (1 + Random(20)),
                         groups * (1 + Random(30)), groups};
    course::ConvGeometry g;
    g.batch = sizes[0];
    g.channels = sizes[1];
    g.filters = sizes[2];
    g.groups = groups;
    bool possible = true;
    for (int i = 0; i < 2; ++i) {
      int64_t* s = sizes + 4 + 6 * i;
      s[0] = 1 + Random(14);
      s[1] = plain ? 3 : 1 + Random(5);
      s[2] = plain ? 1 : 1 + Random(3);
      s[3] = plain ? 1 : 1 + Random(2);
      s[4] = Random(4);
      s[5] = Random(4);
      course::ConvAxis& axis = i == 0 ? g.rows : g.cols;
      axis.in = s[0];
      axis.kernel = s[1];
      axis.stride = s[2];
      axis.dilation = s[3];
      possible = axis.SetExplicit(s[4], s[5]) && axis.out > 0 && possible;
    }
    if (!possible) continue;
    const std::vector<double> x = RandomValues(g.InputSize());
    const std::vector<double> k = RandomValues(g.KernelSize());
    const std::vector<double> y = RandomValues(g.OutputSize());
    const std::vector<double>* operands[3][2] = {{&x, &k}, {&y, &k}, {&x, &y}};
    const int64_t results[3] = {g.OutputSize(), g.InputSize(), g.KernelSize()};
    for (int pass = 0; pass < 3; ++pass) {
      const void* a = operands[pass][0]->data();
      const void* b = operands[pass][1]->data();
      std::vector<double> expected(results[pass]), actual(results[pass]);
      course_conv2d("portable", "naive", pass, 1, sizes, 3, int64_t{1} << 30, 1,
                    a, b, expected.data());
      for (const char* how : hows) {
        if (course_conv2d("portable", how, pass, 1, sizes, 3, int64_t{1} << 30,
                          1, a, b, actual.data()) != 0) {
          continue;  // Winograd, where it does not apply
        }
        ++checked;
        double worst = 0;
        for (int64_t i = 0; i < results[pass]; ++i) {
          const double error = fabs(actual[i] - expected[i]);
          if (!(error <= worst)) worst = error;
        }
        if (!(worst < 1e-10)) {
          printf("round %d, pass %d, %s: off by %g\n", round, pass, how, worst);
          ++wrong;
        }
      }
    }
  }
  printf("%d checked, %d wrong\n", checked, wrong);
  return wrong == 0 ? 0 : 1;
}
