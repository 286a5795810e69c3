"""The modern blocks on paper have the counts that were published for them."""

import pytest

from solutions.oracles.graph import difference, multiply_adds, parameters
from solutions.oracles.graph_reading import read
from solutions.oracles.modern import wanted


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (256, 256 * 128 + 9 * 4 * 128 + 128 * 256),
        (512, 512 * 256 + 9 * 8 * 256 + 256 * 512),
    ],
)
def test_a_block_of_resnext50_has_32_paths(channels, expected):
    """Its three kernels as in the paper's table, in every form."""
    width = channels // 64
    shape = (2, 3, channels)
    arguments = {"cardinality": 32, "width": width}
    for form in ("paths", "concat", "grouped"):
        graph = wanted("resnext_block", shape, form=form, **arguments)
        statistics = 2 * (2 * 32 * width + channels)
        assert parameters(graph) == expected + statistics, form
        assert multiply_adds(graph) == 6 * expected, form


def test_the_forms_are_three_graphs():
    arguments = {"cardinality": 3, "width": 2}
    graphs = [
        wanted("resnext_block", (4, 5, 7), form=form, **arguments)
        for form in ("paths", "concat", "grouped")
    ]
    assert len({len(graph.nodes) for graph in graphs}) == 3


def test_dense_blocks_have_the_widths_of_densenet_121():
    channels = 64
    for depth in (6, 12, 24, 16):
        shape = (1, 2, channels)
        graph = wanted("dense_block", shape, depth=depth, growth=32, bottleneck=True)
        (last,) = graph.outputs
        assert graph.nodes[last].shape == (1, 2, channels + 32 * depth)
        channels = (channels + 32 * depth) // 2
    assert 2 * channels == 1024


def test_squeeze_excite_costs_two_thin_layers():
    graph = wanted("squeeze_excite", (3, 4, 256))
    assert parameters(graph) == 2 * 256 * 16 + 256 + 16


class Told:
    """A layer as the grader tells it."""

    def __init__(self, name, kind, config, inputs):
        self.name, self.kind, self.config, self.inputs = name, kind, config, inputs
        self.output_shape = (None, 3, 4, 2)
        self.params = self.trainable_params = 0


IMAGE = Told("image", "InputLayer", {}, ())


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("Rescaling", {"scale": 0.1, "offset": 0.0}),
        ("Multiply", {"arguments": "[0.1]"}),
    ],
)
def test_two_ways_to_scale_are_one(kind, config):
    graph = read([IMAGE, Told("times", kind, config, ("image",))])
    (last,) = graph.outputs
    assert graph.nodes[last].kind == "scale"
    assert graph.nodes[last]["factor"] == 0.1


def test_an_offset_is_no_scale():
    shifted = Told("shift", "Rescaling", {"scale": 0.1, "offset": 1.0}, ("image",))
    scaled = Told("scale", "Rescaling", {"scale": 0.1, "offset": 0.0}, ("image",))
    told = difference(read([IMAGE, shifted]), read([IMAGE, scaled]))
    assert told is not None
