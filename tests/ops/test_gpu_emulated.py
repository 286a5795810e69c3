"""The CUDA kernels equal the oracle when their threads run one by one on the CPU.

This holds their indexing, their borders and their barriers, not their speed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import types

import numpy as np
import pytest

from shared.ops.build import KERNELS, find_nvcc
from shared.ops.standalone import (
    GPU_TILES,
    PASSES,
    Axis,
    Emulated,
    Geometry,
    KernelError,
)
from tests.ops.cases import GEOMETRIES, close, problem


@pytest.fixture(scope="module")
def emulated():
    return Emulated(flags=("-O1", "-Wno-unknown-pragmas"))


@pytest.mark.parametrize("reverse", [False, True], ids=["first to last", "reversed"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("how", ["naive", "direct", "im2col"])
@pytest.mark.parametrize("g", GEOMETRIES.values(), ids=GEOMETRIES)
def test_matches_oracle(emulated, rng, g, how, dtype, reverse):
    p = problem(g, dtype, rng)
    for which in PASSES:
        actual = emulated.run(which, how, g, *p.operands[which], reverse=reverse)
        close(actual, p.expected[which], p.terms[which])


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("tile", GPU_TILES)
@pytest.mark.parametrize("g", GEOMETRIES.values(), ids=GEOMETRIES)
def test_every_tile_and_split_of_the_implicit_gemm(emulated, rng, g, tile, parts):
    """Large tiles are chosen for large problems alone, but hold for any."""
    p = problem(g, "float32", rng)
    for which in PASSES:
        cut = {"tile": tile, "parts": parts}
        actual = emulated.run(which, "im2col", g, *p.operands[which], **cut)
        close(actual, p.expected[which], p.terms[which])


@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize("dilation", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("kernel", [1, 2, 5])
def test_phases_of_the_gradient_in_the_input(emulated, rng, kernel, dilation, stride):
    """Strides that share divisors with the dilation, and phases without taps."""
    rows = Axis(13, kernel, stride, dilation, (3, 14))
    cols = Axis(10, 2, 3, 2, (1, 0))
    g = Geometry(2, rows, cols, 4, 8)
    p = problem(g, "float32", rng)
    actual = emulated.run("grad_input", "im2col", g, *p.operands["grad_input"])
    close(actual, p.expected["grad_input"], p.terms["grad_input"])


def test_plans(emulated):
    """Tiles fit the result, and small results are split until the GPU is full."""
    # ResNet's stages at a batch of 32: pixels, filters, terms.
    assert emulated.plan(100_352, 64, 576) == ("128x64", 1)
    assert emulated.plan(100_352, 256, 576) == ("128x128", 1)
    tile, parts = emulated.plan(1_568, 512, 4_608)
    rows, cols = map(int, tile.split("x"))
    blocks = -(-1_568 // rows) * -(-512 // cols)
    assert blocks * parts >= 132
    # One filter's worth of a gradient, a million pixels: parts alone fill it.
    assert emulated.plan(27, 64, 1_605_632)[1] >= 132
    # A sum too short to split stays whole.
    assert emulated.plan(64, 64, 100)[1] == 1


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


@pytest.mark.parametrize("how", ["auto", "naive", "direct", "im2col"])
def test_nothing_to_compute_launches_nothing(emulated, how):
    """A GPU refuses a launch of no blocks."""
    image = Axis(5, 3), Axis(6, 3)
    for g, which in (
        (Geometry(0, *image, 3, 4), "forward"),
        (Geometry(0, *image, 3, 4), "grad_input"),
        (Geometry(2, *image, 0, 4), "grad_input"),
        (Geometry(2, *image, 3, 0), "grad_kernel"),
    ):
        shapes = {n: np.zeros(s, np.float32) for n, s in g.shapes().items()}
        names = {"forward": "x kernel", "grad_input": "y kernel", "grad_kernel": "x y"}
        operands = (shapes[name] for name in names[which].split())
        assert emulated.run(which, how, g, *operands).size == 0


def test_a_refused_launch_is_told(emulated):
    """No sum of parts that were never computed: a grid has at most 65535 along y."""
    pixels = 8 * 70_000
    g = Geometry(pixels, Axis(1, 1), Axis(1, 1), 1, 1)
    x = np.zeros((pixels, 1, 1, 1), np.float32)
    with pytest.raises(KernelError, match="launch failed"):
        emulated.run("grad_kernel", "im2col", g, x, x, tile="64x64", parts=70_000)
    # The error is not left for the next launch.
    assert emulated.run("grad_kernel", "im2col", g, x, x, parts=2).shape == (1, 1, 1, 1)


@pytest.mark.parametrize("which", PASSES)
@pytest.mark.parametrize(
    "g",
    [
        Geometry(2, Axis(3, 2, 2**30, pads=(1, 1)), Axis(1, 1, 2**30), 4, 4),
        Geometry(1, Axis(256, 1, 256), Axis(256, 1, 256), 3, 4),
    ],
    ids=["stride 2^30", "65536 phases"],
)
def test_auto_takes_what_the_implicit_gemm_does_not(emulated, rng, g, which):
    p = problem(g, "float32", rng)
    actual = emulated.run(which, "auto", g, *p.operands[which])
    close(actual, p.expected[which], p.terms[which])


@pytest.mark.parametrize("which", ["forward", "grad_input"])
def test_windows_whose_product_exceeds_64_bits_are_refused(emulated, which):
    """15 strides and one are 2^32: the product of two windows would be 0."""
    stride = (2**32 - 1) // 15
    axis = {
        "forward": Axis(1, 1, stride),
        "grad_input": Axis(1, 2, 1, 2**32 - 17, (2**32 - 17, 0)),
    }[which]
    g = Geometry(1, axis, axis, 1, 1)
    arrays = {n: np.zeros(s, np.float32) for n, s in g.shapes().items()}
    first = arrays["x" if which == "forward" else "y"]
    with pytest.raises(KernelError, match="unsupported"):
        emulated.run(which, "direct", g, first, arrays["kernel"])


def test_window_beyond_shared_memory_is_refused(emulated):
    g = Geometry(1, Axis(400, 3, 1, 150), Axis(400, 3, 1, 150), 1, 1)
    x, k = np.zeros((1, 400, 400, 1), np.float32), np.zeros((3, 3, 1, 1), np.float32)
    with pytest.raises(KernelError, match="unsupported"):
        emulated.run("forward", "direct", g, x, k)


def test_the_benchmark_needs_neither_tensorflow_nor_scipy():
    """A machine with a GPU has PyTorch, and little else."""
    code = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'scipy', 'torch'):\n"
        "    sys.modules[name] = None\n"
        "import benchmarks.conv2d_gpu\n"
    )
    root = KERNELS.parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_benchmark_is_done_with_a_slow_kernel_soon(monkeypatch):
    """Of twenty readings, a kernel of half a second gets three."""
    clock = 0.0  # of the GPU, in milliseconds

    class Event:
        def __init__(self, *, enable_timing):
            assert enable_timing

        def record(self):
            self.at = clock

        def synchronize(self):
            pass

        def elapsed_time(self, end):
            return end.at - self.at

    def spend(name, time):
        def call():
            nonlocal clock
            clock += time
            called.append(name)

        return call

    called = []
    cuda = types.SimpleNamespace(Event=Event, _sleep=lambda cycles: None)
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    from benchmarks.conv2d_gpu import milliseconds

    calls = {"fast": spend("fast", 1.0), "slow": spend("slow", 500.0)}
    assert milliseconds(calls, 20) == {"fast": 1.0, "slow": 500.0}
    warm = 2
    assert called.count("fast") == warm + 20
    assert called.count("slow") == warm + 3


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
    kernels = ("NaiveForward", "TiledKernel", "PatchProduct", "PhasedProduct")
    for kernel in (*kernels, "KernelProduct", "TiledGradKernel", "NaiveGradInput"):
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
