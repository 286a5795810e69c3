"""The build and the loading where compilers, folders and files are not as they should
be: one error that names the thing, or a library all the same."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

from shared.ops import build, library
from shared.ops.build import BuildError, build_library, compile_kernel


@pytest.fixture
def source(tmp_path, monkeypatch):
    """An empty cache, and a source that compiles at once."""
    monkeypatch.setenv("COURSE_OPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    path = tmp_path / "small.cc"
    path.write_text('extern "C" int value() { return 7; }\n')
    return path


def value(path):
    return ctypes.CDLL(str(path)).value()


def test_a_cache_that_cannot_be_made(source, monkeypatch):
    monkeypatch.setenv("COURSE_OPS_CACHE", str(source / "below a file"))
    message = r"^cannot write the cache .*Not a directory.*COURSE_OPS_CACHE[^\n]*$"
    with pytest.raises(BuildError, match=message):
        compile_kernel(source)


def test_a_cache_that_cannot_be_written(source, tmp_path):
    # Root may write anywhere: a folder in the lock's place stands for a refusal.
    (tmp_path / "cache" / "lock").mkdir(parents=True)
    with pytest.raises(BuildError, match=r"^cannot write the cache [^\n]*$"):
        compile_kernel(source)


def test_what_is_cached_needs_no_writing(source, tmp_path):
    made = compile_kernel(source)
    (tmp_path / "cache" / "lock").unlink()
    (tmp_path / "cache" / "lock").mkdir()
    assert compile_kernel(source) == made


@pytest.mark.parametrize("name", ["with blank", "Übung"])
def test_any_name_of_the_cache_and_the_compiler(source, tmp_path, monkeypatch, name):
    monkeypatch.setenv("COURSE_OPS_CACHE", str(tmp_path / name))
    compiler = tmp_path / f"{name} g++"
    compiler.symlink_to(shutil.which(build.find_compiler()[0]))
    monkeypatch.setenv("CXX", str(compiler))
    assert value(compile_kernel(source)) == 7


def test_a_cache_named_from_home_or_from_here(source, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COURSE_OPS_CACHE", "~/mine")
    assert build.cache_folder() == tmp_path / "mine"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_OPS_CACHE", ".")
    assert value(compile_kernel(source)) == 7


@pytest.mark.parametrize(
    ("compiler", "message"),
    [
        ("g++ 'left open", r"CXX=g\+\+ 'left open was not found"),
        ("false", "false does not answer --version"),
        ("true", "true wrote nothing"),
        ("{folder}/text", r"text cannot be run \(Exec format error\)"),
    ],
)
def test_what_is_no_compiler(source, tmp_path, monkeypatch, compiler, message):
    (tmp_path / "text").write_text("words")
    (tmp_path / "text").chmod(0o755)
    monkeypatch.setenv("CXX", compiler.format(folder=tmp_path))
    with pytest.raises(BuildError, match=message):
        compile_kernel(source)
    assert not list(tmp_path.glob("cache/*.so"))


def test_another_compiler_behind_a_launcher_compiles_again(
    source, tmp_path, monkeypatch
):
    """CXX="launcher compiler": the version asked for is the compiler's."""
    launcher = tmp_path / "launcher"
    launcher.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo 1; exit; fi\n')
    launcher.write_text(launcher.read_text() + 'exec "$@"\n')
    compiler = tmp_path / "compiler"
    found = []
    for version in "12":
        compiler.write_text(
            f'#!/bin/sh\nif [ "$1" = --version ]; then echo {version}; exit; fi\n'
            f'exec {build.find_compiler()[0] if not found else "g++"} "$@"\n'
        )
        for script in (launcher, compiler):
            script.chmod(0o755)
        monkeypatch.setenv("CXX", f"{launcher} {compiler}")
        found.append(compile_kernel(source))
    assert found[0] != found[1]


def test_a_source_in_another_encoding(source):
    source.write_bytes(
        '// Größe\nextern "C" int value() { return 7; }'.encode("latin-1")
    )
    assert value(compile_kernel(source)) == 7
    source.write_bytes("int größe = nothing;\n".encode("latin-1"))
    with pytest.raises(BuildError, match=r"small\.cc"):
        compile_kernel(source)


def test_what_a_killed_build_left_is_cleared(source, tmp_path):
    left = [tmp_path / "cache" / f"{build.SCRAP}{i}" for i in (1, 2)]
    left.append(tmp_path / "cache" / "objects" / f"{build.SCRAP}3.o")
    left[2].parent.mkdir(parents=True)
    for path in left:
        path.write_text("half")
    compile_kernel(source)
    assert not any(path.exists() for path in left)


def test_others_may_read_the_cache(source):
    old = os.umask(0o022)
    try:
        assert compile_kernel(source).stat().st_mode & 0o777 == 0o755
    finally:
        os.umask(old)


def test_a_spoilt_object_is_compiled_again(source, tmp_path):
    compiler = build.find_compiler()
    command = (*compiler, "-fPIC", "-c", str(source))
    unit = build.Unit(source, command, "key")
    made = build._build("small", [unit], compiler, [], False)
    made.unlink()
    (spoilt,) = tmp_path.glob("cache/objects/*.o")
    spoilt.write_bytes(spoilt.read_bytes()[:100])
    assert value(build._build("small", [unit], compiler, [], False)) == 7


def test_a_library_that_is_none(source, monkeypatch):
    for path, message in (
        (source, "cannot be loaded"),
        (source / "nothing", "cannot be loaded"),
        (compile_kernel(source), "has no operation CourseConv2D"),
    ):
        monkeypatch.setenv("COURSE_OPS_LIBRARY", str(path))
        with pytest.raises(BuildError, match=f"{re.escape(str(path))}.*{message}"):
            library._operations.__wrapped__()


def test_no_such_instruction_set(monkeypatch):
    monkeypatch.setenv("COURSE_OPS_ISA", "AVX2")
    with pytest.raises(ValueError, match=r"avx512, avx2, portable, received 'AVX2'"):
        library._operations.__wrapped__()


def test_a_spoilt_library_and_many_threads(tmp_path):
    """The cached library is cut short, and threads ask for it all at once."""
    script = """
        import sys, threading
        from pathlib import Path
        from shared.ops import library
        good, spoilt = map(Path, sys.argv[1:])
        library.build_library = lambda force=False: good if force else spoilt
        barrier, done = threading.Barrier(8), []
        def work():
            barrier.wait()
            done.append(library.operations())
        threads = [threading.Thread(target=work) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(len(done), hasattr(done[0], "course_conv2d"))
    """
    good = build_library()
    spoilt = tmp_path / "libspoilt.so"
    spoilt.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    environment = {k: v for k, v in os.environ.items() if k != "COURSE_OPS_LIBRARY"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(good), str(spoilt)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stdout.strip() == "8 True", done.stderr[-2000:]
