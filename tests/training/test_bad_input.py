"""What cannot be trained is refused in one line that says what to do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.training import evaluate, recipe, strategy, train
from shared.training.errors import DataError, StrategyError, TrainingError
from shared.training.strategies import cluster
from tests.training.networks import RECIPE, make_blobs, plain

X, Y = make_blobs()
SLICES = tf.data.Dataset.from_tensor_slices((X, Y))

DATA = {
    "no pair": (X, r"data must be \(images, labels\) or a tf.data.Dataset"),
    "no channels": ((X[..., 0], Y), r"must be \(N, H, W, C\), got shape \(103, 9, 8\)"),
    "integers": ((X.astype(int), Y), r'uint8 or floating.*int64; .*astype\("uint8"\)'),
    "one-hot": ((X, np.eye(4)[Y]), r"labels must be integers.*argmax\(axis=-1\)"),
    "lengths": ((X, Y[:-1]), "data: 103 images and 102 labels"),
    "nothing": ((X[:0], Y[:0]), "data: 0 images and 0 labels"),
    "too wide": ((X[:, :, :7], Y), r"images are \(9, 7, 2\), the model takes \(9, 8"),
    "label 4": ((X, Y + 1), "labels run from 1 to 4, the model has 4 outputs; .* 0"),
    "label -1": ((X, Y - 1), "labels run from -1 to 2, the model has 4 outputs"),
    "endless": (SLICES.repeat(), r"data must end; leave out .repeat\(\)"),
    "no label": (SLICES.map(lambda x, y: x), r"elements must be \(image, label\)"),
    "a wrong rank": (SLICES.map(lambda x, y: (x[0], y)), "must be an image"),
    "an empty dataset": (SLICES.take(0), "data is empty"),
}


@pytest.mark.parametrize("case", DATA.values(), ids=DATA)
def test_data(case):
    data, message = case
    with pytest.raises(DataError, match=message) as caught:
        train(plain(), data, RECIPE, progress=False)
    assert "\n" not in str(caught.value)


def test_validation_is_named():
    with pytest.raises(DataError, match="validation: labels run from 1 to 4"):
        train(plain(), (X, Y), RECIPE, validation=(X, Y + 1), progress=False)
    with pytest.raises(DataError, match="labels run from 1 to 4"):
        evaluate(plain(), (X, Y + 1))


class NoConfig(keras.Model):
    """A model that cannot be made again."""

    def __init__(self, width):
        super().__init__()
        self.dense = keras.layers.Dense(width)

    def call(self, x):
        return self.dense(keras.ops.reshape(x, (-1, 144)))


def called():
    model = NoConfig(4)
    model(np.zeros((1, 9, 8, 2), np.float32))
    return model


def test_models(two):
    with pytest.raises(TrainingError, match=r"model must be a keras.Model or a funct"):
        train("lenet5", (X, Y), RECIPE)
    with pytest.raises(TrainingError, match=r"model\(\) must return a keras.Model, go"):
        train(lambda: 3, (X, Y), RECIPE)
    with pytest.raises(TrainingError, match=r"has no weights yet; begin it with"):
        train(NoConfig(4), (X, Y), RECIPE)
    with pytest.raises(TrainingError, match=r"outside the strategy .* pass a function"):
        train(called(), (X, Y), RECIPE, strategy=two)
    # On one device it is trained as it is.
    assert train(called(), (X, Y), RECIPE, progress=False).history


def test_settings(two):
    with pytest.raises(DataError, match="batch_size 1 leaves some of the 2 replicas"):
        train(plain(), (X, Y), RECIPE, batch_size=1, strategy=two)
    with pytest.raises(ValueError, match="epochs must be above 0, got 0"):
        train(plain(), (X, Y), RECIPE, epochs=0)
    with pytest.raises(ValueError, match="checkpoint_every must be 1 or more"):
        train(plain(), (X, Y), RECIPE, checkpoint_every=0)
    with pytest.raises(TrainingError, match="mixed_precision must be True, False or"):
        train(plain(), (X, Y), RECIPE, mixed_precision="float64")
    with pytest.raises(TrainingError, match="callbacks must be functions"):
        train(plain(), (X, Y), RECIPE, callbacks=[3])
    with pytest.raises(ValueError, match="did you mean lenet5"):
        train(plain(), (X, Y), "lenet")
    # A batch larger than the data is one step.
    wide = train(plain(), (X, Y), RECIPE, batch_size=1000, strategy=two, progress=False)
    assert len(wide.history) == RECIPE.epochs


def test_strategies(monkeypatch):
    for name in ("TF_CONFIG", "SLURM_STEP_NUM_TASKS"):
        monkeypatch.delenv(name, raising=False)
    assert strategy("cpu:2").num_replicas_in_sync == 2
    with pytest.raises(StrategyError, match="no strategy 'tpu'; there are auto, one"):
        strategy("tpu")
    with pytest.raises(StrategyError, match="no strategy 'cpu:0'"):
        strategy("cpu:0")
    tf.zeros(1)
    with pytest.raises(
        StrategyError, match=r'"cpu:3" divides the CPU.*strategy\(\) fi'
    ):
        strategy("cpu:3")
    with pytest.raises(StrategyError, match='"multiworker" needs the cluster in TF_CO'):
        strategy("multiworker")
    monkeypatch.setenv("TF_CONFIG", "{")
    with pytest.raises(StrategyError, match="TF_CONFIG is no JSON"):
        strategy("multiworker")
    monkeypatch.setenv("TF_CONFIG", "{}")
    with pytest.raises(StrategyError, match="TF_CONFIG names no cluster"):
        strategy("multiworker")
    if not tf.config.list_physical_devices("GPU"):
        with pytest.raises(StrategyError, match=r'no.*use "cpu:2" for two logical dev'):
            strategy("mirrored")
        with pytest.raises(
            StrategyError, match="'gpu:2' asked for, this machine has 0"
        ):
            strategy("gpu:2")


def test_slurm_names_the_workers(monkeypatch):
    """What srun sets on the second of three tasks on two nodes."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    variables = {
        "SLURM_PROCID": "1",
        "SLURM_STEP_NUM_TASKS": "3",
        "SLURM_STEP_NODELIST": "n[01-02]",
        "SLURM_STEP_TASKS_PER_NODE": "2,1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    resolver = cluster()
    workers = resolver.cluster_spec().as_dict()["worker"]
    assert workers == ["n01:8888", "n01:8889", "n02:8888"]
    assert (resolver.task_type, resolver.task_id) == ("worker", 1)
    monkeypatch.setenv("SLURM_STEP_TASKS_PER_NODE", "2,2")
    with pytest.raises(StrategyError, match="SLURM's variables name no cluster: Requ"):
        strategy("auto")


def test_recipes_of_other_kinds_train(two):
    """Each optimizer, and what only some recipes have."""
    for settings in (
        {"optimizer": "rmsprop", "options": {"rho": 0.9, "epsilon": 1.0}},
        {"optimizer": "adam", "options": {}, "learning_rate": 0.01, "decoupled": True},
        {"optimizer": "adadelta", "options": {}, "learning_rate": 1.0},
        {"clip_norm": 0.5},
        {"warmup_epochs": 1, "centred": True},
    ):
        chosen = recipe(RECIPE, **settings)
        alone = train(plain(), (X, Y), chosen, progress=False)
        both = train(plain(), (X, Y), chosen, strategy=two, progress=False)
        first, last = alone.history[0]["loss"], alone.history[-1]["loss"]
        assert last < first, settings
        pairs = zip(alone.model.get_weights(), both.model.get_weights(), strict=True)
        assert max(np.abs(a - b).max() for a, b in pairs) < 1e-4, settings
