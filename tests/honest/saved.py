"""How tools save a notebook: the same cells, in each tool's own JSON.

A saver takes the notebook as `notebook` makes it and returns the file's text. None of
them changes what a code cell says; what else stands in the file is the tool's.
"""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

from grader.submission.cells import METADATA_KEY, Cell

Book = dict[str, Any]
_PICTURE = base64.b64encode(random.Random(0).randbytes(600_000)).decode()


def notebook(cells: Sequence[Cell]) -> Book:
    """The cells as a notebook of nbformat 4.5, with a text between them."""
    found = []
    for number, cell in enumerate(cells, 1):
        text = {"cell_type": "markdown", "metadata": {}, "id": f"text{number}"}
        found.append(
            text | {"source": f"## Part {number}\n\ndef f(x): `x = 1` — ü 卷积"}
        )
        tag = {METADATA_KEY: {"question": cell.question}} if cell.question else {}
        code = {"cell_type": "code", "metadata": tag, "id": f"code{number}"}
        found.append(
            code | {"source": cell.source, "outputs": [], "execution_count": None}
        )
    return {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def as_script(cells: Sequence[Cell]) -> str:
    """The cells in percent format, as ``jupytext --to py:percent`` writes them."""
    parts = [
        "# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py:percent\n# ---\n"
    ]
    for number, cell in enumerate(cells, 1):
        tag = (
            f' {METADATA_KEY}={{"question": "{cell.question}"}}'
            if cell.question
            else ""
        )
        parts += [
            f"# %% [markdown]\n# ## Part {number}\n",
            f"# %%{tag}\n{cell.source}\n",
        ]
    return "\n".join(parts)


def _code(book: Book) -> list[dict[str, Any]]:
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def _lines(book: Book) -> Book:
    """Sources as lists of lines, as most tools write them."""
    for cell in book["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    return book


def _without_ids(book: Book, minor: int) -> Book:
    for cell in book["cells"]:
        del cell["id"]
    return book | {"nbformat_minor": minor}


def _kernel(**more: Any) -> dict[str, Any]:
    spec = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    info = {"name": "python", "version": "3.12.4", "file_extension": ".py"}
    return {"kernelspec": spec, "language_info": info, **more}


def saved_by_jupyterlab(book: Book) -> str:
    book = _lines(copy.deepcopy(book))
    for count, cell in enumerate(_code(book), 1):
        cell["execution_count"] = count
        cell["metadata"] |= {
            "editable": True,
            "tags": [],
            "slideshow": {"slide_type": ""},
        }
        cell["outputs"] = _all_outputs(count)
    book["metadata"] = _kernel()
    return json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def saved_by_classic_notebook(book: Book) -> str:
    book = _without_ids(_lines(copy.deepcopy(book)), 2)
    for cell in _code(book):
        times = {"start_time": "2024-01-01T10:00:00", "end_time": "2024-01-01T10:00:01"}
        cell["metadata"] |= {"collapsed": False, "scrolled": True, "ExecuteTime": times}
    toc = {"base_numbering": 1, "nav_menu": {}, "toc_position": {}}
    book["metadata"] = _kernel(toc=toc, varInspector={"cols": {}})
    return json.dumps(book, indent=1, sort_keys=True) + "\n"


def saved_by_vs_code(book: Book) -> str:
    book = _without_ids(_lines(copy.deepcopy(book)), 2)
    for cell in _code(book):
        cell["metadata"]["vscode"] = {"languageId": "python"}
    book["metadata"] = _kernel(orig_nbformat=4)
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def saved_by_colab(book: Book) -> str:
    book = _without_ids(_lines(copy.deepcopy(book)), 0)
    widgets = {f"w{n}": {"state": {"value": n}, "model_name": "X"} for n in range(500)}
    for number, cell in enumerate(book["cells"]):
        cell["metadata"]["id"] = f"aB3_{number}"
    for cell in _code(book):
        cell["metadata"] |= {
            "outputId": "7c9",
            "colab": {"base_uri": "https://localhost/"},
        }
    book["metadata"] = {
        "colab": {"provenance": [], "gpuType": "T4", "toc_visible": True},
        "accelerator": "GPU",
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "widgets": {"application/vnd.jupyter.widget-state+json": widgets},
    }
    return json.dumps(book, indent=2)


def saved_by_colab_without_other_metadata(book: Book) -> str:
    return saved_by_colab(_without_tags(book))


def saved_by_kaggle(book: Book) -> str:
    """One line, sources as texts."""
    book = _without_ids(copy.deepcopy(book), 4)
    for cell in book["cells"]:
        cell["metadata"] |= {"_uuid": "8f2839f25d086af7", "trusted": True}
        cell["metadata"]["execution"] = {"iopub.status.busy": "2024-01-01T10:00:00Z"}
    book["metadata"] = _kernel(kaggle={"accelerator": "none", "dataSources": []})
    return json.dumps(book)


def saved_by_pycharm(book: Book) -> str:
    book = _lines(copy.deepcopy(book))
    for cell in _code(book):
        cell["metadata"] |= {"pycharm": {"name": "#%%\n", "is_executing": False}}
        cell["metadata"]["collapsed"] = False
    return json.dumps(book, indent=1, sort_keys=True)


def saved_by_deepnote(book: Book) -> str:
    book = _without_ids(copy.deepcopy(book), 0)
    for number, cell in enumerate(book["cells"]):
        cell["metadata"] |= {"cell_id": f"{number:032x}", "source_hash": "b623e53d"}
        cell["metadata"]["deepnote_cell_type"] = cell["cell_type"]
    book["metadata"] = {"deepnote_notebook_id": "1", "orig_nbformat": 2}
    return json.dumps(book, indent=2, ensure_ascii=False)


def saved_by_databricks(book: Book) -> str:
    book = _without_ids(_lines(copy.deepcopy(book)), 0)
    for cell in _code(book):
        cell["metadata"]["application/vnd.databricks.v1+cell"] = {
            "nuid": "1",
            "title": "",
        }
    return json.dumps(book)


def run_by_papermill(book: Book) -> str:
    """Parameters injected, times everywhere, an error at the end."""
    book = _lines(copy.deepcopy(book))
    for cell in _code(book):
        cell["metadata"] |= {"papermill": {"duration": 0.1, "status": "completed"}}
    injected = copy.deepcopy(_code(book)[0])
    injected["metadata"] = {"tags": ["injected-parameters"]}
    injected |= {"source": ["# Parameters\n", "seed = 3\n"], "id": "injected"}
    book["cells"].insert(0, injected)
    return json.dumps(book, indent=1)


def cleared_by_nbstripout(book: Book) -> str:
    book = _without_ids(_lines(copy.deepcopy(book)), 4)
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def saved_as(minor: int, lines: bool) -> Callable[[Book], str]:
    """The saver for nbformat 4.`minor`, sources as lists of lines or as texts."""

    def saver(book: Book) -> str:
        book = copy.deepcopy(book)
        book = book if minor == 5 else _without_ids(book, minor)
        return json.dumps(_lines(book) if lines else book, indent=1)

    return saver


def with_outputs_of_all_kinds(book: Book) -> str:
    """Pictures of megabytes, tracebacks, HTML, widgets, streams, attachments."""
    book = _lines(copy.deepcopy(book))
    for count, cell in enumerate(_code(book), 1):
        cell["outputs"] = _all_outputs(count)
    picture = {"data": {"image/png": _PICTURE}, "output_type": "display_data"}
    _code(book)[0]["outputs"] += [picture | {"metadata": {}}] * 5
    book["cells"][0]["attachments"] = {"a.png": {"image/png": _PICTURE}}
    return json.dumps(book, indent=1)


def with_windows_line_ends(book: Book) -> str:
    """In the file and in the cells."""
    book = copy.deepcopy(book)
    for cell in book["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n").splitlines(keepends=True)
    return json.dumps(book, indent=1).replace("\n", "\r\n")


def with_byte_order_mark(book: Book) -> str:
    return "\ufeff" + json.dumps(_lines(copy.deepcopy(book)), ensure_ascii=False)


def without_tags(book: Book) -> str:
    """The metadata that names an answer cell's question is gone."""
    return json.dumps(_without_tags(book))


def with_empty_cells(book: Book) -> str:
    """An empty cell, a raw one and one of white space after each cell."""
    book = copy.deepcopy(book)
    cells = []
    for cell in book["cells"]:
        empty = {"cell_type": "code", "metadata": {}, "outputs": [], "source": []}
        raw = {"cell_type": "raw", "metadata": {}, "source": "def f( :"}
        cells += [cell, empty, raw, empty | {"source": [" \n", "\t\n"]}]
    return json.dumps(book | {"cells": cells})


def _without_tags(book: Book) -> Book:
    book = copy.deepcopy(book)
    for cell in book["cells"]:
        cell["metadata"].pop(METADATA_KEY, None)
    return book


def _all_outputs(count: int) -> list[dict[str, Any]]:
    escape = "\u001b[0;31mValueError\u001b[0m: def conv1d(:"
    widget = {"model_id": "w1", "version_major": 2, "version_minor": 0}
    return [
        {
            "output_type": "stream",
            "name": "stdout",
            "text": ["<<<<<<< HEAD\n", "1 2\n"],
        },
        {"output_type": "stream", "name": "stderr", "text": "UserWarning: ü\n" * 50},
        {
            "output_type": "execute_result",
            "execution_count": count,
            "metadata": {},
            "data": {"text/html": ["<script>1</script>"], "text/plain": ["array([1])"]},
        },
        {
            "output_type": "display_data",
            "metadata": {"needs_background": "light"},
            "data": {"application/vnd.jupyter.widget-view+json": widget},
        },
        {
            "output_type": "error",
            "ename": "ValueError",
            "evalue": "x",
            "traceback": [escape],
        },
    ]


#: By the words that a test's name shows.
SAVERS: dict[str, Callable[[Book], str]] = {
    saver.__name__.replace("_", " "): saver
    for saver in (
        saved_by_jupyterlab,
        saved_by_classic_notebook,
        saved_by_vs_code,
        saved_by_colab,
        saved_by_colab_without_other_metadata,
        saved_by_kaggle,
        saved_by_pycharm,
        saved_by_deepnote,
        saved_by_databricks,
        run_by_papermill,
        cleared_by_nbstripout,
        with_outputs_of_all_kinds,
        with_windows_line_ends,
        with_byte_order_mark,
        without_tags,
        with_empty_cells,
    )
} | {
    f"nbformat 4.{minor}, sources as {'lists' if minor % 2 else 'texts'}": saved_as(
        minor, lines=bool(minor % 2)
    )
    for minor in range(6)
}
