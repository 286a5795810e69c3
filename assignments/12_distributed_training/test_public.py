"""Public tests of assignment 12: small cases with their numbers."""

import numpy as np
import pytest

ROWS = [("Flatten", {}), ("Dense", {"units": 3, "activation": "softmax"})]


@pytest.mark.question("shard")
def test_ten_images_on_four_replicas(student):
    parts = student.shard(np.arange(10), 4)
    found = [np.asarray(part).tolist() for part in parts]
    wanted = [[0, 1, 2], [3, 4, 5], [6, 7], [8, 9]]
    assert found == wanted, f"the parts are {found}, not {wanted}"


@pytest.mark.question("shard")
def test_images_with_their_labels(student):
    images, labels = np.zeros((3, 2, 2, 1)), np.array([7, 8, 9])
    parts = student.shard((images, labels), 2)
    assert len(parts) == 2, f"two parts, not {len(parts)}"
    assert [np.shape(part[0]) for part in parts] == [(2, 2, 2, 1), (1, 2, 2, 1)]
    assert [np.asarray(part[1]).tolist() for part in parts] == [[7, 8], [9]]


@pytest.mark.question("shard")
def test_arrays_that_do_not_fit_together(student):
    with student.raises(ValueError):
        student.shard((np.zeros(3), np.zeros(4)), 2)


@pytest.mark.question("allreduce_mean")
def test_three_images_and_one(student):
    (found,) = student.allreduce_mean([[np.array(1.0)], [np.array(5.0)]], [3, 1])
    assert float(found) == 2.0, f"three images say 1, one says 5: {float(found)}, not 2"


@pytest.mark.question("allreduce_mean")
def test_a_replica_without_images(student):
    nothing = [np.full(2, np.nan)]
    (found,) = student.allreduce_mean([[np.array([1.0, -1.0])], nothing], [4, 0])
    assert np.array_equal(found, [1, -1]), f"{found}, not [1, -1]"


@pytest.mark.question("scale_learning_rate")
@pytest.mark.parametrize(("step", "rate"), [(0, 0.1), (2, 0.25), (4, 0.4), (9, 0.4)])
def test_four_times_the_batch_in_four_steps(student, step, rate):
    found = student.scale_learning_rate(0.1, 64, 256, step, 4)
    assert found == pytest.approx(rate), f"at step {step}: {found}, not {rate}"


@pytest.mark.question("train_step")
def test_a_network_that_guesses(student):
    """With weights of zero every class has a third."""
    model = student.given_model((2, 1, 1), ROWS)
    model.set_weights([np.zeros((2, 3)), np.zeros(3)])
    images = np.ones((2, 2, 1, 1), np.float32)
    loss, gradients = student.train_step(model, images, np.array([0, 0]), 4)
    assert float(loss) == pytest.approx(np.log(3) / 2), f"the loss is {float(loss):.4f}"
    bias = np.asarray(gradients[1])
    wanted = np.array([-2, 1, 1]) / 6
    assert np.allclose(bias, wanted, atol=1e-6), f"bias: {bias}, not {wanted}"


@pytest.mark.question("mirrored_fit")
def test_one_step_of_a_network_that_guesses(student):
    model = student.given_model((2, 1, 1), ROWS)
    model.set_weights([np.zeros((2, 3)), np.zeros(3)])
    images, labels = np.ones((2, 2, 1, 1), np.float32), np.array([0, 0])
    made = student.mirrored_fit(
        model, images, labels, batch=2, epochs=1, learning_rate=0.3, replicas=2
    )
    weights, losses = made
    assert len(losses) == 1, f"one step, {len(losses)} losses"
    assert losses[0] == pytest.approx(np.log(3)), f"the loss is {losses[0]:.4f}"
    wanted = [0.2, -0.1, -0.1]
    assert np.allclose(weights[1], wanted), f"bias: {weights[1]}, not {wanted}"


@pytest.mark.question("two_tower_alexnet")
def test_parameters_of_a_small_one(student):
    model = student.two_tower_alexnet(3, 5, 4, (67, 67, 1))
    towers = 2 * (3 * 121 + 3) + 2 * (8 * 3 * 25 + 8) + 2 * (12 * 16 * 9 + 12)
    towers += 2 * (12 * 12 * 9 + 12) + 2 * (8 * 12 * 9 + 8)
    dense = 2 * (16 * 5 + 5) + 2 * (10 * 5 + 5) + (10 * 4 + 4)
    found = sum(model.count_params())
    assert found == towers + dense, f"{found:,} parameters, not {towers + dense:,}"


@pytest.mark.question("training_memory")
def test_two_layers(student):
    rows = [("conv", 100, 10), ("dense", 4, 400)]
    found = tuple(student.training_memory(rows, 5, 1, replicas=2))
    wanted = (3 * 104 * 4, 410 * 4, 410 * 4, 410 * 4)
    assert found == wanted, f"{found}, not {wanted}"
