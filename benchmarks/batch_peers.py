"""The same six NumPy tests with nbgrader and Otter-Grader, beside our own batch.

They are not requirements of this project: install them into an environment of their
own and name its folder of programs:

    python -m venv /tmp/peers && /tmp/peers/bin/pip install nbgrader otter-grader
    python benchmarks/batch_peers.py --peers /tmp/peers/bin

Printed are seconds a submission, all in one run: nbgrader's `autograde` as it is (one
process), Otter's `otter run` in two processes, ours with two, sandboxed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.batch import ANSWERS, run

CHECK = """
rng = np.random.default_rng({seed})
x = {scale} * rng.normal(size={shape})
assert np.allclose(answer(x), (x - x.mean()) / x.std())
"""
CASES = [(s, c) for c in ("(3,)", "(2, 3)", "(4, 1, 2)") for s in (1.0, 1e3)]


def checks() -> list[str]:
    """The six tests, as statements."""
    return [
        CHECK.format(seed=n, scale=scale, shape=shape).strip()
        for n, (scale, shape) in enumerate(CASES)
    ]


def write_notebook(path: Path, cells: list[dict[str, Any]]) -> None:
    """Writes a notebook of code cells."""
    made = []
    for number, cell in enumerate(cells):
        whole = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": []}
        made.append(whole | {"execution_count": None} | cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": made, "metadata": {"kernelspec": kernel}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(book | {"nbformat": 4, "nbformat_minor": 5}))


def call(programs: Path, root: Path, *command: str) -> None:
    """Runs one of the peers' programs, which must succeed."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=root,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr[-1500:]}")


def nbgrader(programs: Path, root: Path, count: int) -> float:
    """Seconds a submission of ``nbgrader autograde``."""

    def marks(id: str, **changed: Any) -> dict[str, Any]:
        usual = {"schema_version": 3, "grade_id": id, "locked": False}
        usual |= {"grade": False, "solution": False, "task": False}
        return {"metadata": {"nbgrader": usual | changed}}

    cells = [
        {"source": "import numpy as np"},
        {"source": ANSWERS["numpy"], **marks("answer", solution=True)},
        *(
            {"source": c, **marks(f"t{n}", grade=True, locked=True, points=1)}
            for n, c in enumerate(checks())
        ),
    ]
    (root / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'bench'\n"
    )
    write_notebook(root / "source" / "bench" / "bench.ipynb", cells)
    call(programs, root, "nbgrader", "generate_assignment", "bench")
    for number in range(count):
        target = root / "submitted" / f"s{number:03}" / "bench" / "bench.ipynb"
        write_notebook(target, cells)
    started = time.perf_counter()
    call(programs, root, "nbgrader", "autograde", "bench")
    seconds = time.perf_counter() - started
    graded = list(root.glob("autograded/*/bench/bench.ipynb"))
    assert len(graded) == count, f"nbgrader graded {len(graded)} of {count}"
    return seconds / count


def otter(programs: Path, root: Path, count: int) -> float:
    """Seconds a submission of ``otter run``, two at a time."""
    cases = [
        {"code": ">>> " + "\n>>> ".join(check.splitlines()), "hidden": True}
        for check in checks()
    ]
    suite = {"cases": cases, "scored": True, "type": "doctest"}
    test = {"name": "answer", "points": 6, "suites": [suite]}
    (root / "tests").mkdir()
    (root / "tests" / "answer.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n")
    call(programs, root, "otter", "generate", "-t", "tests", "-o", "autograder.zip")

    def one(number: int) -> None:
        folder = root / f"s{number:03}"
        cells = [{"source": "import numpy as np"}, {"source": ANSWERS["numpy"]}]
        write_notebook(folder / "bench.ipynb", cells)
        zipped = str(root / "autograder.zip")
        call(programs, folder, "otter", "run", "bench.ipynb", "-a", zipped)

    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(count)))
    seconds = time.perf_counter() - started
    results = json.loads((root / "s000" / "results.json").read_text())
    earned = sum(float(test.get("score", 0)) for test in results["tests"])
    assert earned == 6, f"Otter gave {earned} of 6 points"
    return seconds / count


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--count", type=int, default=20)
    options = parser.parse_args()
    programs = options.peers.resolve()
    times = {"ours": run("numpy", 100, 2)["seconds"]}
    for name, peer in (("nbgrader", nbgrader), ("otter", otter)):
        if not (programs / name).exists():
            print(f"{name}: not installed in {programs}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            times[name] = peer(programs, Path(folder), options.count)
    for name, seconds in times.items():
        ratio = seconds / times["ours"]
        print(f"{name:9} {seconds:7.3f} s a submission   {ratio:6.1f} x ours")


if __name__ == "__main__":
    main()
