"""empirical_receptive_field measures stacks of convolutions, given as matrices."""

import numpy as np
import pytest

from solutions.expect import wholes
from solutions.oracles.shapes import convolution_matrix, seen_from

CASES = {  # image, layers: kernel size, stride, dilation, pad
    "one layer, kh != kw": ((9, 8), [((3, 2), 1, 1, 0)]),
    "two 3x3": ((9, 9), [((3, 3), 1, 1, 0)] * 2),
    "three 3x3 with padding": ((11, 10), [((3, 3), 1, 1, 1)] * 3),
    "stride first": ((12, 15), [((3, 2), 2, 1, 0), ((2, 3), 1, 1, 0)]),
    "holes of a dilation": ((11, 10), [((2, 3), 1, 3, 0)]),
    "holes of a stride": ((9, 10), [((1, 1), 2, 1, 0), ((2, 3), 1, 1, 0)]),
    "an even number of outputs": ((6, 8), [((3, 3), 1, 1, 1), ((2, 1), 2, 1, 0)]),
    "hangs over one edge": ((3, 9), [((5, 3), 1, 1, 2)]),
    "hangs over all edges": ((4, 3), [((3, 3), 1, 1, 1)] * 4),
    "hangs over the end": ((4, 7), [((3, 3), 2, 1, 1), ((3, 1), 1, 1, 1)]),
    "only the middle sees its whole field": ((9, 11), [((3, 3), 1, 1, 1)] * 4),
    "one pixel": ((5, 4), [((1, 1), 1, 1, 0)]),
}


def weights(rng, shape):
    """Neither zero nor small, of both signs."""
    return rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1, 1], size=shape)


def stack(rng, shape, layers):
    """matrix, shape of the map, window that the middle output sees."""
    matrix, seen = np.eye(shape[0] * shape[1]), []
    out = shape
    for kernel_size, s, d, pad in layers:
        step, out = convolution_matrix(weights(rng, kernel_size), out, s, d, pad)
        matrix = step @ matrix
    for axis in (0, 1):
        along = [(kernel[axis], s, d, pad) for kernel, s, d, pad in layers]
        pixels = seen_from(along, out[axis] // 2)
        inside = [pixel for pixel in pixels if 0 <= pixel < shape[axis]]
        seen.append(max(inside) - min(inside) + 1)
    return matrix, out, tuple(seen)


@pytest.mark.parametrize("with_bias", [False, True], ids=["no bias", "bias"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_measures(student, rng, case, with_bias):
    shape, layers = case
    matrix, out, seen = stack(rng, shape, layers)
    bias = with_bias * weights(rng, len(matrix))
    fn = student.affine_map(matrix, bias, out)
    found = student.empirical_receptive_field(fn, shape)
    wholes(found, seen, "the window that the middle output sees")


def test_dead_taps_do_not_count(student, rng):
    """A 5x5 kernel with zeros around its middle row and last columns."""
    kernel = np.zeros((5, 5))
    kernel[1:4, 2:] = weights(rng, (3, 3))
    matrix, out = convolution_matrix(kernel, (9, 10))
    fn = student.affine_map(matrix, weights(rng, len(matrix)), out)
    found = student.empirical_receptive_field(fn, (9, 10))
    wholes(found, (3, 3), "the window that the middle output sees")
