"""The CPU kernels without TensorFlow, on NumPy arrays: for tests and measurements.

standalone = Standalone(flags=("-fsanitize=address",))
y = standalone.run("forward", "direct", geometry, x, kernel)
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

from shared.ops.build import KERNELS, build_standalone, compile_kernel

PASSES = ("forward", "grad_input", "grad_kernel")
ISAS = ("avx512", "avx2", "portable")
# In the order of the C++ enumeration.
IMPLEMENTATIONS = (
    "auto",
    "naive",
    "im2col",
    "direct",
    "winograd",
    "winograd2x2",
    "winograd4x4",
)
COSTS = 5
# Of the implicit GEMM in float32, in the order of `kFloatTiles`.
GPU_TILES = ("128x128", "128x64", "64x64", "128x32")


class KernelError(RuntimeError):
    """The kernel did not run; the message is the outcome's name."""


@dataclass(frozen=True)
class Axis:
    """One spatial axis, as in ``conv_geometry.h``."""

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    pads: tuple[int, int] = (0, 0)

    @property
    def out(self) -> int:
        """Number of outputs."""
        span = (self.kernel - 1) * self.dilation + 1
        return (self.size + sum(self.pads) - span) // self.stride + 1


@dataclass(frozen=True)
class Geometry:
    """The sizes of one convolution."""

    batch: int
    rows: Axis
    cols: Axis
    channels: int
    filters: int
    groups: int = 1

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the three tensors."""
        per_group = self.channels // self.groups
        return {
            "x": (self.batch, self.rows.size, self.cols.size, self.channels),
            "kernel": (self.rows.kernel, self.cols.kernel, per_group, self.filters),
            "y": (self.batch, self.rows.out, self.cols.out, self.filters),
        }

    def _sizes(self) -> ctypes.Array:
        sizes = [self.batch, self.channels, self.filters, self.groups]
        for axis in (self.rows, self.cols):
            sizes += [axis.size, axis.kernel, axis.stride, axis.dilation, *axis.pads]
        return (ctypes.c_int64 * len(sizes))(*sizes)


class Standalone:
    """The compiled kernels.

    Args:
        flags: Compiler flags beside the usual ones.
    """

    def __init__(self, *, flags: tuple[str, ...] = ()) -> None:
        self._library = ctypes.CDLL(str(build_standalone(flags=flags)))

    def run(
        self,
        which: str,
        how: str,
        geometry: Geometry,
        a: np.ndarray,
        b: np.ndarray,
        *,
        out: np.ndarray | None = None,
        isa: str = "portable",
        threads: int = 1,
        memory_bytes: int = 1 << 34,
        poison: bool = False,
    ) -> np.ndarray:
        """Runs one pass on contiguous arrays of one dtype, float32 or float64.

        Args:
            which: `"forward"` (x, kernel), `"grad_input"` (dy, kernel) or
                `"grad_kernel"` (x, dy).
            how: An implementation, not `"auto"` nor `"winograd"`.
            geometry: The sizes, which the arrays must have.
            a: First operand.
            b: Second operand.
            out: Where the result goes; not-a-numbers beforehand if None.
            isa: Instruction set; the processor must have it.
            threads: How many.
            memory_bytes: Most scratch that the kernel is given.
            poison: Whether scratch begins as not-a-numbers.

        Raises:
            KernelError: If the kernel has no memory or cannot do the geometry.
        """
        out = _operands(which, geometry, a, b, out)
        outcome = self._library.course_conv2d(
            isa.encode(),
            how.encode(),
            PASSES.index(which),
            int(a.dtype == np.float64),
            geometry._sizes(),
            threads,
            ctypes.c_int64(memory_bytes),
            int(poison),
            *(array.ctypes.data_as(ctypes.c_void_p) for array in (a, b, out)),
        )
        _check(outcome)
        return out

    def counts(
        self, which: str, how: str, geometry: Geometry, lanes: int = 16
    ) -> list[float] | None:
        """What the cost model counts, or None if `how` cannot do the geometry."""
        counts = (ctypes.c_double * COSTS)()
        can = self._library.course_count_costs(
            IMPLEMENTATIONS.index(how),
            PASSES.index(which),
            lanes,
            geometry._sizes(),
            counts,
        )
        return list(counts) if can else None

    def isa(self) -> str:
        """The instruction set that the operation would use in this process."""
        self._library.course_isa.restype = ctypes.c_char_p
        return self._library.course_isa().decode()

    def choose(self, which: str, geometry: Geometry, lanes: int = 16) -> str:
        """The implementation that `"auto"` takes."""
        choice = self._library.course_choose(
            PASSES.index(which), lanes, geometry._sizes()
        )
        return IMPLEMENTATIONS[choice]


class Emulated:
    """The CUDA kernels and their launchers, run thread by thread on the CPU.

    Args:
        flags: Compiler flags beside the usual ones.
    """

    def __init__(self, *, flags: tuple[str, ...] = ()) -> None:
        source = KERNELS / "tests" / "gpu_emulated.cc"
        self._library = ctypes.CDLL(str(compile_kernel(source, flags=flags)))

    def run(
        self,
        which: str,
        how: str,
        geometry: Geometry,
        a: np.ndarray,
        b: np.ndarray,
        *,
        reverse: bool = False,
        tile: str | None = None,
        parts: int = 0,
    ) -> np.ndarray:
        """Runs one pass, as `Standalone.run` does.

        Args:
            which: The pass.
            how: `"naive"`, `"direct"` (tiles in shared memory) or `"im2col"`
                (implicit GEMM).
            geometry: The sizes, which the arrays must have.
            a: First operand.
            b: Second operand.
            reverse: Whether the threads of a block run from the last to the first.
            tile: Of `GPU_TILES`, for the implicit GEMM; as predicted if None.
            parts: Into how many the sum of the implicit GEMM is split; as predicted
                if 0.

        Raises:
            KernelError: If the kernel cannot do the geometry.
        """
        out = _operands(which, geometry, a, b, None)
        outcome = self._library.course_conv2d_emulated(
            IMPLEMENTATIONS.index(how),
            PASSES.index(which),
            int(a.dtype == np.float64),
            geometry._sizes(),
            int(reverse),
            -1 if tile is None else GPU_TILES.index(tile),
            parts,
            *(array.ctypes.data_as(ctypes.c_void_p) for array in (a, b, out)),
        )
        _check(outcome)
        return out

    def plan(
        self, rows: int, cols: int, depth: int, copies: int = 1, processors: int = 132
    ) -> tuple[str, int]:
        """Tile and parts with which a float32 product runs, as predicted fastest.

        Args:
            rows: Of the result, as are `cols`.
            cols: See `rows`.
            depth: Terms of each sum.
            copies: Products of this size, such as groups.
            processors: Multiprocessors of the GPU; an H100 or H200 has 132.
        """
        answer = (ctypes.c_int * 2)()
        sizes = (ctypes.c_int64(size) for size in (rows, cols, copies, depth))
        self._library.course_gpu_plan(*sizes, processors, answer)
        return GPU_TILES[answer[0]], answer[1]


def _operands(
    which: str,
    geometry: Geometry,
    a: np.ndarray,
    b: np.ndarray,
    out: np.ndarray | None,
) -> np.ndarray:
    """Checks the arrays of a pass and returns the one for the result."""
    shapes = geometry.shapes()
    needed = {
        "forward": ("x", "kernel", "y"),
        "grad_input": ("y", "kernel", "x"),
        "grad_kernel": ("x", "y", "kernel"),
    }[which]
    if out is None:
        out = np.full(shapes[needed[2]], np.nan, a.dtype)
    for array, name in zip((a, b, out), needed, strict=True):
        if array.shape != shapes[name] or array.dtype != a.dtype:
            raise ValueError(
                f"{name} must be {shapes[name]} of {a.dtype}, "
                f"received {array.shape} of {array.dtype}"
            )
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} must be contiguous")
    return out


def _check(outcome: int) -> None:
    names = {1: "out of memory", 2: "unsupported", 3: "launch failed"}
    if outcome:
        raise KernelError(names.get(outcome, f"outcome {outcome}"))
