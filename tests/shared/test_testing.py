"""assert_close accepts right answers, rejects wrong ones and says why."""

import pickle
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from shared.testing import (
    Mismatch,
    assert_close,
    assert_close_in_single,
    normal,
    numeric_gradient,
    rng,
    tolerance,
)


def message_of(actual, expected, **options):
    with pytest.raises(Mismatch) as raised:
        assert_close(actual, expected, **options)
    text = str(raised.value)
    assert len(text.splitlines()) <= 4
    return text


def test_equal_arrays_pass_whatever_their_container():
    expected = normal(rng(0), (2, 3, 4))
    assert_close(expected, expected)
    assert_close(expected.tolist(), expected)
    assert_close(np.asfortranarray(expected), expected)
    assert_close(3, 3.0)
    assert_close(np.array([1, 0]), np.array([True, False]))
    assert_close(np.zeros((0, 3)), np.zeros((0, 3)))
    assert_close([np.nan, np.inf, -np.inf, 1], [np.nan, np.inf, -np.inf, 1])


@pytest.mark.parametrize(
    "dtype", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16], ids=str
)
def test_another_order_of_summation_passes_and_a_wrong_term_does_not(dtype):
    generator = rng(1)
    a, b = normal(generator, (64, 1024)), normal(generator, (1024, 64))
    a, b = a.astype(dtype), b.astype(dtype)
    wide = np.float64 if dtype is np.float64 else np.float32
    exact = a.astype(np.float64) @ b.astype(np.float64)
    backwards = a[:, ::-1].astype(wide) @ b[::-1].astype(wide)
    assert_close(backwards.astype(dtype), exact)
    # The last of 1024 terms forgotten, in one element only, where it is not small.
    term = a[:, -1:].astype(np.float64) * b[-1:].astype(np.float64)
    where = np.unravel_index(np.argmax(np.abs(term)), term.shape)
    wrong = exact.copy()
    wrong[where] -= term[where]
    if dtype in (np.float64, np.float32):
        with pytest.raises(Mismatch, match=r"^1 of 4096 elements differs"):
            assert_close(wrong.astype(dtype), exact)
    with pytest.raises(Mismatch):
        assert_close((1.2 * exact).astype(dtype), exact)


def test_the_less_precise_dtype_sets_the_tolerance():
    expected = normal(rng(2), (50,))
    assert_close(expected.astype(np.float32), expected)
    assert_close(expected, expected.astype(np.float32))
    with pytest.raises(Mismatch):
        assert_close(expected.astype(np.float32).astype(np.float64), expected)


def test_tolerance_grows_with_the_square_root_of_the_terms():
    assert tolerance(np.float32, 4 * 1024) == 2 * tolerance(np.float32)
    assert tolerance(np.float32, 9) == tolerance(np.float32)
    assert tolerance(np.int64) == 0
    assert tolerance("bfloat16") > tolerance("float16") > tolerance("float32")


def test_given_tolerances_are_the_only_ones():
    expected = np.array([1.0, 100.0])
    assert_close(expected * 1.009, expected, rtol=1e-2)
    assert_close(expected + 0.009, expected, atol=1e-2)
    assert "rtol 0.01" in message_of(expected + 0.5, expected, rtol=1e-2)
    assert "1 of 2" in message_of(expected * 1.009, expected, atol=1e-2)
    assert_close(np.array([10, 11]), np.array([11, 10]), atol=1)


def test_large_integers_are_compared_exactly():
    big = 2**53
    message = message_of(np.array([big + 1, 0]), np.array([big, 0]))
    assert f"first at [0]: expected {big}, got {big + 1}" in message


def test_message_for_shapes():
    message = message_of(np.zeros((2, 4, 5, 4)), np.zeros((2, 5, 5, 4)), what="out")
    assert message == "out: expected shape (2, 5, 5, 4), got (2, 4, 5, 4)"
    message = message_of((np.zeros(3), np.zeros(3)), np.zeros(3))
    assert message == "expected shape (3,), got (2, 3) from a tuple of 2"


def test_message_for_values():
    expected = np.arange(12.0).reshape(3, 4)
    actual = expected.copy()
    actual[1, 2] = 7
    actual[2, 3] = 10.5
    assert message_of(actual, expected, what="dx") == (
        "dx: 2 of 12 elements differ, by up to 1 (allowed: 1.1e-09)\n"
        "first at [1, 2]: expected 6, got 7"
    )
    assert message_of(2.5, 1.25) == (
        "the value differs, by up to 1.25 (allowed: 1.3e-10)\nexpected 1.25, got 2.5"
    )


def test_values_that_look_alike_are_printed_in_full():
    message = message_of(np.array([1 + 1e-8, 0.1]), np.array([1.0, 0.1]))
    assert "expected 1, got 1.0000000" in message


def test_message_for_nan_and_infinity():
    expected = np.ones((2, 3))
    actual = expected.copy()
    actual[1] = np.nan
    actual[0, 0] = np.inf
    message = message_of(actual, expected)
    assert message.splitlines() == [
        "3 of 6 elements are NaN",
        "1 of 6 elements is infinite",
        "first at [0, 0]: expected 1, got inf",
    ]
    assert "all 6 elements are NaN" in message_of(expected * np.nan, expected)
    assert "expected nan, got 1" in message_of(1.0, np.nan)
    assert "expected inf, got 5" in message_of(5.0, np.inf)
    assert "expected inf, got -inf" in message_of(-np.inf, np.inf)


def test_message_says_what_the_differences_have_in_common():
    expected = normal(rng(3), (4, 5))
    assert "(got only zeros)" in message_of(expected * 0, expected)
    assert "(got 0.5 times the expected" in message_of(expected / 2, expected)
    assert "(got -1 times the expected" in message_of(-expected, expected)
    cut = message_of((10 * expected).astype(int), 10 * expected)
    assert "(got int64: were decimals cut off?)" in cut
    levels = 255 * rng(3).random((4, 5))
    cut = message_of(levels.astype(np.uint8), levels, atol=0.51)
    assert "(got uint8: were decimals cut off?)" in cut
    darker = np.rint(levels / 2).astype(np.uint8)  # rounded, but wrong
    assert "decimals" not in message_of(darker, levels, atol=0.51)
    assert "(" not in message_of(expected[::-1], expected).splitlines()[-1]


class Liar:
    """Claims to equal everything, and raises when it is made an array."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no")

    def __eq__(self, other):
        return True

    __hash__ = None

    def __repr__(self):
        return "Liar()"  # the same in every process: it is a test's name


class LyingArray(np.ndarray):
    """An array subclass with methods of its own."""

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def astype(self, *args, **kwargs):
        raise AssertionError("called a method of the array to judge")

    def __array_ufunc__(self, *args, **kwargs):
        raise AssertionError("called a ufunc of the array to judge")

    __hash__ = None

    def __repr__(self):
        return "Liar()"  # the same in every process: it is a test's name


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (None, "got None; is a `return` missing?"),
        (Liar(), "got a Liar"),
        ([[1, 2], [3]], "got a list of 2 things with different shapes"),
        ("one", "got text"),
        ([1j, 2, 3], "got complex numbers"),
        ([{}, {}, {}], "got Python objects"),
        (np.array([1, None, 3], object), "got Python objects"),
        (np.zeros(3, "datetime64[s]"), "got datetime64"),
    ],
    ids=str,
)
def test_message_for_what_is_no_array_of_numbers(actual, words):
    message = message_of(actual, np.ones(3))
    assert message.startswith("expected an array of shape (3,), got")
    assert words in message


def test_nothing_of_the_judged_array_is_called():
    expected = np.ones(3)
    assert_close(np.ones(3).view(LyingArray), expected)
    assert "differ" in message_of(np.arange(3.0).view(LyingArray), expected)


def test_mismatch_carries_both_arrays():
    with pytest.raises(Mismatch) as raised:
        assert_close([1.0, 2.0], [1.0, 3.0], what="out")
    np.testing.assert_array_equal(raised.value.actual, [1, 2])
    np.testing.assert_array_equal(raised.value.expected, [1, 3])
    assert raised.value.what == "out"
    assert isinstance(raised.value, AssertionError)
    copy = pickle.loads(pickle.dumps(raised.value))  # as between test processes
    assert (str(copy), copy.what) == (str(raised.value), "out")
    np.testing.assert_array_equal(copy.actual, [1, 2])


def test_numeric_gradient_of_a_known_function():
    generator = rng(4)
    x, w, dout = (normal(generator, s) for s in ((3, 4), (4, 2), (3, 2)))

    def f(values):
        out = np.tanh(values @ w)
        values[:] = 0  # must not matter
        return out

    expected = (dout * (1 - np.tanh(x @ w) ** 2)) @ w.T
    kept = x.copy()
    assert_close(numeric_gradient(f, x, dout), expected, atol=1e-9)
    np.testing.assert_array_equal(x, kept)
    assert_close(numeric_gradient(lambda v: (v**3).sum(), x), 3 * x**2, atol=1e-8)
    with pytest.raises(ValueError, match=r"dout: got shape \(2,\); f returns \(3, 2\)"):
        numeric_gradient(f, x, dout[0])


def test_random_arrays_repeat_with_their_seed():
    first, second = normal(rng(5), (2, 3)), normal(rng(5), (2, 3))
    np.testing.assert_array_equal(first, second)
    assert normal(rng(5), (2,), np.float32).dtype == np.float32


def test_importing_costs_little_beyond_numpy():
    code = (
        "import time, sys; clock = time.process_time; start = clock();"
        "import numpy; between = clock();"
        "import shared.shapes, shared.testing; end = clock();"
        "print((end - between) / (between - start));"
        "assert not {'tensorflow', 'keras', 'sklearn'} & set(sys.modules)"
    )
    run = [sys.executable, "-c", code]
    shares = [float(subprocess.check_output(run, text=True)) for _ in range(5)]
    assert min(shares) < 0.12


class TestCloseInSingle:
    """An answer may compute in single precision and return what it likes."""

    EXPECTED = np.array([1 / 3, -0.7, 0.0])

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_single_precision_passes_in_any_dtype(self, dtype):
        single = self.EXPECTED.astype(np.float32)
        assert_close_in_single(single.astype(dtype), self.EXPECTED)
        assert_close_in_single(single.tolist(), self.EXPECTED)
        with pytest.raises(Mismatch):
            assert_close(single.astype(np.float64), self.EXPECTED)

    def test_what_is_further_off_does_not(self):
        with pytest.raises(Mismatch, match="out: 1 of 3 elements differs"):
            assert_close_in_single(
                self.EXPECTED + np.array([0, 0, 1e-4]), self.EXPECTED, what="out"
            )

    def test_a_tolerance_that_is_told_counts(self):
        with pytest.raises(Mismatch):
            assert_close_in_single([1.0 + 1e-6], [1.0], atol=1e-7)

    def test_whole_numbers_are_exact(self):
        with pytest.raises(Mismatch):
            assert_close_in_single(np.array([10_000_001]), np.array([10_000_000]))
