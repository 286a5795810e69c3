# /// honest
# why = "windows by broadcast indices, columns by an exchange matrix, levels by np.add.at, votes by cumsum, ties by partition"
# assignment = "08"
# ///

# %% question="random_crop"
def random_crop(x, size, rng, pad=0):
    h, w = size
    p = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    n, H, W, _ = p.shape
    tops, lefts = rng.integers([H - h + 1, W - w + 1], size=(n, 2)).T
    r = tops[:, None] + np.arange(h)
    c = lefts[:, None] + np.arange(w)
    return p[np.arange(n)[:, None, None], r[:, :, None], c[:, None, :]]


# %% question="random_flip"
def random_flip(x, labels, becomes, rng, p=0.5):
    W = x.shape[2]
    J = np.eye(W, dtype=x.dtype)[::-1]
    flips = (rng.binomial(n=1, p=p, size=len(x)) == 1) & (becomes[labels] >= 0)
    mirrored = np.einsum("nhwc,wv->nhvc", x, J)
    return np.where(flips.reshape(-1, 1, 1, 1), mirrored, x), np.where(flips, becomes[labels], labels)


# %% question="rotate"
def rotate(x, degrees):
    N, H, W, C = x.shape
    t = np.deg2rad(float(degrees))
    R, Cc = np.ogrid[:H, :W]
    dr, dc = R - (H - 1) / 2, Cc - (W - 1) / 2
    sr = np.cos(t) * dr + np.sin(t) * dc + (H - 1) / 2 + 1
    sc = -np.sin(t) * dr + np.cos(t) * dc + (W - 1) / 2 + 1
    ok = (sr >= 0) & (sr < H + 1) & (sc >= 0) & (sc < W + 1)
    sr, sc = np.where(ok, sr, 0), np.where(ok, sc, 0)
    fr, ir = np.modf(sr); fc, ic = np.modf(sc)
    ir, ic = ir.astype(np.intp), ic.astype(np.intp)
    P = np.zeros((N, H + 2, W + 2, C)); P[:, 1:-1, 1:-1] = x
    flat = P.reshape(N, -1, C)
    total = 0
    for di, wr in ((0, 1 - fr), (1, fr)):
        for dj, wc in ((0, 1 - fc), (1, fc)):
            idx = (ir + di) * (W + 2) + ic + dj
            total = total + flat[:, idx] * (wr * wc * ok)[..., None]
    return in_dtype_of(x, total)


# %% question="contrast_stretch"
def contrast_stretch(x, low=2, high=98):
    lo, hi = np.percentile(x, [low, high], axis=(1, 2, 3), method="linear")
    lo, hi = lo.reshape(-1, 1, 1, 1), hi.reshape(-1, 1, 1, 1)
    width = np.where(hi > lo, hi - lo, 1.0)
    y = np.clip((x - lo) / width, 0, 1)
    if x.dtype == np.uint8:
        return np.where(hi > lo, (255 * y + 0.5).astype(np.uint8), x)
    return np.where(hi > lo, y, x).astype(x.dtype)


# %% question="equalize"
def equalize(x):
    N, H, W, C = x.shape
    hist = np.zeros((N, C, 256), int)
    n, h, w, c = np.indices(x.shape)
    np.add.at(hist, (n, c, x), 1)
    cdf = hist.cumsum(-1)
    first = np.take_along_axis(cdf, (hist > 0).argmax(-1)[..., None], -1)
    den = H * W - first
    lut = np.rint(255 * np.clip(cdf - first, 0, None) / np.where(den == 0, 1, den))
    lut = np.where(den == 0, np.arange(256), lut).astype(np.uint8)
    return lut[n, c, x]


# %% question="tta_predict"
def tta_predict(predict, x, views):
    total = None
    for v in views:
        p = np.asarray(predict(v(x.copy())))
        if total is None: total = np.zeros(p.shape, dtype=p.dtype)
        total += p
    total /= len(views)
    return total


# %% question="ensemble_predict"
def ensemble_predict(models, x, vote=False):
    P = np.array([f(x) for f in models])
    if vote:
        top = P == P.max(axis=2, keepdims=True)
        P = (top & (np.cumsum(top, axis=2) == 1)).astype(float)
    return np.einsum("mnk->nk", P) / len(P)


# %% question="topk_error"
def topk_error(scores, labels, k=1):
    K = scores.shape[1]
    if k >= K: return 0.0
    kth = np.partition(scores, K - k, axis=1)[:, K - k]
    errors = 0
    for s, l, t in zip(scores, labels, kth):
        sure = set(np.flatnonzero(s > t)); rest = np.flatnonzero(s == t)[: k - len(sure)]
        errors += l not in sure | set(rest)
    return errors / len(labels)
