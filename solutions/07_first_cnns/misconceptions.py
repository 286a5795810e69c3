"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same numbers and gets the hint.
"""

import keras
import numpy as np

from grader.authoring import misconception


def _lenet(
    *,
    first="valid",
    pool="AveragePooling2D",
    dense=(120, 84),
    act="tanh",
    top="softmax",
):
    layers = keras.layers
    halved = getattr(layers, pool)
    model = keras.Sequential([keras.Input((32, 32, 1))])
    model.add(layers.Conv2D(6, 5, padding=first, activation=act))
    model.add(halved(2))
    model.add(layers.Conv2D(16, 5, activation=act))
    model.add(halved(2))
    model.add(layers.Flatten())
    for units in dense:
        model.add(layers.Dense(units, activation=act))
    model.add(layers.Dense(10, activation=top))
    return model


def _normalised(*, padding="same", use_bias=True, relu_first=False, top=None):
    layers = keras.layers
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in (16, 32):
        model.add(layers.Conv2D(filters, 5, padding=padding, use_bias=use_bias))
        order = [layers.BatchNormalization(), layers.ReLU()]
        for layer in reversed(order) if relu_first else order:
            model.add(layer)
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation=top))
    return model


def _task(*, first="valid", pool_strides=1, rates=(0.35, 0.5), act="tanh", last=10):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 3, strides=2, padding=first, activation="relu"),
            layers.Conv2D(32, 2, padding="same", activation="relu"),
            layers.MaxPooling2D(2, strides=pool_strides),
            layers.Dropout(rates[0]),
            layers.Flatten(),
            layers.Dense(256, activation=act),
            layers.Dropout(rates[1]),
            layers.Dense(last, activation="softmax"),
        ]
    )


# lenet5


@misconception(
    "lenet5",
    hint="C1 keeps the size 32: you padded it. On images of 32x32 nothing is padded, "
    "32 - 5 + 1 = 28. Padding is for images of 28x28, to get the same 28.",
)
def pads_the_first_convolution():
    return _lenet(first="same")


@misconception(
    "lenet5",
    hint="S2 and S4 take the largest of four pixels. Max pooling, which some slides "
    "show for LeNet-5, came later: here a pixel of S2 is the mean of four.",
)
def takes_the_largest():
    return _lenet(pool="MaxPooling2D")


@misconception(
    "lenet5",
    hint="One layer is missing after S4. Slides write FC-FC or CONV-FC and leave the "
    "output out: the table has three, of 120, 84 and 10 units.",
)
def ends_one_layer_early():
    return _lenet(dense=(120,))


@misconception(
    "lenet5",
    hint="The activation is ReLU. That is what many write today, but LeNet-5 of the "
    "table squashes with tanh.",
)
def rectifies():
    return _lenet(act="relu")


# mnist_bn_cnn


@misconception(
    "mnist_bn_cnn",
    hint="The normalisation comes after the ReLU. Asked for is convolution, "
    "normalisation, ReLU, pooling: an activation given to the convolution itself acts "
    "before everything that follows.",
)
def normalises_after_the_relu():
    return _normalised(relu_first=True)


@misconception(
    "mnist_bn_cnn",
    hint="The convolutions have no bias. Before a batch normalisation it is indeed "
    "idle, and leaving it out is good practice; but the network of the lecture, with "
    "its 29,034 parameters, has it.",
)
def leaves_out_the_idle_bias():
    return _normalised(use_bias=False)


@misconception(
    "mnist_bn_cnn",
    hint="The maps shrink from 28 to 24: no zeros were added. Two on every side keep "
    "28, so that 28, 14, 7 remain and 7*7*32 numbers meet the dense layer.",
)
def pads_nothing():
    return _normalised(padding="valid")


@misconception(
    "mnist_bn_cnn",
    hint="There is a softmax at the end. This network returns logits, and its loss "
    "does the softmax itself (from_logits=True); doing it twice trains, but slowly.",
)
def ends_with_a_softmax():
    return _normalised(top="softmax")


# task_cnn


@misconception(
    "task_cnn",
    hint="The pooling halves the map: Keras takes strides as large as the pool unless "
    "you say otherwise. The task has strides (1, 1), which takes 13 to 12.",
)
def pools_with_the_default_strides():
    return _task(pool_strides=None)


@misconception(
    "task_cnn",
    hint='The first convolution gives 14x14: its padding is "same". The task says '
    '"valid", which gives 13x13; only the second layer is padded.',
)
def pads_the_first_layer():
    return _task(first="same")


@misconception(
    "task_cnn",
    hint="The two dropouts are exchanged: 0.35 stands after the pooling, 0.5 after the "
    "dense layer.",
)
def exchanges_the_dropouts():
    return _task(rates=(0.5, 0.35))


@misconception(
    "task_cnn",
    hint="The dense layer of 256 units has ReLU. The task gives tanh to this one and "
    "ReLU to the convolutions.",
)
def rectifies_the_dense_layer():
    return _task(act="relu")


# sgd_momentum


def _sgd(w, velocity, lr, g, momentum, nesterov):
    """One step for a velocity that is already updated."""
    return w + (momentum * velocity - lr * g if nesterov else velocity)


@misconception(
    "sgd_momentum",
    hint="Your learning rate multiplies the whole velocity. Here it stands inside: "
    "each gradient enters with the rate of its own step. The two agree only while "
    "the rate stays the same.",
)
def keeps_the_rate_outside(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    g = g + weight_decay * w
    total = (0.0 if state is None else state) * momentum + g
    step = g + momentum * total if nesterov else total
    return w - learning_rate * step, total


@misconception(
    "sgd_momentum",
    hint="Your velocity is a running mean: the gradient enters with (1 - momentum), so "
    "every step is shorter. Here all of lr * g is added.",
)
def averages_the_gradients(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    g = (g + weight_decay * w) * (1 - momentum)
    velocity = momentum * (0.0 if state is None else state) - learning_rate * g
    return _sgd(w, velocity, learning_rate, g, momentum, nesterov), velocity


@misconception(
    "sgd_momentum",
    hint="The decay goes past the momentum: you took it off the weights directly. As "
    "in AlexNet and VGG it is added to the gradient first, and the velocity carries "
    "both. (Yours is what Keras's optimisers do with weight_decay.)",
)
def decays_the_weights_directly(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    velocity = momentum * (0.0 if state is None else state) - learning_rate * g
    shrunk = w - learning_rate * weight_decay * w
    return _sgd(shrunk, velocity, learning_rate, g, momentum, nesterov), velocity


@misconception(
    "sgd_momentum",
    hint="nesterov=True changes nothing in your answer, or looks ahead with the old "
    "velocity, which is the same. The look ahead uses the velocity that has already "
    "been updated.",
)
def looks_ahead_with_the_old_velocity(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    g = g + weight_decay * w
    velocity = momentum * (0.0 if state is None else state) - learning_rate * g
    return w + velocity, velocity


@misconception(
    "sgd_momentum",
    hint="Your first step is twice too long, or the velocity starts at a gradient: it "
    "starts at 0, so the first step is -lr * g.",
)
def starts_with_a_velocity(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    g = g + weight_decay * w
    velocity = -learning_rate * g if state is None else state
    velocity = momentum * velocity - learning_rate * g
    return _sgd(w, velocity, learning_rate, g, momentum, nesterov), velocity


@misconception(
    "sgd_momentum",
    hint="Your weights climb: the velocity takes lr * g off, it does not add it. Check "
    "the sign at one place only, in v or where w moves.",
)
def climbs(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    g = g + weight_decay * w
    velocity = momentum * (0.0 if state is None else state) + learning_rate * g
    return _sgd(w, velocity, -learning_rate, g, momentum, nesterov), velocity


@misconception(
    "sgd_momentum",
    hint="Your state does not come back: every step starts with a velocity of 0. "
    "Return the velocity as new_state, and take it from state at the next step.",
)
def forgets_the_velocity(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    g = g + weight_decay * w
    velocity = -learning_rate * g
    return _sgd(w, velocity, learning_rate, g, momentum, nesterov), velocity


# adam


def _means(state, g, beta_1, beta_2):
    m, v, t = (0.0, 0.0, 0) if state is None else state
    return beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2, t + 1


@misconception(
    "adam",
    hint="The corrections for the start are missing. Both means begin at 0 and are too "
    "small at first, the root of v more so than m: your first steps are too long.",
)
def corrects_nothing(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, t = _means(state, g, beta_1, beta_2)
    return w - learning_rate * m / (np.sqrt(v) + epsilon), (m, v, t)


@misconception(
    "adam",
    hint="Only m is corrected. v begins at 0 as well: the factor sqrt(1 - beta_2^t) "
    "belongs above.",
)
def corrects_the_first_mean_only(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, t = _means(state, g, beta_1, beta_2)
    rate = learning_rate / (1 - beta_1**t)
    return w - rate * m / (np.sqrt(v) + epsilon), (m, v, t)


@misconception(
    "adam",
    hint="This is Algorithm 1 of the paper, where epsilon is added to the root of the "
    "corrected v. Here, as in Keras, it is added to the root of v as it is; for small "
    "gradients that makes a difference.",
)
def adds_epsilon_after_the_correction(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, t = _means(state, g, beta_1, beta_2)
    mean, square = m / (1 - beta_1**t), v / (1 - beta_2**t)
    return w - learning_rate * mean / (np.sqrt(square) + epsilon), (m, v, t)


@misconception(
    "adam",
    hint="epsilon stands under your root. In Adam it is added after the root is taken "
    "(Adadelta is the one that has it underneath).",
)
def puts_epsilon_under_the_root(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, t = _means(state, g, beta_1, beta_2)
    rate = learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - rate * m / np.sqrt(v + epsilon), (m, v, t)


@misconception(
    "adam",
    hint="Your step counter does not move on: every step is corrected like the first. "
    "t is 1, 2, 3, ... and belongs into the state.",
)
def counts_every_step_as_the_first(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, _ = _means(state, g, beta_1, beta_2)
    rate = learning_rate * np.sqrt(1 - beta_2) / (1 - beta_1)
    return w - rate * m / (np.sqrt(v) + epsilon), (m, v, 0)


@misconception(
    "adam",
    hint="t is 0 at your first step, so that both corrections are 0 there, and 0 / 0 "
    "is no number. The first step has t = 1: count before you correct.",
)
def counts_from_zero(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, t = _means(state, g, beta_1, beta_2)
    with np.errstate(invalid="ignore", divide="ignore"):
        up, down = np.sqrt(1 - beta_2 ** (t - 1)), np.subtract(1, beta_1 ** (t - 1))
        return w - learning_rate * up / down * m / (np.sqrt(v) + epsilon), (m, v, t)


@misconception(
    "adam",
    hint="Your count is one ahead: the first step is corrected with t = 2. Count once "
    "a step, before you correct.",
)
def counts_one_ahead(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, t = _means(state, g, beta_1, beta_2)
    rate = learning_rate * np.sqrt(1 - beta_2 ** (t + 1)) / (1 - beta_1 ** (t + 1))
    return w - rate * m / (np.sqrt(v) + epsilon), (m, v, t)


@misconception(
    "adam",
    hint="You remember the corrected means, and correct them again at the next step. "
    "What goes into the state is m and v as they are.",
)
def remembers_the_corrected_means(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, t = _means(state, g, beta_1, beta_2)
    m, v = m / (1 - beta_1**t), v / (1 - beta_2**t)
    root = np.sqrt(v) + epsilon / np.sqrt(1 - beta_2**t)
    return w - learning_rate * m / root, (m, v, t)


@misconception(
    "adam",
    hint="v is the running mean of g * g, number by number. Yours is one number for "
    "all weights (the square of the gradient's length, or its mean), so that each "
    "weight no longer has a step of its own.",
)
def shares_one_size(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    m, v, t = _means(state, g, beta_1, beta_2)
    v = v * 0 + np.sum(v)
    rate = learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    m_, v_, t_ = _means(state, g, beta_1, beta_2)
    return w - rate * m / (np.sqrt(v) + epsilon), (m_, v_, t_)


# adadelta


@misconception(
    "adadelta",
    hint="epsilon is added to the roots instead of under them. Under the root, 1e-7 "
    "makes 3e-4: that is what gets the first step going.",
)
def adds_epsilon_to_the_roots(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    a, d = (0.0, 0.0) if state is None else state
    a = rho * a + (1 - rho) * g**2
    step = -(np.sqrt(d) + epsilon) / (np.sqrt(a) + epsilon) * g
    return w + learning_rate * step, (a, rho * d + (1 - rho) * step**2)


@misconception(
    "adadelta",
    hint="You remember the step times the learning rate. d is the mean square of the "
    "step before the rate: the rate scales what is done, not what is remembered.",
)
def remembers_the_scaled_step(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    a, d = (0.0, 0.0) if state is None else state
    a = rho * a + (1 - rho) * g**2
    step = -learning_rate * np.sqrt((d + epsilon) / (a + epsilon)) * g
    return w + step, (a, rho * d + (1 - rho) * step**2)


@misconception(
    "adadelta",
    hint="This is RMSProp: the gradient over its size, times the rate. Adadelta "
    "multiplies by the size of its own recent steps as well.",
)
def forgets_its_own_steps(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    a = rho * (0.0 if state is None else state) + (1 - rho) * g**2
    return w - learning_rate * g / np.sqrt(a + epsilon), a


@misconception(
    "adadelta",
    hint="Your weights climb: the step carries its minus already, so it is added to w.",
)
def subtracts_a_negative_step(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    a, d = (0.0, 0.0) if state is None else state
    a = rho * a + (1 - rho) * g**2
    step = -np.sqrt(d + epsilon) / np.sqrt(a + epsilon) * g
    return w - learning_rate * step, (a, rho * d + (1 - rho) * step**2)


@misconception(
    "adadelta",
    hint="Nothing ever moves: d is 0 at first, and without epsilon under the upper "
    "root every step is 0, and so d stays 0.",
)
def leaves_out_the_upper_epsilon(
    w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7
):
    a, d = (0.0, 0.0) if state is None else state
    a = rho * a + (1 - rho) * g**2
    step = -np.sqrt(d) / np.sqrt(a + epsilon) * g
    return w + learning_rate * step, (a, rho * d + (1 - rho) * step**2)


@misconception(
    "adadelta",
    hint="a is used before this step's gradient has entered it: your first step "
    "divides by the root of epsilon alone. Update a, take the step, then update d.",
)
def divides_by_the_old_size(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    a, d = (0.0, 0.0) if state is None else state
    step = -np.sqrt(d + epsilon) / np.sqrt(a + epsilon) * g
    a, d = rho * a + (1 - rho) * g**2, rho * d + (1 - rho) * step**2
    return w + learning_rate * step, (a, d)


@misconception(
    "adadelta",
    hint="Your means add up without fading in: the new square enters whole instead of "
    "with (1 - rho).",
)
def adds_whole_squares(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    a, d = (0.0, 0.0) if state is None else state
    a = rho * a + g**2
    step = -np.sqrt(d + epsilon) / np.sqrt(a + epsilon) * g
    return w + learning_rate * step, (a, rho * d + step**2)


# plateau_lr


def _better(value, best, mode, min_delta):
    gain = value - best if mode == "max" else best - value
    return gain > min_delta


@misconception(
    "plateau_lr",
    hint="You compare each value with the one before. A value is an improvement only "
    "if it beats the best of all so far.",
)
def compares_with_the_epoch_before(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, last, waited = [], None, 0
    for value in values:
        better = last is None or _better(value, last, mode, min_delta)
        last, waited = value, 0 if better else waited + 1
        if waited >= patience:
            learning_rate, waited = max(learning_rate * factor, min_lr), 0
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="Your rate falls one epoch late: it falls when patience epochs have been "
    "waited, not when there is one more.",
)
def waits_one_epoch_too_long(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    return _rates(values, learning_rate, factor, patience + 1, mode, min_delta, min_lr)


@misconception(
    "plateau_lr",
    hint="Once your rate has fallen it falls again every epoch: the count must begin "
    "anew at each fall.",
)
def goes_on_falling(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], None, 0
    for value in values:
        if best is None or _better(value, best, mode, min_delta):
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            learning_rate = max(learning_rate * factor, min_lr)
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="An equal value, or one better by exactly min_delta, counts as an improvement "
    "in your answer. It has to be better by more than min_delta.",
)
def takes_a_tie_for_better(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], None, 0
    for value in values:
        gain = 0 if best is None else (best - value) * (-1 if mode == "max" else 1)
        if best is None or gain >= min_delta:
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            learning_rate, waited = max(learning_rate * factor, min_lr), 0
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="You forget the best when the rate falls, so the next value, however bad, is "
    "taken for an improvement. The best stays.",
)
def forgets_the_best(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], None, 0
    for value in values:
        if best is None or _better(value, best, mode, min_delta):
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            learning_rate, waited = max(learning_rate * factor, min_lr), 0
            best = None
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="You count all epochs without improvement, not those in a row: an improvement "
    "must set the count back to 0.",
)
def never_sets_the_count_back(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], None, 0
    for value in values:
        if best is None or _better(value, best, mode, min_delta):
            best = value
        else:
            waited += 1
            if waited >= patience:
                learning_rate, waited = max(learning_rate * factor, min_lr), 0
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="You return the rate that each epoch was trained with. Asked for is the rate "
    "after its value has been seen, one entry earlier.",
)
def returns_the_rate_before(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates = _rates(values, learning_rate, factor, patience, mode, min_delta, min_lr)
    return [learning_rate, *rates[:-1]]


def _rates(values, rate, factor, patience, mode, min_delta, min_lr):
    rates, best, waited = [], None, 0
    for value in values:
        if best is None or _better(value, best, mode, min_delta):
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            rate, waited = max(rate * factor, min_lr), 0
        rates.append(rate)
    return rates


@misconception(
    "plateau_lr",
    hint="min_delta makes no difference in your answer: the least gain counts. An "
    "improvement is better than the best by more than min_delta.",
)
def takes_the_least_gain(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    return _rates(values, learning_rate, factor, patience, mode, 0.0, min_lr)


@misconception(
    "plateau_lr",
    hint="A gain that is too small to count still becomes your new best, so that many "
    "small gains never add up to an improvement. Only an improvement moves the best.",
)
def moves_the_best_at_every_gain(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], None, 0
    for value in values:
        better = best is None or _better(value, best, mode, min_delta)
        if best is None or _better(value, best, mode, 0.0):
            best = value
        waited = 0 if better else waited + 1
        if waited >= patience:
            learning_rate, waited = max(learning_rate * factor, min_lr), 0
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="Your min_delta is a share of the best. Here it is a difference: 0.25 means "
    "lower by more than 0.25, whether the best is 1 or 30.",
)
def takes_min_delta_for_a_share(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], None, 0
    for value in values:
        share = min_delta if best is None else min_delta * abs(best)
        if best is None or _better(value, best, mode, share):
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            learning_rate, waited = max(learning_rate * factor, min_lr), 0
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="After each fall you leave out one epoch before you count again. There is no "
    "such rest here: the next epoch without improvement is the first of a new count.",
)
def rests_after_a_fall(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], None, 0
    for value in values:
        if best is None or _better(value, best, mode, min_delta):
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            learning_rate, waited = max(learning_rate * factor, min_lr), -1
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="The first value counts as an epoch without improvement in your answer. It is "
    "the best at first, and the count begins after it.",
)
def counts_the_first_epoch(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], values[0], 0
    for value in values:
        if _better(value, best, mode, min_delta):
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            learning_rate, waited = max(learning_rate * factor, min_lr), 0
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="Where factor would lead below min_lr your rate stays as it is. It falls as "
    "far as it may: to min_lr.",
)
def stops_above_the_floor(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates, best, waited = [], None, 0
    for value in values:
        if best is None or _better(value, best, mode, min_delta):
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            lower, waited = learning_rate * factor, 0
            learning_rate = learning_rate if lower < min_lr else lower
        rates.append(learning_rate)
    return rates


@misconception(
    "plateau_lr",
    hint="Your rate falls once and no further: each fall multiplies the rate of the "
    "epoch before, not the one that training began with.",
)
def falls_once(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    rates = _rates(values, learning_rate, factor, patience, mode, min_delta, min_lr)
    fallen = max(learning_rate * factor, min_lr)
    return [rate if rate == learning_rate else fallen for rate in rates]
