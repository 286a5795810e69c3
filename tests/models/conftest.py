"""Models for the tests: each variant is built once, used by all its tests, freed."""

from __future__ import annotations

import csv
import gc
from dataclasses import dataclass
from pathlib import Path

import keras
import pytest

import shared.models

TABLE = Path(shared.models.__file__).with_name("counts.csv")


@dataclass(frozen=True)
class Counts:
    """One row of counts.csv."""

    variant: str
    input_shape: tuple[int, int, int]
    classes: int
    trainable: int
    total: int
    macs: int
    tolerance: float

    @property
    def label(self) -> str:
        return f"{self.variant}-{self.classes}"


def counts() -> list[Counts]:
    """The rows of counts.csv."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return [
            Counts(
                row["variant"],
                tuple(int(n) for n in row["input_shape"].split("x")),
                int(row["classes"]),
                int(row["params_trainable"]),
                int(row["params_total"]),
                int(row["macs"]),
                float(row["macs_tolerance"]),
            )
            for row in csv.DictReader(file)
        ]


@dataclass(frozen=True)
class Built:
    """A model, and its row of counts.csv."""

    model: keras.Model
    counts: Counts


def _cases() -> list[Counts]:
    registered = set(shared.models.variants())
    return [row for row in counts() if row.variant in registered]


@pytest.fixture(scope="session", autouse=True)
def _frozen():
    """Spare the collector what the imports made: half a second per collection."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module", params=_cases(), ids=lambda row: row.label)
def built(request):
    """Each variant of counts.csv in turn; pytest runs its tests together."""
    row = request.param
    keras.utils.set_random_seed(1)
    model = shared.models.build(
        row.variant, input_shape=row.input_shape, classes=row.classes
    )
    yield Built(model, row)
    del model
    keras.backend.clear_session()
    gc.collect()
