"""IPython's extra syntax, taken out of a cell so that Python can parse the rest.

Line numbers stay as they are: messages must point into the student's cell.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

#: Cell magics whose body is ordinary Python, of IPython and of usual extensions.
_PYTHON_CELL_MAGICS = {
    *("capture", "time", "timeit", "prun", "debug", "python", "python3"),
    *("memit", "mprun", "lprun", "scalene", "pyinstrument", "snakeviz", "heat"),
    *("black", "notify", "wandb", "ipytest", "run_pytest"),
}
#: Line magics that run the statement behind them, in the notebook's namespace.
_RUNS_A_STATEMENT = re.compile(r"^(\s*)%(?:time|memit)\s+(?=[^-\s])(.*)$")
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_TARGETS = re.compile(r"[\w.,\[\]\s]+")
#: Each is found by parsing once more: beyond this a cell is no cell.
_MOST_MAGICS = 200
#: Characters to parse for them in all.
_MOST_PARSED = 2_000_000


@dataclass(frozen=True)
class Parsed:
    """A cell that Python can read, and the text that was parsed."""

    source: str
    module: ast.Module


def parse_cell(source: str) -> Parsed | SyntaxError:
    """Parses a cell, leaving out magics and shell escapes.

    Only lines at which Python itself stops are touched, so a ``%`` inside a string
    or an expression is never mistaken for a magic.

    Returns:
        The module, or the error that remains (its line is the cell's).
    """
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip(" \t"))]
    # As IPython does with a cell that was pasted from inside a function.
    lines = [line.removeprefix(indent) for line in lines]
    match = _CELL_MAGIC.match(lines[first])
    if match and match[1] not in _PYTHON_CELL_MAGICS:
        lines = [""]
    elif match:
        lines[first] = ""
    most = min(_MOST_MAGICS, _MOST_PARSED // (len(source) + 1))
    for _ in range(most + 1):  # each round mends one
        text = "\n".join(lines)
        try:
            return Parsed(text, _parse(text))
        except SyntaxError as error:
            mended = _without_magic(lines, error.lineno or 0)
            if mended is None:
                return error
            lines = mended
        except (ValueError, RecursionError, MemoryError) as error:
            return SyntaxError(f"Python cannot read this cell: {error}")
    return SyntaxError(f"more than {most} lines are no Python")


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        # An invalid escape in a student's string is not the grader's business.
        warnings.simplefilter("ignore")
        return ast.parse(text)


def exported_cell(node: ast.stmt) -> str:
    """The Python in ``get_ipython().run_cell_magic("time", "", "...")``, or ``""``.

    That is what nbconvert makes of a cell under a magic, when it writes a script.
    """
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return ""
    told = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    if call.func.attr != "run_cell_magic" or len(told) != 3:
        return ""
    magic, _, body = told
    wanted = magic in _PYTHON_CELL_MAGICS and isinstance(body, str)
    return str(body) if wanted else ""


def _is_python(text: str) -> bool:
    try:
        _parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _without_magic(lines: list[str], lineno: int) -> list[str] | None:
    """Returns `lines` with the magic at or just before `lineno` neutralised."""
    for index in (lineno - 1, lineno - 2):
        if not 0 <= index < len(lines):
            continue
        line = lines[index]
        text = line.strip()
        targets, equals, value = line.partition("=")
        if equals and value.lstrip()[:1] in {"%", "!"} and _TARGETS.fullmatch(targets):
            replacement = f"{targets}= None"
        elif (run := _RUNS_A_STATEMENT.match(line)) and _is_python(run[2]):
            replacement = run[1] + run[2]
        elif text.startswith(("%", "!", "?")) or text.endswith("?"):
            replacement = f"{line[: len(line) - len(line.lstrip())]}pass"
        else:
            continue
        if replacement != line:
            mended = [*lines]
            mended[index] = replacement
            while line.endswith("\\") and index + 1 < len(lines):  # it goes on
                index += 1
                line, mended[index] = lines[index], ""
            return mended
    return None
