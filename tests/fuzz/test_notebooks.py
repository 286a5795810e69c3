"""Damaged notebooks: read, or refused in one line; never a traceback, never a hang."""

from __future__ import annotations

import functools
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.grade import _blank, _messages, _notes
from grader.manifest import Manifest, all_assignments, load
from grader.protocol import encode
from grader.session import packages
from grader.similarity.compare import _given_words, _of_submission
from grader.submission import Submission, parcel, read_submission
from grader.submission.cells import read_cells
from tests.fuzz import mutate
from tests.fuzz.harness import fuzz

BOOKS = [(f.name, solved) for f in all_assignments() for solved in (False, True)]
#: In these, a question's place is taken by what a student wrote.
CODE = st.lists(st.tuples(mutate.INDEX, mutate.CODE_CHANGES), max_size=2)
BOOK = st.sampled_from(BOOKS)
#: What follows them is read in another direction.
TURNS = {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))}


@functools.cache
def manifest_of(name: str) -> Manifest:
    return load(next(f for f in all_assignments() if f.name == name))


@functools.cache
def book_text(name: str, solved: bool) -> str:
    """The blank notebook of an assignment, or the same with the solution's cells."""
    manifest = manifest_of(name)
    text = (manifest.folder / f"{name}.ipynb").read_text(encoding="utf-8")
    if not solved:
        return text
    book = json.loads(text)
    right = {
        cell.question: cell.source
        for cell in read_cells(manifest.solution_folder / f"{name}.py")
    }
    for cell in book["cells"]:
        question = cell["metadata"].get("course", {}).get("question")
        if question in right:
            cell["source"] = right[question].splitlines(keepends=True)
    return json.dumps(book)


def look_through(manifest: Manifest, submission: Submission) -> None:
    """Computes everything that the trusted side does before a worker runs."""
    questions = manifest.questions
    for question in questions:
        names = question.graded_names
        definitions = submission.definitions
        _blank(manifest, submission, question)
        assert packages(question, definitions)[0] == "numpy"
        units = definitions.units(question.id, names)
        encode([(unit.cell, unit.line, unit.source) for unit in units])
        assert all(unit.line >= 1 for unit in units)
        if not question.prebuilt:  # else the course builds something first
            encode(parcel(manifest, question, submission))
    said = [*_notes(submission, questions, {})]
    said += _messages(submission, questions).values()
    for text in said:
        assert_plain(text)


def assert_plain(text: str) -> None:
    """Asserts one line that a terminal and a file can take as it is."""
    assert text
    assert not odd_characters(text), f"not a line of plain text: {text!r}"
    assert len(text) < 3000, f"{len(text)} characters"


def odd_characters(text: str) -> set[str]:
    """Control characters, ends of lines, halves of characters, turns of direction."""
    odd = {c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
    return odd | TURNS & {*text}


def read(name: str, file: Path) -> Submission | None:
    """Reads a submission; None if it was refused as it should be."""
    try:
        return read_submission(manifest_of(name), file)
    except SubmissionError as error:
        assert_plain(str(error))
        return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("notebooks")


def changed(book: tuple[str, bool], tree, code, data, label=None) -> bytes:
    """A real notebook with changes of its structure, of its code and of its bytes."""
    made = json.loads(book_text(*book))
    if label is not None:  # says whose answer a cell is
        for cell in made["cells"][-20:]:
            cell["metadata"]["course"] = {"question": label}
    cells = [c for c in made["cells"] if c["cell_type"] == "code"]
    for index, changes in code:
        cell = cells[index % len(cells)]
        cell["source"] = mutate.change_code("".join(cell["source"]), changes)
    made = mutate.change_tree(made, tree)
    return mutate.change_bytes(json.dumps(made).encode(), data)


@fuzz(
    "notebooks: structure",
    cases=900,
    book=BOOK,
    tree=mutate.TREE_CHANGES,
    data=mutate.BYTE_CHANGES,
    label=st.none() | st.sampled_from(mutate.ODD_VALUES),
)
def test_structure(folder, book, tree, data, label):
    file = folder / f"{book[0]}.ipynb"
    file.write_bytes(changed(book, tree, (), data, label))
    submission = read(book[0], file)
    if submission is not None:
        look_through(manifest_of(book[0]), submission)


@fuzz("notebooks: code", cases=800, book=BOOK, tree=mutate.TREE_CHANGES, code=CODE)
def test_code(folder, book, tree, code):
    file = folder / f"{book[0]}.ipynb"
    file.write_bytes(changed(book, tree[:1], code, ()))
    submission = read(book[0], file)
    if submission is not None:
        look_through(manifest_of(book[0]), submission)


@fuzz("notebooks: code", cases=200, book=BOOK, code=CODE)
def test_similarity(folder, book, code):
    manifest = manifest_of(book[0])
    file = folder / f"{book[0]}.ipynb"
    file.write_bytes(changed(book, (), code, ()))
    submission = read(book[0], file)
    if submission is not None:
        found = _of_submission(manifest, submission, (), _given_words(manifest))
        assert set(found) == {*manifest.ids}


@fuzz(
    "scripts and source files",
    cases=200,
    book=BOOK,
    code=mutate.CODE_CHANGES,
    data=mutate.BYTE_CHANGES,
)
def test_script(folder, book, code, data):
    manifest = manifest_of(book[0])
    text = (manifest.solution_folder / f"{book[0]}.py").read_text(encoding="utf-8")
    text = mutate.change_code(text, code)
    file = folder / f"{book[0]}.py"
    file.write_bytes(mutate.change_bytes(text.encode(errors="surrogatepass"), data))
    submission = read(book[0], file)
    if submission is not None:
        look_through(manifest, submission)


@fuzz(
    "scripts and source files",
    cases=150,
    code=mutate.CODE_CHANGES,
    data=mutate.BYTE_CHANGES,
    which=mutate.INDEX,
)
def test_kernels(folder, code, data, which):
    (name,) = [f.name for f in all_assignments() if f.name.startswith("06")]
    manifest = manifest_of(name)
    place = folder / "kernels"
    place.mkdir(exist_ok=True)
    names = [n for n in manifest.submit if not n.endswith(".ipynb")]
    chosen = names[which % len(names)]
    for name in manifest.submit:
        source = manifest.solution_folder / name
        source = source if source.exists() else manifest.folder / name
        (place / name).write_bytes(source.read_bytes())
    text = mutate.change_code((place / chosen).read_text(encoding="utf-8"), code)
    changed = mutate.change_bytes(text.encode(errors="surrogatepass"), data)
    (place / chosen).write_bytes(changed)
    submission = read(manifest.name, place)
    assert submission is not None
    assert submission.files[chosen] == changed
    _of_submission(manifest, submission, (), _given_words(manifest))
    look_through(manifest, submission)
