"""Running a study: rows into a CSV as they come, then the table and the picture."""

from __future__ import annotations

import csv
import dataclasses
import os
import time
from pathlib import Path
from typing import Any

from shared.training.studies import studies


def run(name: str, size: str, out: Path) -> Any:
    """Runs a study and writes `<name>.csv`, `.png` and `.txt` into the folder `out`.

    Files of another size than "full" are called `<name>-<size>`.

    Returns:
        The rows as a `pandas.DataFrame`.
    """
    import pandas as pd

    study = studies()[name]
    config = study.sizes[size]
    out.mkdir(parents=True, exist_ok=True)
    stem = out / (name if size == "full" else f"{name}-{size}")
    began, worked = time.perf_counter(), _worked()
    rows = []
    path = Path(f"{stem}.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        for row in study.rows(config):
            row = {key: _shown(value) for key, value in row.items()}
            if not rows:
                writer = csv.DictWriter(file, row, lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
            file.flush()
            rows.append(row)
    frame = pd.DataFrame(rows)
    wall, work = time.perf_counter() - began, _worked() - worked
    sizes = ", ".join(
        f"{field.name} {getattr(config, field.name)}"
        for field in dataclasses.fields(config)
    )
    text = (
        f"{study.title} ({study.lecture})\n{size} size: {sizes}\n\n"
        f"{study.table(frame).to_string()}\n\n"
        f"{wall:.0f} s, {work:.0f} s of processor time on {os.cpu_count()} cores\n"
    )
    Path(f"{stem}.txt").write_text(text, encoding="utf-8")
    study.plot(frame).savefig(f"{stem}.png", dpi=110)
    print(f"{text}{stem}.csv, {stem}.png, {stem}.txt")
    return frame


def _worked() -> float:
    """Seconds of processor time, that of processes started here and ended included."""
    return sum(os.times()[:4])


def _shown(value: Any) -> Any:
    """Six figures are enough for a reader, and for comparing two runs."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
