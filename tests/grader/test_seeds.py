"""Random numbers follow from the seed alone, and TensorFlow's kernels are kept."""

from __future__ import annotations

import numpy as np
import pytest

from tests.grader.course import write_course

ALLOW = ["numpy", "keras", "tensorflow"]
SOURCE = """
import random
import keras
import numpy as np
import tensorflow as tf

def double(kind):
    return globals()[kind]()

def of_python():
    return [random.random(), random.randint(0, 10**9)]

def of_numpy():
    return np.random.normal(size=3)

def of_keras():
    return np.array(keras.random.normal((3,)))

def of_layer():
    layer = keras.layers.Dense(4)
    layer.build((None, 3))
    return layer.get_weights()[0]

def of_tensorflow():
    return tf.random.normal((3,)).numpy()

def of_tensorflow_with_a_seed():
    return tf.random.uniform((3,), seed=5).numpy()

def of_raw_shuffle():
    return tf.random.shuffle(tf.range(30)).numpy()

def of_dataset():
    data = tf.data.Dataset.range(30).shuffle(30)
    return np.array([int(x) for x in data])

@tf.function
def _traced():
    return tf.random.normal((3,)) + tf.random.normal((3,), seed=2)

def of_function():
    return _traced().numpy()
"""
KINDS = [
    line.removeprefix("def ").removesuffix("():")
    for line in SOURCE.splitlines()
    if line.startswith("def of_")
]


@pytest.fixture
def make(tmp_path, hosts):
    """A function that starts a worker and returns how to draw there."""
    asked = {"id": "double", "title": "Numbers", "points": 1, "allow": ALLOW}
    course = write_course(
        tmp_path, questions=[asked], tests={"double": ""}, timeout_s=60, memory_mb=2048
    )

    def started():
        session = course.session(SOURCE, hosts)

        def draw(kind, seed):
            session.begin_test(seed)
            return session.call("double", [kind], {}, False)

        return draw

    return started


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_numbers(make, kind):
    draw, other = make(), make()
    first, second = draw(kind, 7), draw(kind, 8)
    if kind != "of_function":  # TensorFlow: it has the seed that it was traced with
        assert not np.array_equal(first, second), "another seed gives other numbers"
    np.testing.assert_array_equal(draw(kind, 7), first, "again in the same worker")
    for before in KINDS:  # whatever has been drawn before
        other(before, 7)
    np.testing.assert_array_equal(other(kind, 7), first, "in another worker")


COUNTED = """
import tensorflow as tf
from tensorflow.python import pywrap_tfe

forgotten = []

def count():
    forget = pywrap_tfe.TFE_ContextClearCaches
    def counting(context):
        forgotten.append(1)
        return forget(context)
    pywrap_tfe.TFE_ContextClearCaches = counting

def double(what):
    if what == "count":
        count()
    elif what == "draw":
        tf.random.normal((2,))
    return len(forgotten)
"""


def test_kernels_are_forgotten_only_where_they_hold_a_state(tmp_path, hosts):
    asked = {"id": "double", "title": "Numbers", "points": 1, "allow": ALLOW}
    course = write_course(
        tmp_path, questions=[asked], tests={"double": ""}, timeout_s=60, memory_mb=2048
    )
    session = course.session(COUNTED, hosts)
    counts = []
    for seed, what in enumerate(["count", "", "draw", "", ""]):
        session.begin_test(seed)
        counts.append(session.call("double", [what], {}, False))
    assert counts == [0, 0, 0, 1, 2]
