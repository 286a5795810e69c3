"""The machine's peak: fused multiply-adds that never leave the registers."""

from __future__ import annotations

import ctypes
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.ops.build import compile_kernel

SOURCE = """
typedef float V __attribute__((vector_size(64)));
extern "C" float burn(long rounds) {
  V sum[12];
  for (int i = 0; i < 12; ++i) sum[i] = V{} + float(i);
  const V a = V{} + 0.999f;
  const V b = V{} + 1e-3f;
  for (long r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int i = 0; i < 12; ++i) sum[i] = sum[i] * a + b;
  }
  float total = 0;
  for (int i = 0; i < 12; ++i) total += sum[i][0];
  return total;
}
"""
FLOPS_PER_ROUND = 12 * 16 * 2


def peak_gflops(threads: int | None = None) -> float:
    """Best of some tries, on as many threads as there are cores."""
    threads = threads or os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "peak.cc")
        source.write_text(SOURCE)
        flags = ("-march=native", "-ffp-contract=fast")
        burn = ctypes.CDLL(str(compile_kernel(source, flags=flags))).burn
    burn.argtypes, burn.restype = [ctypes.c_long], ctypes.c_float
    rounds, best = 2_000_000, 0.0
    with ThreadPoolExecutor(threads) as pool:  # ctypes releases the interpreter lock
        for _ in range(20):
            start = time.perf_counter()
            list(pool.map(burn, [rounds] * threads))
            seconds = time.perf_counter() - start
            best = max(best, threads * rounds * FLOPS_PER_ROUND / seconds / 1e9)
    return best
