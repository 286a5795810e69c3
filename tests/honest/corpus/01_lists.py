# /// honest
# why = "returns lists, tuples and lists of arrays instead of arrays"
# assignment = "01"
# ///

# %% question="conv1d"
def conv1d(f, g):
    f, g = [float(v) for v in f], [float(v) for v in g]
    out = [0.0] * (len(f) + len(g) - 1)
    for i, a in enumerate(f):
        for j, b in enumerate(g):
            out[i + j] += a * b
    return out

# %% question="flip180"
def flip180(k):
    return [row[::-1] for row in k[::-1]]

# %% question="blur_kernel"
def blur_kernel(radius):
    n = 2 * radius + 1
    return tuple(tuple(1 / n**2 for _ in range(n)) for _ in range(n))

# %% question="permute_pixels"
def permute_pixels(images, permutation):
    result = []
    for image in images:
        flat = image.reshape(-1, image.shape[-1])
        result.append(np.array([flat[int(p)] for p in permutation]).reshape(image.shape))
    return result
