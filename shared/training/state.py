"""Where a run stands, besides its variables: what a checkpoint holds as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import tensorflow as tf

Row = dict[str, Any]


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        step: steps made, over all epochs.
        totals: of the running epoch: loss, correct and examples, summed; unsound steps.
        seconds: spent in the running epoch.
        history: a row per finished epoch.
        best: the lowest error so far, for early stopping.
        stale: epochs since then.
        plateau_best, plateau_stale: the same since the rate was last lowered.
        identity: what must be the same when the run is taken up again.
    """

    step: int = 0
    totals: list[float] = field(default_factory=lambda: [0.0] * 4)
    seconds: float = 0.0
    history: list[Row] = field(default_factory=list)
    best: float | None = None
    stale: int = 0
    plateau_best: float | None = None
    plateau_stale: int = 0
    identity: dict[str, str] = field(default_factory=dict)


class SavedProgress(tf.train.experimental.PythonState):
    """`Progress` as a part of a `tf.train.Checkpoint`."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def serialize(self) -> str:
        return json.dumps(asdict(self.progress))

    def deserialize(self, string_value: bytes) -> None:
        for key, value in json.loads(string_value).items():
            setattr(self.progress, key, value)
