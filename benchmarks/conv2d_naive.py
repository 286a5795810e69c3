"""Times implementation "naive" beside the plainest loop nest, compiled with -O3.

    python benchmarks/conv2d_naive.py

Processor time of one thread, the least of several, in turn.
"""

from __future__ import annotations

import ctypes
import math
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.conv2d_calibrate import geometry
from benchmarks.conv2d_suite import SUITE
from shared.ops.build import compile_kernel
from shared.ops.standalone import Standalone

PLAIN = """
extern "C" void plain(int n, int h, int w, int c, int kh, int kw, int f, int oh, int ow,
                      int stride, int top, int left, const float* x, const float* k,
                      float* y) {
  for (int b = 0; b < n; ++b)
    for (int i = 0; i < oh; ++i)
      for (int j = 0; j < ow; ++j)
        for (int o = 0; o < f; ++o) {
          float sum = 0;
          for (int p = 0; p < kh; ++p)
            for (int q = 0; q < kw; ++q) {
              const int r = i * stride - top + p, s = j * stride - left + q;
              if (r < 0 || r >= h || s < 0 || s >= w) continue;
              for (int e = 0; e < c; ++e)
                sum += x[((b * h + r) * w + s) * c + e] *
                       k[((p * kw + q) * c + e) * f + o];
            }
          y[((b * oh + i) * ow + j) * f + o] = sum;
        }
}
"""


def main() -> None:
    """Prints the ratio for each undilated, ungrouped layer of batch 1."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "plain.cc")
        source.write_text(PLAIN)
        plain = ctypes.CDLL(str(compile_kernel(source))).plain
    kernels, rng, ratios = Standalone(), np.random.default_rng(0), []
    for layer in SUITE:
        if layer.dilation > 1 or layer.groups > 1 or layer.flops > 3e8:
            continue
        g = geometry(layer)
        x, kernel, y = (rng.standard_normal(s, np.float32) for s in g.shapes().values())
        tops = g.rows.pads[0], g.cols.pads[0]
        sizes = [*layer.x, *layer.kernel[:2], layer.kernel[3], *layer.out[1:3]]
        pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (x, kernel, y)]
        best = [math.inf, math.inf]
        for _ in range(5):
            start = time.thread_time()
            plain(*sizes, layer.strides, *tops, *pointers)
            middle = time.thread_time()
            ours = kernels.run("forward", "naive", g, x, kernel)
            end = time.thread_time()
            best = [min(best[0], middle - start), min(best[1], end - middle)]
        np.testing.assert_allclose(ours, y, rtol=0, atol=1e-2)
        ratios.append(best[1] / best[0])
        print(f"{layer.name:28} plain {best[0] * 1e3:8.2f} ms  naive x{ratios[-1]:.2f}")
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"geometric mean x{mean:.2f}, worst x{max(ratios):.2f}")


if __name__ == "__main__":
    main()
