"""``python -m shared.ops build``: compile the operation and say where it is."""

from __future__ import annotations

import argparse
import os
import sys
import time


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns 0, or 3 if the build failed."""
    parser = argparse.ArgumentParser(prog="python -m shared.ops", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="compile what is not in the cache")
    build.add_argument("--force", action="store_true", help="compile all of it again")
    build.add_argument(
        "--no-cuda", action="store_true", help="leave the GPU kernels out"
    )
    options = parser.parse_args(arguments)

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from shared.ops.build import BuildError, build_library

    start = time.perf_counter()
    try:
        library = build_library(
            force=options.force, cuda=False if options.no_cuda else None
        )
    except BuildError as error:
        print(error, file=sys.stderr)
        return 3
    print(f"{library}  ({time.perf_counter() - start:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
