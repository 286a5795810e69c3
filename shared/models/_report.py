"""What `python -m shared.models` prints."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.accounting import OPTIMIZER_SLOTS, totals, training_memory
from shared.models.registry import about, variants

HERE = Path(__file__).parent
# Lectures round to two or three digits; anything further off is another number.
ROUNDING = 0.03


def counts() -> dict[str, dict[str, str]]:
    """The first row of counts.csv for each variant."""
    found: dict[str, dict[str, str]] = {}
    with (HERE / "counts.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["variant"], row)
    return found


def short(number: float, unit: str = "") -> str:
    """A number with three digits and K, M or G: 138357544 is 138M."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if abs(number) >= factor:
            scaled = number / factor
            digits = max(0, 3 - len(str(int(scaled))))
            return f"{scaled:.{digits}f}{letter}{unit}"
    return f"{number:g}{unit and ' ' + unit}"


def zoo() -> Iterator[dict[str, str]]:
    """One row per variant, counts from the table, accuracies as published."""
    known = counts()
    for name in variants():
        family, paper, accuracy = about(name)
        row = known.get(name)

        def percent(value: float | None) -> str:
            return "" if value is None else f"{value:.1f}"

        yield {
            "name": name,
            "family": family,
            "year": str(paper.year or ""),
            "paper": paper.reference,
            "parameters": short(int(row["params_total"])) if row else "",
            "mult-adds": short(int(row["macs"])) if row else "",
            "top-1": percent(accuracy.top1) if accuracy else "",
            "top-5": percent(accuracy.top5) if accuracy else "",
            "measured on": accuracy.protocol if accuracy else "",
        }


def columns(rows: list[dict[str, str]]) -> str:
    """Rows as aligned text; columns of numbers to the right."""
    names = list(rows[0])
    width = {n: max(len(n), *(len(row[n]) for row in rows)) for n in names}
    numeric = {
        n for n in names if all(row[n][:1].isdigit() for row in rows if row[n])
    } - {"paper"}

    def line(row: dict[str, str]) -> str:
        cells = (
            row[n].rjust(width[n]) if n in numeric else row[n].ljust(width[n])
            for n in names
        )
        return "  ".join(cells).rstrip()

    head = line({n: n for n in names})
    return "\n".join([head, "-" * len(head), *map(line, rows)])


def _either(row: Any, name: str) -> str:
    height, width = row[f"{name}_height"], row[f"{name}_width"]
    return str(height) if height == width else f"{height}x{width}"


def layer_lines(table: Any) -> str:
    """A layer table as text."""
    rows = [
        {
            "layer": path,
            "type": row["type"],
            "output": "x".join(map(str, row["output_shape"])),
            "activations": f"{row['activations']:,}",
            "weights": f"{row['weights']:,}",
            "biases": f"{row['biases']:,}",
            "batch norm": f"{row['batch_norm']:,}",
            "mult-adds": f"{row['multiply_adds']:,}",
            "field": _either(row, "receptive"),
            "stride": _either(row, "stride"),
        }
        for path, row in table.iterrows()
    ]
    return columns(rows)


def total_lines(table: Any, batch_size: int) -> str:
    """The sums of a layer table and the memory of a training step."""
    sums = totals(table)
    lines = [
        f"parameters   {sums['parameters']:>15,}   trained {sums['trainable']:,}; "
        f"weights {sums['weights']:,}, biases {sums['biases']:,}, "
        f"batch norm {sums['batch_norm']:,}",
        f"mult-adds    {sums['multiply_adds']:>15,}   per image",
        f"activations  {sums['activations']:>15,}   per image, "
        f"{sums['activation_bytes'] / 1e6:.1f} MB "
        f"({sums['activation_bytes'] / 2**20:.1f} MiB) forward",
        f"training memory, batch of {batch_size}, in MB:",
    ]
    for optimizer in OPTIMIZER_SLOTS:
        memory = training_memory(table, optimizer, batch_size)
        lines.append(
            f"  {optimizer:9}{memory.total / 1e6:>10.1f} = "
            f"{memory.parameters / 1e6:.1f} parameters"
            f" + {memory.gradients / 1e6:.1f} gradients"
            f" + {memory.optimizer / 1e6:.1f} optimizer"
            f" + 2 x {memory.activations / 1e6:.1f} activations"
        )
    return "\n".join(lines)


def quantities(table: Any) -> dict[str, int]:
    """What the lectures give figures of, from a layer table."""
    sums = totals(table)
    convolutions = table[table["type"].str.contains("Conv")]
    return sums | {
        "parameter_bytes": 4 * sums["parameters"],
        "convolution_multiply_adds": int(convolutions["multiply_adds"].sum()),
        "first_kernel": int(convolutions["weights"].iloc[0]),
    }


def claims(variant: str, table: Any) -> list[dict[str, str]]:
    """The lectures' figures for a variant beside the computed ones."""
    computed = quantities(table)
    with (HERE / "lecture_claims.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["variant"] == variant]
    found = []
    for row in rows:
        value, claimed = computed[row["quantity"]], float(row["claimed"])
        right = abs(value - claimed) <= ROUNDING * value
        wrong = f"wrong, by a factor {claimed / value:.2f}"
        found.append(
            {
                "row": row["row"],
                "lectures": row["words"],
                "computed": f"{value:,}",
                "verdict": "right" if right else wrong,
            }
        )
    return found
