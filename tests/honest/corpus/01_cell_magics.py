# /// honest
# why = "cell magics above the answers"
# assignment = "01"
# ///

# %% question="blur_kernel"
%%time

def blur_kernel(radius):
    return np.full((2 * radius + 1,) * 2, (2 * radius + 1) ** -2.0)

# %% question="flip180"
%%capture captured --no-stderr
%%time
def flip180(k):
    return np.rot90(k, 2)

# %% question="dense_params"
%%debug
def dense_params(input_shape, units, use_bias=True):
    return int(np.prod(input_shape)) * units + int(use_bias) * units

# %% question="conv1d"
%%memit -r 1
def conv1d(f, g):
    f, g = np.asarray(f, float), np.asarray(g, float)
    return sum(np.pad(f * v, (j, len(g) - 1 - j)) for j, v in enumerate(g))

# %% question="permute_pixels"
%%black
def permute_pixels(images, permutation):
    return images.reshape(len(images), -1, images.shape[-1])[:, permutation].reshape(images.shape)

# %%
%%bash
def blur_kernel() { echo no; }

# %%
%%html
<b>def flip180(k):</b>

# %%
%%script false --no-raise-error
def flip180(k):
    return k

# %%
%%writefile flip.py
def flip180(k):
    return k
