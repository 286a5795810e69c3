"""Which files a student is handed. An allow-list: solutions are never looked into."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError
from grader.manifest import ROOT, Manifest, all_assignments, check_tests
from grader.regenerate.files import blank_files, file_leaks
from grader.regenerate.leaks import find_leaks
from grader.regenerate.notebooks import read_source, student_notebook

#: Folders that go as they are, and single files.
PACKAGES = ("shared", "grader")
FILES = ("LICENSE", "Makefile", "pyproject.toml", "requirements.txt")
#: Of these, what makes no sense without solutions, and would hold pieces of them.
_INSTRUCTORS = ("grader/scaffold/",)
_README = Path(__file__).with_name("README.md.jinja")
_UNWANTED_FOLDERS = {"__pycache__", "build", "dist", "node_modules"}
_UNWANTED_SUFFIXES = {".pyc", ".pyo", ".so", ".o", ".orig", ".rej", ".swp", ".tmp"}


@dataclass(frozen=True)
class Bundle:
    """A student's files, by path inside the bundle.

    Attributes:
        assignments: their manifests.
        files: path with ``/`` to contents.
        leaks: one line for each piece of a solution in an assignment's own files.
    """

    assignments: tuple[Manifest, ...]
    files: Mapping[str, bytes]
    leaks: tuple[str, ...]


def make_bundle(manifests: Sequence[Manifest], root: Path = ROOT) -> Bundle:
    """Collects the bundle of these assignments; writes nothing.

    The student notebook and the files to fill in are made from their source, so that
    nothing that was run or tried in the folder gets into it.

    Raises:
        GraderError: if a file is missing or is no text, so that nobody can check it.
    """
    files: dict[str, bytes] = {}
    leaks: list[str] = []
    for manifest in manifests:
        check_tests(manifest)
        source = read_source(manifest)
        text = student_notebook(source)
        leaks += [*find_leaks(source, json.loads(text)), *file_leaks(manifest)]
        files |= read_texts(tree(manifest.folder), root)
        made = {f"{manifest.name}.ipynb": text.encode(), **blank_files(manifest)}
        for name, contents in made.items():
            files[f"assignments/{manifest.name}/{name}"] = contents
    files |= read_texts(_walkthroughs(manifests, root), root)
    for name in PACKAGES:
        found = read_texts(tree(root / name), root)
        files |= {
            n: data for n, data in found.items() if not n.startswith(_INSTRUCTORS)
        }
    files |= read_texts([root / name for name in FILES], root)
    files["README.md"] = _readme(manifests, files).encode()
    return Bundle(tuple(manifests), dict(sorted(files.items())), tuple(leaks))


def _walkthroughs(manifests: Sequence[Manifest], root: Path) -> Iterator[Path]:
    """Those of the chosen assignments, and those that belong to none."""
    later = {path.name for path in all_assignments(root)}
    later -= {manifest.name for manifest in manifests}
    for path in tree(root / "notebooks"):
        if path.relative_to(root / "notebooks").parts[0].split(".")[0] not in later:
            yield path


def tree(folder: Path) -> Iterator[Path]:
    """The folder's files, without caches, editors' leavings and links."""
    if folder.is_symlink():
        return
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        unwanted = path.name.startswith(".") or path.name.endswith("~")
        if unwanted or path.is_symlink():
            continue
        if path.is_dir():
            if path.name not in _UNWANTED_FOLDERS and path.suffix != ".egg-info":
                yield from tree(path)
        elif path.suffix not in _UNWANTED_SUFFIXES:
            yield path


def read_texts(paths: Iterator[Path] | Sequence[Path], root: Path) -> dict[str, bytes]:
    """Reads text files, by their path from `root`.

    Raises:
        GraderError: if one is missing, or no text.
    """
    found = {}
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            contents = path.read_bytes()
            contents.decode("utf-8")
        except UnicodeDecodeError:
            raise GraderError(
                f"{name}: not a text file, so nobody can say that it holds no answer; "
                "move it out of the folder"
            ) from None
        except OSError as error:
            raise GraderError(
                f"{name}: {error.strerror}; it is in the bundle"
            ) from None
        found[name] = contents
    return found


def _readme(manifests: Sequence[Manifest], files: Mapping[str, bytes]) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string(_README.read_text(encoding="utf-8"))
    with_walkthrough = [
        m.name for m in manifests if f"notebooks/{m.name}.ipynb" in files
    ]
    return template.render(
        assignments=manifests,
        first=manifests[0],
        number=manifests[0].name.split("_")[0],
        walkthroughs=with_walkthrough,
        tour="notebooks/00_tour.ipynb" in files,
    )
