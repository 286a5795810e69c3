"""Small cases with their numbers: what `check("...")` runs in the notebook.

They look at parameters and sizes of maps, which catches most mistakes, not all. The
grader compares your network layer by layer.
"""

import pytest

question = pytest.mark.question

SMALL = {"classes": 3, "units": (4,)}


def parameters(model, expected, called):
    trained, other = model.count_params()
    assert (trained, other) == (expected, 0), (
        f"{called} must have {expected:,} parameters, all trained; "
        f"it has {trained:,} and {other:,} that are not"
    )


def sizes(model, expected, called):
    """The maps, in this order; layers that keep their shape count once."""
    found = [layer.output_shape[1:] for layer in model.layers()]
    steps = [b for a, b in zip([None, *found], found, strict=False) if a != b]
    missing = [shape for shape in expected if shape not in steps]
    assert not missing, (
        f"{called} must have maps {missing[0]}; its layers give, one after the other, "
        f"{', '.join(map(str, steps))}"
    )


@question("alexnet")
def test_alexnet_sizes(student):
    maps = [(55, 55, 96), (27, 27, 96), (27, 27, 256), (13, 13, 256), (13, 13, 384)]
    model = student.alexnet(units=(2,), classes=3)
    sizes(model, [*maps, (6, 6, 256), (2,), (3,)], "alexnet(units=(2,), classes=3)")


@question("alexnet")
@pytest.mark.parametrize(("groups", "expected"), [(1, 3_748_243), (2, 2_335_123)])
def test_alexnet_parameters(student, groups, expected):
    model = student.alexnet(groups=groups, input_shape=(67, 67, 3), **SMALL)
    called = f"alexnet(groups={groups}, input_shape=(67, 67, 3), classes=3, units=(4,))"
    parameters(model, expected, called)


@question("zfnet")
def test_zfnet_sizes_and_parameters(student):
    model = student.zfnet(**SMALL)
    called = "zfnet(classes=3, units=(4,))"
    maps = [(110, 110, 96), (55, 55, 96), (26, 26, 256), (13, 13, 256), (6, 6, 256)]
    sizes(model, maps, called)
    parameters(model, 3_763_347, called)


@question("zfnet")
def test_zfnet_other_widths(student):
    late = (8, 16, 8)
    model = student.zfnet(late=late, input_shape=(96, 96, 3), **SMALL)
    called = f"zfnet(late={late}, input_shape=(96, 96, 3), classes=3, units=(4,))"
    parameters(model, 649_779, called)


@question("vgg")
@pytest.mark.parametrize(
    ("config", "expected"),
    [("A", 9_228_858), ("B", 9_413_370), ("C", 10_004_474), ("D", 14_723_066)],
)
def test_vgg_columns(student, config, expected):
    model = student.vgg(config, input_shape=(32, 32, 3), classes=10, units=(16,))
    called = f"vgg({config!r}, input_shape=(32, 32, 3), classes=10, units=(16,))"
    parameters(model, expected, called)


@question("vgg")
def test_vgg_of_ones_own(student):
    model = student.vgg((1, 2), input_shape=(8, 8, 1), classes=2, units=())
    called = "vgg((1, 2), input_shape=(8, 8, 1), classes=2, units=())"
    sizes(model, [(8, 8, 64), (4, 4, 64), (4, 4, 128), (2, 2, 128), (2,)], called)
    parameters(model, 223_106, called)


ROWS = [
    ("maps", "Conv2D", {"filters": 3, "kernel_size": 3, "groups": 1}, ["input"]),
    ("relu", "ReLU", {}, ["maps"]),
    ("flat", "Flatten", {}, ["relu"]),
    ("scores", "Dense", {"units": 2}, ["flat"]),
]
TABLE = {  # output_shape, activations, params, multiply_adds
    "input": ((5, 4, 2), 40, 0, 0),
    "maps": ((3, 2, 3), 18, 57, 324),
    "relu": ((3, 2, 3), 0, 0, 0),
    "flat": ((18,), 0, 0, 0),
    "scores": ((2,), 2, 38, 36),
}


@question("memory_table")
def test_memory_table_of_a_small_network(student):
    table = student.memory_table(student.given_model((5, 4, 2), ROWS))
    assert isinstance(table, list | tuple), "memory_table returns a list"
    names = [row["name"] for row in table]
    assert names == [*TABLE], f"the rows must be {[*TABLE]}, not {names}"
    for row in table:
        keys = ("output_shape", "activations", "params", "multiply_adds")
        for key, expected in zip(keys, TABLE[row["name"]], strict=True):
            value = tuple(row[key]) if key == "output_shape" else row[key]
            where = f"layer {row['name']!r}: {key}"
            assert value == expected, f"{where} must be {expected}, not {value}"


@question("inception_naive")
def test_naive_module(student):
    model = student.as_model("inception_naive", (8, 6, 4), c1=3, c3=5, c5=2)
    called = "inception_naive(x, c1=3, c3=5, c5=2) on 8x6x4"
    assert model.shapes()[1][1:] == (8, 6, 14), f"{called} must give 8x6x14"
    parameters(model, 402, called)


@question("inception_v1")
def test_module_with_bottlenecks(student):
    widths = {"c1": 3, "r3": 2, "c3": 5, "r5": 1, "c5": 2, "pool": 6}
    model = student.as_model("inception_v1", (8, 6, 4), **widths)
    called = "inception_v1(x, c1=3, r3=2, c3=5, r5=1, c5=2, pool=6) on 8x6x4"
    assert model.shapes()[1][1:] == (8, 6, 16), f"{called} must give 8x6x16"
    parameters(model, 207, called)


@question("googlenet")
def test_googlenet(student):
    model = student.googlenet(input_shape=(80, 80, 3), classes=10)
    called = "googlenet(input_shape=(80, 80, 3), classes=10)"
    maps = [(40, 40, 64), (20, 20, 192), (10, 10, 480), (5, 5, 832), (3, 3, 1024)]
    sizes(model, maps, called)
    parameters(model, 5_983_802, called)


@question("googlenet")
def test_googlenet_with_side_classifiers(student):
    model = student.googlenet(input_shape=(80, 80, 3), classes=10, auxiliary=True)
    called = "googlenet(input_shape=(80, 80, 3), classes=10, auxiliary=True)"
    outputs = model.shapes()[1]
    assert outputs == ((None, 10),) * 3, f"{called} must have three outputs of 10"
    parameters(model, 6_401_870, called)


# The network of ROWS holds 95 parameters and 60 activations: with momentum 1140 bytes
# before the first image, and 480 for each.
@question("fit_memory")
@pytest.mark.parametrize(
    ("budget", "optimizer", "images"),
    [
        (1140 + 480 * 7, "momentum", 7),
        (1140 + 480 * 7 - 1, "momentum", 6),
        (1140 + 480 * 7, "sgd", 7),
        (1140 + 480 * 7, "adam", 6),
        (1000, "momentum", 0),
    ],
)
def test_fit_memory(student, budget, optimizer, images):
    model = student.given_model((5, 4, 2), ROWS)
    found = student.fit_memory(model, budget, optimizer=optimizer)
    called = f"fit_memory(model, {budget}, optimizer={optimizer!r})"
    assert found == images, f"{called} must be {images}, not {found}"
