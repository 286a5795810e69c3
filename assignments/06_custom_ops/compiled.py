"""Your C++ and CUDA files: compiled when they have changed, and run. Given: leave it.

Each runs in a process of its own, so that a crash ends that process and not your
notebook.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from grader import native

HERE = Path(__file__).resolve().parent
GIVEN = HERE / "given"
ROOT = HERE.parents[1]
#: Names that ``custom_ops.py`` calls, and the files that you write them in.
FILES = {
    "conv_out_shape": "conv_shape.cc",
    "conv2d_forward_cpu": "conv2d_forward.cc",
    "conv2d_grad_input_cpu": "conv2d_grad_input.cc",
    "conv2d_grad_kernel_cpu": "conv2d_grad_kernel.cc",
    "conv2d_naive": "conv2d_naive.cu",
    "conv2d_tiled": "conv2d_tiled.cu",
}
_programs: dict[tuple[str, str], native.Program] = {}


def source(name):
    """Where the file of the answer `name` is."""
    # The solution's notebook runs here too, with the solution's files.
    folder = Path(os.environ.get("COURSE_FILES") or HERE)
    return folder / FILES[name]


def has_gpu():
    """Whether CUDA kernels can run on a GPU here."""
    return native.find_nvcc() is not None and Path("/dev/nvidia0").exists()


def find_shape(request):
    """What your shape function answers to the request of ``given/call_shape.cc``."""
    return _run(program("conv_out_shape", "call_shape.cc"), request)


def run_cpu(name, conv, inputs, result, shape):
    """Runs a CPU kernel.

    Args:
        name: of the answer.
        conv: the fields of Conv.
        inputs: names to arrays, as the kernel takes them.
        result: the name of the array that it fills.
        shape: of that array.
    """
    arrays = [np.ascontiguousarray(array) for array in inputs.values()]
    kind = arrays[0].dtype
    sizes = [array.size for array in arrays] + [int(np.prod(shape))]
    head = np.array([kind == np.float64, *sizes, *conv], np.int64)
    request = b"".join([head.tobytes(), *(array.tobytes() for array in arrays)])
    answer = _run(program(name, "call_cpu.cc"), request, [*inputs, result])
    return np.frombuffer(answer, kind).reshape(shape).copy()


def run_cuda(name, conv, block, x, kernel, shape, device):
    """Runs a CUDA kernel: emulated and, where there is a GPU, on that as well.

    Args:
        name: of the answer.
        conv: the fields of Conv.
        block: threads of a block, (along x, along y).
        x, kernel: arrays.
        shape: of y.
        device: "cpu", or "gpu" to run it there alone.

    Returns:
        y, and three numbers that ``given/call_cuda.cu`` tells.
    """
    head = np.array([*block, x.size, kernel.size, np.prod(shape), *conv], np.int64)
    arrays = [np.ascontiguousarray(array, np.float32) for array in (x, kernel)]
    request = b"".join([head.tobytes(), *(array.tobytes() for array in arrays)])
    compiler = "nvcc" if device == "gpu" else "c++"
    y, numbers = _launched(program(name, "call_cuda.cu", compiler), request, shape)
    if device == "cpu" and has_gpu():
        on_gpu, _ = _launched(program(name, "call_cuda.cu", "nvcc"), request, shape)
        if not np.allclose(on_gpu, y, rtol=1e-4, atol=1e-4 * np.max(np.abs(y))):
            raise native.DriverError(f"{FILES[name]} computes otherwise on the GPU")
    return y, numbers


def compile_for_gpu(name):
    """Has nvcc compile a CUDA kernel, and runs nothing; False if there is no nvcc."""
    if native.find_nvcc() is None:
        return False
    native.check_with_nvcc(source(name), GIVEN / "call_cuda.cu", flags(name))
    return True


def program(name, driver, compiler="c++"):
    """The program of an answer and of a driver in ``given``."""
    key = name, compiler
    if key not in _programs:
        _programs[key] = native.Program(
            source(name), GIVEN / driver, flags(name), compiler
        )
    return _programs[key]


def library(name, driver, *more):
    """The path of an answer as a library, optimised; `more` are flags."""
    return native.build_library(source(name), GIVEN / driver, [*flags(name), *more])


def flags(name):
    """What the compiler is told for an answer."""
    folders = (GIVEN, *(base / "shared/ops/kernels/tests" for base in (HERE, ROOT)))
    return (f"-DFUNCTION={name}", *(f"-I{folder}" for folder in folders))


def _run(program, request, arguments=()):
    answer = program.run(request, arguments)
    if program.printed:
        print(program.printed, end="")  # what your code printed
    return answer


def _launched(program, request, shape):
    answer, count = _run(program, request), int(np.prod(shape))
    y = np.frombuffer(answer[: 4 * count], np.float32).reshape(shape).copy()
    return y, np.frombuffer(answer[4 * count :], np.int64).tolist()
