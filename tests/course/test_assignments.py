"""Each assignment found in its folder proves right: nothing is listed here."""

import json
import subprocess
import sys

import nbformat
import pytest
from rich.console import Console

from grader.manifest import ROOT, all_assignments, load
from grader.regenerate import regenerate

ASSIGNMENTS = all_assignments()


def test_there_are_assignments() -> None:
    assert ASSIGNMENTS


@pytest.mark.slow
@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_proofs_hold(folder, capsys) -> None:
    """Solution full marks, blank nothing, misconceptions caught, nothing leaks."""
    console = Console(width=200)
    good = regenerate([folder], check=True, execute=False, afresh=True, console=console)
    assert good, capsys.readouterr().out


@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_the_blank_notebook_is_graded_in_words(folder) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grader", str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 1
    assert "not answered yet" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert f"0 / {load(folder).points:g}" in done.stdout


@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_points_add_to_a_hundred(folder) -> None:
    assert load(folder).points == 100


@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_the_student_notebook_asks_and_checks_every_question(folder) -> None:
    manifest = load(folder)
    book = nbformat.read(folder / f"{manifest.name}.ipynb", as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    asked = [cell.metadata.get("course", {}).get("question") for cell in code]
    in_cells = [question.id for question in manifest.questions if not question.files]
    assert [id for id in asked if id] == in_cells
    for id in manifest.ids:
        assert any(f'check("{id}")' in cell.source for cell in code), id


WALKTHROUGHS = sorted((ROOT / "notebooks").glob("[0-9]*.py"))


@pytest.mark.parametrize("script", WALKTHROUGHS, ids=lambda script: script.stem)
def test_walk_throughs_are_committed_executed(script) -> None:
    """The notebook beside a walk-through's source holds the same cells, executed."""
    import jupytext

    source = jupytext.read(script, fmt="py:percent").cells
    book = json.loads(script.with_suffix(".ipynb").read_text(encoding="utf-8"))
    made = ["".join(cell["source"]).strip() for cell in book["cells"]]
    assert made == [cell.source.strip() for cell in source]
    for number, cell in enumerate(book["cells"], 1):
        if cell["cell_type"] == "code":
            assert cell["execution_count"], f"cell {number} was not executed"
            kinds = {output["output_type"] for output in cell["outputs"]}
            assert "error" not in kinds, f"cell {number} ends in an error"
            noise = [o for o in cell["outputs"] if o.get("name") == "stderr"]
            assert not noise, f"cell {number} prints to stderr: {noise[0]['text']}"
    assert script.with_suffix(".ipynb").stat().st_size < 1_000_000
