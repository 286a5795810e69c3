"""The recipes say what the lectures and the papers say."""

import dataclasses

import pytest

import shared.models
from shared.datasets import info
from shared.training import Recipe, recipe, recipes
from shared.training.cookbook import GROUPS
from shared.training.errors import RecipeError
from shared.training.schedules import Exponential, Plateau, Steps

# Rows 57, 63, 69, 74, 78 of the lectures, and the papers of the last two.
FACTS = {
    "alexnet": {"batch_size": 128, "learning_rate": 0.01, "weight_decay": 5e-4},
    "vgg": {"batch_size": 256, "learning_rate": 0.01, "weight_decay": 5e-4},
    "googlenet": {"schedule": Exponential(0.96, 8), "auxiliary_weight": 0.3},
    "resnet": {"batch_size": 256, "learning_rate": 0.1, "weight_decay": 1e-4},
    "inception_v3": {"optimizer": "rmsprop", "label_smoothing": 0.1},
    "wrn": {"schedule": Steps((60, 120, 160), 0.2), "weight_decay": 5e-4},
    "densenet": {"batch_size": 64, "epochs": 300, "weight_decay": 1e-4},
    "mnist_task_adam": {"optimizer": "adam", "epochs": 10},
    "mnist_task_adadelta": {"optimizer": "adadelta", "learning_rate": 1.0},
    "mnist_task_sgd": {"optimizer": "sgd", "epochs": 10},
}
MOMENTUM = ("alexnet", "vgg", "googlenet", "resnet", "wrn", "densenet")
ON_PLATEAU = ("alexnet", "vgg", "resnet")


@pytest.mark.parametrize("name", FACTS)
def test_facts(name):
    found = recipe(name)
    for attribute, value in FACTS[name].items():
        assert getattr(found, attribute) == value, attribute
    assert not found.decoupled
    if name in MOMENTUM:
        assert found.optimizer == "sgd"
        assert found.options["momentum"] == 0.9
    if name in ON_PLATEAU:
        assert isinstance(found.schedule, Plateau)
        assert found.schedule.factor == 0.1


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_names_a_network_and_a_dataset_that_exist(name):
    entry = recipe(name)
    assert entry.name == name
    shared.models.registry.find(entry.model)
    if entry.dataset:
        info(entry.dataset)


def test_groups_are_of_recipes():
    assert all(set(members) <= set(recipes()) for members in GROUPS.values())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: recipe("lenet"), "no recipe 'lenet'; did you mean lenet5"),
        (lambda: recipe("zzz"), r"no recipe 'zzz'; recipes\(\) lists them"),
        (lambda: recipe("vgg", lr=1), "a recipe has no lr; it has .*learning_rate"),
        (lambda: recipe("vgg", learning_rate=0), "learning_rate must be above 0"),
        (lambda: recipe("vgg", clip_norm=-1), "clip_norm must be above 0"),
        (lambda: recipe("vgg", weight_decay=-1), "weight_decay must be 0 or more"),
        (
            lambda: recipe("vgg", label_smoothing=1),
            r"label_smoothing must be in \[0, 1\)",
        ),
        (
            lambda: recipe("vgg", optimizer="sdg"),
            "optimizer must be one of sgd, .*'sdg'",
        ),
    ],
)
def test_what_makes_no_sense_is_one_line(make, message):
    with pytest.raises(RecipeError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_change_leaves_the_recipe_alone():
    changed = recipe("resnet", epochs=3)
    assert changed.epochs == 3
    assert recipe("resnet").epochs == 120
    assert dataclasses.replace(changed, epochs=120) == recipe("resnet")
    with pytest.raises(TypeError):
        changed.options["momentum"] = 0.5


def test_options_are_not_shared_with_the_caller():
    options = {"momentum": 0.5}
    own = Recipe("own", "", options=options)
    options["momentum"] = 0.9
    assert own.options["momentum"] == 0.5
