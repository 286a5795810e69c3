"""Checks and times the CUDA kernels on a machine with a GPU; needs no TensorFlow.

    python benchmarks/conv2d_gpu.py check             # against float64 loops
    python benchmarks/conv2d_gpu.py check --sanitize  # under compute-sanitizer too
    python benchmarks/conv2d_gpu.py time              # beside cuDNN, through PyTorch
    python benchmarks/conv2d_gpu.py tune              # every tile of the implicit GEMM

Times are medians of CUDA events, all kernels of a layer in turn. cuDNN runs in full
fp32 (TF32 off), on its preferred layout of two.
"""

from __future__ import annotations

import argparse
import ctypes
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.conv2d_calibrate import geometry
from benchmarks.conv2d_suite import SUITE, Layer
from shared.ops.build import KERNELS, NVCC_FLAGS, find_nvcc
from shared.ops.standalone import GPU_TILES, IMPLEMENTATIONS, PASSES

HOWS = {"naive": "naive", "direct": "tiled", "im2col": "gemm"}
SCRATCH_BYTES = 1 << 30
# A kernel that takes long is not timed for longer than this after three readings: the
# GPU may be lent by the minute.
ENOUGH_MS = 300.0
# What the GPU does first while the host launches what is timed, about 0.1 ms.
AHEAD_CYCLES = 200_000


def compile_with_nvcc(target: Path, *sources: str, flags: tuple[str, ...] = ()) -> None:
    """Compiles CUDA sources of the kernels' folder into one program or library."""
    nvcc = find_nvcc()
    if nvcc is None:
        sys.exit("nvcc was not found: install CUDA or set NVCC")
    files = [str(KERNELS / source) for source in sources]
    command = [nvcc, *NVCC_FLAGS, *flags, f"-I{KERNELS}", "-x", "cu", *files]
    subprocess.run([*command, "-o", str(target)], check=True)


def check(folder: Path, sanitize: bool) -> int:
    """Runs the stand-alone check, and again under the sanitizer's tools."""
    program = folder / "check_gpu"
    compile_with_nvcc(program, "tests/check_gpu.cu.cc", "conv2d_gpu.cu.cc", "naive.cc")
    status = subprocess.run([str(program)]).returncode
    if sanitize:
        sanitizer = shutil.which("compute-sanitizer")
        sanitizer = sanitizer or shutil.which("/usr/local/cuda/bin/compute-sanitizer")
        if sanitizer is None:
            sys.exit("compute-sanitizer was not found: install it or set PATH")
        for tool in ("memcheck", "racecheck", "synccheck"):
            command = [sanitizer, "--tool", tool, "--error-exitcode", "9"]
            print(tool, flush=True)
            status |= subprocess.run([*command, str(program), "25"]).returncode
    return status


def functions(
    library: ctypes.CDLL, layer: Layer, which: str, tune: bool = False
) -> dict:
    """One nullary function per kernel, cuDNN's first; and checks that they agree.

    Args:
        library: The kernels.
        layer: What to convolve.
        which: The pass.
        tune: The implicit GEMM in every tile and split, instead of all kernels.
    """
    import torch

    g = geometry(layer)
    torch.manual_seed(0)
    options = {"device": "cuda", "dtype": torch.float32}
    x, kernel, y = (torch.randn(shape, **options) for shape in g.shapes().values())
    a, b, out = {
        "forward": (x, kernel, torch.empty_like(y)),
        "grad_input": (y, kernel, torch.empty_like(x)),
        "grad_kernel": (x, y, torch.empty_like(kernel)),
    }[which]
    scratch = torch.empty(SCRATCH_BYTES // 4, **options)

    def ours(how: str, tile: int = -1, parts: int = 0):
        def call():
            outcome = library.course_conv2d_gpu(
                IMPLEMENTATIONS.index(how),
                PASSES.index(which),
                g._sizes(),
                tile,
                parts,
                ctypes.c_void_p(torch.cuda.current_stream().cuda_stream),
                ctypes.c_void_p(scratch.data_ptr()),
                ctypes.c_int64(SCRATCH_BYTES),
                *(ctypes.c_void_p(t.data_ptr()) for t in (a, b, out)),
            )
            if outcome:
                raise RuntimeError(f"{how}: outcome {outcome}")
            return out

        return call

    # cuDNN pads both sides alike; the odd row of SAME is padded beforehand.
    (top, bottom), (left, right) = g.rows.pads, g.cols.pads
    padded = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom))
    weight = kernel.permute(3, 2, 0, 1)
    dy = y.permute(0, 3, 1, 2)
    settings = [layer.strides] * 2, [0, 0], [layer.dilation] * 2
    mask = [which == "grad_input", which == "grad_kernel", False]

    def cudnn(layout):
        tensors = [t.contiguous(memory_format=layout) for t in (padded, weight, dy)]

        def call():
            p, w, d = tensors
            if which == "forward":
                return torch.nn.functional.conv2d(p, w, None, *settings, layer.groups)
            return torch.ops.aten.convolution_backward(
                d, p, w, None, *settings, False, [0, 0], layer.groups, mask
            )[0 if which == "grad_input" else 1]

        return call

    if tune:
        kernels = {
            f"{tile}/{parts}": ours("im2col", index, parts)
            for index, tile in enumerate(GPU_TILES)
            for parts in (1, 2, 4, 8, 32)
            # All parts must fit the scratch memory.
            if parts * out.numel() * 4 <= SCRATCH_BYTES
        }
        kernels["gemm"] = ours("im2col")
    else:
        kernels = {name: ours(how) for how, name in HOWS.items()}
    calls = {
        "cudnn nchw": cudnn(torch.contiguous_format),
        "cudnn nhwc": cudnn(torch.channels_last),
        **kernels,
    }
    expected = calls["cudnn nchw"]()
    if which == "grad_input":
        h, w = g.rows.size, g.cols.size
        expected = expected[:, :, top : top + h, left : left + w]
    order = (2, 3, 1, 0) if which == "grad_kernel" else (0, 2, 3, 1)
    expected = expected.permute(order)
    for name in kernels:
        error = (calls[name]() - expected).abs().max() / expected.abs().max()
        if not error < 1e-4:
            raise RuntimeError(f"{layer.name}, {which}, {name}: off by {error:.1e}")
    return calls


def milliseconds(calls: dict, rounds: int) -> dict[str, float]:
    """Median time of each, called in turn, without the time of its launch."""
    import torch

    readings: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 2):
        for name, call in calls.items():
            if turn >= 5 and sum(readings[name]) > ENOUGH_MS:
                continue
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            torch.cuda._sleep(AHEAD_CYCLES)
            start.record()
            call()
            end.record()
            end.synchronize()
            if turn >= 2:
                readings[name].append(start.elapsed_time(end))
    return {name: statistics.median(times) for name, times in readings.items()}


def measure(folder: Path, batch: int, rounds: int, tune: bool) -> None:
    """Prints the table; when tuning, the planned GEMM beside its best tilings."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    target = folder / "libgpu.so"
    sources = ("tests/gpu_api.cu.cc", "conv2d_gpu.cu.cc")
    compile_with_nvcc(target, *sources, flags=("-shared",))
    library = ctypes.CDLL(str(target))
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, ", end="")
    print(f"cuDNN {torch.backends.cudnn.version()}; milliseconds, float32")
    for which in PASSES:
        print(f"\n{which}")
        for layer in SUITE:
            if layer.x[0] == 1:
                continue
            name = layer.name.rsplit(" ", 1)[0]
            resized = Layer(
                f"{name} b{batch}",
                (batch, *layer.x[1:]),
                layer.kernel,
                layer.strides,
                layer.padding,
                layer.dilation,
                layer.groups,
            )
            calls = functions(library, resized, which, tune)
            times = milliseconds(calls, rounds)
            best = min(times["cudnn nchw"], times["cudnn nhwc"])
            line = f"{resized.name:28}"
            if tune:
                tried = sorted((n for n in times if "/" in n), key=times.get)[:3]
                times = {n: times[n] for n in ("gemm", *tried)}
            for how, time in times.items():
                line += f"  {how} {time:.3f} ({best / time:.0%})"
            print(
                line, f" {resized.flops / times['gemm'] / 1e9:.1f} TFLOP/s", flush=True
            )


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("step", choices=("check", "time", "tune"))
    parser.add_argument("--sanitize", action="store_true")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.step == "check":
            sys.exit(check(Path(folder), options.sanitize))
        tune = options.step == "tune"
        measure(Path(folder), options.batch, options.rounds, tune)


if __name__ == "__main__":
    main()
