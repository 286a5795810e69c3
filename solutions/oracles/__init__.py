"""Float64 NumPy references for hidden tests, one file per topic.

Written to be obviously right, not fast, and by another route than the solutions. Never
in a student's hands.
"""

from solutions.oracles.conv import (
    conv2d_gradients_loop,
    conv2d_loop,
    im2col_loop,
    same_pad,
)

__all__ = ["conv2d_gradients_loop", "conv2d_loop", "im2col_loop", "same_pad"]
