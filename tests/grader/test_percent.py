"""Scripts are read as jupytext reads them; what it would guess at is an error here."""

from __future__ import annotations

import jupytext
import nbformat
import pytest

from grader.errors import GraderError
from grader.manifest import ROOT
from grader.regenerate.notebooks import read_source, student_notebook
from grader.regenerate.percent import ScriptCell, read_script

SCRIPTS = sorted([*ROOT.glob("solutions/*/[0-9]*.py"), *ROOT.glob("notebooks/*.py")])
AWKWARD = '''\
# %% [markdown]
#
# # A title
#
#     indented, with `# %%` in it
#no blank
#

# %%


x = """
# not markdown

"""  # %% no marker


# %% question="im2col" hidden=true
def im2col(x):
    return x


# %%
# %% [markdown] answer="why, \\"though\\""
# Because.
'''


def by_jupytext(text):
    return [
        ScriptCell(
            cell.cell_type,
            cell.source,
            {k: v for k, v in cell.metadata.items() if k != "lines_to_next_cell"},
        )
        for cell in jupytext.reads(text, fmt="py:percent").cells
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_reads_the_course_s_scripts_as_jupytext_does(script) -> None:
    assert list(read_script(script)) == by_jupytext(script.read_text("utf-8"))


def test_reads_awkward_cells_as_jupytext_does(tmp_path) -> None:
    path = tmp_path / "script.py"
    path.write_text(AWKWARD, encoding="utf-8")
    found = list(read_script(path))
    assert found == by_jupytext(AWKWARD)
    assert found[2].metadata == {"question": "im2col", "hidden": True}
    assert found[4].metadata == {"answer": 'why, "though"'}


UNREADABLE = {
    "text before": ("import numpy\n# %%\n", "text before the first `# %%`"),
    "another kind": ("# %% [raw]\nx\n", r"cell 1: `# %% \[raw\]` is not understood"),
    "a title": ("# %%\n# %% A title\n", "cell 2: `# %% A title` is not understood"),
    "a bare word": ("# %% question=im2col\n", "option `question=im2col` is not under"),
    "half an option": ('# %% question="a" hidden\n', "option `hidden` is not underst"),
    "no comment": ("# %% [markdown]\n# a\nb\n", "cell 1: `b` must begin with `#`"),
    "no text": (b"\xff\xfe", "script.py: cannot be read"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_named(tmp_path, kind) -> None:
    text, message = UNREADABLE[kind]
    path = tmp_path / "script.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(GraderError, match=message):
        read_script(path)


def test_a_student_notebook_is_written_as_nbformat_writes(course) -> None:
    text = student_notebook(read_source(course.manifest))
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    assert nbformat.writes(book) + "\n" == text
