"""fit_memory fills the budget, to the last byte."""

import pytest

from solutions.expect import whole

BYTES = 4
SHAPE = (9, 8, 2)
# 45,000 and more parameters beside few activations, or the other way round.
HEAVY = [
    ("Flatten", {}),
    ("Dense", {"units": 300, "activation": "relu"}),
    ("Dropout", {"rate": 0.5}),
    ("Dense", {"units": 7}),
]
HEAVY_ACTIVATIONS = 144 + 300 + 7
HEAVY_PARAMS = 144 * 300 + 300 + 300 * 7 + 7
LIGHT = [
    ("Conv2D", {"filters": 5, "kernel_size": 3, "padding": "same"}),
    ("BatchNormalization", {}),
    ("ReLU", {}),
    ("GlobalAveragePooling2D", {}),
]
LIGHT_ACTIVATIONS = 144 + 2 * 72 * 5 + 5
LIGHT_TRAINED, LIGHT_AVERAGES = 18 * 5 + 5 + 10, 10
COPIES = {"sgd": 2, "momentum": 3, "adam": 4}  # of each trained parameter


def fitted(student, rows, budget, optimizer):
    model = student.given_model(SHAPE, rows)
    if optimizer is None:
        return student.fit_memory(model, budget), f"fit_memory(model, {budget})"
    called = f"fit_memory(model, {budget}, {optimizer!r})"
    return student.fit_memory(model, budget, optimizer=optimizer), called


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", None])
@pytest.mark.parametrize("images", [1, 37])
def test_to_the_last_byte(student, optimizer, images):
    per_image = BYTES * 2 * HEAVY_ACTIVATIONS
    fixed = BYTES * HEAVY_PARAMS * COPIES[optimizer or "momentum"]
    budget = fixed + images * per_image
    for spare, expected in ((0, images), (-1, images - 1), (per_image - 1, images)):
        found, called = fitted(student, HEAVY, budget + spare, optimizer)
        whole(found, expected, called)


def test_what_is_not_trained_has_no_gradient(student):
    """Moving averages are held once, whatever the optimizer keeps for the rest."""
    for optimizer, copies in COPIES.items():
        fixed = BYTES * (LIGHT_TRAINED * copies + LIGHT_AVERAGES)
        budget = fixed + 5 * BYTES * 2 * LIGHT_ACTIVATIONS
        for spare, expected in ((0, 5), (-1, 4)):
            found, called = fitted(student, LIGHT, budget + spare, optimizer)
            whole(found, expected, called)


@pytest.mark.parametrize("budget", [0, 10, BYTES * HEAVY_PARAMS])
def test_nothing_fits(student, budget):
    found, called = fitted(student, HEAVY, budget, "adam")
    whole(found, 0, called)
