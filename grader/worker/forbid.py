"""Single functions that an answer may not use, though their package is allowed.

They are taken away for good: nothing keeps what they did before, so there is nothing
to put back, and no state that says whether they are forbidden just now.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

from grader.worker import kernels

#: What does a function's work beneath it, and has no code that could be replaced.
_BENEATH = {
    "numpy.convolve": ("correlate", "correlate2"),
    "numpy.correlate": ("correlate", "correlate2"),
}
#: Runs models of its own format, with implementations that TensorFlow does not know.
_OTHER_ENGINES = (
    "tensorflow.lite.Interpreter",
    "tensorflow.lite.python._pywrap_tensorflow_interpreter_wrapper",
)


def install(names: Sequence[str], refuse: Callable[[str], None]) -> None:
    """Makes each of the dotted `names` raise from now on.

    Args:
        names: functions and classes, e.g. ``"keras.layers.Conv2D"``.
        refuse: called with the name in place of the function; raises.
    """
    for name in names:
        _take_away(_resolve(name), functools.partial(refuse, name))
        for below in _BENEATH.get(name, ()):
            _replace_builtin(below, functools.partial(refuse, name))
    if "tensorflow" in sys.modules and kernels.refuse(names):
        interpreter, engine = map(_resolve, _OTHER_ENGINES)
        refuse_engine = functools.partial(refuse, _OTHER_ENGINES[0])
        _take_away(interpreter, refuse_engine)
        for name in [n for n in dir(engine) if callable(getattr(engine, n))]:
            setattr(engine, name, _refusing(refuse_engine))


def _resolve(name: str) -> Any:
    package = name.partition(".")[0]
    if package not in sys.modules:
        return None  # the worker has not loaded it; then no answer can call it
    if name in sys.modules:
        return sys.modules[name]
    target: Any = importlib.import_module(package)
    for part in name.split(".")[1:]:
        target = getattr(target, part, None)
    return target


def _take_away(target: Any, refuse: Callable[[], None]) -> None:
    if inspect.isclass(target):
        _refuse_construction(target, refuse)
    elif callable(target):
        _refuse_calls(inspect.unwrap(target), refuse)


def _refusing(refuse: Callable[[], None]) -> Callable[..., None]:
    def refused(*args: Any, **kwargs: Any) -> None:
        refuse()

    return refused


def _refuse_construction(cls: Any, refuse: Callable[[], None]) -> None:
    """Lets no object of `cls`, or of a subclass, be made.

    ``__new__`` and not ``__init__``: Keras reads the arguments of the latter.
    """
    cls.__new__ = staticmethod(_refusing(refuse))


def _refuse_calls(function: Any, refuse: Callable[[], None]) -> None:
    """Puts a refusal in place of the function's own code.

    The code object itself is replaced, so that every alias of the function, taken
    before or after, is the refusing one. A closure's code cannot be replaced; what
    it does in TensorFlow is refused there.
    """
    if not inspect.isfunction(function) or function.__code__.co_freevars:
        return
    key = f"__refused_{function.__qualname__}__"
    function.__globals__[key] = _refusing(refuse)
    stub = f"def stub(*args, **kwargs): return globals()[{key!r}](*args, **kwargs)"
    namespace: dict[str, Any] = {}
    exec(stub, namespace)
    function.__defaults__ = function.__kwdefaults__ = None
    function.__code__ = namespace["stub"].__code__


def _replace_builtin(name: str, refuse: Callable[[], None]) -> None:
    """Puts a refusal wherever a module of NumPy holds its compiled function `name`."""
    original = getattr(importlib.import_module("numpy._core.multiarray"), name)
    for module in list(sys.modules.values()):
        for key, value in list(getattr(module, "__dict__", {}).items()):
            if value is original:
                setattr(module, key, _refusing(refuse))
