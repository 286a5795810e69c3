"""A bundle on disk: the same bytes for the same files, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

from grader.errors import GraderError

# The earliest time that a zip can hold: an archive says nothing of its making.
_TIME = (1980, 1, 1, 0, 0, 0)


def write_zip(
    files: Mapping[str, bytes], path: Path, executable: Collection[str] = ()
) -> None:
    """Writes an archive: sorted, with fixed times, under another name until done.

    Args:
        files: path in the archive to contents.
        path: where to write it.
        executable: those of `files` that can be run.

    Raises:
        GraderError: if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3  # Unix, wherever it is made
                mode = 0o755 if name in executable else 0o644
                entry.external_attr = (0o100000 | mode) << 16
                archive.writestr(entry, files[name])
        temporary.replace(path)
    except OSError as error:
        raise GraderError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Writes the files into a new folder, under another name until done.

    Raises:
        GraderError: if the folder is there already, or cannot be written.
    """
    if folder.exists():
        raise GraderError(f"{folder}: is there already; move it away, or choose --out")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            temporary.chmod(0o755)
            for name, contents in sorted(files.items()):
                target = temporary / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(contents)
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise GraderError(f"{folder}: cannot be written: {error.strerror}") from None
