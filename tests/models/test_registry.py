"""The registry: discovery, names, errors, and an import that costs nothing."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

import shared.models
from shared.models.registry import owners


def test_import_is_free():
    code = (
        "import sys, shared.models, shared.layers; "
        "print(sorted({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_unknown_name_suggests():
    with pytest.raises(ValueError, match=r"no variant 'vgg61'; did you mean.*vgg16"):
        shared.models.build("vgg61")


def test_duplicate_name_is_an_error():
    modules = {
        "one": SimpleNamespace(VARIANTS={"a": 1, "b": 2}),
        "two": SimpleNamespace(VARIANTS={"b": 3}),
    }
    with pytest.raises(ValueError, match=r"'b' is in both .*one\.py and .*two\.py"):
        owners(modules)


def test_none_means_the_default():
    model = shared.models.build("vgg11", classes=None, include_top=False, name="mine")
    assert model.name == "mine"
    assert model.output_shape == (None, 7, 7, 512)
