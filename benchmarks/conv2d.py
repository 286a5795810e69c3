"""Times ``shared.ops.conv2d`` beside ``tf.nn.conv2d``, forward and both gradients.

    python benchmarks/conv2d.py                      # the suite, implementation auto
    python benchmarks/conv2d.py --how direct winograd --only resnet --passes forward
    python benchmarks/conv2d.py --json results.json --plot results.png

Every implementation of a layer is timed in turn, round after round, so that a busy
machine slows all of them alike; the ratio is of the medians of one run. Each call goes
through a `tf.function`. The last column is the share of the machine's peak, which is
measured first, as fused multiply-adds in registers. Above 100 % means that Winograd
does fewer multiplications than the loop nest that the operations are counted for.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # TensorFlow at its fastest
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import tensorflow as tf

from benchmarks.conv2d_peak import peak_gflops
from benchmarks.conv2d_suite import SUITE, Layer
from shared.ops import conv2d
from shared.ops.library import operations

PASSES = ("forward", "grad_input", "grad_kernel")
PEER = "tf.nn"
Call = Callable[[], tf.Tensor]


def calls(layer: Layer, which: str, hows: list[str]) -> dict[str, Call]:
    """One nullary function per implementation, the peer's first."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.standard_normal(layer.x), tf.float32)
    kernel = tf.constant(rng.standard_normal(layer.kernel), tf.float32)
    dy = tf.constant(rng.standard_normal(layer.out), tf.float32)
    strides, dilations = [layer.strides] * 2, [layer.dilation] * 2
    padding = layer.padding.upper()

    def ours(how: str) -> Call:
        ops = operations()
        settings = {
            "strides": strides,
            "padding": padding,
            "dilations": dilations,
            "groups": layer.groups,
            "implementation": how,
        }
        if which == "forward":
            function = tf.function(
                lambda x, k, dy: conv2d(
                    x, k, strides, padding, dilations, layer.groups, how
                )
            )
        elif which == "grad_input":
            function = tf.function(
                lambda x, k, dy: ops.course_conv2d_grad_input(
                    tf.shape(x), k, dy, **settings
                )
            )
        else:
            function = tf.function(
                lambda x, k, dy: ops.course_conv2d_grad_kernel(
                    x, tf.shape(k), dy, **settings
                )
            )
        return lambda: function(x, kernel, dy)

    def peer() -> Call:
        raw = tf.raw_ops
        four = [1, *strides, 1], [1, *dilations, 1]
        if which == "forward":
            function = tf.function(
                lambda x, k, dy: tf.nn.conv2d(x, k, strides, padding, "NHWC", dilations)
            )
        elif which == "grad_input":
            function = tf.function(
                lambda x, k, dy: raw.Conv2DBackpropInput(
                    input_sizes=tf.shape(x),
                    filter=k,
                    out_backprop=dy,
                    strides=four[0],
                    padding=padding,
                    dilations=four[1],
                )
            )
        else:
            function = tf.function(
                lambda x, k, dy: raw.Conv2DBackpropFilter(
                    input=x,
                    filter_sizes=tf.shape(k),
                    out_backprop=dy,
                    strides=four[0],
                    padding=padding,
                    dilations=four[1],
                )
            )
        return lambda: function(x, kernel, dy)

    return {PEER: peer(), **{how: ours(how) for how in hows}}


def measure(functions: dict[str, Call], seconds: float) -> dict[str, float]:
    """Median seconds per call, the functions in turn; what raises is left out."""
    repeats, working = {}, {}
    for name, call in functions.items():
        try:
            call()
            start = time.perf_counter()
            call().numpy()
            once = time.perf_counter() - start
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            continue
        # Several calls per reading where one is too short for the clock.
        repeats[name] = max(1, min(200, round(2e-3 / once)))
        working[name] = call
    readings: dict[str, list[float]] = {name: [] for name in working}
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(next(iter(readings.values()))) < 5:
        for name, call in working.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                result = call()
            result.numpy().ravel()[:1]
            readings[name].append((time.perf_counter() - start) / repeats[name])
    return {name: statistics.median(times) for name, times in readings.items()}


def geometric_mean(values: list[float]) -> float:
    """The geometric mean; not a number if there are none."""
    if not values:
        return math.nan
    return math.exp(statistics.fmean(map(math.log, values)))


def summarise(rows: list[dict], hows: list[str]) -> list[str]:
    """Geometric means of time relative to the peer, by pass and implementation."""
    lines = []
    for which in PASSES:
        for how in hows:
            mine = [r for r in rows if r["pass"] == which and how in r["seconds"]]
            mine = [r for r in mine if PEER in r["seconds"]]
            ratios = [r["seconds"][how] / r["seconds"][PEER] for r in mine]
            heavy = [v for v, r in zip(ratios, mine, strict=True) if r["winograd"]]
            if ratios:
                lines.append(
                    f"{which:12} {how:12} time / {PEER}: {geometric_mean(ratios):.2f}"
                    f" over {len(ratios)} layers; 3x3 stride 1, 64 channels or more:"
                    f" {geometric_mean(heavy):.2f} over {len(heavy)}"
                )
    return lines


def plot(rows: list[dict], hows: list[str], path: Path) -> None:
    """Speed relative to the peer, one panel per pass."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    used = [p for p in PASSES if any(r["pass"] == p for r in rows)]
    figure, axes = plt.subplots(
        1, len(used), figsize=(6 * len(used), 9), squeeze=False, layout="constrained"
    )
    for axis, which in zip(axes[0], used, strict=True):
        mine = [r for r in rows if r["pass"] == which and PEER in r["seconds"]]
        for how in hows:
            at = [i for i, r in enumerate(mine) if how in r["seconds"]]
            speed = [mine[i]["seconds"][PEER] / mine[i]["seconds"][how] for i in at]
            axis.plot(speed, at, "o", label=how)
        axis.axvline(1.0, color="grey")
        axis.set_yticks(range(len(mine)), [r["layer"] for r in mine], fontsize=7)
        axis.set_xscale("log", base=2)
        axis.set_title(which)
        axis.set_xlabel(f"speed relative to {PEER}.conv2d")
    axes[0][0].legend()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--how", nargs="+", default=["auto"], metavar="NAME")
    parser.add_argument("--passes", nargs="+", default=PASSES, choices=PASSES)
    parser.add_argument(
        "--only", nargs="+", help="words, one of which a name must hold"
    )
    parser.add_argument("--seconds", type=float, default=0.5, help="per layer and pass")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()

    peak = peak_gflops()
    threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()
    print(f"{threads} threads, peak {peak:.0f} GFLOP/s; times in microseconds")
    layers = [
        layer
        for layer in SUITE
        if not options.only or any(word in layer.name for word in options.only)
    ]
    rows = []
    for which in options.passes:
        print(f"\n{which:28} {PEER:>10}", *(f"{how:>27}" for how in options.how))
        for layer in layers:
            seconds = measure(calls(layer, which, options.how), options.seconds)
            line = f"{layer.name:28} {seconds.get(PEER, math.nan) * 1e6:10.0f}"
            for how in options.how:
                if how in seconds:
                    ratio = seconds[how] / seconds.get(PEER, math.nan)
                    rate = layer.flops / seconds[how] / 1e9
                    line += f" {seconds[how] * 1e6:9.0f} x{ratio:<5.2f}"
                    line += f"{rate:5.0f} {rate / peak:5.0%}"
                else:
                    line += f" {'-':>27}"
            print(line, flush=True)
            rows.append(
                {
                    "layer": layer.name,
                    "pass": which,
                    "flops": layer.flops,
                    "winograd": layer.is_winograd,
                    "seconds": seconds,
                }
            )
    print("\n" + "\n".join(summarise(rows, options.how)))
    if options.json:
        options.json.write_text(
            json.dumps({"peak_gflops": peak, "rows": rows}, indent=1) + "\n"
        )
    if options.plot:
        plot(rows, options.how, options.plot)


if __name__ == "__main__":
    main()
