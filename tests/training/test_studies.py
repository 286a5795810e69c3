"""Every study at its smallest, and what they compute against plain arithmetic."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from shared.testing import rng
from shared.training.studies import SIZES, Study, studies
from shared.training.studies.__main__ import main
from shared.training.studies._running import run
from shared.training.studies._study import spread
from shared.training.studies.degradation import halved
from shared.training.studies.label_smoothing import calibration_error
from shared.training.studies.permuted_pixels import permuted

NAMES = (
    "augmentation",
    "batchnorm-lr",
    "degradation",
    "label-smoothing",
    "optimizers",
    "permuted-pixels",
    "scaling",
    "small-filters",
    "translation",
    "tta-ensemble",
)


def test_every_study_is_found_by_its_file():
    assert tuple(sorted(studies())) == NAMES
    for study in studies().values():
        assert isinstance(study, Study)
        assert tuple(study.sizes) == SIZES
        for size in SIZES:
            seeds = study.sizes[size].seeds
            assert len(seeds) >= (1 if size == "tiny" else 2)


# What stands in each study's rows besides its measurements, and a measurement's range.
MEASURED = {
    "augmentation": ("test_error", 0, 100),
    "batchnorm-lr": ("test_accuracy", 0, 100),
    "degradation": ("training_loss", 0, 20),
    "label-smoothing": ("calibration_error", 0, 100),
    "optimizers": ("training_loss", 0, 20),
    "permuted-pixels": ("test_accuracy", 0, 100),
    "scaling": ("greatest_difference", 0, 1e-4),
    "small-filters": ("test_accuracy", 0, 100),
    "translation": ("value", 0, 100),
    "tta-ensemble": ("top1_error", 0, 100),
}
ROWS = {  # of the tiny size
    "augmentation": 8 + 5,
    "batchnorm-lr": 2,
    "degradation": 2,
    "label-smoothing": 2,
    "optimizers": 4 * 2,
    "permuted-pixels": 4,
    "scaling": 5,
    "small-filters": 5,
    "translation": 3 * (4 + 1 + 1),
    "tta-ensemble": 3 * 2,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_study_writes_its_rows_its_table_and_its_picture(name, tmp_path, capsys):
    frame = run(name, "tiny", tmp_path)
    printed = capsys.readouterr().out
    stem = f"{name}-tiny"
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{stem}.{kind}" for kind in ("csv", "png", "txt")
    }
    with (tmp_path / f"{stem}.csv").open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert len(written) == len(frame) == ROWS[name]
    assert {row["dataset"] for row in written} == {"digits"}
    column, low, high = MEASURED[name]
    values = frame[column].to_numpy(float)
    assert np.isfinite(values).all()
    assert (values >= low).all()
    assert (values <= high).all()
    with Image.open(tmp_path / f"{stem}.png") as picture:
        assert min(picture.size) > 300
    text = (tmp_path / f"{stem}.txt").read_text(encoding="utf-8")
    assert text in printed
    assert "tiny size" in text
    assert "s of processor time" in text


def test_equivariance_is_perfect_for_whole_strides(tmp_path):
    frame = run("translation", "tiny", tmp_path)
    errors = frame[frame["measure"] == "equivariance error"]
    table = errors.set_index(["layer", "shift"])["value"]
    # By 4 pixels all maps can move by whole positions; by 1 only those of stride 1.
    assert (table.xs(4, level="shift") < 1e-5).all()
    assert table["C1", 1] < 1e-5
    assert table["S2", 1] > 0.05
    assert table["S4", 1] > 0.05


def test_two_replicas_agree_in_double_precision(tmp_path):
    frame = run("scaling", "tiny", tmp_path).set_index("run")
    off = frame["greatest_difference"]
    # The loss itself is in float32: a score at the edge between two of its numbers may
    # round otherwise, 6e-8 of a gradient, times a rate of 0.01.
    assert off["2 replicas, float64"] < 1e-9
    assert off["1 replica, first weights off by 1e-7"] > 1e-9
    assert off["1 replica"] == off["1 replica, float64"] == 0


def test_a_permutation_is_the_same_for_all_images():
    x = rng(0).integers(0, 256, (5, 6, 4, 3)).astype(np.uint8)
    out = permuted(x, seed=3)
    assert (out != x).any()
    for image, moved in zip(x, out, strict=True):
        pixels, others = image.reshape(-1, 3), moved.reshape(-1, 3)
        assert sorted(map(tuple, pixels)) == sorted(map(tuple, others))
    position = np.arange(24, dtype=np.uint8).reshape(1, 6, 4, 1).repeat(2, 0)
    first, second = permuted(position, seed=3)
    np.testing.assert_array_equal(first, second)
    assert (permuted(x, seed=4) != out).any()


def test_halving_takes_means_of_four():
    x = rng(1).integers(0, 256, (2, 5, 7, 3)).astype(np.uint8)
    out = halved(x)
    assert out.shape == (2, 2, 3, 3)
    expected = x[1, 2:4, 4:6].astype(float).mean((0, 1))
    np.testing.assert_array_equal(out[1, 1, 2], np.round(expected))


def test_calibration_error_by_hand():
    # Two bins of 15: (0.9, 0.9 | right, wrong) and (0.5, 0.5 | right, right).
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5], [0.5, 0.5]])
    y = np.array([0, 0, 0, 0])
    expected = (2 * abs(0.5 - 0.9) + 2 * abs(1 - 0.5)) / 4
    assert calibration_error(probabilities, y) == pytest.approx(expected)
    assert calibration_error(np.eye(3), np.arange(3)) == 0


def test_spread_is_mean_and_sample_deviation():
    assert spread([1.0, 2.0, 4.0]) == "2.33 ± 1.53"
    assert spread([1.25], 1) == "1.2"


def test_data_that_is_not_there_gives_way_to_the_digits(capsys, tmp_path, monkeypatch):
    from shared.datasets import DatasetError
    from shared.training.studies import _data

    real = _data.load_arrays

    def load_arrays(name, split):
        if name != "digits":
            raise DatasetError(f"{name} is nowhere")
        return real(name, split)

    monkeypatch.setattr(_data, "load_arrays", load_arrays)
    found = _data.data("cifar10", "train[:20]", "test[:10]")
    assert (found.name, len(found.x), len(found.x_test)) == ("digits", 20, 10)
    assert "cifar10 is nowhere\nGoing on with the embedded digits" in (
        capsys.readouterr().out
    )


def test_the_command_line_lists_and_refuses(capsys):
    assert main([]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(NAMES)
    with pytest.raises(SystemExit) as stopped:
        main(["optimisers"])
    assert stopped.value.code == 2
    assert "no study 'optimisers'; there are augmentation," in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_one_line(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert main(["permuted-pixels", "--tiny", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_rows_are_kept_when_a_study_is_interrupted(tmp_path, monkeypatch):
    from shared.training.studies import _running

    def rows(config):
        yield {"dataset": "digits", "value": 1.23456789}
        raise KeyboardInterrupt

    broken = dataclasses.replace(studies()["scaling"], rows=rows)
    monkeypatch.setattr(_running, "studies", lambda: {"broken": broken})
    with pytest.raises(KeyboardInterrupt):
        run("broken", "tiny", tmp_path)
    kept = pd.read_csv(tmp_path / "broken-tiny.csv")
    assert kept.to_dict("records") == [{"dataset": "digits", "value": 1.23457}]


RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "studies"


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_results_are_those_of_the_full_size(name):
    study, config = studies()[name], studies()[name].sizes["full"]
    frame = pd.read_csv(RESULTS / f"{name}.csv")
    text = (RESULTS / f"{name}.txt").read_text(encoding="utf-8")
    # The table is what the rows sum up to, and the sizes are those of the code.
    assert text.startswith(f"{study.title} ({study.lecture})\nfull size: dataset")
    assert study.table(frame).to_string() in text
    for field in dataclasses.fields(config):
        assert f"{field.name} {getattr(config, field.name)}" in text
    if "seed" in frame:
        assert set(frame["seed"]) == set(config.seeds)
    assert "digits" not in set(frame["dataset"])
    with Image.open(RESULTS / f"{name}.png") as picture:
        assert min(picture.size) > 300
