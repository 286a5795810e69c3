"""Random numbers that repeat: one seed for Python, NumPy, Keras and TensorFlow.

Some of TensorFlow's kernels hold the state of a random generator. So, whenever it is
given a seed, TensorFlow forgets all its kernels, and to make those of a layer again
takes longer than most tests. Here they are kept until something has drawn on such a
generator; Keras's own random numbers do not.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

# NumPy puts this off until it is used, which would be in every worker anew.
import numpy.random


class Seeds:
    """Sets the random generators of this process.

    Attributes:
        drawn: whether TensorFlow's kernels may hold a random state. Unless it is
            watched from the first, nobody knows.
    """

    def __init__(self) -> None:
        self.drawn = True

    def watch(self) -> None:
        """From now on notices who draws; before TensorFlow's first operation."""
        module: Any = sys.modules.get("tensorflow.python.framework.random_seed")
        if module is None:
            return
        seeds_of_kernel = module.get_seed

        def get_seed(op_seed: Any) -> Any:
            self.drawn = True
            return seeds_of_kernel(op_seed)

        module.get_seed = get_seed
        self.drawn = False

    def set(self, seed: int) -> None:
        """Makes what is drawn from now on follow from `seed`."""
        random.seed(seed)
        np.random.seed(seed)
        if "keras" in sys.modules:
            with contextlib.nullcontext() if self.drawn else _kernels_kept():
                sys.modules["keras"].utils.set_random_seed(seed)


@contextlib.contextmanager
def _kernels_kept() -> Iterator[None]:
    """While it is active, TensorFlow forgets no kernels."""
    module: Any = sys.modules["tensorflow.python.pywrap_tfe"]
    forget = module.TFE_ContextClearCaches
    module.TFE_ContextClearCaches = lambda context: None
    try:
        yield
    finally:
        module.TFE_ContextClearCaches = forget
