"""What a submission costs when a class is graded, sandboxed, on this machine.

Two classes of 100, six hidden tests each: one whose answers are NumPy, one with a
Keras layer. Printed are seconds a submission, the bars (0.15 and 0.45 s), and, with
`--flat`, the memory of the graders after 100 and after 1,000 submissions.

Run it on a quiet machine: ``python benchmarks/batch.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from grader.batch import Batch, grade_class
from grader.manifest import load

TESTS = {
    "numpy": """
        import numpy as np
        import pytest

        @pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 1, 2)])
        @pytest.mark.parametrize("scale", [1.0, 1e3])
        def test_scales(student, rng, shape, scale):
            x = scale * rng.normal(size=shape)
            out = student.answer(x)
            assert np.allclose(out, (x - x.mean()) / x.std()), "not standardised"
        """,
    "keras": """
        import numpy as np
        import pytest

        @pytest.mark.parametrize("units", [1, 3, 7])
        @pytest.mark.parametrize("batch", [1, 5])
        def test_is_dense(student, rng, units, batch):
            layer = student.answer(units=units)
            x = rng.normal(size=(batch, 4)).astype("float32")
            out = layer(x)
            kernel, bias = layer.weights()
            assert np.allclose(out, x @ kernel + bias, atol=1e-5), "not dense"
        """,
}
ANSWERS = {
    "numpy": """def answer(x):
    return (x - x.mean()) / x.std()""",
    "keras": """import keras

class answer(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units))
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, x):
        return keras.ops.matmul(x, self.kernel) + self.bias""",
}
ALLOW = {"numpy": ["numpy"], "keras": ["numpy", "keras", "tensorflow"]}
BARS = {"numpy": 0.15, "keras": 0.45}
NAME = "01_bench"


def write_course(root: Path, kind: str) -> Path:
    """Writes an assignment of one question; returns its folder."""
    folder = root / "assignments" / NAME
    tests = root / "solutions" / NAME / "tests"
    folder.mkdir(parents=True)
    tests.mkdir(parents=True)
    (folder / "assignment.toml").write_text(
        f'title = "Benchmark"\nsubmit = ["{NAME}.ipynb"]\n\n[[questions]]\n'
        f'id = "answer"\ntitle = "An answer"\npoints = 1\nallow = {ALLOW[kind]}\n'
    )
    text = "\n".join(line[8:] for line in TESTS[kind].splitlines())
    (tests / "test_answer.py").write_text(text)
    source = f'# %% question="answer"\n{ANSWERS[kind]}\n'
    (tests.parent / f"{NAME}.py").write_text(source)
    return folder


def write_class(root: Path, kind: str, count: int) -> None:
    """Writes `count` submissions that all differ in a comment."""
    for number in range(count):
        metadata = {"course": {"question": "answer"}}
        source = f"{ANSWERS[kind]}\n# student {number}"
        cell = {"cell_type": "code", "metadata": metadata, "source": source}
        cell |= {"outputs": [], "execution_count": None}
        book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        target = root / f"s{number:04}" / f"{NAME}.ipynb"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(book))


def descendants_mb() -> float:
    """Resident memory of all processes below this one, in megabytes."""
    parents, resident = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        resident[pid] = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    total = 0.0
    for pid, size in resident.items():
        above = pid
        while above > 1 and above != os.getpid():
            above = parents.get(above, 0)
        total += size if above == os.getpid() else 0
    return total / 2**20


def run(kind: str, count: int, jobs: int) -> dict[str, float]:
    """Grades a class; returns seconds a submission and memory on the way."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        manifest = load(write_course(root, kind))
        write_class(root / "class", kind, count)
        memory: dict[int, float] = {}
        done = 0

        def progress(state: object) -> None:
            nonlocal done
            done += 1
            if done in (100, count - 20):
                memory[done] = descendants_mb()

        started = time.perf_counter()
        how = Batch(root / "out", jobs=jobs, progress=progress)
        summary = grade_class(manifest, root / "class", how)
        seconds = time.perf_counter() - started
        assert sum(summary.graded.values()) == count, summary.faults
        return {
            "seconds": seconds / count,
            "first": memory.get(100, 0.0),
            "last": memory.get(count - 20, 0.0),
        }


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--flat", action="store_true", help="1,000 submissions too")
    options = parser.parse_args()
    for kind, bar in BARS.items():
        found = run(kind, options.count, options.jobs)["seconds"]
        print(f"{kind:6} {found:6.3f} s a submission; bar {bar} s: {found / bar:.2f} x")
    if options.flat:
        found = run("numpy", 1000, options.jobs)
        print(
            f"1,000 submissions: {found['seconds']:.3f} s each; memory "
            f"{found['first']:.0f} MB after 100, {found['last']:.0f} MB near the end"
        )


if __name__ == "__main__":
    main()
