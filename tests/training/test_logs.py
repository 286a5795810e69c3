"""What a run writes and shows."""

import csv
import io

import keras
import pytest
import tensorflow as tf

from shared.training import train
from shared.training.errors import TrainingWarning
from shared.training.logs import COLUMNS, Logs
from tests.training.networks import RECIPE, plain


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_the_csv_file_is_the_history_also_after_a_resumption(blobs, tmp_path):
    settings = {"checkpoint_dir": tmp_path / "run", "log_dir": tmp_path}
    first = train(plain, blobs, RECIPE, validation=blobs, progress=False, **settings)
    again = train(plain, blobs, RECIPE, validation=blobs, progress=False, **settings)
    assert again.history == first.history
    table = rows(tmp_path / "history.csv")
    assert [
        {key: float(value) for key, value in row.items()} for row in table
    ] == first.history
    assert tuple(table[0]) == COLUMNS


def test_tensorboard_events_hold_the_same_numbers(blobs, tmp_path):
    result = train(
        plain, blobs, RECIPE, log_dir=tmp_path, tensorboard=True, progress=False
    )
    (file,) = (tmp_path / "events").iterdir()
    seen = {}
    for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
        event = tf.compat.v1.Event.FromString(record)
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name == "scalars"
            seen[value.tag, event.step] = float(tf.make_ndarray(value.tensor))
    expected = {
        (key, row["epoch"]): pytest.approx(row[key], rel=1e-6)
        for row in result.history
        for key in COLUMNS[1:]
        if key in row
    }
    assert seen == expected


def test_a_log_that_cannot_be_written_warns(blobs, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(TrainingWarning, match=r"log_dir .* cannot be written"):
        Logs(tmp_path / "file", False).write([{"epoch": 1}])


def test_the_bar_shows_every_epoch_and_can_be_off(blobs, capsys):
    train(plain, blobs, RECIPE, validation=blobs, progress=False)
    assert capsys.readouterr() == ("", "")
    train(plain, blobs, RECIPE, validation=blobs)
    shown = capsys.readouterr().err
    for epoch in (1, 2, 3):
        assert f"epoch {epoch}/3: 100%" in shown
    assert "6/6" in shown
    assert "val " in shown


def test_callbacks_see_the_rows_and_keras_ones_can_stop(blobs):
    seen = []

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            assert logs["loss"] == seen[-1]["loss"] if len(seen) > epoch else True
            self.model.stop_training = epoch == 1

    result = train(
        plain, blobs, RECIPE, progress=False, callbacks=[seen.append, Stop()]
    )
    assert seen == result.history
    assert len(seen) == 2
