"""``assignment.toml``: what is asked, for how many points, under which limits."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from grader.errors import GraderError, ManifestError
from grader.late import LatePolicy

MANIFEST_NAME = "assignment.toml"
#: The course's root: the folder that holds ``assignments`` and ``grader``.
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Question:
    """One graded question.

    Attributes:
        id: name of the question, usually of the function or class it asks for.
        title: one line for people.
        points: what it is worth, all or nothing.
        allow: packages that the answer may call, e.g. ``("numpy",)``.
        forbid: exceptions to `allow`, as dotted names.
        instead: what to do instead, the end of the message about a forbidden call.
        names: the graded names; the id alone unless given.
        timeout_s: seconds for all student calls of the question together.
        files: those of `submit` that hold the answer, e.g. a C++ file. The graded
            names are then what the manifest's `bindings` make of them.
        requires: what this machine must have to grade the question; see
            ``grader.machine``.
        prebuilt: names of what the bindings build beforehand for the answer.
        devices: logical CPU devices that TensorFlow has there.
    """

    id: str
    title: str
    points: float
    allow: tuple[str, ...] = ("numpy",)
    forbid: tuple[str, ...] = ()
    instead: str = ""
    names: tuple[str, ...] = ()
    timeout_s: float | None = None
    files: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    prebuilt: tuple[str, ...] = ()
    devices: int = 1

    @property
    def graded_names(self) -> tuple[str, ...]:
        """The functions and classes that tests may reach."""
        return self.names or (self.id,)


@dataclass(frozen=True)
class Manifest:
    """One assignment.

    Attributes:
        title: one line for people.
        submit: the only files taken from a student.
        questions: in the order of the notebook.
        timeout_s: seconds per question, unless the question says otherwise.
        memory_mb: memory of one worker.
        covers: rows of the lecture inventory.
        given: files and folders that go with an answer into its worker, always the
            course's own.
        bindings: the Python file among them that calls what `files` hold.
        late: what lateness costs a class; None for nothing.
        folder: where the manifest was read.
    """

    title: str
    submit: tuple[str, ...]
    questions: tuple[Question, ...]
    timeout_s: float = 60.0
    memory_mb: int = 4096
    covers: tuple[int, ...] = ()
    given: tuple[str, ...] = ()
    bindings: str = ""
    late: LatePolicy | None = None
    folder: Path = Path()

    @property
    def name(self) -> str:
        """Name of the assignment's folder, e.g. ``"04_conv_layer"``."""
        return self.folder.name

    @property
    def solution_folder(self) -> Path:
        """The instructor's folder of the same name; may not exist."""
        return self.folder.parent.parent / "solutions" / self.name

    @property
    def hidden_tests(self) -> Path | None:
        """Folder of hidden tests, or None in a student's bundle."""
        folder = self.solution_folder / "tests"
        return folder if folder.is_dir() else None

    @property
    def public_tests(self) -> Path:
        """The tests in the student's hands."""
        return self.folder / "test_public.py"

    def given_path(self, name: str) -> Path:
        """Where one of `given` lies: in the assignment's folder, else in the course."""
        path = self.folder / name
        return path if path.exists() else ROOT / name

    @property
    def points(self) -> float:
        """Points of all questions together."""
        return sum(question.points for question in self.questions)

    def question(self, id: str) -> Question:
        """Returns the question with this id.

        Raises:
            GraderError: if there is none; names the closest ids.
        """
        for question in self.questions:
            if question.id == id:
                return question
        raise GraderError(
            f"{self.name} has no question {id!r}; {_one_of(id, self.ids)}"
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """Question ids, in order."""
        return tuple(question.id for question in self.questions)


def load(folder: Path) -> Manifest:
    """Reads and checks ``assignment.toml`` in `folder`.

    Raises:
        ManifestError: names the file, the key, what was received and the mend.
    """
    path = folder / MANIFEST_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(
            f"{_shown(folder)}: no {MANIFEST_NAME} here; is it an assignment's folder?"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ManifestError(f"{_shown(path)}: cannot be read: {error}") from None
    where = _shown(path)
    raw = data.pop("questions", None)
    if not isinstance(raw, list) or not raw:
        raise ManifestError(f"{where}: needs at least one [[questions]] table")
    if "folder" in data:
        raise ManifestError(f"{where}: unknown key 'folder'; the folder is where it is")
    questions = tuple(
        _build(Question, item, f"{where}: question {number}")
        for number, item in enumerate(raw, 1)
    )
    data["questions"] = questions
    data["folder"] = folder.resolve()
    if "late" in data:
        data["late"] = _build(LatePolicy, data["late"], f"{where}: [late]")
    manifest = _build(Manifest, data, where)
    _check(manifest, where)
    return manifest


def find_assignment(text: str, root: Path = ROOT) -> Path:
    """Returns the assignment folder that `text` names: a path or a unique prefix.

    ``assignments/04`` and ``04`` both find ``assignments/04_conv_layer``.

    Raises:
        GraderError: if nothing, or more than one folder, matches.
    """
    given = Path(text)
    if (given / MANIFEST_NAME).is_file():
        return given.resolve()
    if given.is_dir() and given.name and not text.isdigit():
        raise GraderError(
            f"{text}: no {MANIFEST_NAME} in this folder; is it an assignment's folder?"
        )
    parents = [given.parent] if given.parent != Path() else []
    if len(given.parts) <= 2 and not given.is_absolute():
        parents.append(root / "assignments")
    for parent in parents:
        matches = _matching(parent, given.name)
        if len(matches) == 1:
            return matches[0].resolve()
        if len(matches) > 1:
            names = ", ".join(match.name for match in matches)
            raise GraderError(
                f"{text}: matches {names}; write more of the name to choose one"
            )
    known = [path.name for path in all_assignments(root)]
    raise GraderError(f"{text}: no such assignment; {_one_of(given.name, known)}")


def all_assignments(root: Path = ROOT) -> list[Path]:
    """Returns every assignment's folder, in order: discovery by folder."""
    return sorted(
        path.parent for path in (root / "assignments").glob(f"*/{MANIFEST_NAME}")
    )


def _matching(parent: Path, prefix: str) -> list[Path]:
    if not parent.is_dir() or not prefix:
        return []
    exact = parent / prefix
    if (exact / MANIFEST_NAME).is_file():
        return [exact]
    return sorted(
        path
        for path in parent.iterdir()
        if path.name.startswith(prefix) and (path / MANIFEST_NAME).is_file()
    )


_T = TypeVar("_T", Question, Manifest, LatePolicy)

# How each key must look in TOML; `folder` and `questions` are set by `load`.
_STRINGS = {"title", "id", "instead", "bindings"}
_STRING_LISTS = {"submit", "allow", "forbid", "names", "files", "given"}
_STRING_LISTS |= {"requires", "prebuilt"}
_NUMBERS = {"points", "timeout_s"}
_AMOUNTS = {"grace_minutes", "percent_per_day", "cap_percent"}


def _build(cls: type[_T], data: Any, where: str) -> _T:
    if not isinstance(data, dict):
        raise ManifestError(f"{where}: expected a table, received {data!r}")
    known = {f.name for f in fields(cls)}
    for key in data:
        if key not in known:
            raise ManifestError(f"{where}: unknown key {key!r}; {_one_of(key, known)}")
    required = {f.name for f in fields(cls) if f.default is MISSING}
    for key in sorted(required - data.keys()):
        raise ManifestError(f"{where}: the key {key!r} is missing")
    return cls(**{key: _value(key, value, where) for key, value in data.items()})


def _value(key: str, value: Any, where: str) -> Any:
    if key in _STRINGS:
        good = isinstance(value, str) and bool(value.strip()) and "\0" not in value
        expected = "a text"
    elif key in _STRING_LISTS:
        good = isinstance(value, list) and all(
            isinstance(v, str) and v and "\0" not in v for v in value
        )
        expected = "a list of texts"
    elif key in _NUMBERS:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good and 0 < value < 1e7
        expected = "a positive number"
    elif key in _AMOUNTS:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good and 0 <= value < 1e7
        expected = "a number, 0 or more"
    elif key == "due":
        good = isinstance(value, datetime) and 1970 < value.year < 9999
        expected = "a date with a time, e.g. 2027-03-01T23:59:00+01:00"
    elif key == "devices":
        good = type(value) is int and 0 < value <= 8
        expected = "a whole number from 1 to 8"
    elif key == "memory_mb":
        good = type(value) is int and 0 < value < 1e7
        expected = "a positive whole number"
    elif key == "covers":
        good = isinstance(value, list) and all(type(v) is int for v in value)
        expected = "a list of row numbers"
    else:
        return value
    if not good:
        raise ManifestError(f"{where}: {key!r} must be {expected}, received {value!r}")
    return tuple(value) if isinstance(value, list) else value


def _check(manifest: Manifest, where: str) -> None:
    seen: set[str] = set()
    for question in manifest.questions:
        if question.id in seen:
            raise ManifestError(f"{where}: question {question.id!r} stands twice")
        seen.add(question.id)
        for name in (question.id, *question.names):
            if not name.isidentifier():
                raise ManifestError(
                    f"{where}: {name!r} is not a Python name; use letters, digits and _"
                )
    for name in manifest.submit:
        path = Path(name)
        if path.is_absolute() or ".." in path.parts:
            raise ManifestError(
                f"{where}: 'submit' lists {name!r}; name files inside the folder"
            )
    if not manifest.submit:
        raise ManifestError(f"{where}: 'submit' lists no file to grade")
    _check_files(manifest, where)


def _check_files(manifest: Manifest, where: str) -> None:
    for name in (*manifest.given, *filter(None, [manifest.bindings])):
        if ".." in Path(name).parts or not manifest.given_path(name).exists():
            raise ManifestError(
                f"{where}: {name!r} is given, but there is no such file"
            )
    for question in manifest.questions:
        for name in question.files:
            if name not in manifest.submit:
                raise ManifestError(
                    f"{where}: {question.id} has {name!r} in 'files'; list it in "
                    "'submit' as well"
                )
        if (question.files or question.prebuilt) and not manifest.bindings:
            raise ManifestError(
                f"{where}: {question.id} has files; 'bindings' must name the Python "
                "file that calls them"
            )


def check_tests(manifest: Manifest) -> None:
    """Checks that each question has a hidden test file and each file a question.

    Raises:
        ManifestError: names the file or the question without a partner.
    """
    folder = manifest.hidden_tests
    if folder is None:
        return
    files = {path.stem.removeprefix("test_") for path in folder.glob("test_*.py")}
    for id in manifest.ids:
        if id not in files:
            raise ManifestError(
                f"{_shown(manifest.folder / MANIFEST_NAME)}: question {id!r} has no "
                f"test; add {_shown(folder)}/test_{id}.py"
            )
    for id in sorted(files - set(manifest.ids)):
        raise ManifestError(
            f"{_shown(folder)}/test_{id}.py: a test without a question; "
            f"{MANIFEST_NAME} has no question {id!r}"
        )


def _one_of(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(close) + "?"
    return "there is " + (", ".join(known) if known else "none")


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
