"""What an answer may call, enforced while it runs.

Packages outside ``allow`` are not there: an import of one gives a stand-in that can
be named, subclassed and used as a decorator (the notebook needs that to be defined at
all) and that raises when a graded function calls it. In the sandbox their files are
covered as well, so there is nothing behind the stand-in to reach. What only shows
things, such as plots, does nothing instead of raising. Single functions of an allowed
package (``forbid``) are taken away from the first, by their code, whatever name they
go by, and TensorFlow's operations with them.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, NoReturn

from grader.worker import forbid, kernels, silent

_SHORT = {"tensorflow": "tf", "numpy": "np"}
_OWN = frozenset({"grader", "msgpack", "numpy"})
#: The answer itself, and what Python's ``sysconfig`` reads, named after the machine.
_OF_STDLIB = ("submission", "_sysconfigdata")
#: Names for types, and no more; not part of Python, but of every installation.
_LIKE_STDLIB = frozenset({"typing_extensions"})
#: Not visible to a worker, and yet there for who wrote the notebook.
_COURSE = frozenset({"grader", "shared", "solutions"})
_COLAB = "google.colab."


class CallNotAllowed(Exception):
    """Raised in the student's function in place of the forbidden call."""


@dataclass
class Guard:
    """The rules of one question, and whether its answer is running now.

    Attributes:
        refusal: the message of the latest refusal, or empty.
    """

    question: str
    allow: tuple[str, ...]
    forbid: tuple[str, ...]
    instead: str
    student_module: str
    _running: bool = False
    _trying: bool = False
    refusal: str = ""

    def install(self) -> None:
        """Puts the rules in force for everything that is imported from now on."""
        sys.meta_path.insert(0, _Finder(self))
        self._watch_imports()
        forbid.install(self.forbid, self._raise)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While it is active, calls of a stand-in raise."""
        before, self._running = self._running, True
        try:
            yield
        finally:
            self._running = before

    def refuse(self, path: str) -> None:
        """Raises if an answer is running; `path` is what it called.

        Raises:
            CallNotAllowed: names the call, the question and what to do instead.
        """
        if self._running:
            self._raise(path)

    @contextlib.contextmanager
    def trying(self, ready: bool) -> Iterator[None]:
        """While it is active, what is not installed is no stand-in, but raises.

        Args:
            ready: whether what is defined is ready for a package not to be there.
        """
        self._trying = ready
        try:
            yield
        finally:
            self._trying = False

    def refused_by_tensorflow(self, message: str) -> str:
        """Returns the refusal that an error of TensorFlow's stands for, or ``""``."""
        operation = kernels.refused(message)
        return self.refusal_of(f"tensorflow.raw_ops.{operation}") if operation else ""

    def refusal_of(self, path: str) -> str:
        """Returns what is said to an answer that calls `path`."""
        end = f": {self.instead}" if self.instead else ""
        return f"{_shown(path)} is not allowed in {self.question}{end}"

    def _raise(self, path: str) -> NoReturn:
        self.refusal = self.refusal_of(path)
        raise CallNotAllowed(self.refusal)

    def allows(self, module: str) -> bool:
        """True for the standard library, allowed packages and their parents."""
        root = module.partition(".")[0]
        if root in sys.stdlib_module_names or root.startswith(_OF_STDLIB):
            return True
        if root in _LIKE_STDLIB:
            return True
        return any(
            module == name
            or module.startswith(f"{name}.")
            or name.startswith(f"{module}.")
            for name in self.allow
        )

    def _watch_imports(self) -> None:
        """A package that is loaded for TensorFlow's sake is still not the answer's."""
        real_import, real_module = builtins.__import__, importlib.import_module

        def guarded_import(
            name: str,
            globals: Any = None,
            locals: Any = None,
            fromlist: Any = (),
            level: int = 0,
        ) -> Any:
            loaded = level == 0 and _root(name) in sys.modules
            if loaded and self._is_student(globals) and not self.allows(name):
                return StandInModule.load(self, name if fromlist else _root(name))
            return real_import(name, globals, locals, fromlist, level)

        def guarded_module(name: str, package: str | None = None) -> Any:
            asked_by_student = self._is_student(sys._getframe(1).f_globals)
            loaded = _root(name) in sys.modules
            if loaded and asked_by_student and not self.allows(name):
                return StandInModule.load(self, name)
            return real_module(name, package)

        builtins.__import__ = guarded_import
        importlib.import_module = guarded_module

    def stand_in(self, path: str) -> Any:
        """What stands in for `path`, something of a package that is not allowed."""
        quiet = _root(path) in silent.PACKAGES
        return silent.Silent(path) if quiet else StandIn(self, path)

    def is_missed(self, name: str) -> bool:
        """True if an import of `name` is to fail: it is tried, and not installed."""
        root = _root(name)
        if not self._trying or root in _COURSE:
            return False
        if f"{name}.".startswith(_COLAB):  # whose other half comes with TensorFlow
            return True
        return root not in silent.PACKAGES and PathFinder.find_spec(root) is None

    def _is_student(self, globals: Any) -> bool:
        name = globals.get("__name__", "") if isinstance(globals, dict) else ""
        return isinstance(name, str) and name.startswith(self.student_module)


class StandIn:
    """Anything of a package that is not allowed."""

    def __init__(self, guard: Guard, path: str) -> None:
        self.__dict__["_guard"] = guard
        self.__dict__["_path"] = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return StandIn(self._guard, f"{self._path}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._guard.refuse(self._path)
        return StandIn(self._guard, self._path)

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        guard, path = self._guard, self._path

        class Base:
            """Stands in for a base class of a package that is not allowed."""

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                guard.refuse(path)

        return (Base,)

    def __instancecheck__(self, instance: Any) -> bool:
        return False  # nothing here is a tensor of a package that is not here

    def __subclasscheck__(self, subclass: Any) -> bool:
        return False

    def __getitem__(self, key: Any) -> Any:
        return StandIn(self._guard, f"{self._path}[...]")

    def __iter__(self) -> Iterator[Any]:
        self._guard.refuse(self._path)
        return iter(())  # by its items it would never end

    def __or__(self, other: Any) -> Any:
        return self  # a type hint such as ``tf.Tensor | None``

    __ror__ = __or__

    def __repr__(self) -> str:
        return f"<{_shown(self._path)}, not allowed in {self._guard.question}>"


class StandInModule(ModuleType):
    """A package that is not allowed, as far as ``import`` can tell."""

    def __init__(self, name: str, guard: Guard) -> None:
        super().__init__(name)
        self.__dict__["_guard"] = guard
        self.__path__: list[str] = []

    @classmethod
    def load(cls, guard: Guard, name: str) -> StandInModule:
        """Returns a stand-in for the module `name`."""
        return cls(name, guard)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._guard.stand_in(f"{self.__name__}.{name}")


class _Finder:
    """Answers imports of what is not allowed; first on ``sys.meta_path``."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        # TensorFlow and Keras, once loaded, import parts of their own as they go.
        self._trusted = _OWN | {"tensorflow", "keras", *map(_root, guard.allow)}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if self._guard.allows(name) or _root(name) in _OWN:
            return None
        if "tensorflow" in sys.modules and not self._asked_by_student():
            return None
        if self._guard.is_missed(name):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandInModule(spec.name, self._guard)

    def exec_module(self, module: ModuleType) -> None:
        pass

    def _asked_by_student(self) -> bool:
        frame = sys._getframe(2)
        while frame is not None:
            name = str(frame.f_globals.get("__name__", ""))
            if name.startswith(self._guard.student_module):
                return True
            if _root(name) in self._trusted - {"grader"}:
                return False
            frame = frame.f_back  # type: ignore[assignment]
        return False


def _root(name: str) -> str:
    return name.partition(".")[0]


def _shown(path: str) -> str:
    root, dot, rest = path.partition(".")
    return f"{_SHORT.get(root, root)}{dot}{rest}"
