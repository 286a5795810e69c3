"""`python -m shared.training`."""

import csv

import keras
import pytest

from shared.training import evaluate, recipes
from shared.training.__main__ import main

SMALL = ["--dataset", "digits", "--examples", "300", "--epochs", "1", "--no-progress"]


def test_without_a_recipe_it_lists_them(capsys):
    assert main([]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [*recipes(), "mnist_task"]


def test_a_recipe_on_other_data(capsys, tmp_path):
    from shared.datasets import load_arrays

    saved = tmp_path / "model.keras"
    log = ["--log-dir", str(tmp_path), "--save", str(saved)]
    assert main(["lenet5", *SMALL, "--seed", "3", *log]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["recipe", "epochs"]
    name, epochs, _, test_loss, accuracy, _ = line.split()
    assert (name, epochs) == ("lenet5", "1")
    scores = evaluate(keras.models.load_model(saved), load_arrays("digits", "test"))
    assert float(test_loss) == pytest.approx(scores["loss"], abs=6e-5)
    assert accuracy == f"{scores['accuracy']:.2%}"
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 2


def test_a_group_of_recipes_in_one_command(capsys, tmp_path):
    """The MNIST task: three optimizers, each in a folder of its own."""
    where = ["--strategy", "cpu:2", "--checkpoint-dir", str(tmp_path / "run")]
    log = ["--log-dir", str(tmp_path / "log")]
    assert main(["mnist_task", *SMALL, *where, *log]) == 0
    names = [f"mnist_task_{name}" for name in ("adam", "adadelta", "sgd")]
    table = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in table] == names
    for name, line in zip(names, table, strict=True):
        assert list((tmp_path / "run" / name).glob("step-*"))
        with (tmp_path / "log" / name / "history.csv").open() as file:
            (row,) = csv.DictReader(file)
        assert f"{float(row['val_accuracy']):.2%}" in line


def test_the_rate_follows_the_batch(capsys, tmp_path):
    wide = ["--batch-size", "256", "--log-dir", str(tmp_path)]
    assert main(["mnist_task_sgd", *SMALL, *wide]) == 0
    with (tmp_path / "history.csv").open() as file:
        (row,) = csv.DictReader(file)
    # Twice the batch: twice 0.01, warmed up over a quarter of the one epoch.
    assert float(row["learning_rate"]) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet"], "no recipe 'lenet'; did you mean lenet5"),
        (["vgg"], "vgg is a recipe for ImageNet"),
        (["lenet5", "--dataset", "minst"], "no data set 'minst'"),
        (["lenet5", "--strategy", "tpu"], "no strategy 'tpu'"),
        (["lenet5", "--model", "lenet6", *SMALL], "lenet6"),
        (["mnist_task", "--save", "x.keras"], "--save names one file"),
        (["lenet5", "--save", "x.h6"], "must end in .keras"),
        (["lenet5", "--save", "/no/such/x.keras"], "there is no such folder"),
        (["lenet5", *SMALL, "--epochs", "0"], "epochs must be above 0"),
    ],
)
def test_a_wrong_argument_is_one_line(capsys, arguments, message):
    assert main(arguments) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last
