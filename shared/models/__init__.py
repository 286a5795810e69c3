"""Every architecture of the course: `build("vgg16")`, `variants()`.

One file per family; adding an architecture is adding a file. Importing this package
imports no TensorFlow and builds nothing: the family files are imported by the first
call of `build` or `variants`.

A family file `shared/models/<family>.py` has

- a docstring naming the paper with its arXiv id; where the paper contradicts itself,
  the docstring says so and which reading is built;
- a frozen dataclass, or several, whose fields are the design's data, with
  `build(input_shape=(H, W, 3), classes=1000, *, include_top=True,
  classifier_activation=None, name=None) -> keras.Model`. `include_top=False` ends in
  the last feature map; `classifier_activation=None` gives logits, "softmax"
  probabilities. Input `(N, H, W, C)` as the model's first layer, output
  `(N, classes)`. Further keyword arguments are the family's own (GoogLeNet's
  auxiliary heads). `shared.models.heads` has the usual ending;
- `VARIANTS: dict[str, <dataclass>]`, names in lower case with underscores;
- `PAPER: Paper`, and where a variant comes from another paper
  `PAPERS: dict[str, Paper]` by variant;
- for a family of any depth or width, `parse(name)`, which returns the dataclass that a
  name describes (`wrn_22_6`) or None;
- `PUBLISHED: dict[str, Accuracy]` with the accuracy that the literature prints, by
  variant; a variant without a known figure has no entry.

A file whose name begins with an underscore, or without `VARIANTS`, is no family.

Blocks come from `shared.layers`. `counts.csv` beside this file holds the exact number
of parameters and multiply-adds by variant, with its source; the tests compare every
row with the built model. Add a row only from a source that is not the code itself.

`shared.models.weights.copy_weights(source, target)` carries weights over from the same
network in another guise, such as a pretrained one of `keras.applications`.
"""

from __future__ import annotations

from typing import Any

from shared.models.registry import Accuracy, Paper, about, families, find, variants

__all__ = ["Accuracy", "Paper", "about", "build", "families", "variants"]


def build(name: str, /, **kwargs: Any) -> Any:
    """Build a variant by name.

    Args:
        name: one of `variants()`, or one that a family parses, such as "wrn_22_6",
            "densenet_bc_58_16", "resnet1202_cifar".
        kwargs: `input_shape` `(H, W, C)`, `classes`, `include_top`,
            `classifier_activation` ("softmax"; None gives logits), and what the family
            takes besides; `name=` renames the model. An argument that is None is left
            to the variant's default.

    Returns:
        A `keras.Model` named after the variant, with random weights.

    Raises:
        ValueError: no variant has this name.
    """
    kwargs = {key: value for key, value in kwargs.items() if value is not None}
    return find(name).build(**{"name": name, **kwargs})
