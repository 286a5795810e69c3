"""Times training: `train` beside `keras.Model.fit`, replicas, and PyTorch's CPU build.

    python benchmarks/training.py                     # all comparisons
    python benchmarks/training.py --only lenet5 --rounds 7
    python benchmarks/training.py --output benchmarks/results/training.txt

Each comparison runs its contenders in turn, round after round, so that a busy machine
slows all of them alike; a contender's time is that of its fastest epoch, the first of
each round left out, which compiles. Where the machine's speed changes by the minute,
the ratio within a round says more than that of the fastest: its median is told too.
Images are random: only time is measured.

The replicas have a process of their own: `strategy("cpu:2")` gives each device half of
the cores, and whoever trains on one device has all of them.

Bars: `train` makes at least as many images per second as `fit` with the same network,
optimizer and batch, both as they come (Keras compiles `fit` with XLA by itself only
where there is a GPU); two replicas on one CPU take at most 1.15 times as long as one
device.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import numpy as np
import tensorflow as tf

from shared.models import build
from shared.training import recipe, strategy, train

EPOCHS = 3  # of a round; the first one is not counted
FIT_BAR, REPLICAS_BAR = 1.0, 1.15
REPLICAS = "train, 2 replicas"


@dataclass(frozen=True)
class Network:
    """What is trained, and whether `training_torch` has its twin."""

    variant: str
    shape: tuple[int, int, int]
    batch_size: int
    images: int
    twin: bool = False

    def build(self) -> keras.Model:
        return build(self.variant, input_shape=self.shape, classes=10)

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        x = rng.integers(0, 256, (self.images, *self.shape), dtype=np.uint8)
        return x, rng.integers(0, 10, self.images)


NETWORKS = {
    "lenet5": Network("lenet5", (28, 28, 1), 64, 12_800, twin=True),
    "mnist_task": Network("mnist_task", (28, 28, 1), 128, 6_400),
    "mnist_cnn": Network("mnist_cnn", (28, 28, 1), 128, 6_400, twin=True),
    "resnet20_cifar": Network("resnet20_cifar", (32, 32, 3), 128, 1_280),
    "resnet9_narrow": Network("resnet9_narrow", (32, 32, 3), 128, 1_280, twin=True),
}

PLAIN = recipe(
    "lenet5", options={"momentum": 0.9}, learning_rate=1e-3, weight_decay=0.0
)
Contender = Callable[[], float]


def ours(network: Network, **settings: Any) -> Contender:
    """Seconds of the fastest epoch of `train`."""
    data, model = network.data(), network.build()

    def go() -> float:
        history = train(
            model,
            data,
            PLAIN,
            epochs=EPOCHS,
            batch_size=network.batch_size,
            progress=False,
            **settings,
        ).history
        return min(row["seconds"] for row in history[1:])

    return go


class Clock(keras.callbacks.Callback):
    """Notes how long each epoch of `fit` takes."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._began)


def fit(network: Network, jit_compile: Any = "auto") -> Contender:
    """Seconds of the fastest epoch of Keras's `fit`, its images float32 already."""
    x, y = network.data()
    x = x / np.float32(255)
    model = network.build()
    model.compile(
        keras.optimizers.SGD(1e-3, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=jit_compile,
    )

    def go() -> float:
        clock = Clock()
        model.fit(
            x,
            y,
            batch_size=network.batch_size,
            epochs=EPOCHS,
            verbose=0,
            callbacks=[clock],
        )
        return min(clock.seconds[1:])

    return go


def pytorch(network: Network) -> Contender:
    """Seconds of the fastest epoch of the same network in PyTorch."""
    shape = "x".join(str(n) for n in network.shape)
    numbers = [network.batch_size, network.images, EPOCHS]
    numbers.append(network.build().count_params())
    script = Path(__file__).with_name("training_torch.py")
    command = [sys.executable, script, network.variant, shape, *map(str, numbers)]

    def go() -> float:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout)

    return go


CONTENDERS: dict[str, Callable[[Network], Contender]] = {
    "train": ours,
    "fit": fit,
    "train, XLA": lambda network: ours(network, jit_compile=True),
    "fit, XLA": lambda network: fit(network, jit_compile=True),
    REPLICAS: lambda network: ours(network, strategy=strategy("cpu:2")),
    "PyTorch": pytorch,
}


@functools.cache
def _made(contender: str, network: str) -> Contender:
    """A contender, made once in each process that it runs in."""
    return CONTENDERS[contender](NETWORKS[network])


def _turn(contender: str, network: str) -> float:
    """One turn of a contender, in the process that this is called in: seconds."""
    return _made(contender, network)()


def compare(name: str, rounds: int) -> dict[str, list[float]]:
    """Each contender's fastest epoch of each round, in which all have their turns."""
    names = [n for n in CONTENDERS if n != "PyTorch" or _torch_runs(NETWORKS[name])]
    seconds: dict[str, list[float]] = {contender: [] for contender in names}
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        alone, replicas = (
            stack.enter_context(ProcessPoolExecutor(1, spawn)) for _ in range(2)
        )
        for _ in range(rounds):
            for contender in names:
                process = replicas if contender == REPLICAS else alone
                turn = process.submit(_turn, contender, name)
                seconds[contender].append(turn.result())
    return seconds


def _torch_runs(network: Network) -> bool:
    return network.twin and importlib.util.find_spec("torch") is not None


def report(name: str, network: Network, seconds: dict[str, list[float]]) -> list[str]:
    """The lines of one network, with its ratios."""
    best = {contender: min(turns) for contender, turns in seconds.items()}
    lines = [f"{name}, batches of {network.batch_size}"]
    for contender, fastest in best.items():
        rate = network.images / fastest
        ratio = best["train"] / fastest
        lines.append(f"  {contender:18} {rate:9.0f} images/s   x{ratio:.2f} of train")
    gain = best["fit"] / best["train"]
    cost = best[REPLICAS] / best["train"]
    lines.append(
        f"  train / fit x{gain:.2f} (bar {FIT_BAR}: {_verdict(gain >= FIT_BAR)}), "
        f"2 replicas / 1 in time x{cost:.2f} "
        f"(bar {REPLICAS_BAR}: {_verdict(cost <= REPLICAS_BAR)})"
    )
    gains, costs = (
        [a / b for a, b in zip(seconds[over], seconds["train"], strict=True)]
        for over in ("fit", REPLICAS)
    )
    lines.append(
        f"  in the median of the rounds x{statistics.median(gains):.2f} "
        f"and x{statistics.median(costs):.2f}"
    )
    return lines


def _verdict(kept: bool) -> str:
    return "kept" if kept else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, help="write the report here too")
    options = parser.parse_args()
    lines = [
        f"# python {' '.join(sys.argv)}",
        f"# {platform.machine()}, {os.cpu_count()} cores, TensorFlow {tf.__version__}, "
        f"Keras {keras.__version__}; load {os.getloadavg()[0]:.1f} at the start",
    ]
    if importlib.util.find_spec("torch") is None:
        lines.append("# PyTorch is not installed: not compared")
    print("\n".join(lines), flush=True)
    for name in options.only:
        part = report(name, NETWORKS[name], compare(name, options.rounds))
        print("\n".join(part), flush=True)
        lines += part
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
