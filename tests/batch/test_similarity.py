"""Alike is what was rewritten, not what the task or the handout makes alike."""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner

from grader.cli import cli
from grader.manifest import find_assignment, load
from grader.similarity import compare
from grader.similarity.tokens import RUN, WINDOW, c_tokens, fingerprints, python_tokens
from grader.submission import is_blank_file
from tests.batch.conftest import hand_in
from tests.grader.course import NAME, notebook

TOTAL = '''
def total(x):
    """Adds up in blocks of three."""
    rows = np.asarray(x, dtype=float).reshape(-1)
    result = 0.0
    for start in range(0, len(rows), 3):
        part = rows[start : start + 3]
        if part.size < 3:
            result = result + helper(part, 1.0)
        else:
            result += float(np.dot(part, np.ones(3)))
    return result
'''
HELPER = """
def helper(part, weight):
    acc = 0.0
    while len(part) > 0:
        acc += float(part[0]) * weight
        part = part[1:]
    return acc
"""
COPIED = """
# all my own work
import numpy as numeric

def add_rest(piece: list, factor: float) -> float:
    # goes on until nothing is left
    amount = 0.0
    while len(piece) > 0:
        amount += float( piece[0] ) * factor
        piece = piece[1:]
    return amount

def total(x):
    'My total.'
    flat = numeric.asarray(
        x, dtype=float).reshape(-1)
    answer = 0.0
    for i in range(0, len(flat), 3):
        bit = flat[i:i + 3]
        if bit.size < 3: answer = answer + add_rest(bit, 1.0)
        else:
            answer += float(numeric.dot(bit, numeric.ones(3)))
    return answer
"""
OTHER = """
import numpy as np

def total(x):
    values = [float(v) for v in np.ravel(x)]
    while len(values) > 1:
        half = len(values) // 2
        left, right = values[:half], values[half:]
        values = [a + b for a, b in zip(left, right)] + right[len(left):]
    return values[0] if values else 0.0
"""
MINE = f"import numpy as np\n{TOTAL}{HELPER}"


def folders(root, **totals):
    return {
        student: hand_in(root, student, total=total).parent
        for student, total in totals.items()
    }


def test_renamed_reordered_commented_and_laid_out_anew(course, tmp_path):
    handed = folders(tmp_path / "in", ann=MINE, bob=COPIED, cid=OTHER)
    (pair,) = compare(course.manifest, handed)
    assert (pair.first, pair.second, pair.questions) == ("ann", "bob", ("total",))
    assert pair.share > 0.95


def test_a_copy_hidden_in_more_code(course, tmp_path):
    more = (
        COPIED + "\ndef double(x):\n    return x + x\n\n" + OTHER.replace("total", "t")
    )
    handed = folders(tmp_path / "in", ann=MINE, bob=more)
    (pair,) = compare(course.manifest, handed)
    assert pair.share > 0.95


def test_what_was_handed_out_is_taken_off(course, tmp_path):
    handed = folders(tmp_path / "in", ann=MINE, bob=COPIED)
    assert compare(course.manifest, handed)
    course.write(f"assignments/{NAME}/{NAME}.ipynb", notebook(MINE))
    assert compare(course.manifest, handed) == []


def test_what_everybody_writes_is_no_copy(course, tmp_path):
    many = {f"s{number:02d}": MINE for number in range(11)}
    assert compare(course.manifest, folders(tmp_path / "in", **many)) == []
    few = dict(list(many.items())[:10])
    handed = folders(tmp_path / "few", **few)
    assert len(compare(course.manifest, handed)) == 45


def test_short_and_unreadable_answers_say_nothing(course, tmp_path):
    short = "def total(x):\n    return float(sum(x))"
    handed = folders(tmp_path / "in", ann=short, bob=short, cid=MINE, dan="def (")
    hand_in(tmp_path / "in", "eve").write_text("no notebook")
    handed |= {"eve": tmp_path / "in" / "eve", "fay": tmp_path / "nowhere"}
    assert compare(course.manifest, handed) == []


DIFFERENT = {
    "another operator": ("acc += float(part[0]) * weight", "acc -= float(part[0])"),
    "another function": ("np.dot(part, np.ones(3))", "np.sum(part, axis=0)"),
    "another number": ("reshape(-1)", "reshape(-7)"),
}


@pytest.mark.parametrize("kind", DIFFERENT)
def test_what_the_code_does_is_kept(kind):
    old, new = DIFFERENT[kind]
    assert python_tokens(MINE) != python_tokens(MINE.replace(old, new))


def test_a_shared_piece_of_the_promised_length_is_found():
    piece = [f"p{number}" for number in range(RUN + WINDOW - 1)]
    one = [f"a{number}" for number in range(40)] + piece
    two = [f"b{number}" for number in range(7)] + piece + ["c"] * 30
    assert fingerprints(one) & fingerprints(two)
    assert not fingerprints(one[:40]) & fingerprints(two[:7] + ["c"] * 30)
    assert fingerprints([]) == frozenset()


def test_cpp_keeps_what_was_given():
    given = {"conv2d", "for", "int"}
    first = c_tokens("for (int i = 0; i < n; ++i) conv2d(i); // a loop", given)
    again = c_tokens("for (int row=0; row<rows; ++row)\n  conv2d(row);", given)
    assert first == again
    assert "conv2d" in first
    assert first != c_tokens("for (int i = 0; i < n; ++i) other(i);", given)


def test_right_answers_written_differently_are_not_alike(tmp_path):
    """The alternatives of a real assignment, beside each other and the solution."""
    manifest = load(find_assignment("04"))
    handed = {}
    for name in ("alternatives", manifest.name):
        text = (manifest.solution_folder / f"{name}.py").read_text()
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{manifest.name}.py").write_text(text)
        handed[name] = folder
    assert compare(manifest, handed) == []
    twin = tmp_path / "twin"
    twin.mkdir()
    text = (manifest.solution_folder / f"{manifest.name}.py").read_text()
    (twin / f"{manifest.name}.py").write_text(text)
    (pair,) = compare(manifest, handed | {"twin": twin})
    assert {pair.first, pair.second} == {"twin", manifest.name}
    assert "conv_backward_naive" in pair.questions
    assert "MyConv2D" in pair.questions


def test_batch_shows_them_on_the_class_page(course, tmp_path):
    folders(tmp_path / "class", ann=MINE, bob=COPIED, cid=OTHER)
    arguments = [str(course.assignment), str(tmp_path / "class"), "--jobs", "1"]
    arguments += ["--out", str(tmp_path / "out")]
    done = CliRunner().invoke(cli, ["batch", *arguments])
    assert done.exit_code == 0, done.output
    assert "1 pair of submissions is alike" in done.output
    page = (tmp_path / "out" / "feedback" / NAME / "index.html").read_text()
    assert "(ann) and (bob)" in page
    assert "<code>total</code>" in page


HOSTILE = ("/*" * 400_000, "'\"" * 300_000, "\n" * 900_000 + "x")


@pytest.mark.parametrize("text", HOSTILE, ids=["comments", "quotes", "lines"])
def test_hostile_sources_cost_no_time(text):
    started = time.process_time()
    c_tokens(text, ())
    is_blank_file(text.encode())
    assert time.process_time() - started < 5
