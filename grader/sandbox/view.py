"""Which files a worker sees: Python, and the packages that its question allows."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from functools import cache

from grader.manifest import ROOT

#: Packages that could do a student's work for them. Where a question does not allow
#: one, its folder looks empty.
COMPUTE_PACKAGES = (
    "cupy",
    "cv2",
    "flax",
    "imageio",
    "jax",
    "jaxlib",
    "keras",
    "mxnet",
    "ndimage",
    "numba",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "PIL",
    "scipy",
    "skimage",
    "sklearn",
    "sympy",
    "tensorflow",
    "tensorflow_datasets",
    "tflite_runtime",
    "torch",
    "torchvision",
    "matplotlib",
    "IPython",
)
#: TensorFlow and Keras come together and need these to be there.
_TOGETHER = {"tensorflow": {"keras"}, "keras": {"tensorflow"}}
_SECRET = ("solutions", "assignments", "notebooks", "tests", "benchmarks", ".git")


def visible() -> list[str]:
    """Paths that every worker sees."""
    paths = {sys.prefix, sys.base_prefix, sys.exec_prefix, *_site_folders()}
    paths.add(sysconfig.get_paths()["stdlib"])
    paths.add(os.path.dirname(os.path.realpath(sys.executable)))
    return sorted(path for path in paths if path and os.path.isabs(path))


def shared_folder(allow: tuple[str, ...]) -> list[str]:
    """The course's ``shared`` package, if the question allows a part of it."""
    wanted = any(name.partition(".")[0] == "shared" for name in allow)
    return [str(ROOT / "shared")] if wanted else []


def covered(allow: tuple[str, ...]) -> list[str]:
    """Folders that must look empty for a question with this `allow`."""
    allowed = {name.partition(".")[0] for name in allow}
    for name in tuple(allowed):
        allowed |= _TOGETHER.get(name, set())
    hidden = [
        os.path.join(folder, name)
        for folder in _site_folders()
        for name in COMPUTE_PACKAGES
        if name not in allowed and os.path.isdir(os.path.join(folder, name))
    ]
    inside = visible()
    for name in _SECRET:  # only if the course stands inside a visible folder
        path = str(ROOT / name)
        if any(path.startswith(folder + os.sep) for folder in inside):
            hidden.append(path)
    return hidden


@cache
def _site_folders() -> tuple[str, ...]:
    found = [*site.getsitepackages(), sysconfig.get_paths()["purelib"]]
    found += [
        path for path in sys.path if path.endswith(("site-packages", "dist-packages"))
    ]
    return tuple(sorted({path for path in found if os.path.isdir(path)}))
