"""CompositeLayer: one or several tensors, policies, nesting, both ways of use."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest

from shared.accounting import layer_table
from shared.layers import register_all
from shared.layers.composite import CompositeLayer
from shared.layers.conv_bn import conv_bn, convolution, fresh
from shared.layers.on_device import OnDevice
from shared.layers.squeeze_excite import SqueezeExcite
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer


@keras.saving.register_keras_serializable(package="course")
class TwoPaths(CompositeLayer):
    """Takes two tensors and gives two; holds a block within a block."""

    def __init__(self, filters, kernel_initializer="he_normal", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_initializer = kernel_initializer

    def graph(self, inputs):
        left, right = inputs
        left = conv_bn(
            left, self.filters, 3, 2, 1, kernel_initializer=self.kernel_initializer
        )
        right = SqueezeExcite(2)(convolution(right, self.filters, 1, 2))
        return [keras.layers.Add()([left, right]), left]


class Undefined(CompositeLayer):
    pass


def test_contract_with_lists():
    check_layer(functools.partial(TwoPaths, 4), (2, 6, 7, 3), (2, 6, 7, 5))


def test_nested_block_in_accounting_and_summary():
    inputs = [keras.Input((6, 7, 3)), keras.Input((6, 7, 5))]
    model = keras.Model(inputs, TwoPaths(4, name="paths")(inputs))
    paths = list(layer_table(model).index)
    assert len([path for path in paths if path.startswith("paths/squeeze_excite")]) == 4
    assert paths.count("input") == 2
    lines = []
    model.summary(
        160, expand_nested=True, print_fn=lambda line, **_: lines.append(line)
    )
    assert "GlobalAveragePooling2D" in "\n".join(lines)


def test_flat_use_has_the_same_weights_in_the_same_order():
    x = normal(rng(1), (2, 5, 6, 8), dtype=np.float32)
    inputs = keras.Input((5, 6, 8))
    nested = keras.Model(inputs, SqueezeExcite(4)(inputs))
    flat = keras.Model(inputs, SqueezeExcite(4).graph(inputs))
    assert len(flat.layers) > len(nested.layers)
    flat.set_weights(nested.get_weights())
    assert_close(np.asarray(flat(x)), np.asarray(nested(x)))


def test_graph_must_be_defined_and_the_policy_is_put_back():
    before = keras.config.dtype_policy()
    with pytest.raises(NotImplementedError, match="Undefined"):
        Undefined(dtype="mixed_float16")(np.ones((1, 4, 4, 2), "float32"))
    assert keras.config.dtype_policy() is before


def test_training_reaches_the_inside():
    layer = TwoPaths(4)
    left, right = np.ones((4, 6, 6, 3), "f4"), np.ones((4, 6, 6, 5), "f4")
    layer([left, right])
    moving = [w for w in layer.non_trainable_weights if w.name == "moving_mean"]
    before = np.asarray(moving[0])
    layer([left, right], training=True)
    assert np.abs(np.asarray(moving[0]) - before).max() > 0
    layer.trainable = False
    assert not layer.trainable_weights


def test_initializers_are_never_shared():
    one = keras.initializers.HeNormal()
    a, b = (np.asarray(fresh(one)((3, 3))) for _ in range(2))
    assert np.abs(a - b).max() > 0
    assert fresh(None) is None


def test_initializer_objects_survive_the_config():
    layer = TwoPaths(4, kernel_initializer=keras.initializers.Constant(0.5))
    again = TwoPaths.from_config(layer.get_config())
    again.build([(None, 6, 7, 3), (None, 6, 7, 5)])
    assert (np.asarray(again.weights[0]) == 0.5).all()


def test_on_device_is_its_chain():
    def chain():
        return [
            keras.layers.Conv2D(4, 3, name="conv"),
            SqueezeExcite(2, name="gates"),
            keras.layers.Dropout(0.5, name="drop"),
        ]

    check_layer(lambda **kw: OnDevice(chain(), "CPU:0", **kw), (2, 6, 7, 3))
    block = OnDevice(chain(), "CPU:0")
    x = normal(rng(2), (2, 6, 7, 3), dtype=np.float32)
    expected = x
    block.build(x.shape)
    for layer in block.layers[1:]:
        expected = layer(expected)
    assert_close(np.asarray(block(x)), np.asarray(expected))


def test_padding_by_number_is_symmetric():
    inputs = keras.Input((6, 6, 1))
    for padding, size in ((1, 3), ("same", 3), ("valid", 2), (0, 2)):
        out = convolution(inputs, 1, 3, 2, padding)
        assert out.shape[1] == size
    model = keras.Model(inputs, convolution(inputs, 1, 3, 2, 1))
    model.set_weights([np.eye(3, dtype="f4").reshape(3, 3, 1, 1)])
    corner = np.zeros((1, 6, 6, 1), "f4")
    corner[0, 0, 0] = 1
    # The kernel's centre meets the corner: one zero stands before it.
    assert np.asarray(model(corner))[0, 0, 0, 0] == 1
    corner[0, 0, 0], corner[0, 5, 5] = 0, 1
    assert np.asarray(model(corner))[0, 2, 2, 0] == 1


def test_every_layer_file_is_registered():
    found = register_all()
    classes = [value for value in found.values() if isinstance(value, type)]
    for cls in classes:
        # A base class, which no model holds, needs no registered name.
        base = any(issubclass(other, cls) for other in classes if other is not cls)
        if issubclass(cls, keras.layers.Layer) and not base:
            assert keras.saving.get_registered_name(cls) == f"course>{cls.__name__}"
    assert {"Conv2D", "SqueezeExcite", "MaxPooling2D"} <= set(found)
