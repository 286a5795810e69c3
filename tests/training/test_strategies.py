"""How the CPU is divided; in a process of its own, where TensorFlow has not started."""

import json
import os
import subprocess
import sys

import pytest

# The setting that counts is the one in force when TensorFlow starts; until then the
# CPU can be divided again and again.
PROGRAM = """
import json, sys
from shared.quiet import quiet_tensorflow
quiet_tensorflow()
import tensorflow as tf
from shared.training import strategies
found = []
for cores, before, devices in json.loads(sys.argv[1]):
    strategies._cores = lambda: cores
    tf.config.threading.set_intra_op_parallelism_threads(before)
    strategies.divide_cpu(devices)
    found.append(tf.config.threading.get_intra_op_parallelism_threads())
print(json.dumps(found))
"""


def threads(*cases, **environment):
    """What `[cores, threads set before, devices]` come to; with growing devices."""
    clean = {k: v for k, v in os.environ.items() if k != "TF_NUM_INTRAOP_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(cases)],
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_device_gets_its_share_of_the_cores():
    cases = [(2, 0, 2), (16, 0, 3), (4, 0, 4), (2, 0, 5), (8, 7, 6)]
    # The last one was set by hand.
    assert threads(*cases) == [1, 5, 1, 1, 7]


def test_what_the_environment_says_is_kept():
    assert threads((8, 0, 2), TF_NUM_INTRAOP_THREADS="3") == [0]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity here")
def test_only_the_cores_this_process_may_use_are_counted():
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);"
        "from shared.training.strategies import _cores; print(_cores())"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.check_output(run, text=True, stderr=subprocess.DEVNULL) == "1\n"
