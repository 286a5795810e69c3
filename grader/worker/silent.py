"""Packages that only show, name or time things: in a worker they do nothing.

A plot, a progress bar or a checked annotation inside an answer computes no part of it.
What stands in for such a package takes every call and gives nothing that an answer
could be made of; around a loop it passes the loop's values on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

PACKAGES = frozenset(
    [
        *("matplotlib", "mpl_toolkits", "seaborn", "plotly", "bokeh", "altair"),
        *("IPython", "ipywidgets", "tqdm", "rich", "tabulate", "prettytable"),
        *("termcolor", "colorama", "icecream", "loguru", "wandb", "google"),
        *("jaxtyping", "nptyping", "beartype", "typeguard"),
        *("line_profiler", "memory_profiler"),
    ]
)
_AROUND_A_LOOP = frozenset({"tqdm", "tqdm_notebook", "track", "progress_bar"})
_RANGES = frozenset({"trange", "tnrange"})
#: How many things ``counts, bins, patches = plt.hist(x)`` unpacks; a figure and its
#: axes if not told.
_PARTS = {"hist": 3, "hist2d": 4}
_USUAL_PARTS = 2


class Silent:
    """Anything of such a package: a module's function, a figure, a colour map."""

    def __init__(self, path: str) -> None:
        self.__dict__["_path"] = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Silent(f"{self._path}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        last = self._path.rpartition(".")[2]
        if last in _RANGES:
            return Loop(range(*args), self._path)
        if last in _AROUND_A_LOOP:
            looped = args[0] if args else kwargs.get("iterable")
            return Loop(() if looped is None else looped, self._path)
        if len(args) == 1 and callable(args[0]) and not isinstance(args[0], Silent):
            return args[0]  # a decorator
        return Silent(self._path)

    def __iter__(self) -> Iterator[Any]:
        last = self._path.rpartition(".")[2]
        return iter([self] * _PARTS.get(last, _USUAL_PARTS))

    def __getitem__(self, key: Any) -> Any:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __or__(self, other: Any) -> Any:
        return self  # a type hint such as ``Float[...] | None``

    __ror__ = __or__

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (object,)

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __subclasscheck__(self, subclass: Any) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<{self._path}, which does nothing here>"


class Loop(Silent):
    """A progress bar: passes on what it counts."""

    def __init__(self, looped: Iterable[Any], path: str) -> None:
        super().__init__(path)
        self.__dict__["_looped"] = looped

    def __iter__(self) -> Iterator[Any]:
        return iter(self._looped)

    def __len__(self) -> int:
        return len(self._looped)


def in_a_notebook() -> dict[str, Any]:
    """What IPython puts into every notebook without an import."""

    def display(*things: Any, **settings: Any) -> None:
        pass

    def get_ipython() -> Any:
        return Silent("get_ipython()")

    return {"display": display, "get_ipython": get_ipython}
