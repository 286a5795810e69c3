# /// honest
# why = "a module-level table that a loop fills, or append and update"
# assignment = "01"
# ///

# %% question="flip180"
AXES = []
for axis in range(2):
    AXES.append(axis)

def flip180(k):
    return np.flip(k, tuple(AXES))

# %% question="dense_params"
BIAS = {}
BIAS.update({True: 1, False: 0})
COUNTS = dict()
for flag, extra in BIAS.items():
    if extra >= 0:
        COUNTS[flag] = lambda units, extra=extra: units * extra

def dense_params(input_shape, units, use_bias=True):
    return int(np.prod(input_shape)) * units + COUNTS[bool(use_bias)](units)

# %% question="blur_kernel"
SQUARES = np.zeros(40)
for n in range(len(SQUARES)):
    SQUARES[n] = n ** 2

def blur_kernel(radius):
    n = 2 * radius + 1
    return np.ones((n, n)) / SQUARES[n]
