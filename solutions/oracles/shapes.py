"""Counting references for sizes, costs and receptive fields, for hidden tests.

They hold no formula: windows are placed one by one, products are summed as ones, and
receptive fields are followed backwards, pixel by pixel.
"""

import numpy as np

from solutions.oracles import conv2d_loop


def window_starts(n, f, s=1, before=0, after=0):
    """First pixels of the windows that fit; negative inside the padding."""
    starts, start = [], -before
    while start + f <= n + after:
        starts.append(start)
        start += s
    return starts


def same_zeros(n, f, s=1):
    """The fewest zeros ``(before, after)`` for ``ceil(n / s)`` windows."""
    wanted = len(range(0, n, s))
    total = 0
    while len(window_starts(n, f, s, 0, total)) < wanted:
        total += 1
    return total // 2, total - total // 2


def zeros(n, f, s, padding):
    """``(before, after)`` for a layer's ``"valid"`` or ``"same"``."""
    return same_zeros(n, f, s) if padding == "same" else (0, 0)


def products(input_shape, kernel_size, filters, strides, padding, groups=1):
    """Products of a convolution: every weight and input is 1, zeros included."""
    height, width, channels = input_shape
    pads = [
        sum(zeros(n, f, strides, padding))
        for n, f in zip((height, width), kernel_size, strict=True)
    ]
    x = np.ones((1, height + pads[0], width + pads[1], channels))
    kernel = np.ones((*kernel_size, channels // groups, filters))
    return int(conv2d_loop(x, kernel, stride=strides, groups=groups).sum())


def seen_from(layers, output=0):
    """The pixels along one axis that an output of a stack depends on.

    Args:
        layers: one ``(f, s, d)`` or ``(f, s, d, before)`` per layer.
        output: index of the output.

    Returns:
        A set; those in the padding are negative or beyond the end.
    """
    seen = {output}
    for layer in reversed(layers):
        f, s, d, before = (*layer, 0)[:4]
        seen = {j * s + a * d - before for j in seen for a in range(f)}
    return seen


def field(layers):
    """``(size, jump)`` of a stack along one axis, read off two neighbours."""
    first, second = seen_from(layers, 0), seen_from(layers, 1)
    return max(first) - min(first) + 1, min(second) - min(first)


def convolution_matrix(kernel, shape, s=1, d=1, pad=0):
    """A convolution of one channel as a matrix.

    Args:
        kernel: ``(kh, kw)``.
        shape: ``(H, W)`` of the image.
        s, d, pad: stride, dilation and zeros on each side, for both axes.

    Returns:
        matrix ``(H_out * W_out, H * W)``, ``(H_out, W_out)``.
    """
    out = tuple(
        len(window_starts(n, (k - 1) * d + 1, s, pad, pad))
        for n, k in zip(shape, kernel.shape, strict=True)
    )
    matrix = np.zeros((*out, *shape))
    for i, j in np.ndindex(*out):
        for a, b in np.ndindex(*kernel.shape):
            y, x = i * s + a * d - pad, j * s + b * d - pad
            if 0 <= y < shape[0] and 0 <= x < shape[1]:
                matrix[i, j, y, x] += kernel[a, b]
    return matrix.reshape(out[0] * out[1], shape[0] * shape[1]), out


def network_table(spec):
    """Output shape, MACs and receptive field of each layer of a description."""
    shape, stacks, rows = tuple(spec["input_shape"]), ([], []), []
    for name, config in spec["layers"]:
        macs = 0
        window = config.get("kernel_size") or config.get("pool_size")
        if window:
            s, padding = config["strides"], config["padding"]
            if name == "Conv2D":
                macs = products(shape, window, config["filters"], s, padding)
            spatial = []
            for axis in (0, 1):
                n, f = shape[axis], window[axis]
                spatial.append(len(window_starts(n, f, s, *zeros(n, f, s, padding))))
                stacks[axis].append((f, s, 1))
            shape = (*spatial, config.get("filters", shape[2]))
        elif name == "Flatten":
            shape = (np.ones(shape).size,)
        else:
            macs = np.ones((shape[0], config["units"])).size
            shape = (config["units"],)
        seen = tuple(field(stack)[0] for stack in stacks) if len(shape) == 3 else None
        rows.append({"output_shape": shape, "macs": macs, "receptive_field": seen})
    return rows
