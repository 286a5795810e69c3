"""Files in a folder or an archive, listed without unpacking anything.

Nothing here trusts a name or a declared size: an archive is never written to disk as
a whole, links are not followed, and reading stops at a limit.
"""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError

#: A notebook with pictures is a few megabytes; an archive of them a few more.
MAX_FILE_BYTES = 64 * 2**20
#: Of a whole class.
MAX_FILES = 1_000_000
_IGNORED_PARTS = frozenset(
    {"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git", ".DS_Store", ".venv"}
)


@dataclass(frozen=True)
class Item:
    """One file somewhere in a folder or an archive.

    Attributes:
        path: inside the tree.
        modified: when it was last changed, as far as is known.
        problem: why it must not be read, or empty.
    """

    path: PurePosixPath
    modified: datetime | None
    read_bytes: Callable[[], bytes]
    problem: str = ""

    def read(self) -> bytes:
        """Returns its bytes.

        Raises:
            SubmissionError: if it cannot be read, or is too large.
        """
        if self.problem:
            raise SubmissionError(f"{self.path.name}: {self.problem}")
        try:
            data = self.read_bytes()
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
            raise SubmissionError(
                f"{self.path.name}: cannot be read: {error}"
            ) from None
        except Exception as error:  # zlib and its kin each have their own
            raise SubmissionError(f"{self.path.name}: damaged: {error}") from None
        if len(data) > MAX_FILE_BYTES:
            raise SubmissionError(
                f"{self.path.name}: larger than {MAX_FILE_BYTES >> 20} MB; hand in the "
                "notebook without its data and outputs"
            )
        return data


def folder_items(folder: Path) -> Iterator[Item]:
    """Lists the files in `folder`, in order; links stand for themselves."""
    count = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _IGNORED_PARTS)
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in sorted([*names, *linked]):
            count += 1
            if count > MAX_FILES:
                raise SubmissionError(f"{folder}: more than {MAX_FILES} files")
            file = Path(parent) / name
            if name not in _IGNORED_PARTS:
                yield _file_item(file, PurePosixPath(file.relative_to(folder)))


def file_item(file: Path) -> Item:
    """Returns one file as an item of its own."""
    return _file_item(file, PurePosixPath(file.name))


def _file_item(file: Path, path: PurePosixPath) -> Item:
    problem, modified = "", None
    if file.is_symlink():
        problem = "a link to elsewhere; hand in the file itself"
    elif not file.is_file():
        problem = "not a plain file"
    else:
        with contextlib.suppress(ValueError, OSError, OverflowError):
            modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)

    def read() -> bytes:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)

    return Item(path, modified, read, problem)


def archive_items(data: bytes | Path, name: str) -> list[Item]:
    """Lists the files in a zip archive.

    Args:
        data: its bytes, or where it lies.
        name: what to call it in messages.

    Raises:
        SubmissionError: if it is no zip archive, or holds too much.
    """
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    try:
        archive = zipfile.ZipFile(source)
        entries = archive.infolist()
    except Exception as error:  # each damage has its own
        raise SubmissionError(
            f"{name}: not a readable zip archive ({error}); download or zip it again"
        ) from None
    if len(entries) > MAX_FILES:
        raise SubmissionError(f"{name}: more than {MAX_FILES} files")
    items = []
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        named = path.parts and not entry.filename.endswith(("/", "\\"))
        if named and not _IGNORED_PARTS & {*path.parts}:
            items.append(_entry_item(archive, entry, path))
    return sorted(items, key=lambda item: str(item.path))


def _entry_item(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: PurePosixPath
) -> Item:
    problem = ""
    if path.is_absolute() or ".." in path.parts:
        problem = "its path leads out of the archive"
    elif entry.flag_bits & 0x1:
        problem = "encrypted; hand it in without a password"
    elif entry.external_attr >> 28 not in (0x8, 0x0):
        problem = "not a plain file"
    elif entry.file_size > MAX_FILE_BYTES:
        problem = f"larger than {MAX_FILE_BYTES >> 20} MB when unpacked"

    def read() -> bytes:
        with archive.open(entry) as stream:
            return stream.read(MAX_FILE_BYTES + 1)

    return Item(path, _entry_time(entry), read, problem)


def _entry_time(entry: zipfile.ZipInfo) -> datetime | None:
    """Zip files know local time only; it is taken for this machine's."""
    try:
        return datetime(*entry.date_time).astimezone(UTC)
    except (ValueError, OSError, OverflowError):
        return None
