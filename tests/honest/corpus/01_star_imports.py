# /// honest
# why = "from numpy import *, from math import *, pylab and others"
# assignment = "01"
# without = ["import keras"]
# first = true
# ///

# %%
from math import *
from numpy import *
from scipy.signal import *
from tensorflow.keras.layers import *
from not_installed_anywhere import *

# %% question="blur_kernel"
def blur_kernel(radius):
    n = 2 * radius + 1
    return ones((n, n)) / pow(n, 2)

# %% question="flip180"
def flip180(k):
    return flip(k, (0, 1))
