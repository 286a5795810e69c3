"""A training process that is killed without warning, for the test of resumption."""

import os
import signal

from shared.training.logs import Bar
from shared.training.pace import Pace
from tests.training.networks import make_blobs


def main(folder, last_step):
    """Train into `folder`, step by step, and be killed after `last_step` steps."""
    from tests.training.test_checkpoints import run

    def deadly(bar, epoch, step, loss):
        if (epoch - 1) * 6 + step == int(last_step):
            os.kill(os.getpid(), signal.SIGKILL)

    Pace.learn = lambda *_: None
    Bar.update = deadly
    run(make_blobs(), folder, checkpoint_every=5)
