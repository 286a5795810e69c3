"""Training on the command line.

python -m shared.training                       the recipes
python -m shared.training lenet5                its network on its data, with a bar
python -m shared.training mnist_task            the MNIST task: Adam, Adadelta, SGD
python -m shared.training cifar10 --checkpoint-dir run   stop and go on at any time
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from shared.quiet import quiet_tensorflow


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shared.training",
        description="Train a network of the course by a recipe.",
    )
    add = parser.add_argument
    add("recipes", nargs="*", metavar="RECIPE", help="one or more; without, the list")
    add("--model", help="a variant of shared.models instead of the recipe's")
    add("--dataset", help="digits, mnist or cifar10 instead of the recipe's")
    add("--examples", type=int, metavar="N", help="train on the first N images only")
    add("--epochs", type=int, metavar="N", help="instead of the recipe's")
    add(
        "--batch-size", type=int, metavar="N", help="over all replicas; scales the rate"
    )
    add("--seed", type=int, default=0, metavar="N")
    add("--strategy", default="auto", help='as in "cpu:2", "mirrored", "multiworker"')
    add("--checkpoint-dir", type=Path, metavar="DIR", help="save here, go on from here")
    add("--checkpoint-every", type=int, metavar="STEPS", help="also within an epoch")
    add("--log-dir", type=Path, metavar="DIR", help="write history.csv here")
    add("--tensorboard", action="store_true", help="and TensorBoard's events")
    add("--early-stop", type=int, metavar="EPOCHS", help="without improvement")
    add("--jit-compile", action="store_true", help="compile with XLA")
    add("--mixed-precision", action="store_true", help="compute in 16 bits")
    add("--sync-batch-norm", action="store_true", help="statistics over all replicas")
    add("--save", type=Path, metavar="FILE", help="write the model, as in lenet5.keras")
    add("--no-progress", dest="progress", action="store_false", help="no bar")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status: 1 stopped, 2 for a wrong argument."""
    options = _parser().parse_args(arguments)
    quiet_tensorflow()
    from shared.datasets import DatasetError
    from shared.training.errors import NonFiniteLossError, TrainingError

    try:
        if not options.recipes:
            print(_list())
            return 0
        return _train_all(options)
    except (TrainingError, DatasetError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1 if isinstance(error, NonFiniteLossError) else 2
    except KeyboardInterrupt as interrupt:
        print(interrupt or "stopped", file=sys.stderr)
        return 130


def _list() -> str:
    from shared.training.cookbook import GROUPS, RECIPES

    lines = [f"{entry.name:20} {entry.about}" for entry in RECIPES.values()]
    lines += [f"{name:20} {', '.join(members)}" for name, members in GROUPS.items()]
    return "\n".join(lines)


def _train_all(options: argparse.Namespace) -> int:
    from shared.training import recipe, strategy
    from shared.training.cookbook import GROUPS

    named = [part for name in options.recipes for part in GROUPS.get(name, (name,))]
    chosen = [_changed(recipe(name), options) for name in named]
    if len(chosen) > 1 and options.save:
        raise ValueError("--save names one file, and there are several recipes")
    if options.save and not options.save.resolve().parent.is_dir():
        raise ValueError(f"--save {options.save}: there is no such folder")
    if options.save and options.save.suffix != ".keras":
        raise ValueError(f"--save {options.save}: the name must end in .keras")
    where = strategy(options.strategy)
    table = []
    for entry in chosen:
        result = _train(entry, options, where, several=len(chosen) > 1)
        table.append((entry.name, result.history))
    print(_table(table))
    return 0


def _changed(entry: Any, options: argparse.Namespace) -> Any:
    from shared.training import recipe

    changes = {"model": options.model, "dataset": options.dataset}
    changes["epochs"] = options.epochs
    entry = recipe(entry, **{k: v for k, v in changes.items() if v is not None})
    if options.batch_size is not None:
        entry = entry.scaled(options.batch_size)
    if not entry.dataset:
        raise ValueError(
            f"{entry.name} is a recipe for ImageNet, which the course does not have; "
            "name --dataset, or call shared.training.train with your data"
        )
    return entry


def _train(entry: Any, options: argparse.Namespace, where: Any, several: bool) -> Any:
    from shared.datasets import info, load_arrays
    from shared.models import build
    from shared.training import train

    facts = info(entry.dataset)
    part = "" if options.examples is None else f"[:{options.examples}]"

    def own(folder: Path | None) -> Path | None:
        return folder / entry.name if folder and several else folder

    print(f"{entry.name}: {entry.model} on {entry.dataset}", file=sys.stderr)
    result = train(
        lambda: build(
            entry.model,
            input_shape=facts.image_shape,
            classes=len(facts.class_names),
            **entry.model_options,
        ),
        load_arrays(entry.dataset, f"train{part}"),
        entry,
        strategy=where,
        validation=load_arrays(entry.dataset, "test"),
        seed=options.seed,
        checkpoint_dir=own(options.checkpoint_dir),
        checkpoint_every=options.checkpoint_every,
        log_dir=own(options.log_dir),
        tensorboard=options.tensorboard,
        progress=options.progress,
        early_stop=options.early_stop,
        jit_compile=options.jit_compile,
        mixed_precision=options.mixed_precision,
        sync_batch_norm=options.sync_batch_norm,
    )
    if options.save:
        try:
            result.model.save(options.save)
        except OSError as error:
            # The numbers are still worth printing, and a checkpoint may be there.
            print(f"error: {options.save} is not written: {error}", file=sys.stderr)
    return result


def _table(results: list[tuple[str, list[dict[str, Any]]]]) -> str:
    lines = [f"{'recipe':20} epochs   loss  test loss  test accuracy  seconds"]
    for name, history in results:
        last = history[-1]
        seconds = sum(row["seconds"] for row in history)
        lines.append(
            f"{name:20} {last['epoch']:6d} {last['loss']:6.4f} "
            f"{last['val_loss']:10.4f} {last['val_accuracy']:14.2%} {seconds:8.1f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
