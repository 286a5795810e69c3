"""The packages that a manifest allows or forbids are real ones.

A name misspelt would allow nothing, or forbid nothing, and nobody would be told. It is
looked for where an assignment is made: a student's machine may lack a package that is
optional there, and still grades.
"""

from __future__ import annotations

import difflib
import importlib.util
import sys
from importlib.metadata import packages_distributions

from grader.errors import ManifestError
from grader.manifest import MANIFEST_NAME, Manifest

#: What people call them in a notebook.
_SHORT = {"np": "numpy", "tf": "tensorflow"}


def check_packages(manifest: Manifest) -> None:
    """Checks that `allow` and `forbid` name packages of Python's or installed here.

    Raises:
        ManifestError: names the question, the key, what was received and the mend.
    """
    for question in manifest.questions:
        for key, names in (("allow", question.allow), ("forbid", question.forbid)):
            for name in names:
                root = name.partition(".")[0]
                if not _is_found(root):
                    raise ManifestError(
                        f"{manifest.folder / MANIFEST_NAME}: question "
                        f"{question.id!r}: {key!r} names {name!r}, but no package "
                        f"{root!r} is Python's or installed here; {_mend(root)}"
                    )


def _is_found(root: str) -> bool:
    if root in sys.stdlib_module_names:
        return True
    try:
        return importlib.util.find_spec(root) is not None
    except (ValueError, ImportError):  # of a name that can be none
        return False


def _mend(root: str) -> str:
    known = sorted({*sys.stdlib_module_names, *packages_distributions()})
    close = difflib.get_close_matches(root, known, n=1)
    meant = _SHORT.get(root) or (close[0] if close else "")
    return f"did you mean {meant}?" if meant else "install it, or correct the name"
