"""The CPU kernels under the address, undefined-behaviour and thread sanitizers."""

from __future__ import annotations

import subprocess

import pytest

from shared.ops.build import KERNELS, find_compiler

SOURCES = (
    *("naive.cc", "cost_model.cc", "cpu_features.cc"),
    *("isa_portable.cc", "isa_avx2.cc", "isa_avx512.cc"),
    *("tests/cpu_api.cc", "tests/check_cpu.cc"),
)


def build(folder, sanitizer):
    program = folder / "check"
    command = [
        *find_compiler(),
        *("-std=c++17", "-O1", "-g", "-pthread", "-DCOURSE_PORTABLE_ONLY"),
        *(f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", f"-I{folder}"),
        *(str(folder / source) for source in SOURCES),
        *("-o", str(program)),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


def copy_kernels(folder, name=None, right=None, wrong=None):
    (folder / "tests").mkdir()
    for path in [*KERNELS.glob("*.*"), *KERNELS.glob("tests/*.*")]:
        text = path.read_text()
        if path.name == name:
            assert right in text
            text = text.replace(right, wrong)
        (folder / path.relative_to(KERNELS)).write_text(text)


def run(program, rounds):
    return subprocess.run(
        [str(program), str(rounds)], capture_output=True, text=True, timeout=300
    )


@pytest.mark.slow
@pytest.mark.parametrize("sanitizer", ["address,undefined", "thread"])
def test_clean(tmp_path, sanitizer):
    copy_kernels(tmp_path)
    done = run(build(tmp_path, sanitizer), 60)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    checked, wrong = (int(word) for word in done.stdout.split() if word.isdigit())
    assert checked > 250
    assert wrong == 0


@pytest.mark.slow
def test_an_overrun_is_seen(tmp_path):
    """The check itself: storing one whole vector past a row's end is caught."""
    copy_kernels(
        tmp_path,
        "tile.inl",
        "Simd::StoreN(p, old + sum[i][j], a.last_lanes);",
        "Simd::Store(p, old + sum[i][j]);",
    )
    done = run(build(tmp_path, "address"), 60)
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr
