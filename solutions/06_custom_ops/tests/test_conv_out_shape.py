"""conv_out_shape follows TensorFlow's rules and refuses what is no convolution."""

import pytest

from shared.shapes import out_size

#: TensorFlow's exception, by its name alone: this side imports no TensorFlow.
InvalidArgumentError = type("InvalidArgumentError", (Exception,), {})


def expected(x, kernel, strides, padding, dilations):
    sizes = [
        out_size(x[1 + i], kernel[i], strides[i], padding.lower(), dilations[i])
        for i in range(2)
    ]
    return [x[0], *sizes, kernel[3]]


def check(student, x, kernel, strides=(1, 1), padding="VALID", dilations=(1, 1)):
    y = student.conv_out_shape(x, kernel, strides, padding, dilations)
    wanted = expected(x, kernel, strides, padding, dilations)
    assert y == wanted, f"y must be {wanted}, not {y}"


@pytest.mark.parametrize("padding", ["VALID", "SAME"])
@pytest.mark.parametrize(
    ("size", "taps", "stride", "dilation"),
    [
        ((5, 7), (3, 3), (1, 1), (1, 1)),
        ((7, 6), (3, 2), (2, 2), (1, 1)),
        ((8, 9), (2, 5), (3, 2), (1, 1)),
        ((9, 8), (3, 2), (1, 1), (2, 3)),
        ((12, 11), (3, 2), (2, 3), (3, 2)),
        ((3, 4), (3, 4), (1, 2), (1, 1)),
        ((5, 5), (1, 1), (4, 7), (1, 1)),
    ],
    ids=["plain", "strides 2", "strides differ", "dilated", "all", "one window", "1x1"],
)
def test_known_sizes(student, padding, size, taps, stride, dilation):
    check(student, (2, *size, 3), (*taps, 3, 8), stride, padding, dilation)


def test_random_sizes(student, rng):
    for _ in range(8):
        taps, dilations = rng.integers(1, 4, 2), rng.integers(1, 4, 2)
        size = (taps - 1) * dilations + 1 + rng.integers(0, 9, 2)
        strides = rng.integers(1, 5, 2)
        n, channels, filters = rng.integers(1, 9, 3)
        check(
            student,
            tuple(map(int, (n, *size, channels))),
            tuple(map(int, (*taps, channels, filters))),
            tuple(map(int, strides)),
            str(rng.choice(["VALID", "SAME"])),
            tuple(map(int, dilations)),
        )


U = -1


@pytest.mark.parametrize(
    ("x", "kernel", "padding", "wanted"),
    [
        ((U, 7, 5, 3), (3, 2, 3, 8), "VALID", [U, 3, 2, 8]),
        ((2, U, 5, 3), (3, 2, 3, 8), "VALID", [2, U, 2, 8]),
        ((2, 7, U, 3), (3, 2, 3, 8), "SAME", [2, 4, U, 8]),
        ((2, 7, 5, U), (3, 2, 3, 8), "SAME", [2, 4, 3, 8]),
        ((2, 7, 5, 3), (3, 2, U, 8), "VALID", [2, 3, 2, 8]),
        ((2, 7, 5, 3), (U, 2, 3, 8), "VALID", [2, U, 2, 8]),
        ((2, 7, 5, 3), (3, U, 3, 8), "VALID", [2, 3, U, 8]),
        ((2, 7, 5, 3), (U, U, 3, 8), "SAME", [2, 4, 3, 8]),
        ((2, 7, 5, 3), (3, 2, 3, U), "SAME", [2, 4, 3, U]),
        ((U, U, U, U), (U, U, U, U), "VALID", [U, U, U, U]),
        ((U, U, U, U), (U, U, U, U), "SAME", [U, U, U, U]),
    ],
)
def test_unknown_sizes(student, x, kernel, padding, wanted):
    y = student.conv_out_shape(x, kernel, (2, 2), padding, (1, 1))
    assert y == wanted, f"y must be {wanted}, not {y}, with -1 for unknown"


GOOD = {"x": (2, 7, 5, 3), "kernel": (3, 2, 3, 8)}
BAD = {
    "x has three sizes": {"x": (7, 5, 3)},
    "x has five": {"x": (2, 7, 5, 3, 1)},
    "kernel has three": {"kernel": (3, 2, 3)},
    "kernel has five": {"kernel": (3, 2, 3, 8, 1)},
    "nothing at all": {"x": (), "kernel": ()},
    "channels differ": {"kernel": (3, 2, 4, 8)},
    "one stride": {"strides": (2,)},
    "three strides": {"strides": (1, 2, 2)},
    "a stride of 0 in rows": {"strides": (0, 1)},
    "a stride of 0 in columns": {"strides": (1, 0)},
    "a negative stride": {"strides": (1, -2), "padding": "SAME"},
    "one dilation": {"dilations": (2,)},
    "four dilations": {"dilations": (1, 1, 2, 2)},
    "a dilation of 0 in rows": {"dilations": (0, 1), "padding": "SAME"},
    "a dilation of 0 in columns": {"dilations": (1, 0)},
    "a word that is no padding": {"padding": "FULL"},
    "padding in small letters": {"padding": "valid"},
    "too many rows in the kernel": {"kernel": (8, 2, 3, 8)},
    "too many columns in the kernel": {"kernel": (3, 6, 3, 8)},
    "too many when dilated": {"dilations": (4, 1)},
    "a kernel of no rows": {"kernel": (0, 2, 3, 8), "padding": "SAME"},
    "a kernel of no columns": {"kernel": (3, 0, 3, 8)},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_what_is_no_convolution_is_refused(student, change):
    with student.raises(ValueError):
        student.conv_out_shape(**GOOD | change)


def test_an_unknown_size_hides_no_mistake_elsewhere(student):
    for x in ((-1, 2, 5, 3), (-1, -1, 5, 4), (-1, -1, 1, 3)):
        with student.raises(ValueError):
            student.conv_out_shape(x, (3, 2, 3, 8))


def test_a_large_kernel_is_no_mistake_under_same(student):
    check(student, (1, 3, 2, 1), (7, 5, 1, 1), padding="SAME")


# In TensorFlow: the shape while a graph is traced, the refusal before anything runs.


def test_a_graph_with_an_unknown_batch(student):
    y = student.shape_in_a_graph((None, 7, 5, 3), (3, 2, 3, 8), padding="SAME")
    assert y == [None, 7, 5, 8], f"a tf.function sees {y}, not [None, 7, 5, 8]"
    y = student.shape_in_a_graph((None, None, 9, 3), (3, 2, 3, 8), (1, 2))
    assert y == [None, None, 4, 8], f"a tf.function sees {y}, not [None, None, 4, 8]"


def test_tensorflow_raises_and_does_not_crash(student, rng):
    with student.raises(ValueError):
        student.shape_in_a_graph((None, 7, 5, 3), (3, 2, 4, 8))
    x = rng.normal(size=(2, 7, 5, 3)).astype("float32")
    for kernel in ((8, 2, 3, 4), (3, 2, 3), (3, 2, 2, 4)):
        with student.raises(InvalidArgumentError):
            student.run_in_tensorflow(x, rng.normal(size=kernel).astype("float32"))
