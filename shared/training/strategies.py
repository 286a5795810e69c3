"""One call for the `tf.distribute` strategy that fits the machine.

Every strategy here is synchronous: each replica computes the gradient of its part of
the batch, the gradients are summed, and all make the same step. `batch_size` is
always the batch over all replicas. Batch normalisation is the exception: a replica
normalises with the statistics of its own part, so 2 replicas of 32 images are not one
device with 64; `train(sync_batch_norm=True)` computes them over all replicas, for the
price of a collective per layer.
"""

from __future__ import annotations

import functools
import os
import shutil
from typing import Any

import tensorflow as tf

from shared.training.errors import StrategyError

NAMES = ("auto", "one", "cpu:N", "gpu:N", "mirrored", "multiworker")


def strategy(name: str = "auto") -> tf.distribute.Strategy:
    """The strategy called `name`.

    Args:
        name: "auto": several workers where `TF_CONFIG` or SLURM names them, all GPUs
            where there are several, otherwise one device. "one": no distribution.
            "cpu:2": two logical devices on the CPU, each with half of its cores, to
            try distribution without GPUs. "gpu:2": the first two GPUs. "mirrored":
            all GPUs of this machine. "multiworker": the workers that `TF_CONFIG` or
            SLURM names.

    Raises:
        StrategyError: an unknown name, too few devices, no cluster described, or
            TensorFlow started before its CPU could be divided.
    """
    if name == "auto":
        name = _automatic()
    kind, _, count = name.partition(":")
    if name == "one":
        return tf.distribute.get_strategy()
    if kind == "cpu" and count.isdecimal() and int(count) > 0:
        return _mirrored("CPU", divide_cpu(int(count)))
    if kind == "gpu" and count.isdecimal() and int(count) > 0:
        there = len(tf.config.list_logical_devices("GPU"))
        if there < int(count):
            raise StrategyError(f"name: {name!r} asked for, this machine has {there}")
        return _mirrored("GPU", int(count))
    if name == "mirrored":
        there = len(tf.config.list_logical_devices("GPU"))
        if not there:
            raise StrategyError(
                'name: "mirrored" uses the GPUs and there is none; '
                'use "cpu:2" for two logical devices'
            )
        return _mirrored("GPU", there)
    if name == "multiworker":
        return _multiworker()
    raise StrategyError(f"name: no strategy {name!r}; there are {', '.join(NAMES)}")


def _automatic() -> str:
    if _slurm_tasks() > 1 or "TF_CONFIG" in os.environ:
        return "multiworker"
    return "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "one"


# One object per set of devices: each strategy numbers its collectives anew, and two
# that share devices take each other's tensors. (The other ways of summing, which need
# no numbers, cost a small network half of its speed.)
@functools.cache
def _mirrored(kind: str, count: int) -> tf.distribute.Strategy:
    return tf.distribute.MirroredStrategy([f"{kind}:{i}" for i in range(count)])


def divide_cpu(count: int) -> int:
    """Make the CPU at least `count` logical devices; starts nothing.

    TensorFlow allows this once, before it computes anything. Each device gets its
    share of the cores, for the rest of the process and also where it computes alone:
    an operation is split into so many threads, unless the number was set before
    (`tf.config.threading`, `TF_NUM_INTRAOP_THREADS`). Devices that all split their
    operations over all cores would spend much of a small network's step waiting.

    Returns:
        `count`.

    Raises:
        StrategyError: TensorFlow has started with fewer.
    """
    cpu = tf.config.list_physical_devices("CPU")[0]
    there = len(tf.config.get_logical_device_configuration(cpu) or [None])
    if there >= count:
        return count
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError:
        raise StrategyError(
            f'name: "cpu:{count}" divides the CPU, which must come before TensorFlow '
            "computes anything; call strategy() first, or restart the kernel"
        ) from None
    threads = tf.config.threading
    if not (
        threads.get_intra_op_parallelism_threads()
        or "TF_NUM_INTRAOP_THREADS" in os.environ
    ):
        threads.set_intra_op_parallelism_threads(max(1, _cores() // count))
    return count


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _slurm_tasks() -> int:
    return int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))


def _multiworker() -> tf.distribute.Strategy:
    return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=cluster())


def cluster() -> Any:
    """TensorFlow's own resolver of the workers that the environment names.

    Raises:
        StrategyError: it names none, or not so that it can be understood.
    """
    resolvers = tf.distribute.cluster_resolver
    if "TF_CONFIG" in os.environ:
        resolver = resolvers.TFConfigClusterResolver()
        try:
            jobs = resolver.cluster_spec().jobs
        except ValueError as error:
            raise StrategyError(f"TF_CONFIG is no JSON: {error}") from None
        if not jobs:
            raise StrategyError(
                'TF_CONFIG names no cluster; it is {"cluster": {"worker": '
                '["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
            )
        return resolver
    if "SLURM_STEP_NUM_TASKS" not in os.environ:
        raise StrategyError(
            'name: "multiworker" needs the cluster in TF_CONFIG, or srun of SLURM'
        )
    settings: dict[str, Any] = {}
    if shutil.which("nvidia-smi") is None:
        # Without GPUs TensorFlow's resolver fails to share them out: it gets one for
        # each task, which nobody looks for.
        tasks = os.environ["SLURM_STEP_NUM_TASKS"]
        settings = {"gpus_per_node": int(tasks), "gpus_per_task": 1}
        settings["auto_set_gpu"] = False
    try:
        return resolvers.SlurmClusterResolver(**settings)
    except (RuntimeError, KeyError, ValueError) as error:
        raise StrategyError(f"SLURM's variables name no cluster: {error}") from None
