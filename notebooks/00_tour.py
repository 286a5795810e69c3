# %% [markdown]
# # A tour of the course, in ten minutes
#
# You build convolutional networks from the inside: layers, gradients, architectures,
# training on several devices, and the C++/CUDA kernel underneath. This notebook shows
# how the work goes. Run the cells one by one with Shift+Enter.
#
# ## What is where
#
# | folder | what you find there |
# |---|---|
# | `notebooks/` | walk-throughs: the ideas of a topic, computed and drawn |
# | `assignments/` | what you do: a README, a notebook, public tests |
# | `shared/` | what both stand on: data, sizes, layers, architectures |
# | `grader/` | what marks your work and explains each lost point |
#
# Notebook and assignment of a topic have the same number. Read the first, then do the
# second; or start with the second and look things up in the first.
#
# ## 1. Predict
#
# Before every result there stands **Predict**. Take it seriously: write a number down,
# then run the cell. If you were right, you have understood; if not, you have found the
# spot worth ten minutes.
#
# **Predict.** A 3×3 window slides over 7×7 pixels in steps of 2. How many places has
# it?

# %%
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np

from shared.datasets import load_arrays
from shared.shapes import out_size

side = out_size(7, 3, stride=2)
print(f"{side} × {side} = {side**2} places")

# %% [markdown]
# ## 2. Look
#
# Numbers are drawn wherever a picture says more. Data comes by name: `"digits"` is
# built in and needs no network; `"mnist"` and `"cifar10"` are downloaded once. Images
# are arrays `(N, H, W, C)`: number, height, width, channels, in this order
# everywhere.

# %%
images, labels = load_arrays("digits", "train[:10]")
print("shape", images.shape, "from", images.min(), "to", images.max())

fig, axes = plt.subplots(1, 10, figsize=(10, 1.5))
for axis, image, label in zip(axes, images, labels, strict=True):
    axis.imshow(image[:, :, 0], cmap="gray")
    axis.set(title=label, xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# ## 3. Implement, and check
#
# An assignment's notebook has *answer cells*. Each gives you a function's name, its
# arguments with their shapes, and a `TODO`. You replace the line
# `raise NotImplementedError(...)`.
#
# Right below stands `check("...")`. It runs a few small tests on what you have just
# defined and tells you what was called, what came back and what was expected. Here is
# what it says about an answer that is plainly wrong. (The question is one of assignment
# 04. If your copy of the course has no 04 yet, this cell and two more below print one
# line that says so: read what stands here before you run them.)

# %%
from grader.notebook import check


def im2col(x, kernel_size, stride, pad):
    return np.zeros((4, 4))  # a guess


check("im2col", "04")

# %% [markdown]
# Read such a message from the top: *which test*, *what was called*, *what differs
# first*. Shapes come before values: a wrong shape is the most frequent mistake and
# the easiest to mend.
#
# ## 4. Grade
#
# `check` runs the public tests, which you can read in `test_public.py`. The grader runs
# many more: odd sizes, other memory layouts, gradients against numeric ones. From a
# terminal in the folder of the course:
#
# ```
# python -m grader assignments/04              # the whole assignment
# python -m grader assignments/04 -q im2col    # one question
# ```
#
# Here the same command is run from the notebook, on an assignment that nobody has
# begun:


# %%
def grade(*arguments):
    """Runs the grader in the folder of the course and prints its report."""
    environment = {**os.environ, "COLUMNS": "88", "NO_COLOR": "1", "TERM": "dumb"}
    environment.pop("FORCE_COLOR", None)
    done = subprocess.run(
        [sys.executable, "-m", "grader", *arguments],
        cwd="..",
        capture_output=True,
        text=True,
        env=environment,
    )
    print(done.stdout + done.stderr)


grade("assignments/04", "-q", "im2col", "-q", "col2im", "--seed", "4")

# %% [markdown]
# Three things to know about it:
#
# - It takes *definitions* from your notebook, not its run. A plot that fails or a cell
#   that trains for an hour costs nothing. Helpers, constants and imports that your
#   answers use are found.
# - A question gives all its points or none, and each is graded by itself.
# - What an answer may call is written at the question. Where you are to write loops,
#   `tf.nn.conv2d` is answered with "write the loops", and the question is lost.
#
# ## 5. Read a hint
#
# Some mistakes are so common that the grader knows them. If your results are exactly
# those of such a mistake, it says what happened. This is the report for somebody who
# turned the kernel around. (Only your instructor's copy has the hidden tests and the
# known mistakes: in yours the cell prints one line that says so. What you read below
# was printed by theirs.)

# %%
grade(
    *("assignments/04", "-q", "conv_forward_naive"),
    *("--mistake", "flips_the_kernel", "--seed", "4"),
)

# %% [markdown]
# A hint names the mistake, not the code that mends it. The seed in the last line
# repeats exactly the same test: `--seed 4`.
#
# ## 6. When it does not work
#
# - **An error in the middle of a cell.** Print shapes: `print(x.shape, w.shape)`. Nine
#   times out of ten that is it.
# - **`check` is content, the grader is not.** Try H ≠ W, a stride of 3, padding,
#   several images: the hidden tests do. The report says which case it was.
# - **The notebook behaves strangely.** Kernel → Restart and Run All. Old definitions
#   linger in a kernel.
# - **No network.** `DATASET = "digits"` at the top of a notebook needs none.
# - **Slow machine.** Start Jupyter with `COURSE_QUICK=1`: less data, fewer epochs.
#
# Now open the walk-through of your first assignment, and then the assignment: say,
# `notebooks/04_conv_layer.ipynb`, and then `assignments/04_conv_layer/`.
