"""A run that was stopped goes on as if it had not been."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from shared.training import recipe, train
from shared.training.checkpoints import Checkpoints
from shared.training.crops import FlipCrop
from shared.training.errors import CheckpointError, TrainingWarning
from shared.training.logs import Bar
from shared.training.schedules import Constant, Plateau
from shared.training.state import Progress
from tests.training.networks import RECIPE, distance, normalised

# Six steps an epoch; dropout, augmentation, momentum and a plateau to go on with.
RUN = recipe(
    RECIPE, augment=FlipCrop(1), schedule=Plateau(factor=0.5, patience=1), epochs=4
)


def run(blobs, folder=None, **settings):
    settings = {"validation": blobs, "checkpoint_dir": folder, **settings}
    return train(
        lambda: normalised(dropout=0.3), blobs, RUN, progress=False, **settings
    )


@pytest.fixture(scope="module")
def uninterrupted(blobs):
    return run(blobs)


def same(result, expected):
    for ours, theirs in zip(result.history, expected.history, strict=True):
        assert {**ours, "seconds": 0} == {**theirs, "seconds": 0}
    assert distance(result.model, expected.model) == 0


@pytest.fixture
def killed(tmp_path):
    """A folder left behind by a process that was killed in its third epoch."""
    script = (
        "import sys; from tests.training.killed import main; main(*sys.argv[1:])",
    )
    # Step 16 is the fourth of the third epoch; the last checkpoint was at step 15.
    process = subprocess.run(
        [sys.executable, "-c", *script, str(tmp_path), "16"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    return tmp_path


def test_killed_in_mid_epoch(blobs, killed, uninterrupted, tmp_path):
    assert [path.name for path in killed.iterdir() if path.name[-2:] == "15"]
    for damage in ("none", "a crash while saving", "data", "index", "shortened"):
        folder = tmp_path / "copy" / damage.replace(" ", "-")
        shutil.copytree(killed, folder, ignore=lambda _, names: {"copy"} & set(names))
        newest = folder / "step-0000000015"
        if damage == "none":
            same(run(blobs, folder, checkpoint_every=5), uninterrupted)
            assert len(list(folder.glob("step-*"))) == 2
            # What is finished is not done again.
            began = time.perf_counter()
            same(run(blobs, folder), uninterrupted)
            assert time.perf_counter() - began < 60
            continue
        if damage == "a crash while saving":
            shutil.copytree(newest, folder / "step-0000000016.part")
            (folder / "step-0000000016.part" / "checkpoint.index").unlink()
            same(run(blobs, folder), uninterrupted)
            assert not list(folder.glob("*.part"))
            continue
        spoil(newest, damage)
        with pytest.warns(TrainingWarning, match="step-0000000015 is damaged"):
            same(run(blobs, folder), uninterrupted)


def spoil(checkpoint, damage):
    data, index = sorted(checkpoint.glob("checkpoint.*"))
    if damage == "index":
        index.write_bytes(b"no index")
    elif damage == "shortened":
        os.truncate(data, data.stat().st_size // 2)
    else:
        content = bytearray(data.read_bytes())
        content[len(content) // 2] ^= 0xFF
        data.write_bytes(content)


def test_when_no_checkpoint_can_be_read_nothing_is_overwritten(blobs, tmp_path):
    run(blobs, tmp_path, epochs=2)
    for checkpoint in tmp_path.iterdir():
        spoil(checkpoint, "shortened")
    before = sorted(tmp_path.rglob("*"))
    with (
        pytest.warns(TrainingWarning, match="is damaged"),
        pytest.raises(CheckpointError, match=r"no checkpoint in .* can be read"),
    ):
        run(blobs, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_another_run_is_not_gone_on_with(blobs, tmp_path):
    run(blobs, tmp_path, epochs=1)
    with pytest.raises(CheckpointError, match="its batch_size is 20, not 30; choose"):
        run(blobs, tmp_path, batch_size=30)
    with pytest.raises(CheckpointError, match="its seed is 0, not 1"):
        run(blobs, tmp_path, seed=1)


def test_more_epochs_go_on_unless_the_rates_depend_on_their_number(blobs, tmp_path):
    settings = {"progress": False, "checkpoint_dir": tmp_path / "constant"}
    constant = recipe(RECIPE, schedule=Constant())
    train(normalised, blobs, constant, epochs=1, **settings)
    on = train(normalised, blobs, constant, epochs=3, **settings)
    assert (
        distance(
            on.model, train(normalised, blobs, constant, epochs=3, progress=False).model
        )
        == 0
    )
    settings["checkpoint_dir"] = tmp_path / "cycle"
    train(normalised, blobs, RECIPE, epochs=1, **settings)
    with pytest.raises(CheckpointError, match="its epochs is 1, not 3"):
        train(normalised, blobs, RECIPE, epochs=3, **settings)


@pytest.mark.parametrize("caught", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_same_call_goes_on(
    blobs, tmp_path, monkeypatch, uninterrupted, caught
):
    before = signal.getsignal(caught)
    update = Bar.update

    def interrupting(bar, epoch, step, loss):
        update(bar, epoch, step, loss)
        if (epoch, step) == (2, 3):
            os.kill(os.getpid(), caught)

    monkeypatch.setattr("shared.training.pace.Pace.learn", lambda *_: None)
    monkeypatch.setattr(Bar, "update", interrupting)
    expected = KeyboardInterrupt if caught == signal.SIGINT else SystemExit
    with pytest.raises(expected) as stopped:
        run(blobs, tmp_path)
    if caught == signal.SIGINT:
        assert str(stopped.value).startswith(f"stopped at step 9, saved in {tmp_path}")
    assert signal.getsignal(caught) is before
    assert (tmp_path / "step-0000000009").is_dir()
    monkeypatch.undo()
    same(run(blobs, tmp_path), uninterrupted)


def test_a_full_disk_costs_the_checkpoint_not_the_run(blobs, tmp_path, uninterrupted):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    run(blobs, tmp_path, epochs=1)
    small = max(p.stat().st_size for p in tmp_path.rglob("*.data-*")) // 2
    try:
        # To the writing process this looks as a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (small, hard))
        with pytest.warns(TrainingWarning, match=r"cannot be written \(.*earlier ones"):
            result = run(blobs, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    same(result, uninterrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["step-0000000006"]
    same(run(blobs, tmp_path), uninterrupted)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"checkpoint_dir .* cannot be made"):
        Checkpoints(tmp_path / "file" / "folder", {}, Progress())


def test_early_stop_counts_on_after_a_resumption(blobs, tmp_path):
    """Labels drawn anew: the validation loss soon rises."""
    rng = np.random.default_rng(0)
    noise = (blobs[0], rng.permutation(blobs[1]))
    settings = {"validation": noise, "progress": False, "early_stop": 2}
    long = recipe(RUN, epochs=30, augment=None)
    whole = train(normalised, blobs, long, **settings)
    losses = [row["val_loss"] for row in whole.history]
    best = int(np.argmin(losses))
    assert len(losses) < 30
    assert len(losses) == best + 3
    settings["checkpoint_dir"] = tmp_path
    train(normalised, blobs, long, **{**settings, "epochs": best + 2})
    again = train(normalised, blobs, long, **settings)
    assert len(again.history) == len(losses)
    assert len(train(normalised, blobs, long, **settings).history) == len(losses)
