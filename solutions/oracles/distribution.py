"""What several devices must compute together, said without any device."""

from __future__ import annotations

import numpy as np


def sizes(count, replicas):
    """Sizes of the parts: images are dealt out like cards, one after the other."""
    parts = [0] * replicas
    for image in range(count):
        parts[image % replicas] += 1
    return parts


def mean_over_images(per_image):
    """The mean gradient of a batch from each image's own, in float64.

    Args:
        per_image: for each image a list of arrays, one a weight.
    """
    total = [np.zeros(np.shape(part)) for part in per_image[0]]
    for image in per_image:
        total = [
            t + np.asarray(g, np.float64) for t, g in zip(total, image, strict=True)
        ]
    return [t / len(per_image) for t in total]


def softmax_regression(x, y, weights, batch, epochs, rate):
    """Gradient descent on softmax regression, image by image, in float64.

    Returns:
        (weights, losses): kernel (inputs, classes) and bias (classes,) after training,
        and the mean loss of each step.
    """
    kernel, bias = (np.asarray(w, np.float64).copy() for w in weights)
    x = np.asarray(x, np.float64).reshape(len(x), -1)
    losses = []
    for _ in range(epochs):
        for start in range(0, len(x), batch):
            chosen = range(start, min(start + batch, len(x)))
            d_kernel, d_bias, loss = np.zeros_like(kernel), np.zeros_like(bias), 0.0
            for index in chosen:
                scores = x[index] @ kernel + bias
                p = np.exp(scores - scores.max())
                p /= p.sum()
                loss -= np.log(p[y[index]])
                p[y[index]] -= 1
                d_kernel += np.outer(x[index], p)
                d_bias += p
            kernel -= rate * d_kernel / len(chosen)
            bias -= rate * d_bias / len(chosen)
            losses.append(loss / len(chosen))
    return [kernel, bias], losses
