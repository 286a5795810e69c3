"""``python -m tests.attacks [NAME ...]``: grades every attack, prints what came of it.

NAME is a part of an attack's name, e.g. ``reading`` or ``looping/swallows``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from tests.attacks.arena import arena
from tests.attacks.attack import Attack, corpus
from tests.attacks.trial import Verdict, in_a_class, single


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of attacks' names")
    parser.add_argument("--mode", choices=["single", "batch"], help="one way only")
    given = parser.parse_args()
    chosen = [
        attack
        for attack in corpus()
        if not given.names or any(name in attack.name for name in given.names)
    ]
    if not chosen:
        parser.error(f"no attack is called {' or '.join(given.names)}")
    table = Table("attack", "it …", "how", "question ends", "s", "gains", box=None)
    verdicts = list(_verdicts(chosen, given.mode))
    for verdict in verdicts:
        table.add_row(
            verdict.attack.name,
            verdict.attack.tries,
            verdict.mode,
            verdict.outcome,
            f"{verdict.seconds:.1f}",
            "; ".join(verdict.complaints) or "nothing",
        )
    Console(width=160 if not sys.stdout.isatty() else None, markup=False).print(table)
    gained = {v.attack.name for v in verdicts if v.complaints}
    count = f"{len(chosen)} attacks in {len(verdicts)} gradings"
    print(f"{count}: {len(gained)} gain anything")
    sys.exit(1 if gained else 0)


def _verdicts(attacks: list[Attack], mode: str | None) -> Iterator[Verdict]:
    if mode != "batch":
        for attack in (a for a in attacks if "single" in a.modes):
            print(attack.name, file=sys.stderr)
            with arena(attack.assignment) as field:
                yield single(attack, field)
    if mode != "single":
        for assignment in sorted({a.assignment for a in attacks}):
            some = [
                a for a in attacks if a.assignment == assignment and "batch" in a.modes
            ]
            with arena(assignment) as field:
                yield from in_a_class(some, field) if some else ()


if __name__ == "__main__":
    main()
