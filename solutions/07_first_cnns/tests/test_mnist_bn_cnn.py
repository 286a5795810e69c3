"""mnist_bn_cnn is the lecture's small MNIST network, however it is written."""

import numpy as np

from shared.datasets import digits_arrays
from solutions.chain import expect_chain
from solutions.networks import expect_learns_by_heart, expect_parameters, expect_shapes

MNIST_BN_CNN = (
    "input 28x28x1",
    "convolution: 16 filters of 5x5, strides 1x1, padding 2",
    "batch normalisation",
    "activation: relu",
    "max pooling: 2x2, strides 2x2, no padding",
    "convolution: 32 filters of 5x5, strides 1x1, padding 2",
    "batch normalisation",
    "activation: relu",
    "max pooling: 2x2, strides 2x2, no padding",
    "flatten",
    "dense layer: 10 units",
)


def test_layers_and_parameters(student, reference):
    model = reference.rebuild(student.mnist_bn_cnn())
    expect_shapes(model, (28, 28, 1))
    expect_chain(model.layers(), MNIST_BN_CNN)
    # The running means and variances, 2 (16 + 32), are not trained.
    expect_parameters(model, 29_034, others=96)


def test_learns_twenty_images_by_heart(student, reference):
    images, y = digits_arrays("train[:20]")
    x = (images / 255.0).astype(np.float32)
    model = reference.rebuild(student.mnist_bn_cnn())
    expect_learns_by_heart(model, x, y, logits=True)
