"""The check program of machines with a GPU, run on the CPU under sanitizers.

To the thread sanitizer every CUDA thread of a block is a thread of its own, ordered by
barriers alone; the address sanitizer sees reads and stores outside an array.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from shared.ops.build import KERNELS, find_compiler

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="fibers under sanitizers"),
]
SOURCES = ("tests/check_gpu.cu.cc", "conv2d_gpu.cu.cc", "naive.cc")


def build(folder, *flags, file=None, change=None):
    """The program, with `change` applied to the text of one file."""
    (folder / "tests").mkdir()
    for path in [*KERNELS.glob("*.*"), *KERNELS.glob("tests/*.*")]:
        text = path.read_text()
        if path.name == file:
            changed = change(text)
            assert changed != text
            text = changed
        (folder / path.relative_to(KERNELS)).write_text(text)
    program = folder / "check"
    command = [
        *find_compiler(),
        *("-std=c++17", "-O1", "-g", "-DCOURSE_WATCH", "-Wno-unknown-pragmas"),
        *(*flags, f"-I{folder}", f"-I{folder / 'tests'}", "-x", "c++"),
        *(str(folder / source) for source in SOURCES),
        *("-o", str(program)),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


def run(program, rounds):
    return subprocess.run(
        [str(program), str(rounds)],
        capture_output=True,
        text=True,
        timeout=600,
        env={"TSAN_OPTIONS": "halt_on_error=1"},
    )


@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_clean(tmp_path, sanitizer):
    flags = f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all"
    done = run(build(tmp_path, *flags), 5)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert " 0 wrong" in done.stdout


@pytest.mark.parametrize(
    ("file", "barrier"),
    [
        *(("gpu_gemm.cuh", barrier) for barrier in range(3)),
        *(("gpu_tiled.cuh", barrier) for barrier in range(4)),
    ],
)
def test_every_barrier_is_needed(tmp_path, file, barrier):
    """The watch itself: without any one of them it reports a race or wrong sums."""
    call = "__syncthreads();"

    def without(text):
        pieces = text.split(call)
        before, after = pieces[: barrier + 1], pieces[barrier + 1 :]
        return call.join(before) + call.join(after)

    flags = "-O0", "-fsanitize=thread", "-fno-sanitize-recover=all"
    done = run(build(tmp_path, *flags, file=file, change=without), 9)
    assert done.returncode != 0


def test_arrays_are_filled_before_the_kernels_run(tmp_path):
    """The emulated default stream works as late as CUDA's may."""
    waits = "Check(cudaStreamSynchronize(nullptr)"
    program = build(
        tmp_path,
        "-O0",
        file="check_gpu.cu.cc",
        change=lambda text: text.replace(waits, "Check(cudaSuccess"),
    )
    done = run(program, 1)
    assert done.returncode == 1
    assert "off by nan" in done.stdout
