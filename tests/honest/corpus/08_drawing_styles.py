# /// honest
# why = "draws number by number, with random, permutation and choice; returns lists"
# assignment = "08"
# ///

# %% question="random_crop"
def random_crop(x, size, rng, pad=0):
    out = []
    for img in x:
        big = np.pad(img, ((pad, pad), (pad, pad), (0, 0)), mode="constant")
        r = int(np.floor(rng.uniform(0, big.shape[0] - size[0] + 1)))
        c = rng.permutation(big.shape[1] - size[1] + 1)[0]
        out.append(big[r:r + size[0], c:c + size[1], :])
    return out

# %% question="random_flip"
def random_flip(x, labels, becomes, rng, p=0.5):
    xs, ys = [], []
    for img, lab in zip(x, labels):
        coin = rng.uniform() < p
        if coin and becomes[int(lab)] != -1:
            img, lab = img[:, ::-1, :], becomes[int(lab)]
        xs.append(img); ys.append(int(lab))
    return np.asarray(xs), ys
