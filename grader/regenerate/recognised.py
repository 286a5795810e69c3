"""Which test tells each known wrong answer: that test is run first the next time.

The table lies beside the misconceptions and is written by ``regenerate``. It saves time
and decides nothing: where its test no longer tells, all the others are run.
"""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Mapping

from grader.authoring import read_variants
from grader.manifest import Manifest

_NAME = "recognised.toml"
_HEAD = """\
# Which hidden test tells each misconception. Written by `python -m grader regenerate`,
# and only to save time: that test is run first.
"""


def read_recognised(manifest: Manifest) -> dict[str, str]:
    """Returns misconceptions to tests, as in a report; empty if none is known."""
    with contextlib.suppress(OSError, tomllib.TOMLDecodeError):
        text = (manifest.solution_folder / _NAME).read_text(encoding="utf-8")
        table = tomllib.loads(text)
        return {name: test for name, test in table.items() if isinstance(test, str)}
    return {}


def write_recognised(manifest: Manifest, found: Mapping[str, str]) -> None:
    """Writes the table if it is another one; names in the order of the alphabet."""
    there = {variant.name for variant in read_variants(manifest, "misconception")}
    found = {name: test for name, test in found.items() if name in there}
    if found and found != read_recognised(manifest):
        lines = [f"{n} = {json.dumps(t)}\n" for n, t in sorted(found.items())]
        path = manifest.solution_folder / _NAME
        path.write_text(_HEAD + "".join(lines), encoding="utf-8")
