"""Right answers written differently: every one must get full marks."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from grader.authoring import alternative

# random_crop


@alternative("random_crop")
def crop_by_crop(x, size, rng, pad=0):
    """Column before row, image after image, into a result of zeros."""
    (h, w), (images, height, width, channels) = size, x.shape
    out = np.zeros((images, h, w, channels), x.dtype)
    for n in range(images):
        col = int(rng.random() * (width + 2 * pad - w + 1))
        row = int(rng.random() * (height + 2 * pad - h + 1))
        frame = np.zeros((height + 2 * pad, width + 2 * pad, channels), x.dtype)
        frame[pad : pad + height, pad : pad + width] = x[n]
        out[n] = frame[row : row + h, col : col + w]
    return out


@alternative("random_crop")
def one_number_for_both(x, size, rng, pad=0):
    """All windows as a view; one draw chooses among all of them."""
    framed = np.pad(x, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
    views = sliding_window_view(framed, tuple(size), axis=(1, 2))
    down, across = views.shape[1:3]
    chosen = rng.choice(down * across, size=len(x), replace=True)
    crops = views[np.arange(len(x)), chosen // across, chosen % across]
    return np.moveaxis(crops, 1, -1)


@alternative("random_crop")
def inclusive_bounds(x, size, rng, pad=0):
    h, w = size
    crops = []
    for image in x:
        image = np.pad(image, ((pad, pad), (pad, pad), (0, 0)))
        i = rng.integers(image.shape[0] - h, endpoint=True)
        j = rng.integers(image.shape[1] - w, endpoint=True)
        crops.append(image[i:][:h][:, j:][:, :w])
    return np.array(crops)


# random_flip


@alternative("random_flip")
def image_by_image(x, labels, becomes, rng, p=0.5):
    """Draws only where a mirror image is of some class."""
    images, new = x.copy(), labels.copy().astype(int)
    for n, label in enumerate(labels):
        if becomes[label] >= 0 and rng.random() < p:
            images[n] = np.fliplr(x[n])
            new[n] = becomes[label]
    return images, new


@alternative("random_flip")
def a_binomial_coin(x, labels, becomes, rng, p=0.5):
    images, new = np.array(x), [int(label) for label in labels]
    coins = rng.binomial(1, p, size=len(x)).astype(bool)
    for n in np.flatnonzero(coins):
        target = becomes[new[n]]
        if target != -1:
            images[n] = images[n, :, ::-1].copy()
            new[n] = int(target)
    return [images, new]


@alternative("random_flip")
def by_a_choice(x, labels, becomes, rng, p=0.5):
    coins = rng.choice([True, False], p=[p, 1 - p], size=len(x))
    coins &= np.take(becomes, labels) >= 0
    columns = np.arange(x.shape[2])
    order = np.where(coins[:, None], columns[::-1], columns)
    images = np.take_along_axis(x, order[:, None, :, None], axis=2)
    new = np.array(labels, int)
    new[coins] = np.asarray(becomes)[labels[coins]]
    return images, new


# rotate


@alternative("rotate")
def pixel_by_pixel(x, degrees):
    """Plain loops over the result, and over the pixels around a place."""
    images, height, width, channels = x.shape
    c, s = np.cos(degrees * np.pi / 180), np.sin(degrees * np.pi / 180)
    out = np.zeros((images, height, width, channels))
    for row in range(height):
        for col in range(width):
            up, right = (height - 1) / 2 - row, col - (width - 1) / 2
            # Turned back: to the right.
            up, right = c * up - s * right, s * up + c * right
            y, z = (height - 1) / 2 - up, right + (width - 1) / 2
            for i in (int(np.floor(y)), int(np.floor(y)) + 1):
                for j in (int(np.floor(z)), int(np.floor(z)) + 1):
                    if 0 <= i < height and 0 <= j < width:
                        part = (1 - abs(y - i)) * (1 - abs(z - j))
                        out[:, row, col] += part * x[:, i, j]
    if x.dtype == np.uint8:
        return np.floor(np.clip(out, 0, 255) + 0.5).astype(np.uint8)
    return out


@alternative("rotate")
def as_a_matrix(x, degrees):
    """Hat functions for all pairs of places: one matrix that turns any image."""
    _, height, width, _ = x.shape
    turn = np.exp(1j * np.deg2rad(degrees))
    rows, cols = np.indices((height, width))
    place = (cols - (width - 1) / 2) - 1j * (rows - (height - 1) / 2)
    source = place / turn
    z = source.real + (width - 1) / 2
    y = (height - 1) / 2 - source.imag
    down = np.maximum(0, 1 - np.abs(y[..., None] - np.arange(height)))
    across = np.maximum(0, 1 - np.abs(z[..., None] - np.arange(width)))
    out = np.einsum("rci,rcj,nijk->nrck", down, across, x.astype(float))
    return out.round().astype(np.uint8) if x.dtype == np.uint8 else out


@alternative("rotate")
def in_single_precision(x, degrees):
    """With a mask for what lies outside, in float32 throughout."""
    _, height, width, _ = x.shape
    t = np.float32(np.deg2rad(degrees % 360))
    v = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
    u = np.arange(width, dtype=np.float32)[None] - np.float32((width - 1) / 2)
    y = v * np.cos(t) + u * np.sin(t) + np.float32((height - 1) / 2)
    z = u * np.cos(t) - v * np.sin(t) + np.float32((width - 1) / 2)
    total = np.zeros(x.shape, np.float32)
    for di in (0, 1):
        for dj in (0, 1):
            i, j = np.floor(y).astype(int) + di, np.floor(z).astype(int) + dj
            there = (i >= 0) & (i < height) & (j >= 0) & (j < width)
            part = (1 - np.abs(y - i)) * (1 - np.abs(z - j)) * there
            pixels = x[:, np.clip(i, 0, height - 1), np.clip(j, 0, width - 1)]
            total += part[None, ..., None] * pixels.astype(np.float32)
    return np.rint(total).astype(np.uint8) if x.dtype == np.uint8 else total


# contrast_stretch


@alternative("contrast_stretch")
def all_images_at_once(x, low=2, high=98):
    whole = x.dtype == np.uint8
    values = x.astype(np.float64)
    a, b = np.quantile(values, [low / 100, high / 100], axis=(1, 2, 3), keepdims=True)
    flat = a == b
    share = np.minimum(np.maximum(values - a, 0) / np.where(flat, 1, b - a), 1)
    out = np.where(flat, values, share * (255 if whole else 1))
    return np.floor(out + 0.5).astype(np.uint8) if whole else out.astype(x.dtype)


@alternative("contrast_stretch")
def by_interpolation(x, low=2, high=98):
    """Percentiles by sorting, the straight line with np.interp."""
    out = []
    for image in x:
        ordered = np.sort(image, axis=None).astype(np.float64)
        places = np.arange(ordered.size)
        ends = [
            np.interp(share / 100 * (ordered.size - 1), places, ordered)
            for share in (low, high)
        ]
        if ends[0] == ends[1]:
            out.append(image)
        elif image.dtype == np.uint8:
            out.append(np.rint(np.interp(image, ends, [0, 255])).astype(np.uint8))
        else:
            out.append(np.interp(image, ends, [0, 1]))
    return np.array(out)


# equalize


@alternative("equalize")
def by_sorting(x):
    """The place of each level's last pixel among all pixels, sorted."""
    out = np.empty(x.shape, np.uint8)
    for n in range(x.shape[0]):
        for c in range(x.shape[3]):
            ordered = np.sort(x[n, ..., c], axis=None)
            up_to = np.searchsorted(ordered, x[n, ..., c], side="right")
            least = int(np.sum(ordered == ordered[0]))
            if least == ordered.size:
                out[n, ..., c] = x[n, ..., c]
            else:
                share = (up_to - least) / (ordered.size - least)
                out[n, ..., c] = np.floor(255 * share + 0.5)
    return out


@alternative("equalize")
def by_unique_levels(x):
    planes = np.moveaxis(x, -1, 1).reshape(-1, x.shape[1] * x.shape[2])
    done = []
    for plane in planes:
        _, index, counts = np.unique(plane, return_inverse=True, return_counts=True)
        sums = counts.cumsum() - counts[0]
        table = np.round(255 * sums / sums[-1]) if sums[-1] else plane[:1]
        done.append(table[index.ravel()].astype(np.uint8))
    shape = len(x), x.shape[-1], x.shape[1], x.shape[2]
    return np.moveaxis(np.array(done).reshape(shape), 1, -1)


@alternative("equalize")
def in_whole_numbers(x):
    """Rounded in integer arithmetic: half of the divisor is added first."""
    out = x.copy()
    for n in range(len(x)):
        for c in range(x.shape[-1]):
            counts, _ = np.histogram(x[n, :, :, c], bins=np.arange(257))
            (there,) = np.nonzero(counts)
            least, total = int(counts[there[0]]), x.shape[1] * x.shape[2]
            if len(there) > 1:
                sums = np.maximum(np.cumsum(counts) - least, 0)
                table = (510 * sums + total - least) // (2 * (total - least))
                out[n, :, :, c] = table[x[n, :, :, c]]
    return out


# tta_predict


@alternative("tta_predict")
def a_running_sum(predict, x, views):
    total = 0.0
    for view in views:
        total = total + np.asarray(predict(view(x)), np.float64)
    return total / len(views)


@alternative("tta_predict")
def a_running_mean(predict, x, views):
    mean = np.asarray(predict(views[0](x)))
    for count, view in enumerate(views[1:], 2):
        mean = mean + (predict(view(x)) - mean) / count
    return mean


# ensemble_predict


@alternative("ensemble_predict")
def vote_by_vote(models, x, vote=False):
    total = 0
    for model in models:
        scores = np.asarray(model(x))
        if vote:
            votes = np.zeros(scores.shape)
            for row, line in enumerate(scores.tolist()):
                votes[row, line.index(max(line))] += 1
            scores = votes
        total = total + scores / len(models)
    return total


@alternative("ensemble_predict")
def votes_by_counting(models, x, vote=False):
    answers = np.array([model(x) for model in models])
    if not vote:
        return answers.sum(0) / len(answers)
    choices = np.argmax(answers, axis=2).T
    count = answers.shape[2]
    return np.array([np.bincount(row, minlength=count) / len(row) for row in choices])


@alternative("ensemble_predict")
def votes_from_an_identity(models, x, vote=False):
    answers = [np.asarray(model(x)) for model in models]
    if vote:
        answers = [np.eye(a.shape[1])[a.argmax(1)] for a in answers]
    return np.average(answers, axis=0)


# topk_error


@alternative("topk_error")
def by_rank(scores, labels, k=1):
    """How many classes are ahead of the label: better, or equal and smaller."""
    own = scores[np.arange(len(labels)), labels][:, None]
    before = np.arange(scores.shape[1]) < labels[:, None]
    ahead = (scores > own) | ((scores == own) & before)
    return float((ahead.sum(axis=1) >= k).mean())


@alternative("topk_error")
def example_by_example(scores, labels, k=1):
    wrong = 0
    for line, label in zip(scores.tolist(), labels.tolist(), strict=True):
        order = sorted(range(len(line)), key=lambda c: (-line[c], c))
        if label not in order[:k]:
            wrong += 1
    return wrong / len(labels)


@alternative("topk_error")
def guess_after_guess(scores, labels, k=1):
    left, open_ = np.array(scores, float), np.ones(len(labels), bool)
    for _ in range(min(k, scores.shape[1])):
        guess = left.argmax(axis=1)
        open_ &= guess != labels
        left[np.arange(len(labels)), guess] = -np.inf
    return np.count_nonzero(open_) / open_.size
