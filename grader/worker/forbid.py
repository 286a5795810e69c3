"""Single functions that an answer may not use, though their package is allowed."""

from __future__ import annotations

import _thread
import functools
import importlib
import inspect
import sys
import threading
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

#: Forbidding a function whose name holds the key forbids these operations too,
#: reached by whatever route.
_OPERATIONS = {
    "conv": (
        "Conv",
        "Conv2D",
        "Conv2DBackpropFilter",
        "Conv2DBackpropFilterV2",
        "Conv2DBackpropInput",
        "Conv2DBackpropInputV2",
        "Conv3D",
        "Conv3DBackpropFilterV2",
        "Conv3DBackpropInputV2",
        "DepthwiseConv2dNative",
        "DepthwiseConv2dNativeBackpropFilter",
        "DepthwiseConv2dNativeBackpropInput",
        "Dilation2D",
        "FusedPadConv2D",
        "FusedResizeAndPadConv2D",
        "QuantizedConv2D",
        "XlaConv",
        "XlaConvV2",
        "_FusedConv2D",
        "_FusedDepthwiseConv2dNative",
        "CourseConv2D",
        "CourseConv2DGradInput",
        "CourseConv2DGradKernel",
    ),
    "pool": ("AvgPool", "MaxPool", "MaxPoolV2", "MaxPoolWithArgmax", "FusedMaxPool"),
    "norm": ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "LRN"),
    "softmax": ("Softmax", "SoftmaxCrossEntropyWithLogits", "LogSoftmax"),
}


def install(names: Sequence[str], refuse: Callable[[str], None]) -> None:
    """Makes each of the dotted `names` raise while an answer runs.

    Args:
        names: functions and classes, e.g. ``"keras.layers.Conv2D"``.
        refuse: called with the name in place of the function; raises, or returns if
            no answer is running.
    """
    for name in names:
        target = _resolve(name)
        if inspect.isclass(target):
            _check_construction(target, functools.partial(refuse, name))
        elif callable(target):
            _check_calls(inspect.unwrap(target), functools.partial(refuse, name))
    _watch_operations(names, refuse)


def _resolve(name: str) -> Any:
    package = name.partition(".")[0]
    if package not in sys.modules:
        return None  # the worker has not loaded it; then no answer can call it
    target: Any = importlib.import_module(package)
    for part in name.split(".")[1:]:
        target = getattr(target, part, None)
    return target


def _check_construction(cls: Any, refuse: Callable[[], None]) -> None:
    """Puts a check before an object of `cls`, or of a subclass, is made.

    ``__new__`` and not ``__init__``: Keras reads the arguments of the latter.
    """
    original = cls.__new__

    def checked(made: Any, *args: Any, **kwargs: Any) -> Any:
        refuse()
        if original is object.__new__:
            return original(made)
        return original(made, *args, **kwargs)

    cls.__new__ = staticmethod(checked)


def _check_calls(function: Any, refuse: Callable[[], None]) -> None:
    """Puts a check before the function's own code.

    The code object itself is replaced, so that every alias of the function, taken
    before or after, is the refusing one. A closure's code cannot be replaced; what
    it does is watched by operation type all the same.
    """
    if not inspect.isfunction(function) or function.__code__.co_freevars:
        return
    original = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
    )
    original.__kwdefaults__ = function.__kwdefaults__
    key = f"__checked_{function.__qualname__}__"

    def checked(*args: Any, **kwargs: Any) -> Any:
        refuse()
        return original(*args, **kwargs)

    function.__globals__[key] = checked
    stub = f"def stub(*args, **kwargs): return globals()[{key!r}](*args, **kwargs)"
    namespace: dict[str, Any] = {}
    exec(stub, namespace)
    function.__defaults__ = function.__kwdefaults__ = None
    function.__code__ = namespace["stub"].__code__


def _watch_operations(names: Sequence[str], refuse: Callable[[str], None]) -> None:
    if "tensorflow" not in sys.modules:
        return
    refused: dict[str, str] = {}
    for name in names:
        last = name.rpartition(".")[2].lower()
        for key, operations in _OPERATIONS.items():
            if key in last:
                for operation in operations:
                    refused.setdefault(operation, f"tf.raw_ops.{operation}")
    if not refused:
        return
    callbacks = importlib.import_module("tensorflow.python.framework.op_callbacks")

    def watch(op_type: Any, *_: Any, **__: Any) -> None:
        kind = op_type.decode() if isinstance(op_type, bytes) else str(op_type)
        if kind in refused:
            refuse(refused[kind])

    callbacks.add_op_callback(watch)
    _watch_threads(functools.partial(callbacks.add_op_callback, watch))
    for name in ("clear_op_callbacks", "remove_op_callback"):
        _check_calls(
            getattr(callbacks, name), functools.partial(refuse, f"op_callbacks.{name}")
        )


def _watch_threads(begin: Callable[[], None]) -> None:
    """Calls `begin` first in every thread: TensorFlow's callbacks are per thread."""
    start = _thread.start_new_thread

    def watched(function: Any, args: Any, kwargs: Any = None) -> int:
        def run() -> None:
            begin()
            function(*args, **(kwargs or {}))

        return start(run, ())

    for module in (_thread, threading):
        for name in ("start_new_thread", "start_new", "_start_new_thread"):
            if hasattr(module, name):
                setattr(module, name, watched)
    if hasattr(threading, "_start_joinable_thread"):  # Python 3.13
        _watch_joinable(begin)


def _watch_joinable(begin: Callable[[], None]) -> None:
    start: Any = vars(threading)["_start_joinable_thread"]

    def watched(function: Any, **settings: Any) -> Any:
        def run() -> None:
            begin()
            function()

        return start(run, **settings)

    for module in (_thread, threading):
        for name in ("start_joinable_thread", "_start_joinable_thread"):
            if hasattr(module, name):
                setattr(module, name, watched)
