"""Running a student's optimiser step by step, beside an oracle."""

import numpy as np

from shared.testing import assert_close, normal
from solutions.expect import several
from solutions.oracles.optimizers import trajectory

SHAPES = {  # of the weights
    "a vector": (5,),
    "a matrix": (3, 4),
    "a kernel": (3, 2, 2, 3),
    "one number": (),
}


def walk(student, name, w, gradient, settings):
    """The weights after each step of the student's function.

    Args:
        student: the fixture.
        name: the function's name.
        w: the weights at the start.
        gradient: ``(w, step number from 0) -> gradient``, of the dtype of w.
        settings: the named arguments of each step, one dict per step.
    """
    step, state, path = getattr(student, name), None, []
    shape = np.shape(w)
    for k, now in enumerate(settings):
        value = step(w, gradient(w, k), state, **now)
        w, state = several(value, ("new_w", "new_state"), name)
        w = weights(w, shape, name)
        path.append(w)
    return path


def weights(value, shape, name):
    """New weights as the array that the next step gets; anything else is told."""
    assert value is not None, f"{name} returned None for new_w"
    array = np.asarray(value)
    assert array.dtype.kind == "f", f"{name}: new_w must be an array of floats"
    assert array.shape == shape, (
        f"{name}: new_w must have the shape of w, {shape}; it has {array.shape}"
    )
    return array


def expect_path(student, name, rule, w, gradient, settings, what):
    """Fails unless the weights agree with the oracle's after every step.

    To single precision, in which an answer may compute: the settings in the tests are
    such that another formula is off by far more.
    """
    path = walk(student, name, w, gradient, settings)
    wanted = trajectory(rule, w, gradient, settings).astype(np.float32)
    assert_close(path[0], wanted[0], what=f"w after the first step, {what}")
    assert_close(np.array(path), wanted, what=f"w after each step, {what}")


def drawn_gradients(rng, shape, steps, dtype=np.float64):
    """Gradients that do not depend on w: ``(w, k) -> array``."""
    drawn = normal(rng, (steps, *shape)) + 0.5
    return lambda w, k: drawn[k].astype(dtype)


def expect_untouched(student, name, rng, **settings):
    """Fails if a step, the first or the second, changes w or g."""
    state = None
    for count in ("first", "second"):
        w, g = normal(rng, (3, 4)), normal(rng, (3, 4))
        value, after = student.with_inputs(name, w, g, state, **settings)
        _, state = several(value, ("new_w", "new_state"), name)
        for old, new, which in zip((w, g), after, ("w", "g"), strict=False):
            assert np.array_equal(old, new), (
                f"the {count} step of {name} changed its argument {which}"
            )


def expect_begins_anew(student, name, rule, rng, settings):
    """Fails if a run with state None remembers one that was made before."""
    for which in ("the first run", "a second run, with state None again"):
        w = normal(rng, (4,))
        gradient = drawn_gradients(rng, (4,), len(settings))
        expect_path(student, name, rule, w, gradient, settings, which)
