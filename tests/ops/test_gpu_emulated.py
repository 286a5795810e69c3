"""The CUDA kernels equal the oracle when their threads run one by one on the CPU.

This holds their indexing, their borders and their barriers, not their speed.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

from shared.ops.build import KERNELS, compile_kernel, find_nvcc
from shared.ops.standalone import PASSES, Axis, Emulated, Geometry, KernelError
from tests.ops.cases import GEOMETRIES, close, problem

# Small problems take the kernels with small blocks; the flag gives them the large.
FLAGS = {"small blocks": (), "large blocks": ("-DCOURSE_ENOUGH_BLOCKS=1",)}


@pytest.fixture(scope="module", params=FLAGS.values(), ids=FLAGS)
def emulated(request):
    return Emulated(flags=("-O1", "-Wno-unknown-pragmas", *request.param))


@pytest.mark.parametrize("reverse", [False, True], ids=["first to last", "reversed"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("how", ["naive", "direct", "im2col"])
@pytest.mark.parametrize("g", GEOMETRIES.values(), ids=GEOMETRIES)
def test_matches_oracle(emulated, rng, g, how, dtype, reverse):
    p = problem(g, dtype, rng)
    for which in PASSES:
        actual = emulated.run(which, how, g, *p.operands[which], reverse=reverse)
        close(actual, p.expected[which], p.terms[which])


def test_unaligned_tensors(emulated, rng):
    """A tensor that does not begin on a vector is not read in vectors."""
    g = GEOMETRIES["3x3, vectors"]
    p = problem(g, "float32", rng)
    x, kernel = p.operands["forward"]
    memory = np.empty(x.size + 1, np.float32)
    shifted = memory[1:].reshape(x.shape)
    shifted[:] = x
    assert shifted.ctypes.data % 16 != 0
    y = emulated.run("forward", "im2col", g, shifted, kernel)
    close(y, p.expected["forward"], p.terms["forward"])


def test_window_beyond_shared_memory_is_refused(emulated):
    g = Geometry(1, Axis(400, 3, 1, 150), Axis(400, 3, 1, 150), 1, 1)
    x, k = np.zeros((1, 400, 400, 1), np.float32), np.zeros((3, 3, 1, 1), np.float32)
    with pytest.raises(KernelError, match="unsupported"):
        emulated.run("forward", "direct", g, x, k)


def test_a_missing_barrier_shows(tmp_path, rng):
    """The emulation itself: without its barriers the tiled kernel goes wrong."""
    folder = tmp_path / "kernels"
    (folder / "tests").mkdir(parents=True)
    for path in [*KERNELS.glob("*.*"), *KERNELS.glob("tests/*.*")]:
        text = path.read_text()
        if path.name == "gpu_tiled.cuh":
            assert text.count("__syncthreads();") == 4
            text = text.replace("__syncthreads();", "")
        (folder / path.relative_to(KERNELS)).write_text(text)
    broken = Emulated.__new__(Emulated)
    source = folder / "tests" / "gpu_emulated.cc"
    flags = ("-O1", "-Wno-unknown-pragmas", f"-I{folder}")
    broken._library = ctypes.CDLL(str(compile_kernel(source, flags=flags)))
    g = GEOMETRIES["many pixels"]
    p = problem(g, "float32", rng)
    y = broken.run("forward", "direct", g, *p.operands["forward"])
    with pytest.raises(AssertionError):
        close(y, p.expected["forward"], p.terms["forward"])


@pytest.mark.skipif(find_nvcc() is None, reason="nvcc is not installed")
@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_compiles_with_nvcc(arch, tmp_path):
    """nvcc accepts the kernels for both architectures, to machine code."""
    target = tmp_path / "conv2d_gpu.cubin"
    command = [find_nvcc(), "-std=c++17", f"-arch={arch}", "-cubin", "-x", "cu"]
    done = subprocess.run(
        [
            *command,
            f"-I{KERNELS}",
            str(KERNELS / "conv2d_gpu.cu.cc"),
            "-o",
            str(target),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    names = target.read_bytes()
    kernels = ("NaiveForward", "TiledKernel", "GemmForward", "GemmGradInput")
    for kernel in (*kernels, "GemmGradKernel", "TiledGradKernel", "NaiveGradInput"):
        assert kernel.encode() in names


@pytest.mark.skipif(find_nvcc() is None, reason="nvcc is not installed")
@pytest.mark.parametrize("source", ["check_gpu.cu.cc", "gpu_api.cu.cc"])
def test_the_stand_alone_sources_compile(source, tmp_path):
    """What is run on machines with a GPU and no TensorFlow."""
    target = tmp_path / "stand_alone.o"
    command = [find_nvcc(), "-std=c++17", "-arch=sm_90", f"-I{KERNELS}", "-x", "cu"]
    subprocess.run(
        [*command, "-c", str(KERNELS / "tests" / source), "-o", str(target)], check=True
    )
    assert target.exists()


@pytest.mark.gpu
def test_on_a_gpu(tmp_path):
    """Every kernel on the GPU itself, and under compute-sanitizer."""
    if shutil.which("nvidia-smi") is None:
        pytest.skip("no GPU on this machine")
    from benchmarks.conv2d_gpu import check

    assert check(tmp_path, sanitize=True) == 0
