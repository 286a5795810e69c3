# /// honest
# why = "four corners of a pixel by meshgrid, another generator on the same bits, masks"
# assignment = "08"
# ///

# %% question="rotate"
def rotate(x, degrees):
    N, H, W, C = x.shape
    t = np.deg2rad(degrees)
    ys, xs = np.meshgrid(np.arange(H), np.arange(W), indexing="ij")
    cy, cx = (H - 1) / 2, (W - 1) / 2
    dy, dx = ys - cy, xs - cx
    sy = np.cos(t) * dy + np.sin(t) * dx + cy
    sx = -np.sin(t) * dy + np.cos(t) * dx + cx
    y0, x0 = np.floor(sy).astype(np.int32), np.floor(sx).astype(np.int32)
    wy, wx = (sy - y0).astype(np.float32), (sx - x0).astype(np.float32)
    def at(i, j):
        ok = (i >= 0) & (i < H) & (j >= 0) & (j < W)
        v = x[:, np.clip(i, 0, H - 1), np.clip(j, 0, W - 1)].astype(np.float32)
        return v * ok[None, ..., None]
    a = (1 - wy) * (1 - wx); b = (1 - wy) * wx; c = wy * (1 - wx); d = wy * wx
    e = lambda w: w[None, ..., None]
    out = e(a) * at(y0, x0) + e(b) * at(y0, x0 + 1) + e(c) * at(y0 + 1, x0) + e(d) * at(y0 + 1, x0 + 1)
    return np.clip(np.rint(out), 0, 255).astype(x.dtype) if x.dtype == np.uint8 else out.astype(x.dtype)

# %% question="contrast_stretch"
def contrast_stretch(x, low=2, high=98):
    out = []
    for im in x:
        lo, hi = np.percentile(im, (low, high))
        if lo == hi:
            out.append(im.copy()); continue
        s = (im.astype("float64") - lo) / (hi - lo)
        s[s < 0] = 0; s[s > 1] = 1
        out.append((s * 255).round().astype("uint8") if im.dtype == np.uint8 else s.astype(im.dtype))
    return np.array(out)

# %% question="random_flip"
def random_flip(x, labels, becomes, rng, p=0.5):
    rng = np.random.Generator(rng.bit_generator) if hasattr(rng, "bit_generator") else rng
    flips = rng.binomial(1, p, len(labels)).astype(bool) & (np.array([becomes[l] for l in labels]) != -1)
    out, lab = x.copy(), np.array(labels)
    out[flips] = np.flip(out[flips], axis=2)
    lab = lab.astype(np.int64); lab[flips] = np.asarray(becomes)[lab[flips]]
    return out, lab
