"""Reads py:percent scripts: notebooks as Python files, one cell after another.

    # %% [markdown]
    # # A title
    # %% question="im2col"
    def im2col(x): ...

Only what the course's own scripts need; jupytext reads them the same way, so that they
open in Jupyter too, but it takes seconds to be imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.submission.cells import percent_parts

_HEAD = re.compile(r"^\s*(?:\[(?P<kind>\w+)\])?\s*(?P<options>(?:\w+=\S.*)?)$")
_OPTION = re.compile(r'(?P<key>\w+)=(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]+)(?:\s+|$)')


@dataclass(frozen=True)
class ScriptCell:
    """One cell.

    Attributes:
        cell_type: ``"code"`` or ``"markdown"``.
        source: its text; of markdown, without the comment signs.
        metadata: the options behind the marker, e.g. ``{"question": "im2col"}``.
    """

    cell_type: str
    source: str
    metadata: Mapping[str, Any]


def read_script(path: Path) -> tuple[ScriptCell, ...]:
    """Returns the cells of a script.

    Raises:
        GraderError: if it cannot be read; names the cell.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GraderError(f"{path}: cannot be read: {error}") from None
    cells: list[ScriptCell] = []
    for rest, lines in percent_parts(text):
        where = f"{path}, cell {len(cells) + 1}"
        if rest is not None:
            cells.append(_cell(rest, lines, where))
        elif any(line.strip() for line in lines):
            raise GraderError(f"{path}: there is text before the first `# %%`")
    return tuple(cells)


def _cell(rest: str, lines: list[str], where: str) -> ScriptCell:
    head = _HEAD.match(rest)
    kind = head["kind"] or "code" if head else ""
    if not head or kind not in ("code", "markdown"):
        raise GraderError(
            f"{where}: `# %%{rest}` is not understood; write `# %%` or "
            '`# %% [markdown]`, with options such as question="im2col" behind it'
        )
    lines = _stripped(lines)
    if kind == "markdown":
        lines = [_uncommented(line, where) for line in lines]
    return ScriptCell(kind, "\n".join(lines), _options(head, where))


def _options(head: re.Match[str], where: str) -> dict[str, Any]:
    text, found = head["options"], {}
    while text:
        option = _OPTION.match(text)
        try:
            assert option
            found[option["key"]] = json.loads(option["value"])
        except (AssertionError, ValueError):
            raise GraderError(
                f"{where}: the option `{text}` is not understood; write "
                'question="im2col", or hidden=true'
            ) from None
        text = text[option.end() :]
    return found


def _stripped(lines: list[str]) -> list[str]:
    """The lines without the empty ones before the next cell."""
    full = [index for index, line in enumerate(lines) if line.strip()]
    return lines[: full[-1] + 1] if full else []


def _uncommented(line: str, where: str) -> str:
    if line.startswith("# "):
        return line[2:]
    if line.startswith("#") or not line.strip():
        return line[1:]
    raise GraderError(f"{where}: `{line.strip()}` must begin with `#`: it is markdown")
