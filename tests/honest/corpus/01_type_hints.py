# /// honest
# why = "type hints of every kind: aliases, generics, protocols, overloads"
# assignment = "01"
# ///

# %%
from typing import (Annotated, Any, Callable, Final, Generic, Literal, NamedTuple, Optional, ParamSpec,
                    Protocol, Self, TypeAlias, TypedDict, TypeVar, Union, cast, overload, TYPE_CHECKING)
from collections.abc import Iterable, Sequence
import numpy.typing as npt
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from jax import Array

T = TypeVar("T", bound=np.generic)
P = ParamSpec("P")
R = TypeVar("R")
Image: TypeAlias = NDArray[np.floating[Any]]
Mode = Literal["valid", "same", "full"]
SIDE: Final[int] = 2

class HasShape(Protocol):
    shape: tuple[int, ...]

class Config(TypedDict, total=False):
    radius: int

class Window(NamedTuple):
    top: int
    left: int = 0

class Box(Generic[R]):
    def __init__(self, item: R) -> None: self.item = item
    def get(self) -> R: return self.item
    def same(self) -> Self: return self

def logged(fn: Callable[P, R]) -> Callable[P, R]:
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        return fn(*args, **kwargs)
    return inner

# %% question="blur_kernel"
def blur_kernel(radius: Annotated[int, "pixels beyond the middle"]) -> "NDArray[np.float64]":
    n: int = SIDE * radius + 1
    k: npt.NDArray[np.float64] = np.ones((n, n), dtype=np.float64)
    return cast("Image", Box[Image](k / n**2).same().get())

# %% question="flip180"
@overload
def flip180(k: list[list[float]]) -> list[list[float]]: ...
@overload
def flip180(k: NDArray[T]) -> NDArray[T]: ...
def flip180(k):
    return np.asarray(k)[::-1, ::-1]

# %% question="dense_params"
@logged
def dense_params(input_shape: Union[int, Sequence[int]], units: int, use_bias: Optional[bool] = True) -> int | np.integer:
    total: int = int(np.prod(input_shape)) * units
    return total + units if use_bias else total
