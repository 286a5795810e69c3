"""What goes into the autograder's zip."""

from __future__ import annotations

from pathlib import Path

from grader.errors import GraderError
from grader.manifest import ROOT, Manifest, check_tests
from grader.release.bundle import PACKAGES, read_texts, tree

EXECUTABLE = ("setup.sh", "run_autograder")
_HERE = Path(__file__).parent
#: Needed at a desk, not on a server; the course itself runs from its folder.
_UNUSED = ("jupyterlab", "ipywidgets", "-e ")


def autograder_files(manifest: Manifest) -> dict[str, bytes]:
    """Returns the files of the autograder, by path in the zip.

    Raises:
        GraderError: if the assignment has no hidden tests here.
    """
    check_tests(manifest)
    if manifest.hidden_tests is None:
        raise GraderError(
            f"{manifest.name} has no hidden tests here; make the autograder where the "
            "solutions are"
        )
    course = manifest.folder.parent.parent
    solutions = course / "solutions"
    others = [
        path
        for path in tree(solutions)
        if not path.relative_to(solutions).parts[0][:2].isdigit()
    ]
    found = read_texts(tree(manifest.folder), course)
    found |= read_texts(tree(manifest.solution_folder), course)
    found |= read_texts(others, course)
    for name in PACKAGES:
        found |= read_texts(tree(ROOT / name), ROOT)
    files = {f"course/{name}": contents for name, contents in found.items()}
    files["course/requirements.txt"] = _requirements()
    needs_compiler = any("c++" in q.requires for q in manifest.questions)
    scripts = {"setup.sh": "setup.sh", "run_autograder": "run_autograder.sh"}
    for name, source in scripts.items():
        text = (_HERE / source).read_text(encoding="utf-8")
        text = text.replace("@packages@", "g++" if needs_compiler else "")
        files[name] = text.replace("@name@", manifest.name).encode()
    return files


def _requirements() -> bytes:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith(_UNUSED)).encode()
