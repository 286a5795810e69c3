"""Slow float64 references for normalisation and regularisation, for hidden tests.

Each channel is a plain list of numbers; the gradient is the product with the channel's
whole Jacobian matrix, never the short formula that solutions use.
"""

import math

import numpy as np

from solutions.oracles.remembered import remembered


def _channels(x):
    """Float64 copies of the channels, each as a line: (C, m)."""
    x = np.asarray(x, np.float64)
    return x.reshape(-1, x.shape[-1]).T


def channel_statistics(x):
    """Mean and variance (divided by m) of each channel, (C,) and (C,)."""
    means, variances = [], []
    for line in _channels(x):
        mean = math.fsum(line) / len(line)
        means.append(mean)
        variances.append(math.fsum((v - mean) ** 2 for v in line) / len(line))
    return np.array(means), np.array(variances)


def normalize_with(x, gamma, beta, mean, var, epsilon):
    """Scale and shift of the normalised channels, for given statistics."""
    out = np.array(x, np.float64)
    for c in range(out.shape[-1]):
        std = math.sqrt(float(var[c]) + epsilon)
        out[..., c] = (out[..., c] - float(mean[c])) / std
        out[..., c] = float(gamma[c]) * out[..., c] + float(beta[c])
    return out


@remembered
def batchnorm_loop(x, gamma, beta, epsilon):
    """Batch normalisation in training, output only."""
    return normalize_with(x, gamma, beta, *channel_statistics(x), epsilon)


@remembered
def batchnorm_gradients(x, gamma, dout, epsilon):
    """(dx, dgamma, dbeta) by the Jacobian of each channel.

    The output i changes with the input j by ``gamma / s (d_ij - 1/m - h_i h_j / m)``
    where ``s`` is the root and ``h`` are the normalised numbers.
    """
    dout = np.asarray(dout, np.float64)
    lines, pulls = _channels(x), _channels(dout)
    dx, dgamma, dbeta = np.zeros_like(lines), [], []
    means, variances = channel_statistics(x)
    for c, (line, pull) in enumerate(zip(lines, pulls, strict=True)):
        m, std = len(line), math.sqrt(variances[c] + epsilon)
        h = (line - means[c]) / std
        jacobian = np.eye(m) - 1 / m - np.outer(h, h) / m
        dx[c] = float(gamma[c]) / std * (pull @ jacobian)
        dgamma.append(math.fsum(pull * h))
        dbeta.append(math.fsum(pull))
    return dx.T.reshape(dout.shape), np.array(dgamma), np.array(dbeta)


@remembered
def lrn_loop(x, n, k, alpha, beta):
    """Local response normalisation, number by number."""
    x = np.asarray(x, np.float64)
    out, channels = np.zeros_like(x), x.shape[-1]
    for *place, i in np.ndindex(*x.shape):
        total = 0.0
        for j in range(channels):
            if abs(i - j) <= n // 2:
                total += x[(*place, j)] ** 2
        out[(*place, i)] = x[(*place, i)] * (k + alpha * total) ** -beta
    return out
