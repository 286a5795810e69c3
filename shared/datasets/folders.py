"""Folders of prepared data: where they are, what they hold, how to add to them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.datasets.catalog import DatasetError, Info

_TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"


@dataclass(frozen=True)
class Shard:
    """One file of a split."""

    path: Path
    examples: int


@dataclass(frozen=True)
class Prepared:
    """A data set as tensorflow-datasets has written it.

    Attributes:
        path: the folder of its version.
        file_format: "tfrecord" or another of tensorflow-datasets' formats.
        shards: the files of each split, in order.
    """

    path: Path
    file_format: str
    shards: dict[str, tuple[Shard, ...]]

    @property
    def sizes(self) -> dict[str, int]:
        """Number of examples of each split."""
        return {
            split: sum(shard.examples for shard in shards)
            for split, shards in self.shards.items()
        }


def own_folder() -> Path:
    """Returns tensorflow-datasets' ordinary folder, where new data goes."""
    return Path(
        os.environ.get("TFDS_DATA_DIR") or os.path.expanduser("~/tensorflow_datasets")
    )


def search_path(data_dir: str | os.PathLike | None = None) -> list[Path]:
    """Returns the folders to look in, first come first served.

    `COURSE_DATA_DIR` is for data that someone has prepared for everybody: the course
    reads it and never writes to it.
    """
    if data_dir is not None:
        return [Path(data_dir).expanduser()]
    course = os.environ.get("COURSE_DATA_DIR")
    return [Path(course).expanduser(), own_folder()] if course else [own_folder()]


def find(info: Info, roots: Iterable[Path]) -> Prepared | None:
    """Returns the first prepared copy below `roots`, or `None`.

    Raises:
        DatasetError: a copy is there but damaged.
    """
    for root in roots:
        versions = []
        with contextlib.suppress(OSError):  # absent, or not for us to read
            versions = [path.name for path in (root / info.name).iterdir()]
        versions = [v for v in versions if re.fullmatch(r"\d+\.\d+\.\d+", v)]
        versions = [v for v in versions if info.version in ("", v)]
        if versions:
            newest = max(versions, key=lambda v: [int(part) for part in v.split(".")])
            return _describe(info.name, root / info.name / newest)
    return None


def add(info: Info, root: Path, write: Callable[[Path], object]) -> Prepared:
    """Adds a data set to `root`, whole or not at all.

    `write` fills a hidden folder next to the final one, which is then renamed. Of
    several processes at once the first to finish wins; the others take its copy.

    Args:
        info: what to add.
        root: the folder of prepared data; it is made if need be.
        write: given a folder, prepares the data set in it.

    Raises:
        OSError: `root` cannot be written to.
    """
    existed = root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{info.name}-", dir=root, ignore_cleanup_errors=True
        ) as scratch:
            write(Path(scratch))
            written = find(info, [Path(scratch)])
            if written is None:
                raise DatasetError(f"{info.name}: nothing was prepared in {scratch}")
            target = root / info.name / written.path.name
            target.parent.mkdir(exist_ok=True)
            with contextlib.suppress(FileExistsError):
                _rename(written.path, target)
    except BaseException:
        if not existed:
            with contextlib.suppress(OSError):  # not empty: somebody else's data
                root.rmdir()
        raise
    added = find(info, [root])
    assert added is not None
    return added


def _rename(source: Path, target: Path) -> None:
    """Renames a folder; FileExistsError if `target` is there, on every system."""
    try:
        source.rename(target)
    except OSError as error:
        # POSIX says "directory not empty", Windows "access denied".
        if target.is_dir():
            raise FileExistsError(str(target)) from error
        raise


def _describe(name: str, folder: Path) -> Prepared:
    """Reads the description of a prepared data set."""
    try:
        facts = json.loads((folder / "dataset_info.json").read_text())
        file_format = facts["fileFormat"]
        shards = {}
        for split in facts["splits"]:
            template = split.get("filepathTemplate", _TEMPLATE)
            lengths = split["shardLengths"]
            shards[split["name"]] = tuple(
                Shard(
                    folder
                    / template.format(
                        DATASET=name,
                        SPLIT=split["name"],
                        FILEFORMAT=file_format,
                        SHARD_X_OF_Y=f"{index:05d}-of-{len(lengths):05d}",
                    ),
                    int(examples),
                )
                for index, examples in enumerate(lengths)
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{folder}: dataset_info.json cannot be read ({type(error).__name__}); "
            "delete this folder and load again"
        ) from None
    missing = [
        s.path for split in shards.values() for s in split if not s.path.exists()
    ]
    if missing:
        raise DatasetError(f"{missing[0]} is missing; delete {folder} and load again")
    return Prepared(folder, file_format, shards)
