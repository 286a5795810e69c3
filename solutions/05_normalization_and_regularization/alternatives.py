"""Right answers written differently: every one must get full marks."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from grader.authoring import alternative

# he_init


@alternative("he_init")
def counts_one_filter(z):
    fan_in = z[..., 0].size
    return (2 / fan_in) ** 0.5 * z


@alternative("he_init")
def in_single_precision(z):
    *window, _ = z.shape
    products = 1
    for size in window:
        products *= size
    return (z / np.sqrt(products / 2)).astype(np.float32)


# batchnorm_forward


@alternative("batchnorm_forward")
def channel_by_channel(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    """One channel at a time, the running state as lists, a dict for a cache."""
    out, stds, mean, var = np.zeros(x.shape), [], [], []
    for c in range(x.shape[-1]):
        values = x[..., c]
        mu = values.sum() / values.size
        sigma2 = ((values - mu) ** 2).sum() / values.size
        stds.append((sigma2 + epsilon) ** 0.5)
        out[..., c] = gamma[c] * (values - mu) / stds[-1] + beta[c]
        mean.append(running_mean[c] * momentum + mu * (1 - momentum))
        var.append(running_var[c] * momentum + sigma2 * (1 - momentum))
    return out, {"x": x, "stds": stds}, mean, var


@alternative("batchnorm_forward")
def mean_of_squares(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    """Variance as E[x^2] - E[x]^2; scale and shift in one; the state by its change."""
    lines = np.asarray(x, np.float64).reshape(-1, x.shape[-1])
    mean = lines.mean(0)
    var = (lines**2).mean(0) - mean**2
    scale = gamma / np.sqrt(var + epsilon)
    out = (lines * scale + (beta - mean * scale)).reshape(x.shape)
    new_mean = running_mean + (1 - momentum) * (mean - running_mean)
    new_var = running_var + (1 - momentum) * (var - running_var)
    return [out, (lines, mean, var), new_mean, new_var]


@alternative("batchnorm_forward")
def all_in_float32(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    x = x.astype(np.float32)
    axes = (0, 1, 2)[: x.ndim - 1]
    mean = x.mean(axis=axes, keepdims=True)
    var = np.square(x - mean).mean(axis=axes, keepdims=True)
    x_hat = (x - mean) / np.sqrt(var + np.float32(epsilon))
    out = x_hat * gamma.astype(np.float32) + beta.astype(np.float32)
    state = [
        np.float32(momentum) * old.astype(np.float32)
        + np.float32(1 - momentum) * new.ravel()
        for old, new in ((running_mean, mean), (running_var, var))
    ]
    return out, [x_hat], *state


@alternative("batchnorm_forward")
def squares_in_float32(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    """The formula that cancels, E[x^2] - E[x]^2, in single precision."""
    x = x.astype(np.float32)
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axis=axes)
    var = (x * x).mean(axis=axes) - mean * mean
    out = gamma * ((x - mean) / np.sqrt(var + np.float32(epsilon))) + beta
    new_mean = momentum * running_mean + (1 - momentum) * mean
    new_var = momentum * running_var + (1 - momentum) * var
    return out.astype(np.float32), x, new_mean, new_var.astype(np.float32)


# batchnorm_backward: the cache is the reference's (x_hat, gamma, inv_std)


@alternative("batchnorm_backward")
def step_by_step(dout, cache):
    """The chain rule through every step of the forward pass, nothing simplified."""
    x_hat, gamma, inv_std = cache
    shape, channels = dout.shape, dout.shape[-1]
    dout, x_hat = dout.reshape(-1, channels), x_hat.reshape(-1, channels)
    m = len(dout)
    dbeta, dgamma = dout.sum(0), (dout * x_hat).sum(0)
    dx_hat = dout * gamma
    centred = x_hat / inv_std
    dvar = (dx_hat * centred).sum(0) * -0.5 * inv_std**3
    dmean = -(dx_hat * inv_std).sum(0) - 2 * dvar * centred.mean(0)
    dx = dx_hat * inv_std + 2 * dvar * centred / m + dmean / m
    return dx.reshape(shape), dgamma, dbeta


@alternative("batchnorm_backward")
def with_means(dout, cache):
    x_hat, gamma, inv_std = cache
    axes = tuple(range(dout.ndim - 1))
    pull = dout - dout.mean(axis=axes, keepdims=True)
    pull = pull - x_hat * (dout * x_hat).mean(axis=axes, keepdims=True)
    lines = dout.reshape(-1, dout.shape[-1])
    dgamma = np.einsum("mc,mc->c", lines, x_hat.reshape(lines.shape))
    return [pull * (gamma * inv_std), dgamma, np.einsum("mc->c", lines)]


@alternative("batchnorm_backward")
def float32_per_channel(dout, cache):
    x_hat, gamma, inv_std = (np.asarray(part, np.float32) for part in cache)
    dout = np.asarray(dout, np.float32)
    dx, dgamma, dbeta = np.zeros_like(dout), [], []
    for c in range(dout.shape[-1]):
        pull, h = dout[..., c], x_hat[..., c]
        dbeta.append(pull.sum())
        dgamma.append((pull * h).sum())
        along = pull - pull.mean() - h * (pull * h).mean()
        dx[..., c] = gamma[c] * inv_std[c] * along
    return dx, np.array(dgamma), np.array(dbeta)


# batchnorm_inference


@alternative("batchnorm_inference")
def one_line_per_channel(x, gamma, beta, running_mean, running_var, epsilon=1e-3):
    """Slope and offset of the straight line that it is."""
    slope = gamma * (running_var + epsilon) ** -0.5
    return x * slope + (beta - running_mean * slope)


@alternative("batchnorm_inference")
def image_by_image(x, gamma, beta, running_mean, running_var, epsilon=1e-3):
    out = np.zeros(x.shape, np.float32)
    for place in np.ndindex(*x.shape):
        c = place[-1]
        std = (float(running_var[c]) + epsilon) ** 0.5
        out[place] = gamma[c] * (x[place] - running_mean[c]) / std + beta[c]
    return out


# fold_batchnorm


@alternative("fold_batchnorm")
def filter_by_filter(w, b, gamma, beta, running_mean, running_var, epsilon=1e-3):
    new_w, new_b = np.array(w, float), np.array(b, float)
    for f in range(w.shape[-1]):
        std = (running_var[f] + epsilon) ** 0.5
        new_w[..., f] *= gamma[f] / std
        new_b[f] = beta[f] + gamma[f] * (b[f] - running_mean[f]) / std
    return [new_w, new_b]


@alternative("fold_batchnorm")
def as_a_diagonal_matrix(w, b, gamma, beta, running_mean, running_var, epsilon=1e-3):
    scale = np.diag(gamma / np.sqrt(running_var + epsilon))
    return w @ scale, b @ scale + (beta - running_mean @ scale)


# lrn


@alternative("lrn")
def windows_over_padded_channels(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    reach = n // 2
    squares = np.pad(np.square(x), ((0, 0), (0, 0), (0, 0), (reach, reach)))
    sums = sliding_window_view(squares, 2 * reach + 1, axis=-1).sum(axis=-1)
    return x * (k + alpha * sums) ** -beta


@alternative("lrn")
def with_a_band_matrix(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    """Which channels are neighbours, as a matrix."""
    i = np.arange(x.shape[-1])
    band = (np.abs(i[:, None] - i) <= n // 2).astype(np.float32)
    x = x.astype(np.float32)
    return x / np.power(k + alpha * (x**2 @ band), beta)


# dropout


@alternative("dropout")
def with_a_mask(x, rate, noise, training=True):
    mask = (noise >= rate).astype(x.dtype) / (1 - rate)
    return x * mask if training else x.copy()


@alternative("dropout")
def sets_zeros(x, rate, noise, training=True):
    out = np.array(x, np.float32)
    if training:
        out /= 1 - rate
        out[noise < rate] = 0
    return out


# smooth_labels


@alternative("smooth_labels")
def rows_of_a_unit_matrix(labels, classes, epsilon):
    return (
        np.eye(classes)[labels] * (1 - epsilon) + epsilon * np.ones(classes) / classes
    )


@alternative("smooth_labels")
def fills_number_by_number(labels, classes, epsilon):
    rows = []
    for label in labels:
        row = [epsilon / classes] * classes
        row[int(label)] += 1 - epsilon
        rows.append(row)
    return rows
