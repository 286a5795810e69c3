"""task_cnn is the network of the lecture's MNIST task, however it is written."""

import numpy as np

from shared.datasets import digits_arrays
from solutions.chain import expect_chain
from solutions.networks import expect_learns_by_heart, expect_parameters, expect_shapes

TASK_CNN = (
    "input 28x28x1",
    "convolution: 64 filters of 3x3, strides 2x2, no padding",
    "activation: relu",
    # An even kernel: TensorFlow's "same" puts its one zero below and right.
    "convolution: 32 filters of 2x2, strides 1x1, "
    "padding 0 above, 1 below, 0 left, 1 right",
    "activation: relu",
    "max pooling: 2x2, strides 1x1, no padding",
    "dropout 0.35",
    "flatten",
    "dense layer: 256 units",
    "activation: tanh",
    "dropout 0.5",
    "dense layer: 10 units",
    "activation: softmax",
)


def test_layers_and_parameters(student, reference):
    model = reference.rebuild(student.task_cnn())
    expect_shapes(model, (28, 28, 1))
    expect_chain(model.layers(), TASK_CNN)
    expect_parameters(model, 1_191_338)


def test_learns_twenty_images_by_heart(student, reference):
    images, y = digits_arrays("train[:20]")
    x = (images / 255.0).astype(np.float32)
    expect_learns_by_heart(reference.rebuild(student.task_cnn()), x, y)
