"""memory_table agrees with counting, layer by layer."""

import pytest

from solutions.expect import whole, wholes

KEYS = {"name", "output_shape", "activations", "params", "multiply_adds"}
SAME = {"padding": "same"}

# Rows: (name, kind, config, inputs), then (output_shape, activations, params,
# multiply_adds), worked out by hand.
CHAIN = {
    "c": ("Conv2D", {"filters": 4, "kernel_size": (3, 2)}, "input"),
    "act": ("ReLU", {}, "c"),
    "p": ("MaxPooling2D", {"pool_size": 2}, "act"),
    "n": ("BatchNormalization", {}, "p"),
    "g": ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2, **SAME}, "n"),
    "a": ("Activation", {"activation": "tanh"}, "g"),
    "f": ("Flatten", {}, "a"),
    "d": ("Dense", {"units": 5, "use_bias": False}, "f"),
    "o": ("Dropout", {"rate": 0.5}, "d"),
    "e": ("Dense", {"units": 3}, "o"),
    "s": ("Softmax", {}, "e"),
}
CHAIN_COSTS = {
    "input": ((9, 8, 2), 144, 0, 0),
    "c": ((7, 7, 4), 196, 52, 49 * 48),
    "act": ((7, 7, 4), 0, 0, 0),
    "p": ((3, 3, 4), 36, 0, 0),
    "n": ((3, 3, 4), 36, 16, 0),
    "g": ((3, 3, 6), 54, 9 * 2 * 6 + 6, 9 * 9 * 2 * 6),
    "a": ((3, 3, 6), 0, 0, 0),
    "f": ((54,), 0, 0, 0),
    "d": ((5,), 5, 270, 270),
    "o": ((5,), 0, 0, 0),
    "e": ((3,), 3, 18, 15),
    "s": ((3,), 0, 0, 0),
}
BRANCHES = {
    "l": ("Conv2D", {"filters": 3, "kernel_size": 1, "strides": 2}, "input"),
    "m": ("AveragePooling2D", {"pool_size": 2, **SAME}, "input"),
    "j": ("Concatenate", {}, "l m"),
    "k": ("Conv2D", {"filters": 5, "kernel_size": 3, **SAME, "use_bias": False}, "j"),
    "r": ("Reshape", {"target_shape": (12, 5)}, "k"),
    "w": ("Dense", {"units": 2}, "r"),
    "t": ("Add", {}, "w w2"),
    "w2": ("Dense", {"units": 2, "use_bias": False}, "r"),
    "q": ("GlobalAveragePooling1D", {}, "t"),
}
BRANCHES_COSTS = {
    "input": ((5, 7, 2), 70, 0, 0),
    "l": ((3, 4, 3), 36, 9, 12 * 6),
    "m": ((3, 4, 2), 24, 0, 0),
    "j": ((3, 4, 5), 60, 0, 0),
    "k": ((3, 4, 5), 60, 225, 12 * 225),
    "r": ((12, 5), 0, 0, 0),
    "w": ((12, 2), 24, 12, 120),
    "w2": ((12, 2), 24, 10, 120),
    "t": ((12, 2), 24, 0, 0),
    "q": ((2,), 2, 0, 0),
}


def rows_for(parts):
    rows = [(name, kind, config, fed.split()) for name, (kind, config, fed) in parts]
    return sorted(rows, key=lambda row: row[0] == "t" or row[0] == "q")


def table_of(student, shape, rows):
    table = student.memory_table(student.given_model(shape, rows))
    assert isinstance(table, list | tuple), "memory_table must return a list"
    for row in table:
        assert isinstance(row, dict), "memory_table must return a list of dictionaries"
        assert set(row) >= KEYS, f"a row lacks the keys {', '.join(KEYS - set(row))}"
    return table


def compare(table, costs):
    names = [row["name"] for row in table]
    assert len(table) == len(costs), (
        f"memory_table must have a row for each of the {len(costs)} layers, the input "
        f"being the first; it has {len(table)}: {', '.join(map(str, names))}"
    )
    assert names[0] == "input", "the first row of memory_table must be the input's"
    assert {*names} == {*costs}, f"the names must be {[*costs]}, not {names}"
    for row in table:
        shape, activations, params, products = costs[row["name"]]
        where = f"layer {row['name']!r}: "
        wholes(row["output_shape"], shape, f"{where}output_shape")
        whole(row["params"], params, f"{where}params")
        whole(row["activations"], activations, f"{where}activations")
        whole(row["multiply_adds"], products, f"{where}multiply_adds")


def test_a_chain(student):
    table = table_of(student, (9, 8, 2), rows_for(CHAIN.items()))
    compare(table, CHAIN_COSTS)
    names = [row["name"] for row in table]
    assert names == [*CHAIN_COSTS], "the rows must be in the order of model.layers"


def test_branches(student):
    table = table_of(student, (5, 7, 2), rows_for(BRANCHES.items()))
    compare(table, BRANCHES_COSTS)


def conv(filters, kernel, **config):
    return "Conv2D", {"filters": filters, "kernel_size": kernel, **config}


@pytest.mark.parametrize("groups", [1, 2])
def test_the_beginning_of_alexnet(student, groups):
    """34,848 weights and 96 biases in the first layer; groups halve the second."""
    pool = "MaxPooling2D", {"pool_size": 3, "strides": 2}
    second = conv(256, 5, padding="same", groups=groups)
    rows = [conv(96, 11, strides=4), pool, second]
    table = table_of(student, (227, 227, 3), rows)
    found = [
        (tuple(r["output_shape"]), r["activations"], r["params"], r["multiply_adds"])
        for r in table
    ]
    weights = 25 * 96 * 256 // groups
    assert found == [
        ((227, 227, 3), 154_587, 0, 0),
        ((55, 55, 96), 290_400, 34_848 + 96, 105_415_200),
        ((27, 27, 96), 69_984, 0, 0),
        ((27, 27, 256), 186_624, weights + 256, 27 * 27 * weights),
    ], f"the first layers of AlexNet (groups={groups}) give {found}"
