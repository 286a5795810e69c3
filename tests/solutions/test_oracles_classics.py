"""The classic networks on paper have the counts that were published for them."""

import csv

import pytest

from grader.manifest import ROOT
from solutions.oracles import classics
from solutions.oracles.graph import multiply_adds, parameters
from solutions.oracles.sketch import Sketch

NETWORKS = {
    "alexnet": classics.alexnet(),
    "alexnet_grouped": classics.alexnet(groups=2),
    "zfnet": classics.zfnet(),
    "zfnet_wide": classics.zfnet((512, 1024, 512)),
    "vgg11": classics.vgg("A"),
    "vgg13": classics.vgg("B"),
    "vgg16_c": classics.vgg("C"),
    "vgg16": classics.vgg("D"),
    "vgg19": classics.vgg("E"),
    "googlenet": classics.googlenet(),
    "googlenet_aux": classics.googlenet(auxiliary=True),
}


@pytest.fixture(scope="module")
def published():
    path = ROOT / "shared" / "models" / "counts.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = (line for line in file if not line.startswith("#"))
        return {row[0]: row for row in csv.reader(rows) if row}


@pytest.mark.parametrize("name", NETWORKS)
def test_counts(name, published):
    graph, row = NETWORKS[name], published[name]
    assert parameters(graph) == int(row[3])
    assert multiply_adds(graph) == int(row[5])


def test_a_column_is_its_numbers_of_convolutions():
    shape = {"input_shape": (64, 32, 1), "classes": 3, "units": (4,)}
    assert classics.vgg("E", **shape) == classics.vgg((2, 2, 4, 4, 4), **shape)
    assert classics.vgg("C", **shape) != classics.vgg((2, 2, 3, 3, 3), **shape)


def test_modules_on_the_lectures_maps():
    net = Sketch((28, 28, 256))
    naive = net.graph(classics.naive(net, "input", 128, 192, 96))
    squeezed = net.graph(classics.inception(net, "input", 128, 64, 192, 64, 96, 64))
    assert multiply_adds(naive) == 854_196_224
    assert multiply_adds(squeezed) == 271_351_808
    assert naive.nodes[naive.outputs[0]].shape == (28, 28, 672)
    assert squeezed.nodes[squeezed.outputs[0]].shape == (28, 28, 480)
