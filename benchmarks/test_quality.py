"""How good are the hidden tests?

For every assignment: each misconception must lose, each other right answer must pass,
and of mutants of the solution (operators, bounds, axes, constants; one fault at a time)
at least 95 % must lose. A mutant that survives because it is no fault is listed, with
the reason, in ``solutions/NN_topic/equivalent_mutants.toml``.

    python benchmarks/test_quality.py            every assignment
    python benchmarks/test_quality.py 04 -q im2col
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mutants import Mutant, file_mutants, mutants

from grader.authoring import (
    Variant,
    read_variants,
    solution_cells,
    solution_files,
    substituted,
)
from grader.grade import Grading, grade
from grader.manifest import Manifest, all_assignments, find_assignment, load
from grader.results import Outcome, TestResult
from grader.sandbox import Hosts
from grader.submission import Submission

_SEED = 11
_TIMEOUT_S = 10.0  # a mutant may loop for ever
_BAR = 0.95


@dataclass(frozen=True)
class Trial:
    """One mutant, and whether a hidden test noticed it."""

    question: str
    mutant: Mutant
    killed: bool
    reason: str = ""


def try_question(folder: Path, question: str) -> list[Trial]:
    """Grades every mutant of one question's solution."""
    manifest = replace(load(folder), timeout_s=_TIMEOUT_S)
    excused = equivalent(manifest)
    hosts = Hosts()
    trials = []
    try:
        for mutant, submission in _mutated(manifest, question):
            killed = not _full_marks(manifest, submission, question, hosts)
            reason = "" if killed else excused.get(mutant.key, "")
            trials.append(Trial(question, mutant, killed, reason))
    finally:
        hosts.close()
    return trials


def _mutated(manifest: Manifest, question: str) -> Iterator[tuple[Mutant, Submission]]:
    """The mutants of an answer, in its cell or in its file."""
    cells, files = solution_cells(manifest), solution_files(manifest)
    names = manifest.question(question).files
    for name in names:
        for mutant in file_mutants(files[name].decode()):
            changed = files | {name: mutant.source.encode()}
            yield mutant, Submission.from_cells(cells, files=changed)
    if names:
        return
    (cell,) = (cell for cell in cells if cell.question == question)
    for mutant in mutants(cell.source):
        changed_cells = [
            replace(c, source=mutant.source) if c is cell else c for c in cells
        ]
        yield mutant, Submission.from_cells(changed_cells, files=files)


def equivalent(manifest: Manifest) -> dict[str, str]:
    """Mutants that compute the same, and why: ``{"line | change": "reason"}``."""
    path = manifest.solution_folder / "equivalent_mutants.toml"
    if not path.is_file():
        return {}
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {str(key): str(reason) for key, reason in table.get("mutants", {}).items()}


def variants_that_misbehave(manifest: Manifest) -> Iterator[str]:
    """Names misconceptions that pass and alternatives that lose."""
    cells = solution_cells(manifest)
    hosts = Hosts()
    try:
        for kind, should_pass in (("misconception", False), ("alternative", True)):
            for variant in read_variants(manifest, kind):
                if _variant_passes(manifest, cells, variant, hosts) is not should_pass:
                    yield f"{kind} {variant.name}"
    finally:
        hosts.close()


def _variant_passes(
    manifest: Manifest, cells: Sequence[object], variant: Variant, hosts: Hosts
) -> bool:
    submission = substituted(manifest, list(cells), variant)  # type: ignore[arg-type]
    return _full_marks(manifest, submission, variant.question, hosts)


def _full_marks(
    manifest: Manifest, submission: Submission, question: str, hosts: Hosts
) -> bool:
    def lost(tests: Sequence[TestResult]) -> bool:
        return any(test.outcome is not Outcome.PASSED for test in tests)

    how = Grading(seed=_SEED, only=[question], hosts=hosts, explain=False, enough=lost)
    return grade(manifest, submission, how).full_marks


def main() -> None:
    """Prints a line per question, then the survivors; exit code 1 under the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("-q", "--question", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-variants", action="store_true")
    options = parser.parse_args()
    folders = [find_assignment(name) for name in options.assignments]
    folders = folders or all_assignments()
    known = {id for folder in folders for id in load(folder).ids}
    for id in options.question:
        if id not in known:
            parser.error(f"no question {id!r}; there are: {', '.join(sorted(known))}")
    good = True
    for folder in folders:
        manifest = load(folder)
        started = time.perf_counter()
        print(manifest.name)
        if not options.no_variants:
            bad = list(variants_that_misbehave(manifest))
            good &= not bad
            print(f"  variants that misbehave: {', '.join(bad) or 'none'}")
        wanted = options.question or manifest.ids
        chosen = [id for id in manifest.ids if id in wanted]
        with ProcessPoolExecutor(options.jobs) as pool:
            results = list(pool.map(try_question, [folder] * len(chosen), chosen))
        good &= _print(results)
        print(f"  {time.perf_counter() - started:.0f} s")
    sys.exit(0 if good else 1)


def _print(results: list[list[Trial]]) -> bool:
    trials = [trial for result in results for trial in result]
    for result in results:
        counted = [trial for trial in result if not trial.reason]
        killed = sum(trial.killed for trial in counted)
        if result:
            excused = len(result) - len(counted)
            name = result[0].question
            print(
                f"  {name:28} {killed:4} of {len(counted):4} killed, {excused} excused"
            )
    counted = [trial for trial in trials if not trial.reason]
    share = sum(trial.killed for trial in counted) / max(len(counted), 1)
    print(f"  all: {share:.1%} killed; bar {_BAR:.0%}")
    for trial in counted:
        if not trial.killed:
            print(f"    survived: {trial.question}: {trial.mutant.key}")
    return share >= _BAR


if __name__ == "__main__":
    main()
