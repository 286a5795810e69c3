# /// honest
# why = "helpers, constants and imports in other cells, some of them below"
# assignment = "01"
# ///

# %% question="blur_kernel"
def blur_kernel(radius):
    return ones(side(radius)) / area(radius)

# %%
def area(radius):
    return side(radius) ** POWER

# %% question="flip180"
def flip180(k):
    return mirrored(k, UP_DOWN + LEFT_RIGHT)

# %%
import numpy
POWER = 1
POWER += 1
UP_DOWN, LEFT_RIGHT = [0], [1]
AXES = {}
AXES["both"] = (0, 1)
if numpy.__version__ > "1":
    def mirrored(k, axes): return numpy.flip(k, AXES["both"] if len(axes) == 2 else axes)
else:
    mirrored = None

# %%
side = lambda radius: 2 * radius + ONE
try:
    from not_installed import ONE
except ImportError:
    ONE = 1
with numpy.errstate(all="ignore"):
    def ones(n): return numpy.ones([n] * 2)
