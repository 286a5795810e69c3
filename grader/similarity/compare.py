"""Pairs of submissions that share more than the task itself makes them share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from grader.errors import SubmissionError
from grader.gradebook import Grade
from grader.manifest import ROOT, Manifest
from grader.similarity.tokens import c_tokens, fingerprints, names, python_tokens
from grader.submission import Submission, Unit, read_submission
from grader.submission.cells import read_cells

#: Of the shorter answer, so much is in the longer one.
_ALIKE = 0.8
#: So many fingerprints must be shared in a question; fewer may well be chance.
_LEAST = 8
#: What more submissions have than this, and than a tenth of the class, is common.
_COMMON = 10
_MOST_PAIRS = 60

#: Question to fingerprints.
_Prints = dict[str, frozenset[int]]


@dataclass(frozen=True)
class Pair:
    """Two students whose answers are alike.

    Attributes:
        share: of the shorter answers to `questions`, what the other has as well.
        questions: those in which they are alike.
    """

    first: str
    second: str
    share: float
    questions: tuple[str, ...]


def compare_class(grades: Sequence[Grade], manifest: Manifest, out: Path) -> list[Pair]:
    """Compares what counts of a class, as ``batch --out OUT`` has kept it."""
    folders = {
        f"{grade.student.name} ({grade.student.id})".removeprefix(" "): out
        / grade.attempt.folder
        for grade in grades
        if grade.attempt and grade.attempt.folder
    }
    return compare(manifest, folders)


def compare(manifest: Manifest, folders: Mapping[str, Path]) -> list[Pair]:
    """Returns the pairs that stand out, those with the most in common first.

    Args:
        manifest: the assignment; what it hands out is taken off.
        folders: student to the folder of the submission; what cannot be read is
            left out.
    """
    given = _handed_out(manifest)
    words = _given_words(manifest)
    prints: dict[str, _Prints] = {}
    for student, folder in folders.items():
        try:
            submission = read_submission(manifest, folder)
        except (SubmissionError, OSError):
            continue
        prints[student] = _of_submission(manifest, submission, given, words)
    return _pairs(manifest.ids, prints)


def _pairs(questions: Iterable[str], prints: Mapping[str, _Prints]) -> list[Pair]:
    shared: dict[tuple[str, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    most = max(_COMMON, len(prints) // 10)
    for question in questions:
        owners: dict[int, list[str]] = defaultdict(list)
        for student in sorted(prints):
            for print_ in prints[student][question]:
                owners[print_].append(student)
        common = Counter[tuple[str, str]]()
        sizes = Counter[str]()
        for students in owners.values():
            if len(students) <= most:
                sizes.update(students)
                common.update(combinations(students, 2))
        for pair, count in common.items():
            size = min(sizes[student] for student in pair)
            if count >= _LEAST and count >= _ALIKE * size:
                shared[pair][question] = count, size
    found = []
    for (first, second), alike in shared.items():
        count, size = (sum(column) for column in zip(*alike.values(), strict=True))
        found.append((-count, Pair(first, second, count / size, tuple(alike))))
    found.sort(key=lambda item: (item[0], item[1].first, item[1].second))
    return [pair for _, pair in found[:_MOST_PAIRS]]


def _of_submission(
    manifest: Manifest,
    submission: Submission,
    given: Collection[int],
    words: Collection[str],
) -> _Prints:
    seen: dict[str, frozenset[int]] = {}  # a helper serves several questions

    def prints_of(text: str, heads: str) -> frozenset[int]:
        if text not in seen:
            seen[text] = fingerprints(python_tokens(f"{heads}\n{text}"))
        return seen[text]

    found: _Prints = {}
    for question in manifest.questions:
        units: tuple[Unit, ...] = ()
        if not question.files:
            units = submission.definitions.units(question.id, question.graded_names)
        # An alias means something only beside its import.
        imports = [u.source for u in units if u.source.startswith(("import", "from "))]
        parts = [prints_of(unit.source, "\n".join(imports)) for unit in units]
        for name in question.files:
            text = submission.files.get(name, b"").decode(errors="replace")
            parts.append(fingerprints(c_tokens(text, words)))
        found[question.id] = frozenset().union(*parts) - frozenset(given)
    return found


def _handed_out(manifest: Manifest) -> frozenset[int]:
    """Fingerprints of everything that every student has."""
    walkthrough = ROOT / "notebooks" / f"{manifest.name}.py"
    parts: list[frozenset[int]] = []
    for path in (*(manifest.folder / name for name in manifest.submit), walkthrough):
        if path.suffix in (".py", ".ipynb") and path.is_file():
            cells = [cell.source for cell in read_cells(path)]
            heads = [
                line
                for source in cells
                for line in source.split("\n")
                if line.startswith(("import ", "from "))
            ]
            for source in cells:
                tokens = python_tokens("\n".join([*heads, source]))
                parts.append(fingerprints(tokens))
        elif path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            parts.append(fingerprints(c_tokens(text, _given_words(manifest))))
    return frozenset().union(*parts)


def _given_words(manifest: Manifest) -> frozenset[str]:
    """Names in handed-out C++ files: an interface, not a choice."""
    files = {name for question in manifest.questions for name in question.files}
    paths = [manifest.folder / name for name in sorted(files)]
    return frozenset().union(
        *(names(p.read_text(encoding="utf-8")) for p in paths if p.is_file())
    )
