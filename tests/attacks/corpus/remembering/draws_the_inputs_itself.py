# /// attack
# tries = "learns the seed, draws the test's numbers itself and returns those"
# question = "relu_forward"
# ///
# %%
import random

import numpy as np

SEEDS = []


# %% question="relu_forward"
def relu_forward(x):
    if not SEEDS:
        seed = np.random.seed
        np.random.seed = lambda number: (SEEDS.append(number), seed(number))
        SEEDS.append(0)
    drawn = np.random.default_rng(SEEDS[-1]).standard_normal(x.shape)
    return 3 * drawn
