"""Measures the cost model of ``implementation="auto"`` and writes its table.

    python benchmarks/conv2d_calibrate.py measure  # results/conv2d_costs.csv
    python benchmarks/conv2d_calibrate.py fit      # kernels/cost_table.inc

Times are processor time of one thread, the least of several, so that other processes
on the machine disturb them little. The fit is of non-negative weights, least squares of
the relative error.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np

from benchmarks.conv2d_suite import SUITE, Layer
from shared.ops.standalone import PASSES, Axis, Geometry, KernelError, Standalone

DATA = ROOT / "benchmarks" / "results" / "conv2d_costs.csv"
TABLE = ROOT / "shared" / "ops" / "kernels" / "cost_table.inc"
ISA = "avx512"
HOWS = ("naive", "im2col", "direct", "winograd2x2", "winograd4x4")
COLUMNS = [
    *("pass", "implementation", "batch", "channels", "filters", "groups"),
    *("height", "kernel_h", "stride_h", "dilation_h", "top", "bottom"),
    *("width", "kernel_w", "stride_w", "dilation_w", "left", "right"),
    "nanoseconds",
]
NAMES = {
    "forward": "kForward",
    "grad_input": "kGradInput",
    "grad_kernel": "kGradKernel",
    "naive": "kNaive",
    "im2col": "kIm2col",
    "direct": "kDirect",
    "winograd2x2": "kWinograd2x2",
    "winograd4x4": "kWinograd4x4",
}


def axis(size: int, kernel: int, stride: int, dilation: int, padding: str) -> Axis:
    """One axis with TensorFlow's padding."""
    pads = (0, 0)
    if padding == "same":
        last = (-(-size // stride) - 1) * stride + (kernel - 1) * dilation
        missing = max(last - size + 1, 0)
        pads = missing // 2, missing - missing // 2
    return Axis(size, kernel, stride, dilation, pads)


def geometry(layer: Layer) -> Geometry:
    """A suite layer's sizes."""
    rest = layer.strides, layer.dilation, layer.padding
    return Geometry(
        layer.x[0],
        axis(layer.x[1], layer.kernel[0], *rest),
        axis(layer.x[2], layer.kernel[1], *rest),
        layer.x[3],
        layer.kernel[3],
        layer.groups,
    )


def sample(count: int) -> list[Geometry]:
    """The suite's layers and random ones of the kinds that networks have."""
    rng = np.random.default_rng(3)
    found = [geometry(layer) for layer in SUITE if layer.flops < 1.2e10]
    while len(found) < count:
        kernel = int(rng.choice([1, 3, 3, 3, 3, 3, 5, 7]))
        size = int(rng.choice([7, 8, 13, 14, 16, 28, 32, 56, 112]))
        channels = int(rng.choice([1, 3, 6, 16, 24, 32, 64, 96, 128, 256, 512]))
        filters = int(rng.choice([6, 10, 16, 24, 32, 64, 96, 128, 256, 512]))
        stride = int(rng.choice([1, 1, 1, 2]))
        batch = int(rng.choice([1, 2, 8, 32]))
        one = axis(size, kernel, stride, 1, "same")
        work = batch * one.out**2 * kernel**2 * channels * filters
        if kernel <= size and work < 1.5e9:
            found.append(Geometry(batch, one, one, channels, filters))
    return found


def measure(count: int, seconds: float) -> None:
    """Times every implementation of every pass on the sample."""
    kernels = Standalone()
    rng = np.random.default_rng(0)
    with DATA.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for g in sample(count):
            arrays = {
                name: rng.standard_normal(shape, dtype=np.float32)
                for name, shape in g.shapes().items()
            }
            for which in PASSES:
                operands = {
                    "forward": "x kernel y",
                    "grad_input": "y kernel x",
                    "grad_kernel": "x y kernel",
                }[which].split()
                a, b, out = (arrays[name] for name in operands)
                for how in HOWS:
                    work = math.prod(g.shapes()["y"]) * math.prod(b.shape[:3])
                    if how == "naive" and work > 3e7:
                        continue
                    if kernels.counts(which, how, g) is None:
                        continue
                    best, stop = math.inf, time.perf_counter() + seconds
                    for turn in range(200):
                        start = time.thread_time()
                        try:
                            kernels.run(which, how, g, a, b, out=out.copy(), isa=ISA)
                        except KernelError:
                            break
                        best = min(best, time.thread_time() - start)
                        if turn >= 2 and time.perf_counter() > stop:
                            break
                    writer.writerow([which, how, *g._sizes(), round(best * 1e9)])
            file.flush()


def read() -> list[tuple[str, str, Geometry, float]]:
    """The measurements: pass, implementation, sizes, nanoseconds."""
    rows = []
    with DATA.open(newline="") as file:
        for row in list(csv.reader(file))[1:]:
            n = [int(value) for value in row[2:]]
            axes = [Axis(*n[i : i + 4], (n[i + 4], n[i + 5])) for i in (4, 10)]
            g = Geometry(n[0], *axes, *n[1:4])
            rows.append((row[0], row[1], g, float(n[16])))
    return rows


def fit() -> str:
    """The text of the table."""
    # Not above: conv2d_gpu.py takes `geometry` to machines without SciPy.
    from scipy.optimize import nnls

    kernels, rows = Standalone(), read()
    lines = ["// Written by benchmarks/conv2d_calibrate.py; nanoseconds per count."]
    for which in PASSES:
        for how in HOWS:
            mine = [(g, t) for w, h, g, t in rows if (w, h) == (which, how)]
            counts = np.array([kernels.counts(which, how, g) for g, _ in mine])
            times = np.array([t for _, t in mine])
            weights, _ = nnls(counts / times[:, None], np.ones(len(times)))
            error = np.abs(counts @ weights / times - 1)
            print(
                f"{which:12} {how:12} {len(mine):4} layers, error: "
                f"median {np.median(error):.0%}, worst {error.max():.0%}"
            )
            numbers = ", ".join(f"{w:.4g}" for w in weights)
            name = f"Pass::{NAMES[which]}, Implementation::{NAMES[how]}"
            lines.append(f"{{{name}, {{{numbers}}}}},")
    return "\n".join(lines) + "\n"


def regret() -> dict[str, list[float]]:
    """Time of auto's choice over the best measured time, per pass."""
    kernels = Standalone()
    times: dict[tuple[str, Geometry], dict[str, float]] = {}
    for which, how, g, t in read():
        times.setdefault((which, g), {})[how] = t
    found: dict[str, list[float]] = {which: [] for which in PASSES}
    for (which, g), by_how in times.items():
        chosen = by_how.get(kernels.choose(which, g))
        # The loop nest is not measured where it would take seconds.
        found[which].append(
            math.inf if chosen is None else chosen / min(by_how.values())
        )
    return found


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("step", choices=("measure", "fit", "regret"))
    parser.add_argument("--layers", type=int, default=160)
    parser.add_argument("--seconds", type=float, default=0.03, help="per measurement")
    options = parser.parse_args()
    if options.step == "measure":
        measure(options.layers, options.seconds)
    elif options.step == "fit":
        TABLE.write_text(fit())
    for which, values in regret().items():
        mean = math.exp(sum(map(math.log, values)) / len(values))
        print(f"{which}: choice over best: mean {mean:.3f}, worst {max(values):.2f}")


if __name__ == "__main__":
    main()
