"""The convolution of the course: a TensorFlow operation in C++ and CUDA.

    from shared.ops import conv2d
    y = conv2d(x, kernel, strides=2, padding="same")

The operation is compiled on first use and cached; ``python -m shared.ops build``
does it beforehand. Importing this package imports no TensorFlow.
"""

from __future__ import annotations

from typing import Any

__all__ = ["BuildError", "conv2d"]


def __getattr__(name: str) -> Any:
    # Lazy, so that `python -m shared.ops build` can report a missing compiler, and
    # a grader the sources, without starting TensorFlow.
    if name == "conv2d":
        from shared.ops.conv import conv2d

        return conv2d
    if name == "BuildError":
        from shared.ops.build import BuildError

        return BuildError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
