# /// honest
# why = "local response normalisation by cumulative sums, folding by einsum, dropout in place on a copy"
# assignment = "05"
# ///

# %% question="lrn"
def lrn(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    C, r = x.shape[-1], n // 2
    sq = np.concatenate([np.zeros((*x.shape[:-1], 1)), np.cumsum(np.square(x, dtype=np.float64), axis=-1)], axis=-1)
    hi = np.minimum(np.arange(C) + r + 1, C)
    lo = np.maximum(np.arange(C) - r, 0)
    return x * (k + alpha * (sq[..., hi] - sq[..., lo])) ** -beta

# %% question="fold_batchnorm"
def fold_batchnorm(w, b, gamma, beta, running_mean, running_var, epsilon=1e-3):
    s = np.diag(gamma * (running_var + epsilon) ** -0.5)
    return np.einsum("...f,fg->...g", w, s), b @ s - running_mean @ s + beta

# %% question="dropout"
def dropout(x, rate, noise, training=True):
    out = x.copy()
    if training:
        out[np.less(noise, rate)] = 0
        out /= 1. - rate
    return out
