"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader has other tests, and looks at every layer.
"""

import numpy as np
import pytest

from shared.testing import assert_close

question = pytest.mark.question


def expect_shapes(model, given, returned):
    found = tuple(tuple(shape) for shape in model.shapes())
    wanted = ((None, *given), (None, *returned))
    assert found == wanted, f"input and output must be {wanted}, not {found}"


def expect_kinds(model, *wanted):
    """The layers that work on maps, in order; activations may be anywhere."""
    kinds = [layer.kind for layer in model.layers()]
    found = [kind for kind in kinds if kind in wanted]
    assert found[: len(wanted)] == list(wanted), (
        f"among the layers must come {', '.join(wanted)} in this order; found "
        f"{', '.join(kinds)}"
    )


def walk(step, gradients, **settings):
    """From w = 0, one step per gradient."""
    w, state, path = np.zeros(np.shape(gradients[0])), None, []
    for g in gradients:
        value = step(w, np.array(g, float), state, **settings)
        assert isinstance(value, tuple | list), "return (new_w, new_state)"
        assert len(value) == 2, "return (new_w, new_state), two values"
        w, state = np.asarray(value[0]), value[1]
        path.append(w)
    return np.array(path)


@question("lenet5")
def test_lenet5_has_its_layers(student):
    model = student.lenet5()
    expect_shapes(model, (32, 32, 1), (10,))
    pool = "AveragePooling2D"
    expect_kinds(model, "Conv2D", pool, "Conv2D", pool)


@question("lenet5")
def test_lenet5_has_61706_parameters(student):
    found = sum(student.lenet5().count_params())
    assert found == 61_706, f"{found:,} parameters, not 61,706"


@question("mnist_bn_cnn")
def test_mnist_bn_cnn_has_its_layers(student):
    model = student.mnist_bn_cnn()
    expect_shapes(model, (28, 28, 1), (10,))
    expect_kinds(model, *["Conv2D", "BatchNormalization", "MaxPooling2D"] * 2)


@question("mnist_bn_cnn")
def test_mnist_bn_cnn_has_29034_trainable_parameters(student):
    found, _ = student.mnist_bn_cnn().count_params()
    assert found == 29_034, f"{found:,} trainable parameters, not 29,034"


@question("task_cnn")
def test_task_cnn_has_its_layers(student):
    model = student.task_cnn()
    expect_shapes(model, (28, 28, 1), (10,))
    expect_kinds(model, "Conv2D", "Conv2D", "MaxPooling2D", "Dropout", "Dropout")


@question("task_cnn")
def test_task_cnn_has_1191338_parameters(student):
    found = sum(student.task_cnn().count_params())
    assert found == 1_191_338, f"{found:,} parameters, not 1,191,338"


@question("sgd_momentum")
def test_momentum_goes_on_by_itself(student):
    settings = {"learning_rate": 0.5, "momentum": 0.5}
    path = walk(student.sgd_momentum, [[2.0], [0.0], [0.0]], **settings)
    assert_close(path, np.array([[-1.0], [-1.5], [-1.75]]), what="w after each step")


@question("sgd_momentum")
def test_nesterov_looks_ahead(student):
    settings = {"learning_rate": 0.5, "momentum": 0.5, "nesterov": True}
    path = walk(student.sgd_momentum, [[2.0], [0.0]], **settings)
    assert_close(path, np.array([[-1.5], [-1.75]]), what="w after each step")


@question("sgd_momentum")
def test_decay_joins_the_gradient(student):
    w, g = np.array([8.0, -4.0]), np.array([0.0, 1.0])
    new_w, _ = student.sgd_momentum(w, g, None, learning_rate=0.5, weight_decay=0.25)
    assert_close(new_w, np.array([7.0, -4.0]), what="w after one step")


@question("adam")
def test_adam_first_steps(student):
    """With these numbers, the first two steps come out round."""
    settings = {"learning_rate": 1.0, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 1.0}
    path = walk(student.adam, [[4.0], [0.0]], **settings)
    first = -2 / 3  # m = 2, v = 4, so sqrt(v) + 1 = 3; the corrections cancel
    second = first - np.sqrt(7) / 3 / (np.sqrt(3) + 1)
    assert_close(path, np.array([[first], [second]]), what="w after each step")


@question("adam")
def test_adam_moves_every_weight_alike(student):
    path = walk(student.adam, [[1e-2, -1.0, 1e5]], learning_rate=0.5)
    expected = np.array([[-0.5, 0.5, -0.5]])
    assert_close(path, expected, atol=1e-3, what="w after the first step")


@question("adadelta")
def test_adadelta_first_steps(student):
    settings = {"learning_rate": 2.0, "rho": 0.5, "epsilon": 1.0}
    path = walk(student.adadelta, [[4.0], [0.0]], **settings)
    # a = 8, so the step is -sqrt(1) / sqrt(9) * 4, taken twice as long.
    assert_close(path, np.array([[-8 / 3], [-8 / 3]]), what="w after each step")


@question("adadelta")
def test_adadelta_remembers_its_steps(student):
    settings = {"learning_rate": 1.0, "rho": 0.5, "epsilon": 1.0}
    path = walk(student.adadelta, [[4.0], [4.0]], **settings)
    d, a = 0.5 * (4 / 3) ** 2, 12.0  # after the first step; after both gradients
    expected = -4 / 3 - np.sqrt(d + 1) / np.sqrt(a + 1) * 4
    assert_close(path[-1], np.array([expected]), what="w after the second step")


@question("plateau_lr")
def test_plateau_falls_after_patience(student):
    values = [5.0, 4.0, 4.0, 4.0, 3.0, 3.0, 3.0]
    rates = student.plateau_lr(values, 0.8, factor=0.5, patience=2)
    expected = np.array([0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2])
    assert_close(rates, expected, what="the rates")


@question("plateau_lr")
def test_plateau_of_an_accuracy(student):
    values = [0.5, 0.75, 0.625, 0.875, 0.875]
    rates = student.plateau_lr(values, 0.8, factor=0.5, patience=1, mode="max")
    assert_close(rates, np.array([0.8, 0.8, 0.4, 0.4, 0.2]), what="the rates")
