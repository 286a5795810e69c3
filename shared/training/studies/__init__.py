"""The lectures' claims as experiments: `python -m shared.training.studies NAME`.

One file per study; adding a study is adding a file. A file
`shared/training/studies/<name>.py` has

- a docstring: the claim, where it stands in the lectures, and what is compared;
- a frozen dataclass with the sizes of the experiment, seeds included;
- `rows(config)`, a generator of one dictionary per measurement: they become the CSV,
  written as they come, so that an interrupted study keeps what it has;
- `table(frame)`, which sums the rows up over the seeds, with their spread;
- `plot(frame)`, which returns a matplotlib figure;
- `STUDY = Study(...)`, which names them, and the sizes "full", "quick" (under two
  minutes on two cores) and "tiny" (seconds; for the tests).

A file whose name begins with an underscore is no study. The studies choose models and
data sets themselves; the rest of `shared.training` takes whatever it is given.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from types import MappingProxyType

from shared.training.studies._study import SIZES, Study

__all__ = ["SIZES", "Study", "studies"]


@functools.cache
def studies() -> MappingProxyType[str, Study]:
    """All studies by name, "permuted-pixels" for permuted_pixels.py."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"{__name__}.{info.name}")
            found[info.name.replace("_", "-")] = module.STUDY
    return MappingProxyType(found)
