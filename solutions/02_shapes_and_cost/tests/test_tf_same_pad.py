"""tf_same_pad adds TensorFlow's zeros: counted, and read off a Keras layer."""

import numpy as np
import pytest

from solutions.expect import wholes
from solutions.oracles.shapes import same_zeros, window_starts

CASES = {  # n, f, s, zeros
    "even window, stride 2": (6, 4, 2, (1, 1)),
    "odd one behind": (6, 3, 2, (0, 1)),
    "odd size at stride 2": (7, 3, 2, (1, 1)),
    "even window": (5, 2, 1, (0, 1)),
    "stride 1": (9, 7, 1, (3, 3)),
    "no zeros needed": (6, 3, 3, (0, 0)),
    "stride larger than the window": (6, 1, 3, (0, 0)),
    "window larger than the image": (2, 7, 1, (3, 3)),
    "a first layer of 7": (224, 7, 2, (2, 3)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_cases(student, case):
    n, f, s, expected = case
    wholes(student.tf_same_pad(n, f, s), expected, f"tf_same_pad({n}, {f}, {s})")


def test_stride_is_1_unless_given(student):
    wholes(student.tf_same_pad(6, 5), (2, 2), "tf_same_pad(6, 5)")


def test_fewest_zeros(student, rng):
    for _ in range(40):
        n, f, s = (int(rng.integers(1, high)) for high in (20, 9, 7))
        found = student.tf_same_pad(n, f, s)
        wholes(found, same_zeros(n, f, s), f"tf_same_pad({n}, {f}, {s})")


def test_keras_pads_there(student, reference, rng):
    """A kernel that returns its last tap tells where the first window ends."""
    for _ in range(5):
        f, s = (int(value) for value in rng.integers(2, 6, size=2))
        n = int(rng.integers(f, 15))
        layer = reference.layer(
            "Conv2D",
            filters=1,
            kernel_size=(1, f),
            strides=s,
            padding="same",
            use_bias=False,
        )
        pixels = np.arange(1, n + 1, dtype=np.float32).reshape(1, 1, n, 1)
        layer(pixels)
        layer.set_weights([np.eye(f, dtype=np.float32)[-1].reshape(1, f, 1, 1)])
        last = np.ravel(layer(pixels))
        before = f - int(last[0])
        after = 0
        while len(window_starts(n, f, s, before, after)) < len(last):
            after += 1
        called = f"tf_same_pad({n}, {f}, {s})"
        wholes(student.tf_same_pad(n, f, s), (before, after), called)
