"""Checkpoints from which a run goes on as if it had never stopped.

Each is a folder `step-00000120` with a `tf.train.Checkpoint` in it: the model's and the
optimizer's variables, the state of dropout, the progress. A folder gets its name only
when it is complete, so that no crash leaves half a checkpoint behind; TensorFlow
stores check sums, so that damage is noticed when it is read.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from shared.training.errors import CheckpointError, TrainingWarning
from shared.training.state import Progress, SavedProgress

_KEPT = 2


class Checkpoints:
    """The checkpoints of one run in one folder.

    Args:
        folder: made if missing.
        parts: what to save, by name: lists of variables.
        progress: saved with them, and set by `restore`.
        chief: whether this worker's files are the ones to keep. All workers must
            save at the same time: reading some variables is a collective.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        parts: Mapping[str, Any],
        progress: Progress,
        chief: bool = True,
    ) -> None:
        self.folder = Path(folder)
        self.chief = chief
        self.progress = progress
        self._checkpoint = tf.train.Checkpoint(
            progress=SavedProgress(progress), **parts
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"checkpoint_dir {self.folder} cannot be made: {error.strerror}"
            ) from error

    def found(self) -> list[Path]:
        """The complete checkpoints, the newest first."""
        return sorted(
            (p for p in self.folder.glob("step-*") if p.suffix != ".part"),
            reverse=True,
        )

    def save(self) -> bool:
        """Save; a full disk warns instead of ending the run. Returns whether saved."""
        name = f"step-{self.progress.step:010d}"
        if self.chief:
            part = self.folder / f"{name}.part"
        else:
            part = Path(tempfile.mkdtemp(prefix="checkpoint-"))
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            self._checkpoint.write(str(part / "checkpoint"))
            if self.chief:
                self._publish(part, self.folder / name)
        except (OSError, tf.errors.OpError) as error:
            warnings.warn(
                f"no checkpoint at step {self.progress.step}: {self.folder} cannot be "
                f"written ({_reason(error)}); training goes on, earlier ones are kept",
                TrainingWarning,
                stacklevel=2,
            )
            return False
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return True

    def _publish(self, part: Path, target: Path) -> None:
        for file in part.iterdir():
            _flush(file)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(part, target)
        _flush(self.folder)
        # With what an earlier process was writing when it was killed.
        for old in (*self.found()[_KEPT:], *self.folder.glob("step-*.part")):
            shutil.rmtree(old, ignore_errors=True)

    def restore(self) -> bool:
        """Go back to the newest checkpoint that can be read, if there is any.

        Returns:
            Whether there was one.

        Raises:
            CheckpointError: all are damaged, or they are another run's.
        """
        identity = dict(self.progress.identity)
        found = self.found()
        for path in found:
            try:
                self._read(path, identity)
            except CheckpointError:
                raise
            except Exception as error:  # of a damaged file, TensorFlow raises any
                warnings.warn(
                    f"checkpoint {path} is damaged ({_reason(error)}); "
                    "trying the one before",
                    TrainingWarning,
                    stacklevel=2,
                )
                continue
            return True
        if found:
            raise CheckpointError(
                f"no checkpoint in {self.folder} can be read; "
                "delete the folder to begin anew"
            )
        return False

    def _read(self, path: Path, identity: dict[str, str]) -> None:
        prefix = str(path / "checkpoint")
        # The progress first, alone: another run's variables may not even fit.
        stored = Progress()
        reader = tf.train.Checkpoint(progress=SavedProgress(stored))
        reader.read(prefix).expect_partial()
        for key, value in identity.items():
            there = stored.identity.get(key)
            if there != value:
                raise CheckpointError(
                    f"checkpoint_dir {self.folder} holds another run: its {key} is "
                    f"{there}, not {value}; choose another folder or delete this one"
                )
        self._checkpoint.read(prefix).assert_consumed()


def _flush(path: Path) -> None:
    """Have the disk itself hold it: a power cut must not leave an empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    """The first line of what TensorFlow or the system says."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (getattr(error, "message", "") or str(error)).strip().split("\n")[0][:200]
