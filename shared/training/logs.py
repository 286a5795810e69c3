"""What a run tells while it goes on: a bar, a CSV file, TensorBoard events."""

from __future__ import annotations

import csv
import io
import os
import warnings
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.framework.summary_pb2 import SummaryMetadata
from tqdm.auto import tqdm

from shared.training.errors import TrainingWarning
from shared.training.state import Row

COLUMNS = (
    "epoch",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
    "seconds",
)


class Bar:
    """One line per epoch, which grows with its steps and ends with its results."""

    def __init__(self, shown: bool, epochs: int, steps: int) -> None:
        self.shown, self.epochs, self.steps = shown, epochs, steps
        self._bar: Any = None

    def update(self, epoch: int, step: int, loss: float) -> None:
        """`step` steps of `epoch` are made, and this is their mean loss."""
        if not self.shown:
            return
        if self._bar is None:
            self._bar = tqdm(
                total=self.steps,
                initial=0,
                desc=f"epoch {epoch}/{self.epochs}",
                unit="step",
                dynamic_ncols=True,
            )
        self._bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
        self._bar.update(step - self._bar.n)

    def finish(self, row: Row) -> None:
        """The epoch is over."""
        if self._bar is None:
            return
        text = f"loss {row['loss']:.4f} accuracy {row['accuracy']:.2%}"
        if "val_loss" in row:
            text += f" val {row['val_loss']:.4f} {row['val_accuracy']:.2%}"
        self._bar.set_postfix_str(text)
        self.close()

    def close(self) -> None:
        """Leave the line as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Logs:
    """`history.csv` and, if wanted, TensorBoard's events in one folder.

    The CSV file is written anew after each epoch, whole, and moved into place: it is
    never half a line, and after a resumption it holds each epoch once.
    """

    def __init__(self, folder: str | os.PathLike, tensorboard: bool) -> None:
        self.folder = Path(folder)
        self.events = str(self.folder / "events") if tensorboard else None
        self._writer: Any = None

    def write(self, history: list[Row]) -> None:
        """Log the last row of `history`. Trouble with the disk warns, no more."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write_csv(history)
            if self.events:
                self._write_events(history[-1])
        except (OSError, tf.errors.OpError) as error:
            warnings.warn(
                f"log_dir {self.folder} cannot be written ({error}); "
                "the result has the history too",
                TrainingWarning,
                stacklevel=2,
            )

    def _write_csv(self, history: list[Row]) -> None:
        text = io.StringIO()
        rows = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
        rows.writeheader()
        rows.writerows(history)
        part = self.folder / "history.csv.part"
        part.write_text(text.getvalue(), encoding="utf-8")
        os.replace(part, self.folder / "history.csv")

    def _write_events(self, row: Row) -> None:
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(self.events)
        with self._writer.as_default(step=row["epoch"]):
            for key in COLUMNS[1:]:
                if key in row:
                    # tf.summary.scalar needs the tensorboard package; this is what it
                    # writes, and TensorBoard, wherever it runs, reads.
                    metadata = SummaryMetadata(
                        plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"),
                        data_class=1,
                    )
                    value = tf.constant(row[key], tf.float32)
                    tf.summary.write(key, value, metadata=metadata)
        self._writer.flush()
