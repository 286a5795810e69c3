"""The lecture's table of 45 networks: complete, in order, and of networks we have."""

import csv
from collections import Counter
from importlib.resources import files

import shared.models


def test_the_table_names_networks_that_are_counted():
    folder = files("shared.models")
    with (folder / "imagenet_accuracies.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (folder / "counts.csv").open(encoding="utf-8") as file:
        counted = {row["variant"] for row in csv.DictReader(file)}
    assert {row["variant"] for row in rows} <= counted & set(shared.models.variants())

    assert len(rows) == 45
    top1, top5 = ([float(row[key]) for row in rows] for key in ("top1", "top5"))
    assert top1 == sorted(top1, reverse=True)
    assert all(0 < one < five < 100 for one, five in zip(top1, top5, strict=True))
    # Two networks stand there twice, as ports of the same weights.
    twice = {name for name, n in Counter(row["name"] for row in rows).items() if n > 1}
    assert twice == {"FBResNet152", "CaffeResnet101"}
