"""``python -m tests.honest``: every case with its verdict, as a table."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.errors import GraderError
from grader.proxies import References
from grader.sandbox import Hosts
from tests.honest.cases import Case, corpus, judge, lost

FULL = "full marks"


def main(names: list[str]) -> int:
    """Grades the cases whose names begin with one of `names`, or all.

    Returns:
        0 if all of them got full marks.
    """
    chosen = [c for c in corpus() if not names or c.name.startswith(tuple(names))]
    table = Table("case", "why it is unusual", "verdict", "s")
    messages = []
    hosts, references = Hosts(), {}
    try:
        for case in chosen:
            manifest = case.manifest
            if manifest.name not in references:
                references[manifest.name] = References(manifest, hosts)
            started = time.perf_counter()
            verdict, message = _verdict(case, hosts, references[manifest.name])
            seconds = f"{time.perf_counter() - started:.1f}"
            table.add_row(case.name, case.why, verdict, seconds)
            if verdict != FULL:
                messages.append(f"\n{case.name}: {case.why}\n{message}")
    finally:
        for each in references.values():
            each.close()
        hosts.close()
    console = Console(width=120)
    console.print(table)
    console.print(*messages, sep="\n", markup=False, highlight=False)
    console.print(f"{len(chosen) - len(messages)} of {len(chosen)} get full marks")
    return 1 if messages or not chosen else 0


def _verdict(case: Case, hosts: Hosts, references: References) -> tuple[str, str]:
    """The verdict in a word, and what was lost."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            report = judge(case, Path(folder), hosts, references)
    except GraderError as error:
        return "not graded", str(error)
    verdict = FULL if report.full_marks else f"{report.score:g} / {report.points:g}"
    return verdict, lost(report)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
