"""separable_conv: one kernel per channel, then 1x1; equal to one dense convolution."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.oracles.conv import conv2d_loop, same_pad
from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "stride 2, H != W": ((7, 6, 3), {"filters": 5, "kernel_size": 3, "strides": 2}),
    "no stride told": ((5, 8, 4), {"filters": 2, "kernel_size": 5}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_is_one_convolution_with_the_product_of_its_kernels(
    student, reference, rng, case
):
    shape, arguments = case
    model = compare(student, reference, "separable_conv", shape, **arguments)
    size, strides = arguments["kernel_size"], arguments.get("strides", 1)
    weights = [normal(rng, w.shape, np.float32) for w in model.weights()]
    model.set_weights(weights)
    depth = shape[-1]
    spatial = weights[0].reshape(size, size, depth, 1).astype(float)
    kernel = spatial * weights[1].reshape(depth, -1)
    x = normal(rng, (2, *shape), np.float32)
    pads = [same_pad(n, size, strides) for n in shape[:2]]
    expected = conv2d_loop(x, kernel, stride=strides, pad=pads)
    assert_close(
        model(x),
        expected.astype(np.float32),
        what="separable_conv against one convolution with the product of both kernels",
    )
