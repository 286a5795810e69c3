# /// honest
# why = "annotations that name packages which are not allowed or not installed"
# assignment = "01"
# ///

# %%
import tensorflow as tf
import torch
import pandas as pd
from jaxtyping import Float
from typing import Optional, Union, Callable
from typing_extensions import TypeAlias, override, Unpack
from scipy.signal import convolve2d as scipy_convolve2d   # only to compare in a demo

Array: TypeAlias = Union[np.ndarray, tf.Tensor, "torch.Tensor"]
Kernel = Optional[tf.Tensor]

# %% question="flip180"
def flip180(k: "np.ndarray | tf.Tensor | None") -> Float[np.ndarray, "kh kw"]:
    if isinstance(k, tf.Tensor):
        k = k.numpy()
    return k[::-1, ::-1]

# %% question="blur_kernel"
def blur_kernel(radius: int, hook: Callable[[tf.Tensor], pd.DataFrame] = None) -> np.ndarray | torch.Tensor:
    class Helper:
        @override
        def size(self) -> int: return 2 * radius + 1
    n = Helper().size()
    return np.ones((n, n)) / (n * n)

# %% question="dense_params"
@override
def dense_params(input_shape: tf.TensorShape | tuple[int, ...], units: int, use_bias: bool = True) -> "int":
    return int(np.prod(input_shape) * units + use_bias * units)
