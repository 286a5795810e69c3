"""avgpool_backward shares each window's gradient among its true pixels."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal, numeric_gradient
from solutions.oracles.pooling import avgpool_gradient_loop, avgpool_loop
from solutions.oracles.pooling_cases import CASES, LAYOUTS, laid_out, output_shape


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_transposed_matrices(student, rng, case):
    shape, pool_size, stride, padding = case
    dout = normal(rng, output_shape(*case))
    dx = student.avgpool_backward(
        dout, shape, pool_size, stride=stride, padding=padding
    )
    expected = avgpool_gradient_loop(
        shape, dout, pool_size, stride=stride, padding=padding
    )
    assert_close(dx, expected, what="dx")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_matches_central_differences(student, rng, padding):
    x = normal(rng, (2, 7, 6, 1))
    dout = normal(rng, output_shape(x.shape, (3, 2), 2, padding))
    dx = student.avgpool_backward(dout, x.shape, (3, 2), stride=2, padding=padding)

    def out(v):
        return avgpool_loop(v, (3, 2), stride=2, padding=padding)

    # Differences with h = 1e-5 keep about ten digits; float32 answers fewer.
    atol = 1e-5
    assert_close(dx, numeric_gradient(out, x, dout), atol=atol, what="dx, numeric")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_is_the_adjoint_of_the_forward_pass(student, rng, case):
    """<pool(x), dout> = <x, dx>, whatever x and dout are."""
    shape, pool_size, stride, padding = case
    x, dout = normal(rng, shape), normal(rng, output_shape(*case))
    out = avgpool_loop(x, pool_size, stride=stride, padding=padding)
    dx = student.avgpool_backward(
        dout, shape, pool_size, stride=stride, padding=padding
    )
    dx = np.asarray(dx)
    assert dx.shape == shape, f"dx has shape {dx.shape}, x has {shape}"
    # A sum of many products that may cancel: compare with their total size.
    rtol = 1e-5
    assert_close(
        np.sum(x * dx),
        np.sum(out * dout),
        atol=rtol * max(1.0, np.abs(out * dout).sum()),
        what="<x, dx>, against <avgpool(x), dout>",
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_nothing_is_lost_and_nothing_made(student, rng, padding):
    shape = (2, 8, 7, 2)
    dout = normal(rng, output_shape(shape, (3, 3), 2, padding))
    dx = np.asarray(student.avgpool_backward(dout, shape, (3, 3), 2, padding))
    assert_close(
        dx.sum(axis=(1, 2)),
        dout.sum(axis=(1, 2)),
        atol=1e-5,
        what="sum of dx over each image and channel, against that of dout",
    )


def test_float32(student, rng):
    dout = normal(rng, (2, 4, 3, 3), np.float32)
    dx = student.avgpool_backward(dout, (2, 7, 6, 3), (3, 2), stride=2, padding="same")
    expected = avgpool_gradient_loop(
        (2, 7, 6, 3), dout, (3, 2), stride=2, padding="same"
    )
    expected = expected.astype(np.float32)
    assert_close(dx, expected, what="dx for a float32 dout")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter(student, rng, layout):
    dout = laid_out(normal(rng, (2, 6, 4, 3)), layout)
    shape = (2, 2 * dout.shape[1] - 1, 2 * dout.shape[2], 3)
    dx = student.avgpool_backward(dout, shape, (2, 3), stride=2, padding="same")
    expected = avgpool_gradient_loop(shape, dout, (2, 3), stride=2, padding="same")
    assert_close(dx, expected, what=f"dx ({layout})")


def test_input_is_unmodified(student, rng):
    dout = normal(rng, (2, 3, 2, 2))
    arguments = (dout, (2, 5, 4, 2), (2, 3), 2, "same")
    _, after = student.with_inputs("avgpool_backward", *arguments)
    assert np.array_equal(dout, after[0]), "avgpool_backward changed its argument dout"
