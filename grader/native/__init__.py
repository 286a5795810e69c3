"""A student's C++ or CUDA file: compiled, run in a process of its own, explained.

Used on both sides of the sandbox: in a notebook, and in a worker, where a submission's
files are compiled and run. Knows nothing else of the grader.
"""

from grader.native.crashes import Crash, DriverError, OutOfBounds
from grader.native.program import Program, build_library, check_with_nvcc
from grader.native.toolchain import CompileError, find_compiler, find_nvcc

__all__ = [
    "CompileError",
    "Crash",
    "DriverError",
    "OutOfBounds",
    "Program",
    "build_library",
    "check_with_nvcc",
    "find_compiler",
    "find_nvcc",
]
