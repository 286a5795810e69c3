"""TensorFlow's operations taken away, below Python.

A second and a third implementation of an operation are registered with the same
priority, higher than that of the real one. Which of them to run is then undecided and
TensorFlow refuses to run any: whoever asks, from whatever thread, graph or saved model,
and nothing in Python can undo it.
"""

from __future__ import annotations

import ctypes
import importlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

#: What a forbidden function's name holds: the operations that do the same.
_OPERATIONS = {
    "conv": re.compile(r"conv(?!ert)", re.IGNORECASE),
    "pool": re.compile(r"(avg|max)pool", re.IGNORECASE),
    "norm": re.compile(r"batchnorm|^_?(Mkl)?LRN", re.IGNORECASE),
    "softmax": re.compile(r"softmax", re.IGNORECASE),
}
#: Runs a program of another language than TensorFlow's, with anything in it.
_FOREIGN = ("XlaCallModule",)
#: Compiled code takes its operations from a device of its own.
_DEVICES = ("CPU", "XLA_CPU_JIT")
_PRIORITY = 1000
_UNDECIDED = re.compile(
    r"Multiple OpKernel registrations match NodeDef.*?op: \"(\w+)\"", re.DOTALL
)


def refuse(names: Iterable[str]) -> bool:
    """Makes the operations behind the functions `names` fail, for good.

    Args:
        names: dotted, e.g. ``"keras.layers.Conv2D"``.

    Returns:
        True if there are such operations.
    """
    last = [name.rpartition(".")[2].lower() for name in names]
    patterns = [p for key, p in _OPERATIONS.items() if any(key in n for n in last)]
    if not patterns:
        return False
    refused = {
        (operation, label)
        for operation, label in registered()
        if operation in _FOREIGN or any(p.search(operation) for p in patterns)
    }
    for operation, label in refused:
        for device in _DEVICES:
            _make_undecided(operation, label, device)
    return True


def refused(message: str) -> str:
    """Returns the operation that an error of TensorFlow's says was refused, or ``""``.

    Args:
        message: the error's text.
    """
    found = _UNDECIDED.search(message)
    return found[1] if found else ""


@cache
def registered() -> frozenset[tuple[str, str]]:
    """Operations that a CPU can run, each with its implementation's label."""
    kernels = importlib.import_module("tensorflow.python.framework.kernels")
    found = kernels.get_all_registered_kernels().kernel
    return frozenset((k.op, k.label) for k in found if k.device_type == "CPU")


def _make_undecided(operation: str, label: str, device: str) -> None:
    library = _library()
    status = library.TF_NewStatus()
    for _ in range(2):
        builder = library.TF_NewKernelBuilder(
            operation.encode(), device.encode(), None, None, None
        )
        library.TF_KernelBuilder_Priority(builder, _PRIORITY)
        if label:
            library.TF_KernelBuilder_Label(builder, label.encode())
        library.TF_RegisterKernelBuilder(b"refused", builder, status)
    code = library.TF_GetCode(status)
    library.TF_DeleteStatus(status)
    if code:
        raise RuntimeError(f"TensorFlow keeps its operation {operation}: error {code}")


@cache
def _library() -> Any:
    tensorflow = importlib.import_module("tensorflow")
    folder = Path(tensorflow.__file__ or "").parent
    library = ctypes.CDLL(str(folder / "libtensorflow_framework.so.2"))
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("TF_NewStatus", pointer, ()),
        ("TF_GetCode", ctypes.c_int, (pointer,)),
        ("TF_DeleteStatus", None, (pointer,)),
        ("TF_NewKernelBuilder", pointer, (text, text, pointer, pointer, pointer)),
        ("TF_KernelBuilder_Priority", None, (pointer, ctypes.c_int32)),
        ("TF_KernelBuilder_Label", None, (pointer, text)),
        ("TF_RegisterKernelBuilder", None, (text, pointer, pointer)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, list(arguments)
    return library
