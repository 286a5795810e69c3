"""Slow float64 references for augmentation and evaluation, for hidden tests.

Pixel by pixel, with plain numbers. What a uint8 answer must be close to is returned
unrounded.
"""

import math

import numpy as np

from solutions.oracles.remembered import remembered


def windows(image, size, pad=0):
    """All windows of one image (H, W, C) between zeros, by the place they begin at."""
    height, width, channels = image.shape
    framed = np.zeros((height + 2 * pad, width + 2 * pad, channels), image.dtype)
    framed[pad : pad + height, pad : pad + width] = image
    h, w = size
    return {
        (row, col): framed[row : row + h, col : col + w]
        for row in range(height + 2 * pad - h + 1)
        for col in range(width + 2 * pad - w + 1)
    }


def turned_back(height, width, degrees):
    """Where in the image each pixel of the turned one comes from: (row, column).

    As complex numbers, the imaginary part pointing up: a turn is a product.
    """
    middle = complex((width - 1) / 2, -(height - 1) / 2)
    back = complex(math.cos(math.radians(degrees)), -math.sin(math.radians(degrees)))
    places = {}
    for row in range(height):
        for col in range(width):
            source = (complex(col, -row) - middle) * back + middle
            places[row, col] = -source.imag, source.real
    return places


@remembered
def rotate_loop(x, degrees):
    """Bilinear interpolation between pixels, and zeros around the image."""
    x = np.asarray(x, np.float64)
    _, height, width, _ = x.shape
    out = np.zeros_like(x)
    for place, (row, col) in turned_back(height, width, degrees).items():
        for i in range(height):
            for j in range(width):
                share = max(0, 1 - abs(row - i)) * max(0, 1 - abs(col - j))
                out[:, place[0], place[1]] += share * x[:, i, j]
    return out


def percentile(values, share):
    """The value `share` per cent of the way up the sorted values, interpolated."""
    ordered = sorted(float(value) for value in values)
    place = (len(ordered) - 1) * share / 100
    below = min(int(place), len(ordered) - 2) if len(ordered) > 1 else 0
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@remembered
def stretch_loop(x, low, high, top):
    """Contrast stretched from percentiles to 0 and top, number by number."""
    out = np.array(x, np.float64)
    for image in out:
        values = image.ravel()
        black, white = percentile(values, low), percentile(values, high)
        if black == white:
            continue
        for place in np.ndindex(*image.shape):
            share = (image[place] - black) / (white - black)
            image[place] = top * min(max(share, 0.0), 1.0)
    return out


@remembered
def equalize_loop(x):
    """255 (c(v) - c_min) / (n - c_min) for each channel, by counting pixels."""
    out = np.array(x, np.float64)
    for n, *place, c in np.ndindex(*x.shape):
        values = [int(value) for value in x[n, :, :, c].ravel()]
        first = values.count(min(values))
        if first < len(values):
            up_to = sum(value <= x[(n, *place, c)] for value in values)
            share = (up_to - first) / (len(values) - first)
            out[(n, *place, c)] = 255 * share
    return out


@remembered
def topk_loop(scores, labels, k):
    """Share of examples whose label is beaten by at least k classes."""
    missed = 0
    for row, label in zip(scores, labels, strict=True):
        ahead = sum(
            score > row[label] or (score == row[label] and other < label)
            for other, score in enumerate(row)
        )
        missed += ahead >= k
    return missed / len(labels)
