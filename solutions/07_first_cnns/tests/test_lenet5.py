"""lenet5 is the usual dense LeNet-5, however it is written."""

import numpy as np

from shared.datasets import digits_arrays
from solutions.chain import expect_chain
from solutions.networks import expect_learns_by_heart, expect_parameters, expect_shapes

LENET5 = (
    "input 32x32x1",
    "convolution: 6 filters of 5x5, strides 1x1, no padding",
    "activation: tanh",
    "average pooling: 2x2, strides 2x2, no padding",
    "convolution: 16 filters of 5x5, strides 1x1, no padding",
    "activation: tanh",
    "average pooling: 2x2, strides 2x2, no padding",
    "flatten",
    "dense layer: 120 units",
    "activation: tanh",
    "dense layer: 84 units",
    "activation: tanh",
    "dense layer: 10 units",
    "activation: softmax",
)


def test_layers_and_parameters(student, reference):
    model = reference.rebuild(student.lenet5())
    expect_shapes(model, (32, 32, 1))
    expect_chain(model.layers(), LENET5)
    expect_parameters(model, 61_706)


def test_learns_twenty_images_by_heart(student, reference):
    images, y = digits_arrays("train[:20]")
    x = np.pad(images / 255.0, ((0, 0), (2, 2), (2, 2), (0, 0))).astype(np.float32)
    expect_learns_by_heart(reference.rebuild(student.lenet5()), x, y)
