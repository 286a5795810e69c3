"""The optimiser oracles against Keras's own optimisers and callback."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.oracles.optimizers import (
    adadelta_rule,
    adam_rule,
    momentum_rule,
    plateau_rates,
    trajectory,
)

STEPS = 8
RATES = [0.5, 0.5, 0.05, 0.05, 0.4, 0.3, 0.0, 0.2]
ADAM = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.1}
CASES = {  # rule, settings of each step beside the rate, Keras's class, its arguments
    "SGD": (momentum_rule, {"momentum": 0.0}, "SGD", {}),
    "momentum": (momentum_rule, {"momentum": 0.7}, "SGD", {"momentum": 0.7}),
    "Nesterov": (
        momentum_rule,
        {"momentum": 0.7, "nesterov": True},
        "SGD",
        {"momentum": 0.7, "nesterov": True},
    ),
    "Adam": (adam_rule, ADAM, "Adam", ADAM),
    "Adam, small epsilon": (
        adam_rule,
        {**ADAM, "epsilon": 1e-7},
        "Adam",
        {**ADAM, "epsilon": 1e-7},
    ),
    "Adadelta": (
        adadelta_rule,
        {"rho": 0.8, "epsilon": 0.1},
        "Adadelta",
        {"rho": 0.8, "epsilon": 0.1},
    ),
    "Adadelta, small epsilon": (
        adadelta_rule,
        {"rho": 0.95, "epsilon": 1e-7},
        "Adadelta",
        {"rho": 0.95, "epsilon": 1e-7},
    ),
}


def keras_path(optimizer, start, gradients, rates):
    """The weights after each step of a Keras optimiser, in float64."""
    import keras

    w = keras.Variable(start, dtype="float64")
    optimizer.build([w])
    path = []
    for gradient, rate in zip(gradients, rates, strict=True):
        optimizer.learning_rate = rate
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [w])
        path.append(np.asarray(w.value))
    return np.array(path)


@pytest.mark.parametrize("shape", [(5,), (2, 3)], ids=str)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_trajectories_agree_with_keras(case, shape):
    import keras

    rule, settings, name, arguments = case
    rng = np.random.default_rng(2)
    start, gradients = normal(rng, shape), normal(rng, (STEPS, *shape)) + 0.5
    optimizer = getattr(keras.optimizers, name)(RATES[0], **arguments)
    expected = keras_path(optimizer, start, gradients, RATES)
    chosen = [{"learning_rate": rate, **settings} for rate in RATES]
    path = trajectory(rule, start, lambda w, k: gradients[k], chosen)
    # Keras keeps its learning rate in float32.
    assert_close(path, expected, atol=1e-6)


def test_decay_is_that_of_an_l2_regulariser():
    """Keras's L2 has no half: its factor is half the weight decay."""
    import keras

    rng = np.random.default_rng(3)
    start, gradients = normal(rng, (4,)), normal(rng, (STEPS, 4))
    penalty = keras.regularizers.L2(0.15)
    w = keras.Variable(start, dtype="float64", regularizer=penalty)
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build([w])
    path = []
    for gradient in gradients:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(gradient * w.value) + penalty(w.value)
        optimizer.apply([tape.gradient(loss, w.value)], [w])
        path.append(np.asarray(w.value))
    chosen = [{"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.3}] * STEPS
    ours = trajectory(momentum_rule, start, lambda w, k: gradients[k], chosen)
    assert_close(ours, np.array(path), atol=1e-6)


def keras_rates(values, rate, **settings):
    """What ReduceLROnPlateau makes of a model's learning rate, epoch by epoch."""
    import keras

    class Model:
        optimizer = keras.optimizers.SGD(rate)

    callback = keras.callbacks.ReduceLROnPlateau(monitor="value", **settings)
    callback.set_model(Model())
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"value": value})
        rates.append(float(Model.optimizer.learning_rate))
    return rates


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize(("patience", "min_delta"), [(1, 0.25), (2, 0.0), (3, 0.125)])
def test_plateaus_agree_with_keras(mode, patience, min_delta):
    rng = np.random.default_rng(4)
    # Eighths, so that ties are ties; a trend, so that there are improvements.
    trend = np.arange(80) / (-24 if mode == "min" else 24)
    values = np.round(8 * (trend + rng.normal(size=80) / 2)) / 8
    settings = {"factor": 0.5, "patience": patience, "mode": mode}
    settings |= {"min_delta": min_delta, "min_lr": 0.001}
    ours = plateau_rates(values, 0.5, **settings)
    assert len(set(ours)) > 3, "a case in which nothing falls tests nothing"
    assert_close(ours, keras_rates(values, 0.5, **settings), rtol=1e-6)
