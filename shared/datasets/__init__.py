"""The course's data: `load` for tf.data, `load_arrays` for NumPy, `info` for facts.

Importing this package imports no TensorFlow; `load` does, when it is called.
"""

from shared.datasets.catalog import DATASETS, DatasetError, Info, info
from shared.datasets.digits import digits_arrays
from shared.datasets.loading import load, load_arrays

__all__ = [
    "DATASETS",
    "DatasetError",
    "Info",
    "digits_arrays",
    "info",
    "load",
    "load_arrays",
]
