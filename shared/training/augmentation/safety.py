"""Which changes leave the labels of a data set true: a table, and its check."""

from __future__ import annotations

from typing import Any

_ANY = float("inf")

# By data set and transform, the greatest strength that leaves labels true: degrees for
# "rotate", otherwise without limit. Beyond 30 degrees a 7 begins to read as a 1 and a
# 4 as a 9; at 180 degrees a 6 is a 9. What is missing is refused.
_HANDWRITING = {
    "crop": _ANY,
    "shift": _ANY,
    "rotate": 30.0,
    "contrast stretch": _ANY,
    "adaptive equalisation": _ANY,
    "cutout": _ANY,
}
LABEL_SAFE: dict[str, dict[str, float]] = {
    "digits": _HANDWRITING,
    "mnist": _HANDWRITING,
    "cifar10": {**_HANDWRITING, "flip left-right": _ANY},
}


class AugmentationError(ValueError):
    """A change that would make labels false, or that cannot be done; one line."""

    def _render_traceback_(self) -> list[str]:
        """Tells IPython to show the message alone: the mistake is in no code."""
        return [f"{type(self).__name__}: {self}"]


def check_label_safe(dataset: str, transforms: Any) -> None:
    """Refuses transforms that would make labels of `dataset` false.

    Args:
        dataset: one of `LABEL_SAFE`.
        transforms: objects with `name` and `strength`.

    Raises:
        AugmentationError: the data set is not in the table, or a transform is not
            safe for it.
    """
    if dataset not in LABEL_SAFE:
        known = ", ".join(f'"{name}"' for name in LABEL_SAFE)
        raise AugmentationError(
            f"dataset: nothing is known of {dataset!r}, only of {known}; judge its "
            "labels yourself and pass dataset=None"
        )
    safe = LABEL_SAFE[dataset]
    for transform in transforms:
        name, strength = transform.name, transform.strength
        if name not in safe:
            raise AugmentationError(
                f"transforms: {name} makes labels of {dataset!r} false; leave it out, "
                "or pass allow_unsafe=True to do it all the same"
            )
        if strength > safe[name]:
            raise AugmentationError(
                f"transforms: {name} by {strength:g} makes labels of {dataset!r} "
                f"false; at most {safe[name]:g} is safe, or pass allow_unsafe=True to "
                "do it all the same"
            )
