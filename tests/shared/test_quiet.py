"""hold_stderr hides what a quiet block writes, and shows what a failing one wrote."""

import os
import subprocess
import sys

import pytest

from shared.quiet import hold_stderr


def test_silence_ends_with_the_block(capfd):
    with hold_stderr():
        os.write(2, b"from C++\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def fail_quietly():
    with hold_stderr():
        os.write(2, b"the reason\n")
        raise KeyError("x")


def test_a_failing_block_shows_what_it_wrote(capfd):
    with pytest.raises(KeyError):
        fail_quietly()
    assert capfd.readouterr().err == "the reason\n"


def test_tensorflow_starts_and_computes_without_a_word():
    code = (
        "from shared.quiet import quiet_tensorflow; quiet_tensorflow();"
        "import tensorflow as tf; print(float(tf.reduce_sum(tf.ones((2, 3)))))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert (run.stdout, run.stderr) == ("6.0\n", "")


def test_onednn_is_on_unless_the_environment_says_otherwise():
    code = (
        "from shared.quiet import quiet_tensorflow; quiet_tensorflow();"
        "from tensorflow.python.framework import test_util; "
        "print(test_util.IsMklEnabled())"
    )
    for given, expected in ((None, "True"), ("0", "False")):
        environment = {k: v for k, v in os.environ.items() if "ONEDNN" not in k}
        environment |= {} if given is None else {"TF_ENABLE_ONEDNN_OPTS": given}
        run = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        assert run.stdout.split() == [expected]
