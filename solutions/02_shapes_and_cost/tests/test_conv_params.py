"""conv_params counts what layers hold: lecture layers, Keras layers, groups."""

import numpy as np
import pytest

from solutions.expect import whole

CASES = {  # kernel_size, c_in, filters, groups, use_bias, parameters
    "one 5x5 on three channels": ((5, 5), 3, 1, 1, True, 76),
    "ten 5x5": ((5, 5), 3, 10, 1, True, 760),
    "ten 3x3 on five channels": ((3, 3), 5, 10, 1, True, 460),
    "not square": ((2, 7), 3, 4, 1, True, 172),
    "1x1 mixes channels": ((1, 1), 64, 32, 1, True, 2080),
    "no bias": ((3, 3), 64, 64, 1, False, 36864),
    "two groups": ((3, 2), 8, 6, 2, True, 150),
    "depthwise": ((3, 3), 8, 8, 8, True, 80),
    "depthwise, two filters each, no bias": ((3, 5), 4, 8, 4, False, 120),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_cases(student, case):
    *arguments, groups, use_bias, expected = case
    found = student.conv_params(*arguments, groups=groups, use_bias=use_bias)
    called = f"conv_params{(*arguments, groups, use_bias)}"
    whole(found, expected, called)


def test_one_group_and_a_bias_unless_told_otherwise(student):
    whole(student.conv_params((3, 2), 4, 5), 125, "conv_params((3, 2), 4, 5)")


def test_groups_are_layers_side_by_side(student, rng):
    for _ in range(8):
        groups, a, b, kh, kw = (int(value) for value in rng.integers(1, 5, size=5))
        use_bias = bool(rng.integers(2))
        one = np.size(np.ones((kh, kw, a, b))) + b * use_bias
        found = student.conv_params(
            (kh, kw), groups * a, groups * b, groups=groups, use_bias=use_bias
        )
        called = f"conv_params({(kh, kw)}, {groups * a}, {groups * b}, {groups})"
        whole(found, groups * one, called)


def test_keras_holds_as_many(student, reference, rng):
    for _ in range(4):
        kh, kw, c_in, filters = (int(value) for value in rng.integers(1, 7, size=4))
        use_bias = bool(rng.integers(2))
        layer = reference.layer(
            "Conv2D", filters=filters, kernel_size=(kh, kw), use_bias=use_bias
        )
        layer(np.zeros((1, kh, kw, c_in), np.float32))
        held = sum(np.size(weight) for weight in layer.weights())
        found = student.conv_params((kh, kw), c_in, filters, use_bias=use_bias)
        called = f"conv_params({(kh, kw)}, {c_in}, {filters}, use_bias={use_bias})"
        whole(found, held, called)
