"""The lectures' claims as experiments, on the command line.

python -m shared.training.studies                     the list
python -m shared.training.studies optimizers          one, at full size
python -m shared.training.studies optimizers --quick  under two minutes on two cores
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from shared.quiet import quiet_tensorflow


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status, 2 for a wrong argument."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.training.studies",
        description="The lectures' claims as experiments.",
    )
    parser.add_argument("name", nargs="?", help="a study; without it, the list")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_true", help="under two minutes on two cores"
    )
    size.add_argument("--tiny", action="store_true", help="seconds; proves nothing")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("studies"),
        metavar="DIR",
        help="where the CSV, the PNG and the table go (default: ./studies)",
    )
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    quiet_tensorflow()
    import tensorflow as tf

    from shared.training.studies import studies
    from shared.training.studies._running import run

    # Each run of `train` traces its own functions, of which TensorFlow would warn.
    tf.get_logger().setLevel("ERROR")
    if options.name is None:
        width = max(map(len, studies()))
        for name, study in studies().items():
            print(f"{name:{width}}  {study.title} ({study.lecture})")
        return 0
    if options.name not in studies():
        parser.error(f"no study {options.name!r}; there are {', '.join(studies())}")
    chosen = "quick" if options.quick else "tiny" if options.tiny else "full"
    try:
        run(options.name, chosen, options.out)
    except OSError as error:
        print(f"{options.out}: cannot write there ({error.strerror})", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
