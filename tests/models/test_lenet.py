"""LeNet-5 as published: the paper's own counts, its three layers, its codes."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import shared.models
from shared.accounting import layer_table
from shared.layers.partial_conv2d import PartialConv2D
from shared.layers.prototype_distance import PrototypeDistance
from shared.layers.subsampling2d import Subsampling2D
from shared.models.lenet import C3, prototypes, scaled_tanh
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer

# Section II-B: parameters and connections of each layer; the output's are fixed.
PAPER = {
    "C1": (156, 122_304),
    "S2": (12, 5_880),
    "C3": (1_516, 151_600),
    "S4": (32, 2_000),
    "C5": (48_120, 48_120),
    "F6": (10_164, 10_164),
    "output": (0, 840),
}


def test_the_papers_counts():
    table = layer_table(shared.models.build("lenet5_original"))
    assert {n: table.loc[n, "parameters"] for n in PAPER} == {
        name: parameters for name, (parameters, _) in PAPER.items()
    }
    connections = {}
    for name in PAPER:
        row = table.loc[name]
        units = int(np.prod(row["output_shape"]))
        if name.startswith("S"):
            connections[name] = units * (4 + 1)  # a window of four and a bias
        elif name == "output":
            connections[name] = units * 84
        else:
            connections[name] = row["multiply_adds"] + units
    assert connections == {name: count for name, (_, count) in PAPER.items()}
    assert sum(connections.values()) == 340_908


# Table I of the paper, one line per map of S2: the maps of C3 that read it.
TABLE_I = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""


def test_table_of_connections():
    marks = TABLE_I.split()
    wanted = [
        tuple(i for i, line in enumerate(marks) if line[o] == "X") for o in range(16)
    ]
    assert list(C3) == wanted
    assert sum(map(len, C3)) == 60


def test_partial_convolution_is_a_masked_one():
    x = normal(rng(1), (2, 9, 8, 6), dtype=np.float32)
    layer = PartialConv2D(C3, 5)
    layer.build(x.shape)
    kernel = normal(rng(2), (5, 5, 60), dtype=np.float32)
    bias = normal(rng(3), (16,), dtype=np.float32)
    layer.set_weights([kernel, bias])
    full = np.zeros((5, 5, 6, 16), "float32")
    pairs = [(i, o) for o, maps in enumerate(C3) for i in maps]
    for plane, (i, o) in enumerate(pairs):
        full[:, :, i, o] = kernel[:, :, plane]
    dense = keras.layers.Conv2D(16, 5)
    dense.build(x.shape)
    dense.set_weights([full, bias])
    assert_close(np.asarray(layer(x)), np.asarray(dense(x)))


def test_partial_convolution_starts_as_the_paper_says():
    layer = PartialConv2D([(0,), (0, 1, 2, 3)], 5)
    layer.build((None, 9, 9, 4))
    kernel = np.abs(np.asarray(layer.kernel))
    assert 2.4 / 25 * 0.7 < kernel[..., 0].max() <= 2.4 / 25
    assert 2.4 / 100 * 0.9 < kernel[..., 1:].max() <= 2.4 / 100


def test_subsampling_formula():
    x = normal(rng(4), (2, 6, 5, 3), dtype=np.float32)
    layer = Subsampling2D(2, activation="tanh")
    layer.build(x.shape)
    coefficient, bias = np.array([1, -2, 0.5], "f4"), np.array([0.1, 0, -1], "f4")
    layer.set_weights([coefficient, bias])
    sums = x[:, :, :4].reshape(2, 3, 2, 2, 2, 3).sum(axis=(2, 4))
    assert_close(np.asarray(layer(x)), np.tanh(sums * coefficient + bias))


def test_output_is_minus_the_squared_distance():
    codes = np.array(prototypes(), "float32")
    x = normal(rng(5), (4, 84), dtype=np.float32)
    expected = -((x[:, None] - codes) ** 2).sum(axis=-1)
    assert_close(np.asarray(PrototypeDistance(prototypes())(x)), expected)


def test_codes_are_distinct_pictures():
    codes = np.array(prototypes())
    assert codes.shape == (10, 84)
    assert set(np.unique(codes)) == {-1.0, 1.0}
    distances = (codes[:, None] != codes).sum(axis=-1) + 99 * np.eye(10, dtype=int)
    assert distances.min() >= 4
    one = codes[1].reshape(12, 7)
    assert (one[1:11, 3] == 1).all()  # the stroke of the 1


def test_squashing_function():
    out = np.asarray(scaled_tanh(np.array([-1.0, 0.0, 1.0, 1e9], "float32")))
    assert_close(out, np.array([-1, 0, 1, 1.7159], "float32"), rtol=0, atol=1e-4)


def test_contracts():
    check_layer(lambda **kw: PartialConv2D(C3, 3, "tanh", **kw), (2, 9, 8, 6))
    check_layer(lambda **kw: Subsampling2D(2, scaled_tanh, **kw), (2, 6, 5, 3))


def test_prototypes_saved_and_loaded(tmp_path):
    model = shared.models.build("lenet5_original", classes=7)
    x = normal(rng(6), (2, 32, 32, 1), dtype=np.float32)
    model.save(tmp_path / "lenet.keras")
    loaded = keras.saving.load_model(tmp_path / "lenet.keras")
    assert loaded.output_shape == (None, 7)
    assert_close(np.asarray(loaded(x)), np.asarray(model(x)))


ERRORS = {
    "classes": (lambda: shared.models.build("lenet5_original", classes=11), "classes"),
    "map": (lambda: PartialConv2D([(4,)]).build((1, 9, 9, 4)), "connections name"),
    "none": (lambda: PartialConv2D([()]), "connections must give"),
    "length": (
        lambda: PrototypeDistance([[1, 2]]).build((1, 3)),
        "prototypes must have the input's 3 entries",
    ),
}


@pytest.mark.parametrize(("act", "message"), ERRORS.values(), ids=ERRORS)
def test_errors(act, message):
    with pytest.raises(ValueError, match=message):
        act()
