"""The zoo on the command line.

python -m shared.models                  the list: papers, sizes, published accuracies
python -m shared.models vgg16            the layers of one, their cost, the sums
python -m shared.models vgg16 --plot     memory and parameters by depth, as a picture
python -m shared.models --plot           accuracy against cost over the zoo
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shared.quiet import quiet_tensorflow


def _shape(text: str) -> tuple[int, ...]:
    shape = tuple(int(part) for part in text.split("x"))
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError
    return shape


_shape.__name__ = "HxWxC"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status, 2 for a wrong argument."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.models",
        description="The architectures of the course and what they cost.",
    )
    parser.add_argument("name", nargs="?", help="a variant; without it, the list")
    parser.add_argument(
        "--input-shape", type=_shape, metavar="HxWxC", help="as in 224x224x3"
    )
    parser.add_argument("--classes", type=int, metavar="N")
    parser.add_argument(
        "--batch-size", type=int, default=1, metavar="N", help="for training memory"
    )
    parser.add_argument(
        "--plot",
        nargs="?",
        const="",
        metavar="FILE",
        help="draw into FILE, by default <name>.png or zoo.png here",
    )
    options = parser.parse_args(arguments)
    quiet_tensorflow()
    # Only now: the families import Keras, and Keras TensorFlow.
    from shared.models import _plots, _report, build
    from shared.models.registry import find

    plot = None
    if options.plot is not None:
        plot = Path(options.plot or f"{options.name or 'zoo'}.png")
    if options.name is None:
        print(_report.columns(list(_report.zoo())))
        if plot:
            drawn = _plots.plot_zoo(plot)
            print(f"\n{drawn} variants drawn in {plot}")
        return 0
    try:
        find(options.name)
        model = build(
            options.name, input_shape=options.input_shape, classes=options.classes
        )
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    from shared.accounting import layer_table

    table = layer_table(model)
    print(_report.layer_lines(table))
    print()
    print(_report.total_lines(table, options.batch_size))
    if options.input_shape is None and options.classes is None:
        claims = _report.claims(options.name, table)
        if claims:
            print(f"\n{_report.columns(claims)}")
    if plot:
        _plots.plot_layers(table, options.name, plot)
        print(f"\ndrawn in {plot}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
