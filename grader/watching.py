"""Which packages an answer uses that its question does not allow, seen in a notebook.

There nothing is taken away, so a call of such a package works, and only the grader
would refuse it. Said is what cannot be wrong: the answer's own code, or a helper of
the notebook's, names the package and has called it. Where imports are tried or errors
caught nothing is said, for the answer may do without.
"""

from __future__ import annotations

import dis
import linecache
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from grader.manifest import Manifest
from grader.worker import silent
from grader.worker.guard import Guard

#: Either brings the other.
_PAIR = frozenset({"tensorflow", "keras"})
_TRY = re.compile(r"^\s*try\s*:", re.MULTILINE)


class Watch:
    """Notes calls of packages that are not allowed, while it is active.

    Args:
        manifest: the assignment.
        question: id of one of its questions.
        namespace: what the notebook has defined.
        is_students: whether a file name is that of one of the notebook's cells.

    Attributes:
        used: top-level packages that the answer has called.
    """

    def __init__(
        self,
        manifest: Manifest,
        question: str,
        namespace: Mapping[str, Any],
        is_students: Callable[[str], bool],
    ) -> None:
        self.used: set[str] = set()
        self._is_students = is_students
        asked = manifest.question(question)
        roots = {name.partition(".")[0] for name in asked.allow}
        roots |= _PAIR if roots & _PAIR else set()
        roots |= {Path(name).stem for name in (*manifest.given, manifest.bindings)}
        self._rules = Guard(question, (*roots,), (), asked.instead, "")
        answers = [namespace.get(name) for name in asked.graded_names]
        self._named = frozenset(self._not_allowed(answers, namespace))

    def __enter__(self) -> None:
        # Without a suspicion nothing is slower; a debugger or profiler comes first.
        if self._named and sys.getprofile() is None:
            sys.setprofile(self._notice)

    def __exit__(self, *error: object) -> None:
        if sys.getprofile() == self._notice:
            sys.setprofile(None)

    def warnings(self) -> list[str]:
        """A line for each package that the grader will refuse."""
        found = [self._rules.refusal_of(root) for root in sorted(self.used)]
        return [f"! {line}. The grader gives no points for it." for line in found]

    def _not_allowed(
        self, answers: Sequence[Any], namespace: Mapping[str, Any]
    ) -> Iterator[str]:
        """Packages that the answers' code names and that would be refused."""
        codes = list(_codes(answers, self._is_students))
        if any(_catches(code) for code, _ in codes):
            return
        history = namespace.get("In")  # of Jupyter's
        cells = [str(text) for text in history] if isinstance(history, list) else []
        files = {code.co_filename for code, _ in codes}
        cells += ["".join(linecache.getlines(file)) for file in files]
        for root in {root for code, names in codes for root in _roots(code, names)}:
            if not root or root == "__main__":
                continue
            tried = any(
                _TRY.search(c) and re.search(rf"\b{re.escape(root)}\b", c)
                for c in cells
            )
            if not (tried or self._rules.allows(root) or root in silent.PACKAGES):
                yield root

    def _notice(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "call":
            caller, module = frame.f_back, frame.f_globals.get("__name__")
        elif event == "c_call":
            caller, module = frame, getattr(called, "__module__", None)
        else:
            return
        if caller is None or not isinstance(module, str):
            return
        root = module.partition(".")[0]
        if root in self._named and self._is_students(caller.f_code.co_filename):
            self.used.add(root)


def _codes(
    values: Iterable[Any], is_students: Callable[[str], bool]
) -> Iterator[tuple[CodeType, Mapping[str, Any]]]:
    """The code of the notebook's own that some values can come to run, with globals."""
    waiting, seen = list(values), set[int]()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, type) and value.__module__ == "__main__":
            waiting += vars(value).values()
        elif isinstance(value, staticmethod | classmethod):
            waiting.append(value.__func__)
        elif isinstance(value, FunctionType):
            waiting.append(getattr(value, "__wrapped__", None))
            for cell in value.__closure__ or ():
                try:
                    waiting.append(cell.cell_contents)
                except ValueError:  # not yet filled
                    continue
            if is_students(value.__code__.co_filename):
                for code in _with_inner(value.__code__):
                    yield code, value.__globals__
                    waiting += [value.__globals__.get(name) for name in code.co_names]


def _catches(code: CodeType) -> bool:
    """Whether errors are caught in it: then it may do without what is refused."""
    names = {instruction.opname for instruction in dis.get_instructions(code)}
    return "PUSH_EXC_INFO" in names


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)


def _roots(code: CodeType, names: Mapping[str, Any]) -> Iterator[str]:
    """Packages that a code imports, and those of the globals that it names."""
    for instruction in dis.get_instructions(code):
        name = str(instruction.argval)
        if instruction.opname == "IMPORT_NAME":
            yield name.partition(".")[0]
        elif instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield _package(names.get(name))


def _package(value: Any) -> str:
    """The top-level package that a module, function or class belongs to, or ``""``."""
    name = "__name__" if isinstance(value, ModuleType) else "__module__"
    try:
        found = getattr(value, name, None)
    except Exception:  # whatever a foreign object does when it is asked
        return ""
    return found.partition(".")[0] if isinstance(found, str) else ""
