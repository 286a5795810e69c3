"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same numbers and gets the hint.
"""

import numpy as np

from grader.authoring import misconception

# he_init


@misconception(
    "he_init",
    hint="This is Xavier's variance, 1 / fan_in. ReLU sets half of the signal to zero "
    "and halves its mean square; He's 2 makes up for it.",
)
def forgets_the_relu(z):
    return z / np.sqrt(np.prod(z.shape[:-1]))


@misconception(
    "he_init",
    hint="You multiplied by the variance. Scaling numbers by s scales their variance "
    "by s squared, so s is the square root of 2 / fan_in.",
)
def scales_by_the_variance(z):
    return z * (2 / np.prod(z.shape[:-1]))


@misconception(
    "he_init",
    hint="This is fan_out: the number of outputs. What counts is how many products one "
    "output adds up; the outputs stand last in the shape.",
)
def uses_fan_out(z):
    return z * np.sqrt(2 / (np.prod(z.shape[:-2]) * z.shape[-1]))


@misconception(
    "he_init",
    hint="fan_in counts only the channels. One output of a convolution adds up a whole "
    "window: kh times kw times C products.",
)
def forgets_the_window(z):
    return z * np.sqrt(2 / z.shape[-2])


# batchnorm_forward


def _forward(
    x,
    gamma,
    beta,
    running_mean,
    running_var,
    momentum,
    epsilon,
    *,
    axes=None,
    ddof=0,
    state_ddof=0,
):
    """Batch normalisation over some axes; returns also what a mistake may change."""
    axes = tuple(range(x.ndim - 1)) if axes is None else axes
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    m = x.size // mean.size
    inv_std = 1 / np.sqrt(var * m / max(m - ddof, 1) + epsilon)
    x_hat = (x - mean) * inv_std
    every = tuple(range(x.ndim - 1))
    kept = mean.mean(axis=every), var.mean(axis=every) * m / max(m - state_ddof, 1)
    new_mean = momentum * running_mean + (1 - momentum) * kept[0]
    new_var = momentum * running_var + (1 - momentum) * kept[1]
    return gamma * x_hat + beta, (x_hat, gamma, inv_std), new_mean, new_var


@misconception(
    "batchnorm_forward",
    hint="Mean and variance were taken over the batch only, one for each place. Behind "
    "a convolution they run over N, H and W: over all axes but the last.",
)
def normalizes_each_place(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    return _forward(*args, axes=(0,))


@misconception(
    "batchnorm_forward",
    hint="Every image was normalised by itself, over H and W: that is instance "
    "normalisation. Batch normalisation also runs over N.",
)
def normalizes_each_image(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    return _forward(*args, axes=tuple(range(1, x.ndim - 1)) or (0,))


@misconception(
    "batchnorm_forward",
    hint="Every example was normalised over its channels: that is layer normalisation. "
    "Here each channel has its own mean and variance, over the batch.",
)
def normalizes_over_channels(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    return _forward(*args, axes=tuple(range(1, x.ndim)))


@misconception(
    "batchnorm_forward",
    hint="epsilon was added to the standard deviation. It belongs under the root: "
    "sqrt(var + epsilon).",
)
def adds_epsilon_to_the_deviation(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    _, (_, _, _), *state = _forward(*args)
    axes = tuple(range(x.ndim - 1))
    x_hat = (x - x.mean(axis=axes)) / (x.std(axis=axes) + epsilon)
    return gamma * x_hat + beta, (x_hat, gamma, 1 / x.std(axis=axes)), *state


@misconception(
    "batchnorm_forward",
    hint="The variance was not divided by m but by m - 1. Batch normalisation divides "
    "by m; in NumPy that is ddof=0, its default.",
)
def divides_by_m_minus_one(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    return _forward(*args, ddof=1, state_ddof=1)


@misconception(
    "batchnorm_forward",
    hint="The running variance took the variance divided by m - 1, as the paper and "
    "PyTorch do. Our convention is Keras's: the same variance as in the output, "
    "divided by m.",
)
def keeps_the_unbiased_variance(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    return _forward(*args, state_ddof=1)


@misconception(
    "batchnorm_forward",
    hint="Old and new are exchanged in the running state. This is PyTorch's momentum, "
    "the share of the new batch; ours is the share of the old state that stays.",
)
def exchanges_old_and_new(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, 1 - momentum, epsilon
    return _forward(*args)


@misconception(
    "batchnorm_forward",
    hint="The output was normalised with the running state. In training it is the "
    "batch's own mean and variance; the running ones are for later.",
)
def normalizes_with_the_running_state(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    _, _, mean, var = _forward(*args)
    inv_std = 1 / np.sqrt(var + epsilon)
    x_hat = (x - mean) * inv_std
    return gamma * x_hat + beta, (x_hat, gamma, inv_std), mean, var


@misconception(
    "batchnorm_forward",
    hint="running_var holds standard deviations. It keeps the variance: the root is "
    "taken later, when it is used.",
)
def keeps_the_deviation(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    out, cache, mean, _ = _forward(*args)
    std = x.std(axis=tuple(range(x.ndim - 1)))
    return out, cache, mean, momentum * running_var + (1 - momentum) * std


@misconception(
    "batchnorm_forward",
    hint="The running state comes back as it was. Return the new one: momentum times "
    "the old plus (1 - momentum) times the batch's.",
)
def leaves_the_running_state(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    args = x, gamma, beta, running_mean, running_var, momentum, epsilon
    out, cache, *_ = _forward(*args)
    return out, cache, running_mean, running_var


# batchnorm_backward: the cache is the reference's (x_hat, gamma, inv_std)


def _backward(dout, cache):
    x_hat, gamma, inv_std = cache
    axes = tuple(range(dout.ndim - 1))
    m = dout.size // dout.shape[-1]
    return x_hat, gamma, inv_std, axes, m, dout.sum(axes), (dout * x_hat).sum(axes)


@misconception(
    "batchnorm_backward",
    hint="dx treats mean and variance as constants. They are made of the same x: each "
    "x_i also acts through the mean and through the variance.",
)
def takes_the_statistics_as_constants(dout, cache):
    _, gamma, inv_std, _, _, dbeta, dgamma = _backward(dout, cache)
    return gamma * inv_std * dout, dgamma, dbeta


@misconception(
    "batchnorm_backward",
    hint="dx has the way through the mean but not the one through the variance. The "
    "products of dx with the inputs must add up to (nearly) nothing.",
)
def forgets_the_variance(dout, cache):
    _, gamma, inv_std, _, m, dbeta, dgamma = _backward(dout, cache)
    return gamma * inv_std * (dout - dbeta / m), dgamma, dbeta


@misconception(
    "batchnorm_backward",
    hint="dx has the way through the variance but not the one through the mean. dx "
    "must add up to zero in each channel.",
)
def forgets_the_mean(dout, cache):
    x_hat, gamma, inv_std, _, m, dbeta, dgamma = _backward(dout, cache)
    return gamma * inv_std * (dout - x_hat * dgamma / m), dgamma, dbeta


@misconception(
    "batchnorm_backward",
    hint="gamma is missing in dx: the gradient passes the scale before it reaches the "
    "normalised numbers.",
)
def forgets_gamma(dout, cache):
    x_hat, _, inv_std, _, m, dbeta, dgamma = _backward(dout, cache)
    return inv_std * (dout - dbeta / m - x_hat * dgamma / m), dgamma, dbeta


@misconception(
    "batchnorm_backward",
    hint="dx divides by N, the number of images. m counts all the numbers of a "
    "channel: N times H times W.",
)
def counts_images_only(dout, cache):
    x_hat, gamma, inv_std, _, _, dbeta, dgamma = _backward(dout, cache)
    m = len(dout)
    dx = gamma * inv_std * (dout - dbeta / m - x_hat * dgamma / m)
    return dx, dgamma, dbeta


@misconception(
    "batchnorm_backward",
    hint="dgamma and dbeta were averaged. One gamma serves every number of its "
    "channel, and all their shares of the gradient add up.",
)
def averages_the_parameters(dout, cache):
    x_hat, gamma, inv_std, _, m, dbeta, dgamma = _backward(dout, cache)
    dx = gamma * inv_std * (dout - dbeta / m - x_hat * dgamma / m)
    return dx, dgamma / m, dbeta / m


@misconception(
    "batchnorm_backward",
    hint="The gradients came in another order: dx, dgamma, dbeta.",
)
def exchanges_gamma_and_beta(dout, cache):
    x_hat, gamma, inv_std, _, m, dbeta, dgamma = _backward(dout, cache)
    dx = gamma * inv_std * (dout - dbeta / m - x_hat * dgamma / m)
    return dx, dbeta, dgamma


# batchnorm_inference


@misconception(
    "batchnorm_inference",
    hint="The batch's own mean and variance were used. Afterwards an image must get "
    "the same answer in any company: use the running state.",
)
def uses_the_batch(x, gamma, beta, running_mean, running_var, epsilon=1e-3):
    axes = tuple(range(x.ndim - 1))
    x_hat = (x - x.mean(axis=axes)) / np.sqrt(x.var(axis=axes) + epsilon)
    return gamma * x_hat + beta


@misconception(
    "batchnorm_inference",
    hint="epsilon was added to the standard deviation. It belongs under the root: "
    "sqrt(var + epsilon).",
)
def adds_epsilon_outside(x, gamma, beta, running_mean, running_var, epsilon=1e-3):
    return gamma * (x - running_mean) / (np.sqrt(running_var) + epsilon) + beta


@misconception(
    "batchnorm_inference",
    hint="You divided by the variance. Its square root is what makes the numbers "
    "standard.",
)
def divides_by_the_variance(x, gamma, beta, running_mean, running_var, epsilon=1e-3):
    return gamma * (x - running_mean) / (running_var + epsilon) + beta


@misconception(
    "batchnorm_inference",
    hint="gamma and beta are missing. Scale and shift were learned in training and "
    "belong to the network.",
)
def forgets_scale_and_shift(x, gamma, beta, running_mean, running_var, epsilon=1e-3):
    return (x - running_mean) / np.sqrt(running_var + epsilon)


# fold_batchnorm


@misconception(
    "fold_batchnorm",
    hint="The old bias was added unscaled. It goes through the normalisation like all "
    "the rest: (b - running_mean) times the scale, plus beta.",
)
def leaves_the_bias_unscaled(
    w, b, gamma, beta, running_mean, running_var, epsilon=1e-3
):
    scale = gamma / np.sqrt(running_var + epsilon)
    return w * scale, b - running_mean * scale + beta


@misconception(
    "fold_batchnorm",
    hint="The old bias got lost: the normalisation sees w x + b, not w x.",
)
def loses_the_bias(w, b, gamma, beta, running_mean, running_var, epsilon=1e-3):
    scale = gamma / np.sqrt(running_var + epsilon)
    return w * scale, beta - running_mean * scale


@misconception(
    "fold_batchnorm",
    hint="The running mean is missing in the new bias: it is subtracted from every "
    "output before the scale.",
)
def forgets_the_running_mean(
    w, b, gamma, beta, running_mean, running_var, epsilon=1e-3
):
    scale = gamma / np.sqrt(running_var + epsilon)
    return w * scale, b * scale + beta


@misconception(
    "fold_batchnorm",
    hint="The scale was laid along the input channels. There is one scale per FILTER, "
    "and filters are the last axis of the kernel.",
)
def scales_the_input_channels(
    w, b, gamma, beta, running_mean, running_var, epsilon=1e-3
):
    scale = gamma / np.sqrt(running_var + epsilon)
    along = np.resize(scale, w.shape[-2])
    return w * along[:, None], (b - running_mean) * scale + beta


@misconception(
    "fold_batchnorm",
    hint="The kernel was divided by the variance; it must be its root, with epsilon "
    "under it.",
)
def folds_with_the_variance(w, b, gamma, beta, running_mean, running_var, epsilon=1e-3):
    scale = gamma / (running_var + epsilon)
    return w * scale, (b - running_mean) * scale + beta


# lrn


def _lrn(x, k, alpha, beta, first, last):
    """first(i) and last(i) bound the neighbourhood of channel i."""
    out = np.empty_like(x)
    for i in range(x.shape[-1]):
        near = x[..., max(0, first(i)) : last(i) + 1]
        out[..., i] = x[..., i] / (k + alpha * (near**2).sum(axis=-1)) ** beta
    return out


@misconception(
    "lrn",
    hint="The neighbourhood reaches n channels to each side. It is n channels in all: "
    "n // 2 to each side. (In TensorFlow, depth_radius = n // 2.)",
)
def takes_n_for_the_radius(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    return _lrn(x, k, alpha, beta, lambda i: i - n, lambda i: i + n)


@misconception(
    "lrn",
    hint="The last channel of the neighbourhood is missing. The sum includes channel "
    "i + n // 2; the end of a slice is not in it.",
)
def loses_the_last_neighbour(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    return _lrn(x, k, alpha, beta, lambda i: i - n // 2, lambda i: i + n // 2 - 1)


@misconception(
    "lrn",
    hint="alpha was divided by n, as PyTorch does. AlexNet's formula and ours multiply "
    "the sum by alpha as it is.",
)
def divides_alpha_by_n(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    return _lrn(x, k, alpha / n, beta, lambda i: i - n // 2, lambda i: i + n // 2)


@misconception(
    "lrn",
    hint="The neighbourhood lies in the image, along the width. AlexNet's neighbours "
    "are CHANNELS at the same pixel.",
)
def looks_along_the_width(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    turned = x.swapaxes(2, 3)
    out = _lrn(turned, k, alpha, beta, lambda i: i - n // 2, lambda i: i + n // 2)
    return out.swapaxes(2, 3)


@misconception(
    "lrn",
    hint="The sum was raised to the power but k was added outside. The whole bracket, "
    "k plus alpha times the sum, is raised to beta.",
)
def adds_k_outside_the_power(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    bare = np.empty_like(x)
    for i in range(x.shape[-1]):
        near = x[..., max(0, i - n // 2) : i + n // 2 + 1]
        bare[..., i] = k + (alpha * (near**2).sum(axis=-1)) ** beta
    return x / bare


@misconception(
    "lrn",
    hint="The answers were added up without squaring them, so loud negative and "
    "positive neighbours cancel. The sum is of squares.",
)
def forgets_the_squares(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    out = np.empty_like(x)
    for i in range(x.shape[-1]):
        near = np.abs(x[..., max(0, i - n // 2) : i + n // 2 + 1])
        out[..., i] = x[..., i] / (k + alpha * near.sum(axis=-1)) ** beta
    return out


# dropout


@misconception(
    "dropout",
    hint="The survivors were not scaled up. With a share of rate gone, the rest must "
    "be multiplied by 1 / (1 - rate), so that the mean stays.",
)
def does_not_scale(x, rate, noise, training=True):
    return np.where(noise >= rate, x, 0) if training else x


@misconception(
    "dropout",
    hint="This is the older form: as it is in training, scaled down in evaluation. "
    "Inverted dropout scales up in training and leaves evaluation alone.",
)
def scales_in_evaluation(x, rate, noise, training=True):
    return np.where(noise >= rate, x, 0) if training else x * (1 - rate)


@misconception(
    "dropout",
    hint="You dropped what should stay. rate is the probability of being DROPPED: kept "
    "is where noise >= rate.",
)
def takes_rate_for_what_stays(x, rate, noise, training=True):
    return np.where(noise < rate, x / max(rate, 1e-12), 0) if training else x


@misconception(
    "dropout",
    hint="The survivors were divided by rate. They make up a share of 1 - rate: divide "
    "by that.",
)
def divides_by_rate(x, rate, noise, training=True):
    return np.where(noise >= rate, x / max(rate, 1e-12), 0) if training else x


@misconception(
    "dropout",
    hint="Elements were dropped in evaluation. With training=False the result is x.",
)
def drops_in_evaluation(x, rate, noise, training=True):
    return np.where(noise >= rate, x / (1 - rate), 0)


# smooth_labels


def _one_hot(labels, classes):
    return np.eye(classes)[labels]


@misconception(
    "smooth_labels",
    hint="epsilon was spread over the wrong classes only. The uniform distribution has "
    "1 / K for every class, the right one too: it keeps 1 - epsilon + epsilon / K.",
)
def spares_the_right_class(labels, classes, epsilon):
    q = _one_hot(labels, classes)
    return q * (1 - epsilon) + (1 - q) * epsilon / (classes - 1)


@misconception(
    "smooth_labels",
    hint="The rows do not add to 1: every class got epsilon instead of epsilon / K. u "
    "is a distribution.",
)
def adds_epsilon_to_all(labels, classes, epsilon):
    return _one_hot(labels, classes) * (1 - epsilon) + epsilon


@misconception(
    "smooth_labels",
    hint="The rows add to more than 1: the label itself was not reduced to "
    "1 - epsilon.",
)
def keeps_the_label_whole(labels, classes, epsilon):
    return _one_hot(labels, classes) + epsilon / classes


@misconception(
    "smooth_labels",
    hint="Label and uniform distribution have exchanged their shares: epsilon is the "
    "share of the uniform one.",
)
def exchanges_the_shares(labels, classes, epsilon):
    return epsilon * _one_hot(labels, classes) + (1 - epsilon) / classes
