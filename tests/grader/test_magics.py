"""Notebook syntax that is no Python, taken out so that the rest can be read."""

from __future__ import annotations

import ast
import time

import pytest

from grader.submission.magics import Parsed, parse_cell

MADE_READABLE = {
    "line magic": ("%matplotlib inline\nx = 1", "pass\nx = 1"),
    "indented": ("if x:\n    %cd ..\n    y = 1", "if x:\n    pass\n    y = 1"),
    "a timed statement": ("%time x = f()\n%time f(x)", "x = f()\nf(x)"),
    "a timed one inside": ("if x:\n    %time y = 1", "if x:\n    y = 1"),
    "a timed one with options": ("%timeit -n 1 f()\n%time", "pass\npass"),
    "no statement": ("%time !ls\nx = 1", "pass\nx = 1"),
    "shell": ("!pip install numpy\nx = 1", "pass\nx = 1"),
    "shell over two lines": ("!pip \\\n    install x\ny = 1", "pass\n\ny = 1"),
    "help": ("np.dot?\n?np.dot\nnp.dot??\nx = 1", "pass\npass\npass\nx = 1"),
    "assigned": ("files = !ls *.py", "files = None"),
    "two assigned": ("a, b[0] = %timeit -o f()", "a, b[0] = None"),
    "time": ("%%time\nx = 1", "\nx = 1"),
    "time after blank lines": ("\n\n%%time -n 1\nx = 1", "\n\n\nx = 1"),
    "capture": ("%%capture out\nx = 1", "\nx = 1"),
    "bash": ("%%bash\nls | grep '", ""),
    "javascript": ("%%javascript\nlet x = 1", ""),
    "magic of magics": ("%%time\n!ls\n%cd ..\nx = 1", "\npass\npass\nx = 1"),
    "windows": ("!ls\r\nx = 1\r\n", "pass\nx = 1\n"),
    "old mac": ("x = 1\ry = 2", "x = 1\ny = 2"),
    "pasted from inside": (
        "    def f(x):\n        return x",
        "def f(x):\n    return x",
    ),
    "indented magic first": ("    %cd ..\nx = 1", "pass\nx = 1"),
    "a cell magic of an extension": ("%%memit -r 1\nx = 1", "\nx = 1"),
    "a cell that is skipped": ("%%script false\nx = 1", ""),
}


@pytest.mark.parametrize("kind", MADE_READABLE)
def test_made_readable(kind):
    source, expected = MADE_READABLE[kind]
    parsed = parse_cell(source)
    assert isinstance(parsed, Parsed), parsed
    assert parsed.source == expected
    assert ast.dump(parsed.module) == ast.dump(ast.parse(expected))


UNTOUCHED = {
    "modulo": "x = ('%s'\n     % 3)",
    "modulo at a line's start": "x = (7\n% 3)",
    "text": 'x = """\n%matplotlib inline\n!ls\n?\n"""',
    "comment": "# is this a magic?\nx = 1",
    "not equal": "x = 1 != 2",
    "walrus": "(x := 1)",
    "await": "await f()",
    "form feed in a text": "x = 'a\x0cb'\ny = 2",
}


@pytest.mark.parametrize("source", UNTOUCHED.values(), ids=UNTOUCHED)
def test_python_is_left_alone(source):
    parsed = parse_cell(source)
    assert isinstance(parsed, Parsed), parsed
    assert parsed.source == source


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\ny = (2\n", 2),
        ("!ls\n%time f()\nx = = 1\ny = 2", 3),
        ("%%time\n\ndef f(:\n    pass", 3),
        ("def f(x):\nreturn x", 2),
        ("x = 'what?'\ny = 3 3", 2),
        ("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> theirs", 1),
    ],
)
def test_what_remains_unreadable_is_named_by_its_line(source, line):
    error = parse_cell(source)
    assert isinstance(error, SyntaxError)
    assert error.lineno == line


HOSTILE = {
    "spaces": " " * 200_000 + "x y",
    "spaces before a question": "x y\n" + " " * 200_000 + "z w",
    "letters": "a" * 200_000 + " b c",
    "assignment": "a ," * 100_000 + " = = !x",
    "magics": "!ls\n" * 20_000,
    "parentheses": "(" * 200_000,
    "minus signs": "-" * 200_000 + "1",
    "sum": "x = " + "+".join(["1"] * 50_000),
    "null": "x = 1\0",
    "surrogate": "x = '\ud800'",
    "digits": "x = " + "9" * 100_000,
    "question marks": "?" * 100_000,
    "continued": "!" + "\\\n" * 50_000 + "x y",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_cells_cost_no_time(source):
    started = time.monotonic()
    assert isinstance(parse_cell(source), Parsed | SyntaxError)
    assert time.monotonic() - started < 5
