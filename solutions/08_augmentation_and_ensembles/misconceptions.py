"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same numbers and gets the hint.
"""

import numpy as np

from grader.authoring import misconception


def _framed(x, pad):
    return np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def _cut(framed, rows, cols, size):
    h, w = size
    places = zip(framed, rows, cols, strict=True)
    return np.stack([image[i : i + h, j : j + w] for image, i, j in places])


def _in_dtype_of(x, values):
    if x.dtype == np.uint8:
        values = np.rint(np.clip(values, 0, 255))
    return np.asarray(values).astype(x.dtype)


# random_crop


@misconception(
    "random_crop",
    hint="All images were cut at the same place: one row and one column were drawn "
    "for the whole batch. Each image needs a place of its own.",
)
def cuts_all_at_one_place(x, size, rng, pad=0):
    framed = _framed(x, pad)
    row = rng.integers(0, framed.shape[1] - size[0] + 1)
    col = rng.integers(0, framed.shape[2] - size[1] + 1)
    return _cut(framed, [row] * len(x), [col] * len(x), size)


@misconception(
    "random_crop",
    hint="The last place is never drawn. A window of 3 in 5 pixels can begin at 0, "
    "1 or 2: three places, H - h + 1. And rng.integers leaves its upper bound out.",
)
def never_reaches_the_last_place(x, size, rng, pad=0):
    framed = _framed(x, pad)
    rows = rng.integers(0, max(framed.shape[1] - size[0], 1), len(x))
    cols = rng.integers(0, max(framed.shape[2] - size[1], 1), len(x))
    return _cut(framed, rows, cols, size)


@misconception(
    "random_crop",
    hint="Height and width are exchanged: size is (h, w), rows first, as in shapes "
    "of arrays.",
)
def exchanges_height_and_width(x, size, rng, pad=0):
    framed, size = _framed(x, pad), (size[1], size[0])
    rows = rng.integers(0, framed.shape[1] - size[0] + 1, len(x))
    cols = rng.integers(0, framed.shape[2] - size[1] + 1, len(x))
    return _cut(framed, rows, cols, size)


@misconception(
    "random_crop",
    hint="Every call gives the same crops, for a new generator is made inside the "
    "function. Draw from rng: it goes on from call to call.",
)
def makes_its_own_generator(x, size, rng, pad=0):
    rng, framed = np.random.default_rng(0), _framed(x, pad)
    rows = rng.integers(0, framed.shape[1] - size[0] + 1, len(x))
    cols = rng.integers(0, framed.shape[2] - size[1] + 1, len(x))
    return _cut(framed, rows, cols, size)


@misconception(
    "random_crop",
    hint="The places come from np.random, NumPy's global generator, which anybody "
    "may have used in between: nothing can be repeated. Draw from rng.",
)
def draws_from_the_global_generator(x, size, rng, pad=0):
    framed = _framed(x, pad)
    rows = np.random.randint(0, framed.shape[1] - size[0] + 1, len(x))
    cols = np.random.randint(0, framed.shape[2] - size[1] + 1, len(x))
    return _cut(framed, rows, cols, size)


@misconception(
    "random_crop",
    hint="The frame of zeros is there, but the places are drawn as if it were not. "
    "With a frame the image is H + 2 pad rows high, and windows may begin further "
    "down.",
)
def forgets_the_frame_when_drawing(x, size, rng, pad=0):
    rows = rng.integers(0, max(x.shape[1] - size[0], 0) + 1, len(x))
    cols = rng.integers(0, max(x.shape[2] - size[1], 0) + 1, len(x))
    return _cut(_framed(x, pad), rows, cols, size)


@misconception(
    "random_crop",
    hint="Row and column come from one and the same draw, so windows only begin "
    "along a diagonal. Draw both.",
)
def stays_on_a_diagonal(x, size, rng, pad=0):
    framed, share = _framed(x, pad), rng.random(len(x))
    rows = (share * (framed.shape[1] - size[0] + 1)).astype(int)
    cols = (share * (framed.shape[2] - size[1] + 1)).astype(int)
    return _cut(framed, rows, cols, size)


# random_flip


def _flip(x, labels, chosen, after):
    images = np.where(chosen[:, None, None, None], x[:, :, ::-1], x)
    return images, np.where(chosen, after, labels)


@misconception(
    "random_flip",
    hint="The images stand on their heads: rows were reversed. In (N, H, W, C), "
    "left and right are the axis W.",
)
def turns_upside_down(x, labels, becomes, rng, p=0.5):
    after = becomes[labels]
    chosen = (rng.random(len(x)) < p) & (after >= 0)
    images = np.where(chosen[:, None, None, None], x[:, ::-1], x)
    return images, np.where(chosen, after, labels)


@misconception(
    "random_flip",
    hint="The images were mirrored, but their labels stayed. An arrow to the left "
    "is an arrow to the right in the mirror: becomes says what a class turns into.",
)
def keeps_the_labels(x, labels, becomes, rng, p=0.5):
    after = becomes[labels]
    chosen = (rng.random(len(x)) < p) & (after >= 0)
    return _flip(x, labels, chosen, labels)


@misconception(
    "random_flip",
    hint="Images whose mirror image is of no class were mirrored too. Where becomes "
    "has -1 an image must stay as it is, and keep its label.",
)
def mirrors_what_it_must_not(x, labels, becomes, rng, p=0.5):
    return _flip(x, labels, rng.random(len(x)) < p, becomes[labels])


@misconception(
    "random_flip",
    hint="One coin was thrown for the whole batch: all images are mirrored, or "
    "none. Each needs its own.",
)
def throws_one_coin(x, labels, becomes, rng, p=0.5):
    after = becomes[labels]
    return _flip(x, labels, (rng.random() < p) & (after >= 0), after)


@misconception(
    "random_flip",
    hint="Always the same number of images is mirrored. p is the probability of each "
    "image, drawn for by itself: of ten there are now four, now seven.",
)
def mirrors_always_as_many(x, labels, becomes, rng, p=0.5):
    after = becomes[labels]
    chosen = np.zeros(len(x), bool)
    chosen[rng.permutation(len(x))[: round(p * len(x))]] = True
    return _flip(x, labels, chosen & (after >= 0), after)


@misconception(
    "random_flip",
    hint="Classes that become class 0 are never mirrored: 0 counts as false, and is "
    "not more than 0. Only -1 is no class.",
)
def takes_class_0_for_none(x, labels, becomes, rng, p=0.5):
    after = becomes[labels]
    return _flip(x, labels, (rng.random(len(x)) < p) & (after > 0), after)


@misconception(
    "random_flip",
    hint="p is exchanged with 1 - p: with p = 1 nothing is mirrored. A number from "
    "[0, 1) is less than p with probability p.",
)
def mirrors_the_others(x, labels, becomes, rng, p=0.5):
    after = becomes[labels]
    return _flip(x, labels, (rng.random(len(x)) >= p) & (after >= 0), after)


@misconception(
    "random_flip",
    hint="The result is right, but x was changed on the way: the caller's images "
    "are mirrored now, for good. Work on a copy.",
)
def mirrors_in_place(x, labels, becomes, rng, p=0.5):
    after = becomes[labels]
    chosen = (rng.random(len(x)) < p) & (after >= 0)
    x[chosen] = x[chosen][:, :, ::-1]
    return x, np.where(chosen, after, labels)


@misconception(
    "random_flip",
    hint="Every call mirrors the same images, for a new generator is made inside "
    "the function. Draw from rng: it goes on from call to call.",
)
def starts_the_coins_anew(x, labels, becomes, rng, p=0.5):
    after = becomes[labels]
    coins = np.random.default_rng(0).random(len(x))
    return _flip(x, labels, (coins < p) & (after >= 0), after)


# rotate


def _places(x, degrees, middle=None):
    """Rows and columns of x that the result's pixels come from."""
    _, height, width, _ = x.shape
    angle = np.deg2rad(degrees)
    middle = ((height - 1) / 2, (width - 1) / 2) if middle is None else middle
    down, right = np.mgrid[:height, :width]
    down, right = down - middle[0], right - middle[1]
    rows = np.cos(angle) * down + np.sin(angle) * right + middle[0]
    cols = np.cos(angle) * right - np.sin(angle) * down + middle[1]
    return rows, cols


def _sampled(x, rows, cols):
    """Bilinear interpolation with zeros outside, as floats."""
    _, height, width, _ = x.shape
    rows, cols = np.clip(rows, -1, height), np.clip(cols, -1, width)
    top, left = np.floor(rows).astype(int), np.floor(cols).astype(int)
    framed = np.pad(x, ((0, 0), (1, 2), (1, 2), (0, 0)))
    out = np.zeros(x.shape)
    for i in (top, top + 1):
        for j in (left, left + 1):
            share = (1 - np.abs(rows - i)) * (1 - np.abs(cols - j))
            out += share[..., None] * framed[:, i + 1, j + 1]
    return out


@misconception(
    "rotate",
    hint="The images turn to the right. Rows run down, so that the formulas of a "
    "textbook, whose y runs up, turn the other way; and a place in the result is "
    "taken back, by minus the angle.",
)
def turns_clockwise(x, degrees):
    return _in_dtype_of(x, _sampled(x, *_places(x, -degrees)))


@misconception(
    "rotate",
    hint="cos and sin take radians: 180 degrees are pi. Convert first.",
)
def takes_degrees_for_radians(x, degrees):
    return _in_dtype_of(x, _sampled(x, *_places(x, np.rad2deg(degrees))))


@misconception(
    "rotate",
    hint="The images turn about their top left pixel and swing out of the picture. "
    "Subtract the middle before the turn and add it again afterwards.",
)
def turns_about_the_corner(x, degrees):
    return _in_dtype_of(x, _sampled(x, *_places(x, degrees, (0, 0))))


@misconception(
    "rotate",
    hint="The middle is half a pixel off: rows go from 0 to H - 1, so their middle "
    "is (H - 1) / 2. Three pixels have theirs at 1, not at 1.5.",
)
def turns_about_half_the_size(x, degrees):
    middle = x.shape[1] / 2, x.shape[2] / 2
    return _in_dtype_of(x, _sampled(x, *_places(x, degrees, middle)))


@misconception(
    "rotate",
    hint="A negative place counts from the other end: what comes in at the top is the "
    "last row of the image. Outside there are zeros, on all four sides.",
)
def wraps_around(x, degrees):
    rows, cols = _places(x, degrees)
    top, left = np.floor(rows).astype(int), np.floor(cols).astype(int)
    out = np.zeros(x.shape)
    for i in (top, top + 1):
        for j in (left, left + 1):
            share = (1 - np.abs(rows - i)) * (1 - np.abs(cols - j))
            out += share[..., None] * x[:, i % x.shape[1], j % x.shape[2]]
    return _in_dtype_of(x, out)


@misconception(
    "rotate",
    hint="int() and astype(int) cut towards zero: -0.3 becomes 0, not -1. The pixels "
    "around a place begin at its floor, also above and to the left of the image.",
)
def cuts_places_towards_zero(x, degrees):
    rows, cols = _places(x, degrees)
    _, height, width, _ = x.shape
    top, left = rows.astype(int), cols.astype(int)
    out = np.zeros(x.shape)
    for i in (top, top + 1):
        for j in (left, left + 1):
            share = (1 - np.abs(rows - i)) * (1 - np.abs(cols - j))
            share *= (i >= 0) & (i < height) & (j >= 0) & (j < width)
            pixels = x[:, np.clip(i, 0, height - 1), np.clip(j, 0, width - 1)]
            out += share[..., None] * pixels
    return _in_dtype_of(x, out)


@misconception(
    "rotate",
    hint="Each pixel was taken from the nearest place. Bilinear interpolation mixes "
    "the four pixels around a place, the nearer the more.",
)
def takes_the_nearest_pixel(x, degrees):
    rows, cols = _places(x, degrees)
    return _in_dtype_of(x, _sampled(x, np.rint(rows), np.rint(cols)))


@misconception(
    "rotate",
    hint="Places outside the image were given the pixel at its edge. Outside there "
    "are zeros.",
)
def repeats_the_edge(x, degrees):
    rows, cols = _places(x, degrees)
    rows, cols = np.clip(rows, 0, x.shape[1] - 1), np.clip(cols, 0, x.shape[2] - 1)
    return _in_dtype_of(x, _sampled(x, rows, cols))


@misconception(
    "rotate",
    hint="What falls between the last pixel and the zeros around the image was "
    "dropped. Less than one pixel outside, the pixel at the edge still has its "
    "share.",
)
def drops_what_is_partly_outside(x, degrees):
    rows, cols = _places(x, degrees)
    # A quarter turn's rounding errors are not outside.
    inside = (rows > -1e-9) & (rows < x.shape[1] - 1 + 1e-9)
    inside &= (cols > -1e-9) & (cols < x.shape[2] - 1 + 1e-9)
    return _in_dtype_of(x, _sampled(x, rows, cols) * inside[..., None])


@misconception(
    "rotate",
    hint="Decimals were cut off in uint8 images: astype cuts 254.99 down to 254. "
    "Round first.",
)
def cuts_decimals_off(x, degrees):
    return _sampled(x, *_places(x, degrees)).astype(x.dtype)


# contrast_stretch


def _stretched(x, low, high, *, axis=(1, 2, 3), white=None, clip=True, flat=None):
    """Between percentiles along some axes; `flat` fills images without contrast."""
    white = (255 if x.dtype == np.uint8 else 1) if white is None else white
    a, b = np.percentile(x.astype(float), [low, high], axis=axis, keepdims=True)
    share = (x - a) / np.where(a < b, b - a, 1)
    share = np.clip(share, 0, 1) if clip else share
    return np.where(a < b, white * share, x if flat is None else flat)


@misconception(
    "contrast_stretch",
    hint="The percentiles are those of the whole batch. Each image is stretched by "
    "itself: its company must not matter.",
)
def stretches_the_whole_batch(x, low=2, high=98):
    return _in_dtype_of(x, _stretched(x, low, high, axis=(0, 1, 2, 3)))


@misconception(
    "contrast_stretch",
    hint="Every colour was stretched by itself, which changes the hues: a red image "
    "turns grey. Take the percentiles over all channels of the image.",
)
def stretches_each_channel(x, low=2, high=98):
    return _in_dtype_of(x, _stretched(x, low, high, axis=(1, 2)))


@misconception(
    "contrast_stretch",
    hint="This stretches from the darkest value to the brightest. A single white "
    "pixel would spoil it; that is what the percentiles low and high are for.",
)
def stretches_from_least_to_most(x, low=2, high=98):
    return _in_dtype_of(x, _stretched(x, 0, 100))


@misconception(
    "contrast_stretch",
    hint="low and high are per cent: np.percentile takes 2 and 98 as they are, and "
    "only np.quantile takes 0.02 and 0.98.",
)
def takes_shares_for_per_cent(x, low=2, high=98):
    return _in_dtype_of(x, _stretched(x, low / 100, high / 100))


@misconception(
    "contrast_stretch",
    hint="What lies beyond the two percentiles was not cut off: it gets darker than "
    "black and brighter than white, and in uint8 it wraps around.",
)
def does_not_cut_off(x, low=2, high=98):
    values = _stretched(x, low, high, clip=False)
    if x.dtype == np.uint8:
        return np.rint(values).astype(np.int64).astype(np.uint8)
    return values


@misconception(
    "contrast_stretch",
    hint="Floats were stretched to 255. Their white is 1; 255 is the white of uint8.",
)
def makes_floats_as_large_as_bytes(x, low=2, high=98):
    return _in_dtype_of(x, _stretched(x, low, high, white=255))


@misconception(
    "contrast_stretch",
    hint="An image without contrast became black. Where both percentiles are the "
    "same, there is nothing to stretch: leave it as it is.",
)
def blackens_flat_images(x, low=2, high=98):
    return _in_dtype_of(x, _stretched(x, low, high, flat=0))


# equalize


def _equalized(levels, *, first=True, strictly=False, flat_black=False):
    """One array of levels as a whole, of any shape."""
    counts = np.bincount(levels.ravel(), minlength=256)
    up_to = np.cumsum(counts)
    darkest = up_to[levels.min()]
    if darkest == levels.size:
        return np.zeros_like(levels) if flat_black else levels.copy()
    if strictly:
        table = 255 * (up_to - counts) / levels.size
    elif first:
        table = 255 * (up_to - darkest) / (levels.size - darkest)
    else:
        table = 255 * up_to / levels.size
    return np.rint(np.clip(table, 0, 255)).astype(np.uint8)[levels]


def _channel_by_channel(x, **how):
    out = np.empty_like(x)
    for n, c in np.ndindex(len(x), x.shape[-1]):
        out[n, :, :, c] = _equalized(x[n, :, :, c], **how)
    return out


@misconception(
    "equalize",
    hint="The darkest level did not become black: subtract its count from all the "
    "sums, in the denominator too.",
)
def keeps_a_floor(x):
    return _channel_by_channel(x, first=False)


@misconception(
    "equalize",
    hint="The brightest level did not become white: the count of the darkest level "
    "leaves the denominator as well, which is n - c_min.",
)
def divides_by_all_pixels(x):
    out = x.copy()
    for n, c in np.ndindex(len(x), x.shape[-1]):
        levels = x[n, :, :, c]
        up_to = np.cumsum(np.bincount(levels.ravel()))
        darkest = up_to[levels.min()]
        if darkest < levels.size:
            table = np.clip(255 * (up_to - darkest) / levels.size, 0, 255)
            out[n, :, :, c] = np.rint(table)[levels]
    return out


@misconception(
    "equalize",
    hint="You counted the pixels that are darker than a level. The pixels of the "
    "level itself belong to its sum: darker or equal.",
)
def counts_darker_pixels_only(x):
    return _channel_by_channel(x, strictly=True)


@misconception(
    "equalize",
    hint="The levels of all channels were counted together. Each channel of an "
    "image has its own histogram.",
)
def counts_all_channels_together(x):
    return np.stack([_equalized(image) for image in x])


@misconception(
    "equalize",
    hint="The levels of the whole batch were counted together. Each image has its "
    "own histogram: its company must not matter.",
)
def counts_the_whole_batch(x):
    channels = [_equalized(x[..., c]) for c in range(x.shape[-1])]
    return np.stack(channels, axis=-1)


@misconception(
    "equalize",
    hint="A channel of a single level became black: there the formula divides 0 by "
    "0. Leave such a channel as it is.",
)
def blackens_flat_channels(x):
    return _channel_by_channel(x, flat_black=True)


# tta_predict


@misconception(
    "tta_predict",
    hint="You averaged the images and predicted once. A blurred mixture of views is "
    "an image that nobody has ever seen; average the predictions instead.",
)
def averages_the_images(predict, x, views):
    return predict(np.mean([view(x) for view in views], axis=0))


@misconception(
    "tta_predict",
    hint="The prediction for x itself was added to the mean. Only the views in the "
    "list count; whoever wants x as it is lists it.",
)
def adds_the_original(predict, x, views):
    return np.mean([predict(x), *(predict(view(x)) for view in views)], axis=0)


@misconception(
    "tta_predict",
    hint="Each view was made from the one before. All views are views of x.",
)
def chains_the_views(predict, x, views):
    total = 0
    for view in views:
        x = view(x)
        total = total + predict(x)
    return total / len(views)


@misconception(
    "tta_predict",
    hint="This is the sum over the views. Divided by their number it is the mean, "
    "and probabilities still add up to 1.",
)
def adds_without_dividing(predict, x, views):
    return np.sum([predict(view(x)) for view in views], axis=0)


@misconception(
    "tta_predict",
    hint="Each view was averaged with the result so far, so the last one counts half "
    "and the first ones hardly. In a plain mean all count the same.",
)
def halves_again_and_again(predict, x, views):
    mean = predict(views[0](x))
    for view in views[1:]:
        mean = (mean + predict(view(x))) / 2
    return mean


@misconception(
    "tta_predict",
    hint="This is the largest score over the views: the surest one decides alone. "
    "Take the mean.",
)
def takes_the_surest_view(predict, x, views):
    return np.max([predict(view(x)) for view in views], axis=0)


# ensemble_predict


def _votes(scores):
    classes = np.arange(scores.shape[-1])
    return scores.argmax(axis=-1)[..., None] == classes


@misconception(
    "ensemble_predict",
    hint="vote made no difference. With vote=True a model's scores are replaced by "
    "a single 1 for its best class.",
)
def never_votes(models, x, vote=False):
    return np.mean([model(x) for model in models], axis=0)


@misconception(
    "ensemble_predict",
    hint="These are counts of votes. Divide by the number of models: shares add up "
    "to 1.",
)
def counts_votes(models, x, vote=False):
    scores = np.stack([model(x) for model in models])
    return _votes(scores).sum(axis=0) if vote else scores.mean(axis=0)


@misconception(
    "ensemble_predict",
    hint="The models were averaged first, and then the mean had the only vote. Let "
    "each model vote, then average the votes.",
)
def averages_before_the_vote(models, x, vote=False):
    mean = np.mean([model(x) for model in models], axis=0)
    return _votes(mean).astype(float) if vote else mean


@misconception(
    "ensemble_predict",
    hint="A model with several best classes voted for all of them. Its one vote "
    "goes to the smallest class number.",
)
def votes_for_all_that_are_best(models, x, vote=False):
    scores = np.stack([model(x) for model in models])
    if vote:
        scores = scores == scores.max(axis=-1, keepdims=True)
    return scores.mean(axis=0)


@misconception(
    "ensemble_predict",
    hint="A model with several best classes voted for the last of them. Its vote "
    "goes to the smallest class number.",
)
def votes_for_the_last_that_is_best(models, x, vote=False):
    scores = np.stack([model(x) for model in models])
    if vote:
        scores = _votes(scores[..., ::-1])[..., ::-1]
    return scores.mean(axis=0)


@misconception(
    "ensemble_predict",
    hint="You returned class numbers. What is asked for are scores, (N, K): the "
    "mean or the shares of the votes; the best class is found later.",
)
def returns_classes(models, x, vote=False):
    scores = np.stack([model(x) for model in models])
    return (_votes(scores) if vote else scores).mean(axis=0).argmax(axis=-1)


# topk_error


@misconception(
    "topk_error",
    hint="This is the accuracy: the share of labels that are among the first k. The "
    "error is the rest.",
)
def returns_the_accuracy(scores, labels, k=1):
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.mean((best == labels[:, None]).any(axis=1))


@misconception(
    "topk_error",
    hint="You looked among the k smallest scores: argsort begins with the smallest.",
)
def looks_among_the_worst(scores, labels, k=1):
    worst = np.argsort(scores, axis=1, kind="stable")[:, :k]
    return 1 - np.mean((worst == labels[:, None]).any(axis=1))


@misconception(
    "topk_error",
    hint="Among equal scores the larger class number came first: an ascending order "
    "read backwards turns ties around too. The smaller class number comes first.",
)
def gives_ties_to_the_larger_class(scores, labels, k=1):
    best = np.argsort(scores, axis=1, kind="stable")[:, ::-1][:, :k]
    return 1 - np.mean((best == labels[:, None]).any(axis=1))


@misconception(
    "topk_error",
    hint="All classes with the same score got the same place, so that more than k "
    "may be among the first k: a model that gives all classes the same score would "
    "never be wrong. Among equal ones the smaller class number comes first.",
)
def lets_ties_share_a_place(scores, labels, k=1):
    own = scores[np.arange(len(labels)), labels]
    ahead = (scores > own[:, None]).sum(axis=1)
    return np.mean(ahead >= k)


@misconception(
    "topk_error",
    hint="Every label was looked for among the guesses of all examples: `label in "
    "best` searches the whole array. Look in its own row.",
)
def looks_in_all_rows(scores, labels, k=1):
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.mean([label not in best for label in labels])


@misconception(
    "topk_error",
    hint="The mean runs over all guesses, of which at most one in k can be right. "
    "First ask for each example whether any of its guesses is the label.",
)
def averages_over_the_guesses(scores, labels, k=1):
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return 1 - np.mean(best == labels[:, None])


@misconception(
    "topk_error",
    hint="One guess too many: the first k are [:k], and classes that are ahead may be "
    "k - 1 at most.",
)
def takes_one_guess_more(scores, labels, k=1):
    best = np.argsort(-scores, axis=1, kind="stable")[:, : k + 1]
    return 1 - np.mean((best == labels[:, None]).any(axis=1))


@misconception(
    "topk_error",
    hint="A label that shares its score with another class counts as wrong, whichever "
    "comes first. Among equal scores the smaller class number comes first.",
)
def counts_ties_as_wrong(scores, labels, k=1):
    own = scores[np.arange(len(labels)), labels]
    return np.mean((scores >= own[:, None]).sum(axis=1) > k)


@misconception(
    "topk_error",
    hint="Only the k-th guess was compared with the label. Any of the first k may "
    "be right.",
)
def looks_at_the_last_guess_only(scores, labels, k=1):
    best = np.argsort(-scores, axis=1, kind="stable")
    return 1 - np.mean(best[:, min(k, best.shape[1]) - 1] == labels)


@misconception(
    "topk_error",
    hint="This is how many are wrong. The error is a share: divide by the number of "
    "examples.",
)
def counts_the_misses(scores, labels, k=1):
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.sum(~(best == labels[:, None]).any(axis=1))
