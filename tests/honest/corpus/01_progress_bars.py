# /// honest
# why = "tqdm around the loops"
# assignment = "01"
# ///

# %%
from tqdm import tqdm, trange
from tqdm.auto import tqdm as autotqdm
from tqdm.notebook import trange as notebook_trange
import tqdm as bars

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    x = np.pad(np.asarray(x, float), pad)
    rows = (x.shape[0] - k.shape[0]) // stride + 1
    cols = (x.shape[1] - k.shape[1]) // stride + 1
    out = np.zeros((rows, cols))
    for i in tqdm(range(rows), desc="rows", leave=False):
        for j in trange(cols):
            out[i, j] = (x[i*stride:i*stride+k.shape[0], j*stride:j*stride+k.shape[1]] * k).sum()
    return out

# %% question="conv1d"
def conv1d(f, g):
    out = np.zeros(len(f) + len(g) - 1)
    with autotqdm(total=len(f)) as bar:
        for i, v in enumerate(f):
            out[i:i + len(g)] += float(v) * np.asarray(g, float)
            bar.update(1)
            bar.set_postfix(i=i)
    return out

# %% question="permute_pixels"
def permute_pixels(images, permutation):
    out = np.empty_like(images)
    progress = bars.tqdm(enumerate(permutation), total=len(permutation))
    for p, q in progress:
        progress.set_description(f"pixel {p}")
        w = images.shape[2]
        out[:, p // w, p % w] = images[:, q // w, q % w]
    return out
