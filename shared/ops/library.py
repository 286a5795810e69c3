"""Loads the compiled operations into TensorFlow and registers their gradients."""

from __future__ import annotations

import functools
import os
import struct
import threading
from pathlib import Path
from typing import Any

import tensorflow as tf

from shared.ops.build import BuildError, build_library

ISAS = ("avx512", "avx2", "portable")
_LOADING = threading.Lock()


def operations() -> Any:
    """The module of raw operations, built and loaded on the first call.

    ``COURSE_OPS_LIBRARY`` names a library to load instead, for example one that was
    built with a student's kernel in it.

    Raises:
        BuildError: If the library has to be built and cannot be, or cannot be loaded.
        ValueError: If ``COURSE_OPS_ISA`` names no instruction set.
    """
    with _LOADING:  # gradients can be registered once, whoever comes first
        return _operations()


@functools.cache
def _operations() -> Any:
    isa = os.environ.get("COURSE_OPS_ISA")
    if isa and isa not in ISAS:
        raise ValueError(
            f"COURSE_OPS_ISA must be one of {', '.join(ISAS)}, received {isa!r}"
        )
    given = os.environ.get("COURSE_OPS_LIBRARY")
    if given:
        module = _load(Path(given), f"COURSE_OPS_LIBRARY={given}")
    else:
        library = build_library()
        try:
            module = _load(library, str(library))
        except BuildError:  # spoilt since, by a full disk or a power cut
            module = _load(build_library(force=True), str(library))
    _register_gradients(module)
    return module


def _load(library: Path, name: str) -> Any:
    if _is_cut_short(library):
        raise BuildError(f"{name} cannot be loaded: the file is cut short")
    try:
        # Absolute: the loader looks for a bare name in the system's folders.
        module = tf.load_op_library(str(library.absolute()))
    except tf.errors.OpError as error:
        raise BuildError(f"{name} cannot be loaded: {error.message}") from None
    if not hasattr(module, "course_conv2d"):
        raise BuildError(f"{name} cannot be used: it has no operation CourseConv2D")
    return module


def _is_cut_short(library: Path) -> bool:
    """Whether an ELF file ends before its table of sections, which comes last.

    The loader does not look, and the process dies when it touches what is not there.
    """
    if not library.is_file():
        return False
    with library.open("rb") as file:
        head = file.read(64)
    if len(head) < 64 or not head.startswith(b"\x7fELF\x02\x01"):
        return False  # something else: the loader says what is wrong with it
    (table,) = struct.unpack_from("<Q", head, 40)
    size, count = struct.unpack_from("<HH", head, 58)
    return table + size * count > library.stat().st_size


def _attributes(op: tf.Operation) -> dict[str, Any]:
    names = ("strides", "padding", "explicit_paddings", "dilations", "groups")
    return {name: op.get_attr(name) for name in (*names, "implementation")}


def _register_gradients(ops: Any) -> None:
    """Each operation is linear in both tensors, so each gradient is one of the others.

    With y = conv(x, k): dx = grad_input(k, dy) and dk = grad_kernel(x, dy). That they
    are operations with gradients themselves gives derivatives of every order.
    """

    @tf.RegisterGradient("CourseConv2D")
    def _conv2d(op: tf.Operation, d_output: tf.Tensor) -> list[tf.Tensor]:
        x, kernel = op.inputs
        how = _attributes(op)
        return [
            ops.course_conv2d_grad_input(tf.shape(x), kernel, d_output, **how),
            ops.course_conv2d_grad_kernel(x, tf.shape(kernel), d_output, **how),
        ]

    @tf.RegisterGradient("CourseConv2DGradInput")
    def _grad_input(op: tf.Operation, upstream: tf.Tensor) -> list[tf.Tensor | None]:
        _, kernel, d_output = op.inputs
        how = _attributes(op)
        return [
            None,
            ops.course_conv2d_grad_kernel(upstream, tf.shape(kernel), d_output, **how),
            ops.course_conv2d(upstream, kernel, **how),
        ]

    @tf.RegisterGradient("CourseConv2DGradKernel")
    def _grad_kernel(op: tf.Operation, upstream: tf.Tensor) -> list[tf.Tensor | None]:
        x, _, d_output = op.inputs
        how = _attributes(op)
        return [
            ops.course_conv2d_grad_input(tf.shape(x), upstream, d_output, **how),
            None,
            ops.course_conv2d(x, upstream, **how),
        ]
