"""Slow float64 references for optimisers, for hidden tests.

A running mean is written out as the weighted sum of all that went into it, never as
the recursion that solutions use. A rule takes what came so far, one entry per step.
"""

import numpy as np


def trajectory(rule, w, gradient, settings):
    """The weights after each step, (steps, *w.shape).

    Args:
        rule: one of this file's, ``(gradients, past steps, settings so far) -> step``.
        w: the weights at the start.
        gradient: ``(w, step number from 0) -> gradient``.
        settings: the named arguments of each step, one dict per step.
    """
    w = np.array(w, np.float64)
    gradients, steps, path = [], [], []
    for k, now in enumerate(settings):
        decay = now.get("weight_decay", 0.0)
        gradients.append(np.asarray(gradient(w, k), np.float64) + decay * w)
        move, remembered = rule(gradients, steps, settings[: k + 1])
        steps.append(remembered)
        w = w + move
        path.append(w)
    return np.array(path)


def _mean(numbers, keep):
    """Sum of ``(1 - keep) keep^age`` times each number; the last has age 0."""
    ages = range(len(numbers) - 1, -1, -1)
    return sum((1.0 - keep) * keep**age * x for age, x in zip(ages, numbers, strict=1))


def momentum_rule(gradients, steps, settings):
    """Each gradient moves w by its own rate, and again, fading, at all later steps."""
    del steps
    velocity = np.zeros_like(gradients[0])
    for k, (gradient, then) in enumerate(zip(gradients, settings, strict=True)):
        kept = np.prod([later["momentum"] for later in settings[k + 1 :]])
        velocity = velocity - kept * then["learning_rate"] * gradient
    now = settings[-1]
    if now.get("nesterov"):
        ahead = now["momentum"] * velocity - now["learning_rate"] * gradients[-1]
        return ahead, None
    return velocity, None


def adam_rule(gradients, steps, settings):
    """Means over weights that add up to one, so that nothing is left to correct.

    What Keras adds epsilon to is the root of the mean whose weights add up to
    ``1 - beta_2^t`` only: seen from the corrected mean, epsilon is larger.
    """
    del steps
    now, t = settings[-1], len(gradients)
    first, second = 1.0 - now["beta_1"] ** t, 1.0 - now["beta_2"] ** t
    mean = _mean(gradients, now["beta_1"]) / first
    square = _mean([g**2 for g in gradients], now["beta_2"]) / second
    epsilon = now["epsilon"] / np.sqrt(second)
    return -now["learning_rate"] * mean / (np.sqrt(square) + epsilon), None


def adadelta_rule(gradients, steps, settings):
    """The ratio of two roots of weighted sums; no rate in what is remembered."""
    now = settings[-1]
    squares = _mean([g**2 for g in gradients], now["rho"])
    moved = _mean([step**2 for step in steps], now["rho"]) if steps else 0.0
    ratio = np.sqrt((moved + now["epsilon"]) / (squares + now["epsilon"]))
    step = -ratio * gradients[-1]
    return now["learning_rate"] * step, step


def plateau_rates(values, rate, factor, patience, mode, min_delta, min_lr):
    """The rate after each epoch, from the places of the improvements.

    Between two improvements the rate falls each time that another `patience` epochs
    have passed: no counter, only distances.
    """
    sign = -1.0 if mode == "max" else 1.0
    losses = [sign * float(value) for value in values]
    falls, last, best = [], 0, None
    for epoch, loss in enumerate(losses):
        if best is None or best - loss > min_delta:
            last, best = epoch, loss
        since = epoch - last
        falls.append(since > 0 and since % patience == 0)
    return [max(rate * factor**n, min_lr) if n else rate for n in np.cumsum(falls)]
