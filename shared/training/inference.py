"""Predicting with several views of an image or several models, and the top-k error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from shared.training.augmentation.safety import check_label_safe

View = Callable[[np.ndarray], np.ndarray]


class _Named:
    """A view with the name and strength that the table of safe changes asks for."""

    def __init__(self, name: str, strength: float, view: View) -> None:
        self.name, self.strength, self._view = name, strength, view

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return self._view(images)

    def __repr__(self) -> str:
        return f"<view {self.name}>"


def unchanged(images: np.ndarray) -> np.ndarray:
    """The view that every set of views should hold: the images as they are."""
    return images


def flipped() -> View:
    """Mirrored left and right."""
    return _Named("flip left-right", 0, lambda images: images[:, :, ::-1])


def shifted(down: int, right: int) -> View:
    """Moved by whole pixels; zeros come in at the edge."""

    def view(images: np.ndarray) -> np.ndarray:
        moved = np.zeros_like(images)
        source, target = [], []
        for by, size in ((down, images.shape[1]), (right, images.shape[2])):
            source.append(slice(max(-by, 0), size - max(by, 0)))
            target.append(slice(max(by, 0), size - max(-by, 0)))
        moved[:, target[0], target[1]] = images[:, source[0], source[1]]
        return moved

    return _Named("shift", max(abs(down), abs(right)), view)


def turned(degrees: float) -> View:
    """Rotated counter-clockwise about the centre, zeros in the corners."""

    def view(images: np.ndarray) -> np.ndarray:
        from scipy import ndimage

        return ndimage.rotate(images, degrees, axes=(1, 2), reshape=False, order=1)

    return _Named("rotate", abs(degrees), view)


def cropped(size: int, place: str, *, flip: bool = False) -> View:
    """A window at the "centre" or in a corner, such as "top left"."""

    def view(images: np.ndarray) -> np.ndarray:
        height, width = images.shape[1:3]
        if size > min(height, width):
            raise ValueError(f"size: a crop of {size} does not fit {height}x{width}")
        top = {"top": 0, "bottom": height - size}.get(
            place.split()[0], (height - size) // 2
        )
        left = {"left": 0, "right": width - size}.get(
            place.split()[-1], (width - size) // 2
        )
        window = images[:, top : top + size, left : left + size]
        return window[:, :, ::-1] if flip else window

    return _Named("flip left-right" if flip else "crop", 0, view)


def ten_crops(size: int) -> tuple[View, ...]:
    """The four corners and the centre, each mirrored too (AlexNet's test; L57)."""
    places = ("top left", "top right", "bottom left", "bottom right", "centre")
    return tuple(
        cropped(size, place, flip=flip) for flip in (False, True) for place in places
    )


def _predict(model: Any, x: np.ndarray, batch_size: int, from_logits: bool) -> Any:
    """Scores `(N, classes)` in float64 of a model's first output."""
    batches = [
        model(x[at : at + batch_size], training=False)
        for at in range(0, len(x), batch_size)
    ]
    firsts = [out[0] if isinstance(out, list | tuple) else out for out in batches]
    scores = np.concatenate([np.asarray(out, np.float64) for out in firsts])
    if from_logits:
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def predict_tta(
    model: Any,
    x: np.ndarray,
    views: Sequence[View],
    *,
    dataset: str | None = None,
    from_logits: bool = False,
    batch_size: int = 256,
) -> np.ndarray:
    """Test-time augmentation: the mean of the predictions for several views (L43).

    Args:
        model: maps images `(N, H, W, C)` to scores `(N, classes)`.
        x: images `(N, H, W, C)` as the model takes them.
        views: functions from images to images, such as
            `(unchanged, flipped(), shifted(0, 2))`.
        dataset: refuse views that make its labels false, as augmentation does; None
            if you have judged yourself.
        from_logits: the model returns logits: take their softmax before the mean. A
            mean of logits is another thing (a geometric mean of probabilities).
        batch_size: images per call of the model.

    Returns:
        Scores `(N, classes)`, float64.

    Raises:
        AugmentationError: a view is not safe for the data set.
        ValueError: there is no view, or no image.
    """
    _some(views, "views")
    _some(x, "x")
    if dataset is not None:
        check_label_safe(dataset, [view for view in views if hasattr(view, "strength")])
    return _mean(
        _predict(model, np.ascontiguousarray(view(x)), batch_size, from_logits)
        for view in views
    )


def predict_ensemble(
    models: Sequence[Any],
    x: np.ndarray,
    *,
    from_logits: bool = False,
    batch_size: int = 256,
) -> np.ndarray:
    """The mean of the predictions of several models (L57: seven AlexNets).

    Args:
        models: each maps images `(N, H, W, C)` to scores `(N, classes)`.
        x: images `(N, H, W, C)`.
        from_logits: take the softmax before the mean, as for `predict_tta`.
        batch_size: images per call of a model.

    Returns:
        Scores `(N, classes)`, float64.

    Raises:
        ValueError: there is no model or no image, or the models disagree on classes.
    """
    _some(models, "models")
    _some(x, "x")
    return _mean(_predict(model, x, batch_size, from_logits) for model in models)


def _some(things: Any, what: str) -> None:
    if len(things) == 0:
        raise ValueError(f"{what}: none given; give at least one")


def _mean(predictions: Iterable[np.ndarray]) -> np.ndarray:
    total, count = None, 0
    for scores in predictions:
        if total is not None and scores.shape != total.shape:
            raise ValueError(
                f"models: predictions of shapes {total.shape} and {scores.shape}; "
                "all must have the same classes"
            )
        total = scores if total is None else total + scores
        count += 1
    return total / count


def topk_error(scores: np.ndarray, y: np.ndarray, k: int = 1) -> float:
    """The share of images whose true class is not among the k highest scores.

    The rule for ties is against the model: a class that scores as much as the true one
    ranks before it. So a model that scores all classes alike errs always, in whatever
    order its classes come; breaking ties by index instead would call it right on the
    first k classes. A score that is not finite ranks its image as wrong.

    Args:
        scores: `(N, classes)`, probabilities or logits.
        y: true classes `(N,)`, integers.
        k: how many guesses, from 1 to the number of classes.

    Returns:
        An error from 0 to 1.

    Raises:
        ValueError: shapes that do not fit, k or a label out of range, or no image.
    """
    scores, y = np.asarray(scores), np.asarray(y)
    if scores.ndim != 2 or y.shape != scores.shape[:1] or len(y) == 0:
        raise ValueError(
            f"scores, y: need (N, classes) and (N,), got {scores.shape} and {y.shape}"
        )
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"y: labels must be integers, got {y.dtype}")
    classes = scores.shape[1]
    if not 1 <= k <= classes:
        raise ValueError(f"k must be 1 to {classes}, the number of classes; got {k}")
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"y: labels run from {y.min()} to {y.max()}, scores have {classes} classes"
        )
    true = scores[np.arange(len(y)), y]
    # The true class counts itself once: right means at most k at or above it.
    at_or_above = (scores >= true[:, None]).sum(axis=1)
    right = (at_or_above <= k) & np.isfinite(scores).all(axis=1)
    return float(1 - right.mean())
