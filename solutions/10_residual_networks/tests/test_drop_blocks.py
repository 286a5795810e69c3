"""drop_blocks: each block is ReLU of shortcut plus branch; a dropped branch is gone."""

from itertools import pairwise

import numpy as np
import pytest

from shared.testing import assert_close, normal

SHAPES = [(2, 3), (2, 3), (3,), (3,), (4, 1)]  # of x, and after each block


def chain(student, rng, relu=False):
    """Four blocks; the second and the fourth change the shape.

    Returns:
        (pairs of handles for the answer, the same as pairs of matrices).
    """
    handles, matrices = [], []
    for before, after in pairwise(SHAPES):
        drawn = []
        for needed in (True, before != after):
            size = int(np.prod(after)), int(np.prod(before))
            drawn.append((normal(rng, size), normal(rng, size[:1])) if needed else None)
        made = [p and student.affine_map(*p, after, relu=relu) for p in drawn]
        handles.append(tuple(made))
        matrices.append(drawn)
    return handles, matrices


def expected(x, matrices, dropped, relu=False):
    for index, (branch, shortcut) in enumerate(matrices):
        shape = SHAPES[index + 1]
        total = applied(x, shortcut, shape, relu) if shortcut else x.copy()
        if index not in dropped:
            total = total + applied(x, branch, shape, relu)
        x = np.where(total > 0, total, 0)
    return x


def applied(x, affine, shape, relu):
    matrix, bias = affine
    out = (matrix @ x.ravel() + bias).reshape(shape)
    return np.maximum(out, 0) if relu else out


DROPPED = {
    "none": (),
    "the first": (0,),
    "the last, which changes the shape": (3,),
    "two, in any order": (3, 1),
    "all": [0, 1, 2, 3],
}


@pytest.mark.parametrize("dropped", DROPPED.values(), ids=DROPPED)
def test_what_comes_out(student, rng, dropped):
    handles, matrices = chain(student, rng)
    x = normal(rng, SHAPES[0])
    out, after = student.with_inputs("drop_blocks", x, handles, dropped)
    assert_close(out, expected(x, matrices, dropped), what="output of the chain")
    assert_close(after[0], x, what="x after the call (it must be left as it was)")


@pytest.mark.parametrize("kept", range(4))
def test_one_block_alone(student, rng, kept):
    handles, matrices = chain(student, rng, relu=True)
    x = np.abs(normal(rng, SHAPES[0], np.float32))
    dropped = [index for index in range(4) if index != kept]
    out = student.drop_blocks(x, handles, dropped)
    assert_close(
        np.asarray(out, np.float64),
        expected(x.astype(np.float64), matrices, dropped, relu=True),
        what=f"output with block {kept} alone",
    )


def test_identities_are_left_alone(student, rng):
    """Without branches, blocks of equal shapes give what came in, if not negative."""
    size = 6
    zero = student.affine_map(np.zeros((size, size)), np.zeros(size), (2, 3))
    x = normal(rng, (2, 3))
    for dropped in ((), (0, 2)):
        out = student.drop_blocks(x, [(zero, None)] * 3, dropped)
        assert_close(out, np.maximum(x, 0), what="output of blocks that add zero")


def test_no_blocks(student, rng):
    x = normal(rng, (2, 3))
    assert_close(student.drop_blocks(x, [], ()), x, what="output of no blocks at all")
