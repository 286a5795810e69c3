"""layer_table agrees with counting, and with the layers that Keras builds."""

import copy

import numpy as np
import pytest

from solutions.expect import whole, wholes
from solutions.oracles.shapes import network_table

KEYS = {"output_shape", "params", "macs", "receptive_field"}


def conv(filters, kernel_size, strides=1, padding="valid", use_bias=True):
    return (
        "Conv2D",
        {
            "filters": filters,
            "kernel_size": kernel_size,
            "strides": strides,
            "padding": padding,
            "use_bias": use_bias,
        },
    )


def pool(pool_size, strides, padding="valid"):
    config = {"pool_size": pool_size, "strides": strides, "padding": padding}
    return "MaxPooling2D", config


def dense(units, use_bias=True):
    return "Dense", {"units": units, "use_bias": use_bias}


FLATTEN = ("Flatten", {})
CASES = {  # input shape, layers, parameters of each
    "one convolution": ((7, 5, 2), [conv(3, (3, 2))], [39]),
    "same, stride 2": ((7, 6, 2), [conv(3, (3, 5), 2, "same", False)], [90]),
    "pooling": ((9, 8, 3), [pool((3, 2), 2), pool((2, 3), 2, "same")], [0, 0]),
    "pooling between convolutions": (
        (12, 10, 1),
        [conv(2, (3, 3)), pool((2, 2), 2), conv(4, (3, 1))],
        [20, 0, 28],
    ),
    "dense": (
        (3, 2, 4),
        [FLATTEN, dense(5), dense(3, use_bias=False)],
        [0, 125, 15],
    ),
    "a whole network": (
        (14, 12, 3),
        [
            conv(4, (5, 5), 1, "same"),
            pool((2, 2), 2),
            conv(6, (3, 3), 1, "valid"),
            pool((3, 2), 2, "same"),
            FLATTEN,
            dense(10),
        ],
        [304, 0, 222, 0, 0, 370],
    ),
}


def random_network(rng):
    shape = tuple(int(value) for value in rng.integers((12, 12, 1), (17, 17, 4)))
    layers = []
    for _ in range(int(rng.integers(1, 4))):
        window = tuple(int(value) for value in rng.integers(1, 4, size=2))
        strides = int(rng.integers(1, 3))
        padding = str(rng.choice(["valid", "same"]))
        if layers and padding == "valid" and strides == 2:
            padding = "same"  # so that every window fits
        if rng.integers(3):
            filters, use_bias = int(rng.integers(1, 5)), bool(rng.integers(2))
            layers.append(conv(filters, window, strides, padding, use_bias))
        else:
            layers.append(pool(window, strides, padding))
    if rng.integers(2):
        units, use_bias = int(rng.integers(1, 6)), bool(rng.integers(2))
        layers += [FLATTEN, dense(units, use_bias)]
    return {"input_shape": shape, "layers": layers}


def rows_of(table, spec):
    wanted = f"layer_table must return a list of {len(spec['layers'])} dictionaries"
    assert isinstance(table, list | tuple), wanted
    assert len(table) == len(spec["layers"]), f"{wanted}, got {len(table)}"
    for number, row in enumerate(table, 1):
        assert isinstance(row, dict), wanted
        assert set(row) >= KEYS, f"row {number} lacks {', '.join(KEYS - set(row))}"
    return table


def compare(student, spec, params=None):
    expected = network_table(spec)
    rows = rows_of(student.layer_table(spec), spec)
    for number, (row, wanted) in enumerate(zip(rows, expected, strict=True)):
        kind, config = spec["layers"][number]
        name = f"layer {number + 1}, {kind} {config or ''}: "
        wholes(row["output_shape"], wanted["output_shape"], f"{name}output_shape")
        whole(row["macs"], wanted["macs"], f"{name}macs")
        if params:
            whole(row["params"], params[number], f"{name}params")
        seen = row["receptive_field"]
        if wanted["receptive_field"] is None:
            assert seen is None, f"{name}receptive_field must be None, not {seen}"
        else:
            wholes(seen, wanted["receptive_field"], f"{name}receptive_field")
    return rows


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_counts(student, case):
    shape, layers, params = case
    compare(student, {"input_shape": shape, "layers": layers}, params)


def test_counts_of_random_networks(student, rng):
    for _ in range(6):
        compare(student, random_network(rng))


def test_the_description_is_unmodified(student):
    shape, layers, _ = CASES["a whole network"]
    spec = {"input_shape": shape, "layers": layers}
    _, (after,) = student.with_inputs("layer_table", copy.deepcopy(spec))
    assert after == spec, "layer_table changed the description of the network"


def test_keras_builds_the_same(student, reference, rng):
    for _ in range(4):
        spec = random_network(rng)
        rows = rows_of(student.layer_table(spec), spec)
        x = np.zeros((1, *spec["input_shape"]), np.float32)
        for number, ((name, config), row) in enumerate(
            zip(spec["layers"], rows, strict=True), 1
        ):
            layer = reference.layer(name, **config)
            x = np.asarray(layer(x))
            held = sum(np.size(weight) for weight in layer.weights())
            where = f"layer {number} of {spec}: "
            wholes(row["output_shape"], x.shape[1:], f"{where}output_shape")
            whole(row["params"], held, f"{where}params")
