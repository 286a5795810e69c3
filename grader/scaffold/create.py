"""Writes a new assignment from the files in ``template``."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from pathlib import Path
from string import Template

from grader.errors import GraderError
from grader.manifest import ROOT, load
from grader.regenerate.notebooks import (
    read_source,
    student_notebook,
    walkthrough_notebook,
    write_notebook,
)

_TEMPLATE = Path(__file__).with_name("template")
_LONGEST = 70
#: Where each template goes; ``{name}`` is the folder's.
_FILES = {
    "assignment.toml": "assignments/{name}/assignment.toml",
    "README.md": "assignments/{name}/README.md",
    "test_public.py": "assignments/{name}/test_public.py",
    "source.py": "solutions/{name}/{name}.py",
    "misconceptions.py": "solutions/{name}/misconceptions.py",
    "alternatives.py": "solutions/{name}/alternatives.py",
    "rows.toml": "solutions/{name}/rows.toml",
    "hidden_test.py": "solutions/{name}/tests/test_mean_square.py",
    "walkthrough.py": "notebooks/{name}.py",
}


def create_assignment(number: int, title: str, root: Path = ROOT) -> list[Path]:
    """Writes assignment and solution folder and a walk-through to begin with.

    Args:
        number: of the assignment, 1 to 99.
        title: one line for people; the folder's name follows from it.
        root: of the course.

    Returns:
        The files, in order.

    Raises:
        GraderError: if the number is taken or the title makes no folder's name;
            nothing is left behind then.
    """
    name = f"{number:02d}_{_slug(title)}"
    for place in ("assignments", "solutions", "notebooks"):
        for path in sorted((root / place).glob(f"{number:02d}_*")):
            taken = path.relative_to(root).as_posix()
            raise GraderError(f"{taken}: {number} is taken; choose another number")
    values = {
        "name": name,
        "number": f"{number:02d}",
        "title": title,
        "quoted": json.dumps(title, ensure_ascii=False),
    }
    script = root / "notebooks" / f"{name}.py"
    folders = [root / "assignments" / name, root / "solutions" / name]
    try:
        made = [_write(root, name, *item, values) for item in _FILES.items()]
        source = read_source(load(folders[0]))
        notebook = folders[0] / f"{name}.ipynb"
        notebook.write_text(student_notebook(source), encoding="utf-8")
        write_notebook(walkthrough_notebook(script), script.with_suffix(".ipynb"))
    except BaseException:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        for path in (script, script.with_suffix(".ipynb")):
            path.unlink(missing_ok=True)
        raise
    return sorted([*made, notebook, script.with_suffix(".ipynb")])


def _slug(title: str) -> str:
    """``graph_networks`` for "Graph networks"; a title that makes none is refused."""
    if not title.strip() or not title.isprintable():
        raise GraderError(f"the title {title!r} must be one line of text")
    if len(title) > _LONGEST:
        raise GraderError(
            f"the title has {len(title)} characters; {_LONGEST} are the most"
        )
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    if not slug:
        raise GraderError(
            f"the title {title!r} has no letter from a to z to name a folder by"
        )
    return slug


def _write(
    root: Path, name: str, template: str, target: str, values: dict[str, str]
) -> Path:
    text = (_TEMPLATE / f"{template}.tmpl").read_text(encoding="utf-8")
    path = root / target.format(name=name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Template(text).substitute(values), encoding="utf-8")
    return path
