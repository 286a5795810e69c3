# /// honest
# why = "an instance, a partial, a lambda, bound and static methods in place of functions"
# assignment = "01"
# ///

# %%
from functools import partial
import operator

class Slider:
    """Slides."""
    def __init__(self, reduce=np.sum): self.reduce = reduce
    def __call__(self, x, k, stride=1, pad=0):
        x = np.pad(np.asarray(x, float), pad)
        n, m = ((a - b) // stride + 1 for a, b in zip(x.shape, k.shape))
        return np.array([[self.reduce(x[i*stride:i*stride+k.shape[0], j*stride:j*stride+k.shape[1]] * k)
                          for j in range(m)] for i in range(n)])
    @staticmethod
    def turn(k): return np.flip(k, (0, 1))
    @classmethod
    def make(cls): return cls()
    def fit(self, x, f): return self(x, f) / f.size

slider = Slider.make()

# %% question="correlate2d"
correlate2d = slider

# %% question="match_feature"
match_feature = slider.fit

# %% question="flip180"
flip180 = Slider.turn

# %% question="blur_kernel"
blur_kernel = lambda radius: np.ones((2*radius+1,) * 2) / (2*radius+1)**2

# %% question="permute_pixels"
def _permute(shape_of, images, permutation):
    return np.take(images.reshape(len(images), -1, images.shape[3]), permutation, axis=1).reshape(shape_of(images))
permute_pixels = partial(_permute, operator.attrgetter("shape"))

# %% question="dense_params"
class dense_params:
    def __new__(cls, input_shape, units, use_bias=True):
        return int(np.prod(input_shape)) * units + units * use_bias
