"""keras.applications' ResNet-50 and DenseNet-121 compute the same as ours."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from shared.models.densenet import VARIANTS as DENSE
from shared.models.resnet import VARIANTS as RESIDUAL
from shared.models.resnet import ResNet
from shared.models.weights import copy_weights
from shared.testing import assert_close, rng
from tests.layers.numpy_blocks import randomize

# On even sizes "same" pads other sides than the authors do, on odd ones windows have
# remainders: one of each.
SIZE = (75, 92, 3)
CLASSES = 7

SAME = {
    "resnet50": (keras.applications.ResNet50, RESIDUAL["resnet50_keras"]),
    "densenet121": (
        keras.applications.DenseNet121,
        # Keras's normalisations have a slightly larger epsilon than the authors'.
        dataclasses.replace(DENSE["densenet121"], epsilon=1.001e-5),
    ),
}


@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_same_outputs(case):
    theirs, design = case
    source = theirs(
        weights=None, input_shape=SIZE, classes=CLASSES, classifier_activation=None
    )
    randomize(source, seed=11)
    model = design.build(SIZE, CLASSES)
    copy_weights(source, model)
    assert model.count_params() == source.count_params()
    images = rng(12).uniform(-1, 1, (2, *SIZE)).astype("float32")
    expected = np.asarray(source(images, training=False))
    # No dead net: the two images give different outputs, class by class.
    assert np.ptp(expected, axis=0).min() > 0
    assert_close(np.asarray(model(images, training=False)), expected)


def test_another_stride_is_another_function():
    source, target = (
        ResNet((1, 1), stride_on=stride_on).build(SIZE, CLASSES) for stride_on in (1, 3)
    )
    randomize(source, seed=13)
    copy_weights(source, target)  # the same shapes
    images = rng(12).uniform(-1, 1, (2, *SIZE)).astype("float32")
    outputs = [np.asarray(model(images, training=False)) for model in (source, target)]
    assert np.abs(outputs[0] - outputs[1]).max() > 0.01 * np.abs(outputs[0]).max()
