"""The build: cached, safe in parallel, clear when it cannot be done."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from shared.ops import build
from shared.ops.build import KERNELS, BuildError, build_library, compile_kernel

DOUBLING = """
#include "naive.h"
namespace course {
template <typename T>
void NaiveForward(const Runtime&, const ConvGeometry& g, const T* input, const T*,
                  T* output) {
  for (int64_t i = 0; i < g.OutputSize(); ++i) output[i] = 2 * input[i];
}
template <typename T>
void NaiveGradInput(const Runtime&, const ConvGeometry&, const T*, const T*, T*) {}
template <typename T>
void NaiveGradKernel(const Runtime&, const ConvGeometry&, const T*, const T*, T*) {}
#define MAKE(T)                                                                     \\
  template void NaiveForward<T>(const Runtime&, const ConvGeometry&, const T*,      \\
                                const T*, T*);                                      \\
  template void NaiveGradInput<T>(const Runtime&, const ConvGeometry&, const T*,    \\
                                  const T*, T*);                                    \\
  template void NaiveGradKernel<T>(const Runtime&, const ConvGeometry&, const T*,   \\
                                   const T*, T*);
MAKE(float)
MAKE(double)
}  // namespace course
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    """An empty cache, and a source that compiles at once."""
    monkeypatch.setenv("COURSE_OPS_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "small.cc"
    source.write_text('#include "value.h"\nextern "C" int value() { return VALUE; }\n')
    (tmp_path / "value.h").write_text("#define VALUE 1\n")
    return source


def test_the_cache_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("COURSE_OPS_CACHE", raising=False)
    assert build.cache_folder() == tmp_path / "xdg" / "cnn-course" / "ops"
    monkeypatch.setenv("COURSE_OPS_CACHE", str(tmp_path / "own"))
    assert build.cache_folder() == tmp_path / "own"


def test_compiled_once_until_something_changes(small):
    first = compile_kernel(small)
    made = first.stat().st_mtime_ns
    assert compile_kernel(small) == first
    assert first.stat().st_mtime_ns == made
    (small.parent / "value.h").write_text("#define VALUE 2\n")  # an included header
    assert compile_kernel(small) != first
    assert compile_kernel(small, flags=("-O1",)) != compile_kernel(small)


def test_several_processes_at_once(small):
    script = f"""
        import ctypes
        from pathlib import Path
        from shared.ops.build import compile_kernel
        print(ctypes.CDLL(str(compile_kernel(Path({str(small)!r})))).value())
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    several = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [process.communicate()[0].strip() for process in several] == ["1"] * 4
    left = [path.suffix for path in build.cache_folder().iterdir()]
    assert sorted(left) == ["", ".so"]  # the lock and one library: no scraps


def test_no_compiler_is_one_clear_error(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(BuildError, match=r"no C\+\+ compiler.*install.*CXX"):
        build.find_compiler()
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(BuildError, match="CXX=no-such-compiler was not found"):
        build.find_compiler()


def test_no_compiler_on_the_command_line():
    environment = {**os.environ, "CXX": "no-such-compiler"}
    done = subprocess.run(
        [sys.executable, "-m", "shared.ops", "build"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 3
    assert done.stderr.strip().splitlines()[-1].startswith("no C++ compiler")
    assert "Traceback" not in done.stderr


def test_unknown_replacement_is_refused(tmp_path):
    with pytest.raises(BuildError, match=r"mine\.cc"):
        build_library(replace={"mine.cc": tmp_path / "mine.cc"})


def test_a_replaced_kernel_compiles_alone(tmp_path):
    """A student's kernel in the operation: one object, the others from the cache."""
    build_library()
    before = set((build.cache_folder() / "objects").iterdir())
    source = tmp_path / "my_naive.cc"
    source.write_text(DOUBLING)
    library = build_library(replace={"naive.cc": source})
    new = set((build.cache_folder() / "objects").iterdir()) - before
    assert [path.name.split("-")[0] for path in new] in (["my_naive"], [])
    script = """
        import tensorflow as tf
        from shared.ops import conv2d
        y = conv2d(tf.fill((1, 2, 2, 1), 3.0), tf.zeros((1, 1, 1, 1)),
                   implementation="naive")
        print(y.numpy().ravel().tolist())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "COURSE_OPS_LIBRARY": str(library)},
    )
    assert done.stdout.strip() == "[6.0, 6.0, 6.0, 6.0]", done.stderr[-2000:]


def test_a_refused_source_shows_the_compilers_words(tmp_path):
    source = tmp_path / "broken.cc"
    source.write_text("int f() { return nothing; }\n")
    with pytest.raises(BuildError, match=r"(?s)broken\.cc.*nothing"):
        compile_kernel(source)


def test_kernels_are_free_of_tensorflow():
    """Only the glue may see TensorFlow's headers."""
    glue = {"conv2d_op.cc", "conv2d_attributes.h", "tensorflow_runtime.h"}
    for path in [*KERNELS.glob("*.*"), *KERNELS.glob("tests/*.*")]:
        if path.name not in glue:
            assert '#include "tensorflow' not in path.read_text(), path.name
            assert "conv2d_attributes.h" not in path.read_text(), path.name
