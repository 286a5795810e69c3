# /// honest
# why = "predictions as lists and float32, errors as NumPy scalars, rounding by half up"
# assignment = "08"
# ///

# %% question="tta_predict"
def tta_predict(predict, x, views):
    return sum(np.asarray(predict(v(x)), dtype=np.float32) for v in views) / len(views)

# %% question="ensemble_predict"
def ensemble_predict(models, x, vote=False):
    P = [np.array(m(x)) for m in models]
    if not vote:
        return np.mean(np.array(P, dtype=np.float32), axis=0).tolist()
    N, K = P[0].shape
    counts = [[0] * K for _ in range(N)]
    for p in P:
        for n in range(N):
            counts[n][int(np.argmax(p[n]))] += 1
    return [[c / len(P) for c in row] for row in counts]

# %% question="topk_error"
def topk_error(scores, labels, k=1):
    hits = 0
    for s, l in zip(scores, labels):
        hits += int(l) in np.lexsort((np.arange(len(s)), -s))[:k]
    return np.float32(1) - np.float32(hits) / np.float32(len(labels))

# %% question="contrast_stretch"
def contrast_stretch(x, low=2, high=98):
    result = np.zeros_like(x)
    for i in range(x.shape[0]):
        im = x[i].astype(np.float32)
        lo, hi = np.percentile(im, low), np.percentile(im, high)
        if hi <= lo:
            result[i] = x[i]; continue
        s = np.clip((im - lo) / (hi - lo), 0.0, 1.0)
        result[i] = np.floor(s * 255 + 0.5) if x.dtype == np.uint8 else s
    return result

# %% question="equalize"
def equalize(x):
    def one(plane):
        hist, _ = np.histogram(plane.flatten(), 256, [0, 256])
        cdf = hist.cumsum()
        cdf_m = np.ma.masked_equal(cdf, 0)
        if plane.min() == plane.max(): return plane
        cdf_m = (cdf_m - cdf_m.min()) * 255 / (cdf_m.max() - cdf_m.min())
        return np.ma.filled(np.rint(cdf_m), 0).astype("uint8")[plane]
    return np.stack([np.dstack([one(img[..., c]) for c in range(img.shape[-1])]) for img in x])
