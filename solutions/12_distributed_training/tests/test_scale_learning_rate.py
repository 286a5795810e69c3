"""scale_learning_rate climbs from the base rate to the scaled one, in a line."""

import numpy as np
import pytest

from shared.testing import assert_close

RUNS = {
    "eight times the batch": (0.1, 256, 2048, 5),
    "the same batch": (0.1, 256, 256, 4),
    "a smaller batch": (0.4, 64, 16, 3),
    "not a whole multiple": (0.02, 96, 160, 7),
    "one step of climbing": (0.1, 32, 64, 1),
    "no climb": (0.1, 32, 96, 0),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_every_step(student, run):
    base, base_batch, batch, warmup = run
    target = base / base_batch * batch
    line = np.linspace(base, target, warmup + 1) if warmup else [target]
    for step in range(warmup + 4):
        found = student.scale_learning_rate(base, base_batch, batch, step, warmup)
        wanted = line[min(step, warmup)]
        what = f"scale_learning_rate({base}, {base_batch}, {batch}, {step}, {warmup})"
        assert np.ndim(found) == 0, f"{what} must be a number"
        assert_close(float(found), wanted, rtol=1e-9, atol=0, what=what)
