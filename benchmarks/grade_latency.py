"""How long ``python -m grader`` takes beyond what cannot be avoided.

Three times, measured in turn and reported as medians:

- grading a submission that uses NumPy alone, the whole command;
- grading the whole reference solution, whose Keras layer needs TensorFlow;
- the floor of the latter: ``python -c "import tensorflow, keras"``, and the same tests
  with every process already started.

Run it on a quiet machine: ``python benchmarks/grade_latency.py``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.grade import Grading, grade
from grader.manifest import ROOT, find_assignment, load
from grader.sandbox import Hosts
from grader.submission import read_submission

ASSIGNMENT = "04"
KERAS_QUESTION = 'question="MyConv2D"'
GRADE = [sys.executable, "-m", "grader"]
IMPORT = [
    sys.executable,
    "-c",
    "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; import tensorflow, keras",
]


def seconds(command: list[str]) -> float:
    """Wall-clock time of one command, which must succeed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - started


def tests_alone(repeats: int) -> float:
    """Median time of all tests with TensorFlow loaded and workers warm."""
    manifest = load(find_assignment(ASSIGNMENT))
    submission = read_submission(manifest, manifest.solution_folder)
    hosts = Hosts()
    times = []
    try:
        for _ in range(repeats + 1):
            started = time.perf_counter()
            grade(manifest, submission, Grading(hosts=hosts))
            times.append(time.perf_counter() - started)
    finally:
        hosts.close()
    return statistics.median(times[1:])


def numpy_only(folder: Path) -> Path:
    """The reference solution without its Keras cell."""
    manifest = load(find_assignment(ASSIGNMENT))
    source = manifest.solution_folder / f"{manifest.name}.py"
    cells = source.read_text(encoding="utf-8").split("\n# %%")
    path = folder / source.name
    path.write_text("\n# %%".join(c for c in cells if KERAS_QUESTION not in c))
    return path


def questions_without_keras() -> list[str]:
    """``-q`` options for every question that NumPy alone answers."""
    manifest = load(find_assignment(ASSIGNMENT))
    ids = [q.id for q in manifest.questions if "keras" not in q.allow]
    return [part for id in ids for part in ("-q", id)]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        plain = str(numpy_only(Path(folder)))
        commands = {
            "NumPy only": [*GRADE, ASSIGNMENT, plain, *questions_without_keras()],
            "with TensorFlow": [*GRADE, ASSIGNMENT, f"solutions/{ASSIGNMENT}"],
            "import tensorflow, keras": IMPORT,
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(repeats):
            for name, command in commands.items():
                times[name].append(seconds(command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    medians["tests alone"] = tests_alone(repeats)
    for name, value in medians.items():
        print(f"{name:26} {value:7.2f} s")
    floor = medians["import tensorflow, keras"] + medians["tests alone"]
    total = medians["with TensorFlow"]
    print(f"{'NumPy only':26} {medians['NumPy only'] / 2.0:7.2f} x the bound of 2 s")
    print(f"{'with TensorFlow':26} {total / floor:7.2f} x (import + tests); bound 1.4")


if __name__ == "__main__":
    main()
