# /// honest
# why = "computes in float32 and casts back to the input's dtype"
# assignment = "05"
# ///

# %% question="batchnorm_inference"
def batchnorm_inference(x, gamma, beta, running_mean, running_var, epsilon=1e-3):
    x32, g, b, m, v = (np.asarray(a, np.float32) for a in (x, gamma, beta, running_mean, running_var))
    return (g * (x32 - m) / np.sqrt(v + np.float32(epsilon)) + b).astype(x.dtype)

# %% question="he_init"
def he_init(z):
    fan_in = np.prod(z.shape[:-1])
    return np.array(z * np.sqrt(2.0 / fan_in), dtype=np.float32).astype(z.dtype)

# %% question="dropout"
def dropout(x, rate, noise, training=True):
    if not training:
        return x
    scale = np.float32(1) / np.float32(1 - rate)
    return np.multiply(x, (noise >= rate).astype(np.float32) * scale)

# %% question="smooth_labels"
def smooth_labels(labels, classes, epsilon):
    out = np.full((len(labels), classes), epsilon / classes, dtype=np.float32)
    out[np.arange(len(labels)), labels] += 1 - epsilon
    return out.tolist()
