"""Slow, obvious float64 references for losses, example by example."""

import math

import numpy as np


def cross_entropy_loop(logits, labels):
    """Mean cross-entropy of softmax, and its gradient, without ever leaving logs.

    Args:
        logits: ``(N, K)``.
        labels: integers ``(N,)``.

    Returns:
        ``(loss, dlogits)``: a float and float64 ``(N, K)``.
    """
    losses, gradient = [], np.zeros(np.shape(logits))
    for n, label in enumerate(labels):
        row = [float(value) for value in logits[n]]
        truth = row[label]
        # -log p = log of the sum of exp(z - truth); logaddexp never overflows.
        losses.append(float(np.logaddexp.reduce([value - truth for value in row])))
        total = float(np.logaddexp.reduce(row))
        for k, value in enumerate(row):
            gradient[n, k] = (math.exp(value - total) - (k == label)) / len(labels)
    return math.fsum(losses) / len(losses), gradient
