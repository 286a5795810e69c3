"""Every variant of counts.csv has its parameters, multiply-adds, output; it runs."""

from __future__ import annotations

import numpy as np
import pytest

import shared.models
from shared.accounting import multiply_adds, parameters
from tests.models.conftest import counts


def test_parameters(built):
    assert parameters(built.model) == (built.counts.trainable, built.counts.total)


def test_multiply_adds(built):
    expected = built.counts.macs
    assert abs(multiply_adds(built.model) - expected) <= (
        built.counts.tolerance * expected
    )


def test_output_shape(built):
    assert built.model.input_shape == (None, *built.counts.input_shape)
    shapes = built.model.output_shape
    shapes = shapes if isinstance(shapes, list) else [shapes]
    assert all(shape == (None, built.counts.classes) for shape in shapes)


def test_forward(built):
    image = np.random.default_rng(3).random((1, *built.counts.input_shape), "float32")
    outputs = built.model(image, training=False)
    for output in outputs if isinstance(outputs, list) else [outputs]:
        assert output.shape == (1, built.counts.classes)
        assert np.isfinite(np.asarray(output)).all()
        assert np.ptp(np.asarray(output)) > 0


def test_rows_are_plausible():
    for row in counts():
        assert 0 < row.trainable <= row.total, row
        assert 0 <= row.tolerance <= 0.005, row


def test_every_variant_is_counted():
    uncounted = set(shared.models.variants()) - {row.variant for row in counts()}
    assert not uncounted, f"add rows to counts.csv for {sorted(uncounted)}"


@pytest.mark.parametrize("family", sorted(shared.models.families()))
def test_metadata(family):
    module = shared.models.families()[family]
    assert module.__doc__
    for name in module.VARIANTS:
        _, paper, accuracy = shared.models.about(name)
        assert paper.year is None or paper.year >= 1989
        assert paper.title
        assert paper.reference
        if accuracy is not None:
            assert accuracy.protocol
            known = [a for a in (accuracy.top1, accuracy.top5) if a is not None]
            assert known
            assert all(0 < a < 100 for a in known)
    for table in ("PAPERS", "PUBLISHED"):
        unknown = set(getattr(module, table, {})) - set(module.VARIANTS)
        assert not unknown, f"{table} of {family} names no variant: {unknown}"
