"""A worker's own folder: writable, and gone afterwards whatever was done in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.errors import StudentError
from grader.worker.scratch import remove_tree
from tests.grader.test_limits import function

TREES = {
    "very deep": "for _ in range(3000): os.mkdir('d'); os.chdir('d')",
    "closed": """
        os.makedirs("a/b/c")
        open("a/b/c/file", "w").close()
        os.umask(0o777)
        os.mkdir("d")
        os.mkdir("a/b/c/d")
        """,
    "odd names": r"""
        os.mkdir(b"a\nb\xff"); os.mkdir("-rf"); os.mkdir("x" * 255)
        open(b"\xff\xfe", "w").close()
        """,
    "links": """
        open("file", "w").close()
        os.symlink("..", "up"); os.symlink("/usr", "usr"); os.link("file", "again")
        os.symlink(".", "loop"); os.mkfifo("pipe")
        """,
}


@pytest.mark.parametrize("kind", TREES)
def test_nothing_stays_behind(course, restricted, kind):
    body = (
        "import os\nwhere = os.getcwd()\n" + _dedented(TREES[kind]) + "\nreturn where"
    )
    session = course.session(function(body), restricted)
    folder = session.call("double", [1], {}, False)
    assert Path(folder).exists()
    session.close()
    assert not Path(folder).exists()


def test_links_are_not_followed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    tree = tmp_path / "tree"
    (tree / "inner").mkdir(parents=True)
    (tree / "inner" / "link").symlink_to(kept)
    remove_tree(str(tree))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").exists()
    (tmp_path / "alias").symlink_to(kept)
    with pytest.raises(NotADirectoryError):
        remove_tree(str(tmp_path / "alias"))


def test_temporary_files_go_there_with_tensorflow_too(course, restricted):
    # TensorFlow asks for the folder of temporary files when it is imported.
    body = """
        import tempfile
        with tempfile.TemporaryDirectory() as folder: return folder, os.getcwd()
        """
    source = "import os\nimport tensorflow as tf\n" + function(body) + "    tf.zeros(1)"
    allow = ("numpy", "tensorflow")
    session = course.session(source, restricted, allow=allow)
    made, here = session.call("double", [1], {}, False)
    assert os.path.dirname(made) == here


SHARED = ("/dev/shm", "/dev/tty", "/dev/pts", "/dev/ptmx", "/dev/fuse", "/dev/kmsg")


def test_workers_share_no_device(course, restricted):
    body = "import os\nreturn os.listdir(x) if os.path.isdir(x) else open(x)"
    for path in SHARED:
        session = course.session(function(body), restricted)
        with pytest.raises(StudentError, match=r"PermissionError|FileNotFound"):
            session.call("double", [path], {}, False)
    session = course.session(function("open('/dev/shm/left', 'w')"), restricted)
    with pytest.raises(StudentError, match=r"PermissionError|FileNotFound"):
        session.call("double", [1], {}, False)


MODES = (
    "os.chmod(x, 0o644)",
    "os.chown(x, -1, -1)",
    "os.setxattr(x, 'user.x', b'')",
    "os.utime(x)",
)


@pytest.mark.parametrize("change", MODES)
def test_no_file_of_the_same_user_is_closed_or_given_away(
    course, restricted, tmp_path, change
):
    file = tmp_path / "gradebook"
    file.touch(0o600)
    session = course.session("import os\n" + function(change), restricted)
    with pytest.raises(StudentError, match="PermissionError"):
        session.call("double", [str(file)], {}, False)
    assert file.stat().st_mode & 0o777 == 0o600


def _dedented(text: str) -> str:
    import textwrap

    return textwrap.dedent(text).strip()
