"""Discovery of the model families by folder, and what is known of each variant."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any


@dataclass(frozen=True)
class Paper:
    """Where a design comes from.

    Attributes:
        title: the paper's title.
        year: of first publication; None for what was never published.
        reference: arXiv id ("arXiv:1409.1556"), or venue where there is none.
    """

    title: str
    year: int | None
    reference: str


@dataclass(frozen=True)
class Accuracy:
    """A published accuracy.

    Attributes:
        top1: accuracy in percent, or None where it is not given.
        top5: accuracy in percent, or None where it is not given.
        protocol: data set, crops and source ("ImageNet val, one crop; Table 3").
    """

    top1: float | None
    top5: float | None
    protocol: str


@functools.cache
def families() -> MappingProxyType[str, ModuleType]:
    """The family modules by name."""
    import shared.models as package

    found = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        if hasattr(module, "VARIANTS"):
            found[info.name] = module
    return MappingProxyType(found)


def owners(modules: dict[str, ModuleType]) -> dict[str, str]:
    """The family of each variant.

    Raises:
        ValueError: two families have a variant of the same name.
    """
    owner: dict[str, str] = {}
    for family, module in modules.items():
        for name in module.VARIANTS:
            if name in owner:
                raise ValueError(
                    f"variant {name!r} is in both shared/models/{owner[name]}.py and "
                    f"shared/models/{family}.py: rename one"
                )
            owner[name] = family
    return owner


@functools.cache
def _owners() -> dict[str, str]:
    return owners(dict(families()))


def variants() -> list[str]:
    """The names that `build` takes, family by family."""
    return list(_owners())


def _resolve(name: str) -> tuple[str, Any]:
    """The family and the dataclass of a variant, listed or described by its name."""
    family = _owners().get(name)
    if family is not None:
        return family, families()[family].VARIANTS[name]
    for family, module in families().items():
        variant = getattr(module, "parse", lambda _: None)(name)
        if variant is not None:
            return family, variant
    close = difflib.get_close_matches(name, variants(), n=3, cutoff=0.4)
    mend = f"did you mean {', '.join(close)}?" if close else "see variants()"
    raise ValueError(f"name: no variant {name!r}; {mend}")


def find(name: str) -> Any:
    """The dataclass of a variant.

    Raises:
        ValueError: no variant has this name.
    """
    return _resolve(name)[1]


def about(name: str) -> tuple[str, Paper, Accuracy | None]:
    """The family, the paper and the published accuracy of a variant."""
    family, _ = _resolve(name)
    module = families()[family]
    paper = getattr(module, "PAPERS", {}).get(name, module.PAPER)
    return family, paper, getattr(module, "PUBLISHED", {}).get(name)
