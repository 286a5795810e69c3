"""The CPU kernels without TensorFlow: every instruction set, threads, scarce memory,
and properties on random geometries."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shared.ops.standalone import ISAS, PASSES, Axis, Geometry, KernelError, Standalone
from tests.ops.cases import GEOMETRIES, close, problem

HOWS = ("naive", "im2col", "direct", "winograd2x2", "winograd4x4")


def supported() -> list[str]:
    """The instruction sets of this processor, best first."""
    flags = set()
    if (info := Path("/proc/cpuinfo")).exists():
        for line in info.read_text().splitlines():
            if line.startswith("flags"):
                flags = set(line.split())
                break
    needs = {
        "avx512": {"avx512f", "avx512vl", "avx512dq", "avx512bw", "fma"},
        "avx2": {"avx2", "fma"},
        "portable": set(),
    }
    return [isa for isa in ISAS if needs[isa] <= flags]


@pytest.fixture(scope="module")
def kernels():
    class Poisoned(Standalone):
        """Scratch memory begins as not-a-numbers: reading before writing shows."""

        def run(self, *args, **kwargs):
            return super().run(*args, poison=True, **kwargs)

    return Poisoned()


def fits_winograd(g: Geometry) -> bool:
    plain = all(a.kernel == 3 and a.stride == 1 for a in (g.rows, g.cols))
    return plain and g.groups == 1


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("g", GEOMETRIES.values(), ids=GEOMETRIES)
def test_matches_oracle(kernels, rng, g, isa, dtype, threads):
    if isa not in supported():
        pytest.skip(f"this processor has no {isa}")
    p = problem(g, dtype, rng)
    for which in PASSES:
        before = [operand.copy() for operand in p.operands[which]]
        for how in HOWS:
            if how.startswith("winograd") and not fits_winograd(g):
                with pytest.raises(KernelError, match="unsupported"):
                    kernels.run(which, how, g, *p.operands[which], isa=isa)
                continue
            y = kernels.run(which, how, g, *p.operands[which], isa=isa, threads=threads)
            close(y, p.expected[which], p.terms[which], how)
        for operand, copy in zip(p.operands[which], before, strict=True):
            np.testing.assert_array_equal(operand, copy)


@pytest.mark.parametrize("which", PASSES)
@pytest.mark.parametrize("how", HOWS)
def test_threads_change_nothing_but_rounding(kernels, rng, how, which):
    """Enough work to be split; the same number of threads repeats every bit."""
    g = Geometry(3, Axis(30, 3, pads=(1, 1)), Axis(29, 3), 37, 45)
    p = problem(g, "float32", rng)
    one = kernels.run(which, how, g, *p.operands[which])
    four = kernels.run(which, how, g, *p.operands[which], threads=4)
    again = kernels.run(which, how, g, *p.operands[which], threads=4)
    np.testing.assert_array_equal(four, again)
    close(one, p.expected[which], p.terms[which], how)
    close(four, p.expected[which], p.terms[which], how)


@pytest.mark.parametrize("which", PASSES)
@pytest.mark.parametrize("how", HOWS[1:])
def test_scarce_memory_fails_cleanly(kernels, rng, how, which):
    """However little scratch there is: the right result, or a refusal."""
    g = Geometry(2, Axis(9, 3, pads=(1, 1)), Axis(8, 3, pads=(1, 1)), 20, 19)
    p = problem(g, "float32", rng)
    refused = 0
    for memory in [0, *(2**i for i in range(5, 26))]:
        try:
            y = kernels.run(which, how, g, *p.operands[which], memory_bytes=memory)
        except KernelError:
            refused += 1
        else:
            close(y, p.expected[which], p.terms[which], how)
    assert 0 < refused < 22


@st.composite
def axes(draw):
    stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    kernel = draw(st.sampled_from([1, 2, 3, 3, 3, 4, 5]))
    pads = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    axis = Axis(draw(st.integers(1, 17)), kernel, stride, dilation, pads)
    assume(axis.size + sum(pads) >= (kernel - 1) * dilation + 1)
    return axis


@st.composite
def geometries(draw):
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    channels, filters = draw(st.integers(1, 24)), draw(st.integers(1, 40))
    batch = draw(st.integers(1, 3))
    return Geometry(
        batch, draw(axes()), draw(axes()), groups * channels, groups * filters, groups
    )


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(g=geometries(), seed=st.integers(0, 2**32 - 1), plain=st.booleans())
def test_random_geometries(kernels, g, seed, plain):
    """The oracle, and <conv(x), y> = <x, grad_input(y)> = <k, grad_kernel(x, y)>."""
    if plain:  # what Winograd can do comes up too seldom by itself
        rows, cols = (
            Axis(a.size, 3, 1, a.dilation, (a.dilation, a.pads[1]))
            for a in (g.rows, g.cols)
        )
        assume(rows.out > 0 and cols.out > 0)
        g = Geometry(g.batch, rows, cols, g.channels, g.filters)
    p = problem(g, "float64", np.random.default_rng(seed))
    for isa in supported():
        for how in HOWS:
            if how.startswith("winograd") and not fits_winograd(g):
                continue
            found = {}
            for which in PASSES:
                found[which] = kernels.run(
                    which, how, g, *p.operands[which], isa=isa, threads=2
                )
                close(found[which], p.expected[which], p.terms[which], how)
            x, kernel = p.operands["forward"]
            y = p.operands["grad_input"][0]
            products = (
                np.vdot(found["forward"], y),
                np.vdot(x, found["grad_input"]),
                np.vdot(kernel, found["grad_kernel"]),
            )
            scale = np.linalg.norm(found["forward"]) * np.linalg.norm(y)
            assert max(products) - min(products) <= 1e-12 * max(scale, 1)


def test_linear_and_equivariant(kernels, rng):
    g = Geometry(1, Axis(12, 3), Axis(11, 3), 4, 6)
    x, z = rng.standard_normal((2, 1, 12, 11, 4))
    kernel = rng.standard_normal((3, 3, 4, 6))
    for how in HOWS:

        def conv(x, how=how):
            return kernels.run("forward", how, g, x, kernel)

        np.testing.assert_allclose(
            conv(2 * x - 3 * z), 2 * conv(x) - 3 * conv(z), rtol=0, atol=1e-11
        )
        moved = np.roll(x, (2, 1), axis=(1, 2))
        np.testing.assert_allclose(
            conv(moved)[:, 2:, 1:], conv(x)[:, :-2, :-1], rtol=0, atol=1e-12
        )


@pytest.mark.parametrize("how", ["winograd2x2", "winograd4x4"])
def test_winograd_keeps_its_stated_accuracy(kernels, rng, how):
    """Errors relative to the direct convolution's, as winograd_tiles.inl states."""
    pads = (1, 1)
    g = Geometry(1, Axis(14, 3, pads=pads), Axis(14, 3, pads=pads), 128, 64)
    p = problem(g, "float32", rng)
    for which in PASSES:

        def error(how, which=which):
            y = kernels.run(which, how, g, *p.operands[which])
            return math.sqrt(np.mean((y - p.expected[which]) ** 2))

        allowed = {"winograd2x2": 1.25, "winograd4x4": 10}[how]
        assert error(how) <= allowed * error("direct")


def test_the_cost_model_chooses_well():
    """On the recorded measurements, auto's choice is near the best there was."""
    from benchmarks.conv2d_calibrate import regret

    for which, ratios in regret().items():
        assert len(ratios) >= 100
        assert math.exp(np.mean(np.log(ratios))) <= 1.05, which
        assert np.mean(np.array(ratios) > 1.5) <= 0.03, which


@pytest.mark.parametrize("which", PASSES)
@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_depthwise_is_never_left_to_the_patch_matrix(kernels, which, lanes):
    """Its register tiles would be one filter wide; vectors that span groups are not."""
    for size, channels in ((112, 32), (7, 1024)):
        one = Axis(size, 3, pads=(1, 1))
        g = Geometry(2, one, one, channels, channels, channels)
        assert kernels.choose(which, g, lanes) == "direct"


@pytest.mark.parametrize("batch", [1, 8, 32])
def test_a_kernel_as_large_as_the_image_is_not_left_to_the_loop_nest(kernels, batch):
    """Its gradient in the input is few pixels, and millions of scalar products."""
    g = Geometry(batch, Axis(7, 7), Axis(7, 7), 512, 256)
    assert kernels.choose("grad_input", g) != "naive"


def test_the_cost_table_is_what_the_measurements_give():
    from benchmarks.conv2d_calibrate import TABLE, fit

    assert TABLE.read_text() == fit()
