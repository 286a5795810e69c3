"""Text that others wrote, made safe to show: on a terminal, in a file, on a page."""

from __future__ import annotations

import re

LONGEST = 4000
MOST_LINES = 40
# Escape sequences, control characters, what turns the direction of text around or
# ends a line, and halves of characters.
_CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LINES = re.compile(r"[\t-\r\x1c-\x1e\x85\u2028\u2029]+")


def printable(text: str, limit: int = LONGEST) -> str:
    """Returns `text` without control characters, shortened to `limit`, in few lines."""
    clean = _CONTROL.sub("", text).strip()
    lines = clean[:limit].split("\n", MOST_LINES)
    shown = "\n".join(lines[:MOST_LINES])
    return clean if shown == clean else shown + " …"


def one_line(text: str, limit: int = 2000) -> str:
    """Returns `text` as `printable` does, and on one line."""
    return printable(_LINES.sub(" ", text), limit)
