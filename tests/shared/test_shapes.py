"""Sizes agree with counting windows one by one, and with TensorFlow's layers."""

import itertools

import numpy as np
import pytest

from shared.shapes import (
    ReceptiveField,
    effective_kernel,
    explicit_pads,
    out_size,
    receptive_field,
    same_pads,
    transposed_size,
)


def count_windows(n, kernel, stride, before, after, dilation, ceil=False):
    """Slides a window over the padded line and counts where it may stand."""
    line = before + n + after
    count = start = covered = 0
    while start + (kernel - 1) * dilation < line:
        covered = start + (kernel - 1) * dilation + 1
        count += 1
        start += stride
    if ceil and count and covered < line and start < before + n:
        count += 1  # one partial window takes the rest
    return count


GRID = list(
    itertools.product(
        range(1, 12),  # n
        range(1, 5),  # kernel
        range(1, 5),  # stride
        ((0, 0), (1, 1), (0, 2), (2, 1)),
        (1, 2, 3),  # dilation
    )
)


@pytest.mark.parametrize("ceil", [False, True])
def test_out_size_counts_windows(ceil):
    fits = 0
    for n, kernel, stride, pads, dilation in GRID:
        expected = count_windows(n, kernel, stride, *pads, dilation, ceil)
        if not expected:
            with pytest.raises(ValueError, match="does not fit"):
                out_size(n, kernel, stride, pads, dilation, ceil)
            continue
        fits += 1
        case = (n, kernel, stride, pads, dilation)
        assert out_size(n, kernel, stride, pads, dilation, ceil) == expected, case
    assert fits > 1000


def test_same_padding_gives_the_rounded_up_quotient_and_no_pixel_more():
    for n, kernel, stride, _, dilation in GRID:
        before, after = same_pads(n, kernel, stride, dilation)
        case = (n, kernel, stride, dilation)
        assert 0 <= after - before <= 1, case
        assert out_size(n, kernel, stride, "same", dilation) == -(-n // stride), case
        windows = count_windows(n, kernel, stride, before, after, dilation)
        assert windows == -(-n // stride), case
        if before + after:  # one pixel less would lose a window
            fewer = count_windows(n, kernel, stride, before, after - 1, dilation)
            assert fewer < windows, case


@pytest.mark.parametrize(
    ("args", "pads"),
    [
        ((224, 7, 2), (2, 3)),
        ((224, 3, 2), (0, 1)),
        ((225, 3, 2), (1, 1)),
        ((5, 2, 1), (0, 1)),
        ((5, 1, 3), (0, 0)),
        ((0, 3, 2), (0, 0)),
    ],
)
def test_same_pads_of_known_layers(args, pads):
    assert same_pads(*args) == pads


def test_explicit_pads_takes_every_spelling():
    assert explicit_pads(7, 3, 2, "SAME") == (1, 1)
    assert explicit_pads(7, 3, 2, "valid") == (0, 0)
    assert explicit_pads(7, 3, 2, 2) == (2, 2)
    assert explicit_pads(7, 3, 2, (0, 1)) == (0, 1)
    assert explicit_pads(7, 3, 2, [2, 1]) == (2, 1)


@pytest.mark.parametrize(
    ("args", "size"),
    [
        ((224, 11, 4, 2), 55),  # AlexNet's first layer
        ((55, 3, 2), 27),
        ((112, 3, 2, 0, 1, True), 56),  # GoogLeNet's pooling rounds up
        ((112, 3, 2, 0, 1, False), 55),
        ((np.int64(7), np.int32(3), 2, "same"), 4),
    ],
)
def test_out_size_of_known_layers(args, size):
    assert out_size(*args) == size


def test_unknown_sizes_stay_unknown_but_arguments_are_checked():
    assert out_size(None, 3, 2, "same") is None
    assert transposed_size(None, 3, 2, "same") is None
    with pytest.raises(ValueError, match="padding: got 'full'"):
        out_size(None, 3, 2, "full")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: out_size(5, 0), ValueError, "kernel: got 0; it must be at least 1"),
        (lambda: out_size(5, 3, 0), ValueError, "stride: got 0"),
        (lambda: out_size(5, 3, 1.0), TypeError, "stride: got 1.0; give an integer"),
        (lambda: out_size(-1, 3), ValueError, "n: got -1"),
        (lambda: out_size(5, 3, padding=-1), ValueError, "padding: got -1"),
        (lambda: out_size(5, 3, padding=(1, 2, 3)), ValueError, "a pair is"),
        (lambda: effective_kernel(3, 0), ValueError, "dilation: got 0"),
        (lambda: transposed_size(5, 3, 2, "same", 2), ValueError, "output_padding"),
        (lambda: transposed_size(1, 1, 1, 3), ValueError, "leaves nothing"),
        (lambda: receptive_field([(3,)]), ValueError, r"layers\[0\]: got \(3,\)"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_transposed_size_undoes_out_size():
    """Some input of every stride-sized group maps back to itself."""
    for n, kernel, stride, pads, dilation in GRID:
        if n + sum(pads) < effective_kernel(kernel, dilation):
            continue
        small = out_size(n, kernel, stride, pads, dilation)
        lost = n + sum(pads) - effective_kernel(kernel, dilation)
        lost -= (small - 1) * stride
        assert transposed_size(small, kernel, stride, pads, lost, dilation) == n


def test_receptive_field_by_marking_the_pixels_seen():
    stacks = [
        [(3, 1)],
        [(3, 1), (3, 1), (3, 1)],
        [(7, 2, 1, 3), (3, 2, 1, 1), (3, 1, 1, 1)],
        [(3, 1, 2), (2, 2), (5, 3, 1, 2), (1, 1)],
    ]
    for stack in stacks:
        seen = [_pixels_seen(stack, output) for output in (0, 1)]
        assert receptive_field(stack) == ReceptiveField(
            size=max(seen[0]) - min(seen[0]) + 1,
            stride=min(seen[1]) - min(seen[0]),
            start=min(seen[0]),
        )


def _pixels_seen(stack, output):
    pixels = {output}
    for layer in reversed(stack):
        kernel, stride, dilation, before = (*layer, 1, 0)[:4]
        if len(layer) == 3:
            dilation, before = layer[2], 0
        pixels = {
            p * stride - before + tap * dilation
            for p in pixels
            for tap in range(kernel)
        }
    return pixels


def test_receptive_field_of_known_networks():
    vgg16 = [
        layer
        for depth in (2, 2, 3, 3, 3)
        for layer in [(3, 1, 1, 1)] * depth + [(2, 2)]
    ]
    assert receptive_field(vgg16).size == 212
    assert receptive_field(vgg16).stride == 32
    assert receptive_field([]) == ReceptiveField(1, 1, 0)
    assert receptive_field([(7, 2, 1, 3)]).center == 0


def test_sizes_agree_with_keras():
    import keras

    shapes = itertools.product((7, 10), (1, 2, 3, 4), (1, 2, 3), (1, 2))
    for n, kernel, stride, dilation in shapes:
        for padding in ("valid", "same"):
            case = (n, kernel, stride, padding, dilation)
            if stride == 1 or dilation == 1:
                layer = keras.layers.Conv2D(
                    1, kernel, strides=stride, padding=padding, dilation_rate=dilation
                )
                height = layer.compute_output_shape((None, n, 20, 1))[1]
                assert out_size(*case) == height, case
            if stride > 1 and dilation > 1:
                continue
            layer = keras.layers.Conv2DTranspose(
                1, kernel, strides=stride, padding=padding, dilation_rate=dilation
            )
            height = layer.compute_output_shape((None, n, 20, 1))[1]
            assert (
                transposed_size(n, kernel, stride, padding, dilation=dilation) == height
            ), case
