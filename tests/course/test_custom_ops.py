"""Assignment 06: what its given files promise about a student's CUDA code."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.manifest import ROOT
from grader.native import CompileError, Crash, DriverError, OutOfBounds, find_nvcc

FOLDER = ROOT / "assignments" / "06_custom_ops"
SOLUTION = ROOT / "solutions" / "06_custom_ops"
X, KERNEL = np.ones((1, 9, 9, 2), np.float32), np.ones((3, 3, 2, 1), np.float32)


@pytest.fixture
def bindings(tmp_path, monkeypatch):
    """The given module on the solution's files, which a test may change."""
    for path in SOLUTION.glob("*.c*"):
        shutil.copy(path, tmp_path)
    monkeypatch.setitem(os.environ, "COURSE_FILES", str(tmp_path))
    monkeypatch.syspath_prepend(FOLDER)
    sys.modules.pop("compiled", None)  # with another test's programs
    spec = importlib.util.spec_from_file_location("given", FOLDER / "custom_ops.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def change(name, old, new):
        file = tmp_path / name
        text = file.read_text()
        assert text.count(old) == 1
        file.write_text(text.replace(old, new))

    module.change = change
    return module


def test_a_wide_access_names_thread_and_line(bindings):
    bindings.change("conv2d_naive.cu", "if (j < 0 || j >= conv.width) continue;", "")
    bindings.change("conv2d_naive.cu", "if (i < 0 || i >= conv.height) continue;", "")
    with pytest.raises(OutOfBounds, match=r"uses x\[-?\d+\], outside.*\n +line \d+"):
        bindings.conv2d_naive(X, KERNEL, padding="SAME")


def test_threads_that_leave_before_a_barrier_are_noticed(bindings):
    bindings.change(
        "conv2d_tiled.cu",
        "  float sum = 0;\n",
        "  float sum = 0;\n  if (threadIdx.x > 4) return;\n",
    )
    with pytest.raises(DriverError, match="different barriers"):
        bindings.conv2d_tiled(X, KERNEL)


def test_a_missing_barrier_is_noticed(bindings):
    bindings.change("conv2d_tiled.cu", "    __syncthreads();\n  }\n", "  }\n")
    with pytest.raises(DriverError, match=r"order of the threads|__syncthreads"):
        bindings.conv2d_tiled(X * np.arange(2, dtype=np.float32), KERNEL)


def test_an_array_in_shared_memory_is_guarded(bindings):
    bindings.change("conv2d_tiled.cu", "i < patch_h;", "i < patch_h + kTile;")
    with pytest.raises(
        OutOfBounds, match=r"index 1\d of an array float ?\[14\]\[14\]\n"
    ):
        bindings.conv2d_tiled(X, KERNEL)


@pytest.mark.skipif(find_nvcc() is None, reason="nvcc is not installed")
def test_what_only_nvcc_refuses_is_refused(bindings):
    """A host function in a kernel compiles emulated, and not for a GPU."""
    bindings.change(
        "conv2d_naive.cu",
        "__global__ void conv2d_naive",
        "static float Zero() { return 0; }\n__global__ void conv2d_naive",
    )
    bindings.change("conv2d_naive.cu", "float sum = 0;", "float sum = Zero();")
    bindings.conv2d_naive(X, KERNEL)
    with pytest.raises(CompileError, match="__host__ function"):
        bindings.compile_naive()


def test_a_gpu_that_disagrees_is_told(bindings, monkeypatch):
    """Where there is a GPU both must agree; here a second program stands in for it."""
    bindings.conv2d_naive(X, KERNEL)
    compiled = bindings.compiled
    emulated = compiled.program("conv2d_naive", "call_cuda.cu")

    class OffByOne:
        printed = ""

        def run(self, request, arguments):
            answer = np.frombuffer(emulated.run(request), np.float32).copy()
            answer[0] += 1
            return answer.tobytes()

    monkeypatch.setattr(compiled, "has_gpu", lambda: True)
    monkeypatch.setitem(compiled._programs, ("conv2d_naive", "nvcc"), OffByOne())
    with pytest.raises(DriverError, match="otherwise on the GPU"):
        bindings.conv2d_naive(X, KERNEL)


def test_the_lectures_kernel_wraps_around(bindings):
    text = """
        __global__ void lecture(unsigned char* in, unsigned char* filter,
                                unsigned char* out, int width, int w, int h) {
          const int i = blockIdx.y * blockDim.y + threadIdx.y;
          const int j = blockIdx.x * blockDim.x + threadIdx.x;
          if (i < h && j < w) out[i * w + j] = in[i * w + j] * filter[0];
        }
        """
    out = bindings.run_lecture_kernel(text, np.array([[8, 16], [24, 0]]), [[-1]])
    assert out.tolist() == [[248, 240], [232, 0]]


def test_a_gradient_that_is_not_registered_is_told(bindings, monkeypatch):
    class Tape:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def watch(self, _):
            pass

        def gradient(self, *_, **__):
            raise LookupError("gradient registry has no entry for: CustomConv2D")

    tensorflow = SimpleNamespace(GradientTape=Tape, constant=np.asarray)
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    conv = SimpleNamespace(custom_conv2d=lambda *_, **__: None)
    monkeypatch.setattr(bindings, "operations", lambda: conv)
    with pytest.raises(LookupError, match="keep the line @register_gradient"):
        bindings.gradients_in_tensorflow(X, KERNEL, X)


def test_threads_that_wait_at_two_barriers_are_noticed(bindings):
    """All of them wait, but in two branches, which a GPU need not bring together."""
    bindings.change(
        "conv2d_tiled.cu",
        "    __syncthreads();\n    for",
        "    if (threadIdx.y < 4) {\n      __syncthreads();\n    } else {\n"
        "      __syncthreads();\n    }\n    for",
    )
    with pytest.raises(DriverError, match=r"barriers, in lines \d+ and \d+"):
        bindings.conv2d_tiled(X, KERNEL)


def test_one_value_past_an_array_in_shared_memory_names_it(bindings):
    """And not what lies behind it in memory."""
    one_more = "(&patch[0][0])[kPatch * kPatch] = 0;\n  float sum = 0;\n"
    bindings.change("conv2d_tiled.cu", "  float sum = 0;\n", one_more)
    with pytest.raises(OutOfBounds, match="outside of patch"):
        bindings.conv2d_tiled(X, KERNEL)


FORWARD = """
#include <assert.h>
#include <vector>
#include "conv2d.h"
static int None(int64_t n) { if (n < 0) return 1; }
static int64_t Deep(int64_t n) { volatile int64_t a = n; return Deep(a + 1) + a; }
template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {
  if (conv.filters == 1) y[0] = None(conv.filters);
  if (conv.filters == 2) y[0] = Deep(0);
  if (conv.filters == 3) y[0] = std::vector<T>(conv.filters << 50)[0];
  if (conv.filters == 4) assert(conv.filters < 4);
  if (conv.filters == 5) delete[] y;
}
"""


def test_how_a_program_ends_is_told(bindings):
    folder = Path(os.environ["COURSE_FILES"])
    (folder / "conv2d_forward.cc").write_text(FORWARD)
    for filters, words in enumerate(
        [
            "a function that promises a value ends without `return`\n +line 5",
            "needs more stack than there is: .*\n +line 6",
            "asks for more memory than there can be\n +line 11",
            "its assertion conv.filters < 4 does not hold\n +line 12",
            r"new\[\] with delete\[\]\n +line 13",
        ],
        1,
    ):
        with pytest.raises(Crash, match=words):
            bindings.conv2d_forward_cpu(X, np.ones((3, 3, 2, filters), np.float32))


def test_what_a_file_lacks_is_told_of_the_file(bindings):
    """The compiler finds it out in the driver, which the student did not write."""
    file = Path(os.environ["COURSE_FILES"], "conv2d_forward.cc")
    text = file.read_text()
    lacking = {
        text.rstrip().removesuffix("}"): r"forward.cc, line 5: this \{ is never closed",
        text.replace("conv2d_forward_cpu(", "forward("): "does not define void conv2d_",
    }
    for changed, words in lacking.items():
        assert changed != text
        file.write_text(changed)
        with pytest.raises(CompileError, match=words):
            bindings.conv2d_forward_cpu(X, KERNEL)
    file.write_bytes(text.encode("utf-16"))
    with pytest.raises(CompileError, match="saved as UTF-16: save it as UTF-8"):
        bindings.conv2d_forward_cpu(X, KERNEL)
    bindings.change("conv2d_naive.cu", "dim3 conv2d_naive_grid", "dim3 grid_of_mine")
    with pytest.raises(CompileError, match=r"naive.cu.* '?conv2d_naive_grid"):
        bindings.conv2d_naive(X, KERNEL)


def test_an_answer_that_changes_its_input_is_told(bindings):
    bindings.change("conv2d_grad_kernel.cc", "*to++ = sum;", "*to++ = sum, Zero(x, b);")
    bindings.change(
        "conv2d_grad_kernel.cc",
        "template <typename T>\nvoid",
        "template <typename T>\nvoid Zero(const T* x, int64_t b) {\n"
        "  if (b == 2) const_cast<T*>(x)[161] = 0;\n}\n"
        "template <typename T>\nvoid",
    )
    d_y = np.zeros((1, 7, 7, 1), np.float32)
    with pytest.raises(DriverError, match=r"kernel.cc: it has changed x\[161\]"):
        bindings.conv2d_grad_kernel_cpu(X, KERNEL.shape, d_y)
