"""`python -m shared.models`: the list, the table, the pictures, the errors."""

from __future__ import annotations

import pytest

import shared.models
from shared.models import _report
from shared.models.__main__ import main

PNG = b"\x89PNG\r\n"


def test_list_names_every_variant(capsys, tmp_path):
    picture = tmp_path / "zoo.png"
    assert main(["--plot", str(picture)]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = [line.split()[0] for line in lines[2:] if line and "drawn" not in line]
    assert listed == shared.models.variants()
    row = next(line for line in lines if line.startswith("vgg16 "))
    assert row.split()[:6] == [
        "vgg16",
        "vgg",
        "2014",
        "arXiv:1409.1556",
        "138M",
        "15.5G",
    ]
    assert picture.read_bytes().startswith(PNG)


def test_table_of_one(capsys, tmp_path):
    picture = tmp_path / "task.png"
    assert main(["mnist_task", "--plot", str(picture), "--batch-size", "2"]) == 0
    out = capsys.readouterr().out
    assert "conv1        Conv2D        13x13x64" in out
    assert "parameters         1,191,338" in out
    assert "L92  1,191,338 parameters  1,191,338  right" in out
    assert picture.read_bytes().startswith(PNG)


def test_other_input(capsys):
    assert main(["lenet5", "--input-shape", "28x28x1", "--classes", "7"]) == 0
    out = capsys.readouterr().out
    assert "28x28x1" in out
    assert "lectures" not in out  # their figures are of the published shape


def test_errors(capsys):
    assert main(["vgg17"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: name: no variant 'vgg17'; did you mean vgg19")
    assert error.count("\n") == 1
    with pytest.raises(SystemExit, match="2"):
        main(["vgg16", "--input-shape", "224"])
    assert (
        "argument --input-shape: invalid HxWxC value: '224'" in capsys.readouterr().err
    )


def test_claims_name_variants():
    with (_report.HERE / "lecture_claims.csv").open(encoding="utf-8") as file:
        named = {line.split(",")[1] for line in list(file)[1:]}
    assert {"vgg16", "lenet5", "alexnet"} <= named & set(shared.models.variants())


@pytest.mark.parametrize(
    ("number", "text"),
    [(138_357_544, "138M"), (60_000, "60.0K"), (7.61e9, "7.61G"), (999, "999")],
)
def test_short_numbers(number, text):
    assert _report.short(number) == text
