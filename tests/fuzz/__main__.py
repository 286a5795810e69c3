"""Runs the fuzz tests and prints their table: ``python -m tests.fuzz --cases 100000``.

The exit code is 0 if nothing crashed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

from tests.fuzz.table import USUAL_CASES


def main() -> int:
    """Reads the arguments, runs pytest."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=USUAL_CASES, help="in all")
    parser.add_argument("--random", action="store_true", help="others than last time")
    parser.add_argument("-k", default="", help="only tests whose name has this")
    given = parser.parse_args()
    os.environ["FUZZ_CASES"] = str(given.cases)
    if given.random:
        os.environ["FUZZ_RANDOM"] = "1"
    chosen = ["-k", given.k] if given.k else []
    arguments = [str(Path(__file__).parent), "-q", "-p", "no:cacheprovider", *chosen]
    return int(pytest.main(arguments))


if __name__ == "__main__":
    sys.exit(main())
