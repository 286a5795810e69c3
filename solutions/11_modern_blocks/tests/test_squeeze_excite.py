"""squeeze_excite: every channel times a number that all channels decide."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "a quarter": ((8, 6, 12), {"ratio": 4}),
    "rounded down, H != W": ((3, 5, 7), {"ratio": 2}),
    "the usual ratio": ((2, 3, 240), {}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_image_has_gates_of_its_own(student, reference, rng, case):
    """A batch of 4: a vector (N, C) that is multiplied as it is fits no map."""
    shape, arguments = case
    model = compare(student, reference, "squeeze_excite", shape, **arguments)
    weights = [normal(rng, w.shape, np.float32) for w in model.weights()]
    model.set_weights(weights)
    x = normal(rng, (4, *shape), np.float32)
    squeeze, first, excite, second = (w.astype(float) for w in weights)
    hidden = len(first)
    scores = x.mean(axis=(1, 2), dtype=float) @ squeeze.reshape(-1, hidden) + first
    scores = np.maximum(scores, 0) @ excite.reshape(hidden, -1) + second
    expected = x / (1 + np.exp(-scores))[:, None, None]
    assert_close(
        model(x), expected.astype(np.float32), what="squeeze_excite of a batch of 4"
    )
