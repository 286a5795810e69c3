"""Comparing arrays, with messages that help: `assert_close`, gradients, random data.

NumPy only, and no answer to any question of the course.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

# Error relative to the largest expected value, for sums of up to 1024 products.
# Half precisions round a result once (its sum runs in float32): about 10 eps.
# float32 and float64 leave room for another order of summation and, above all,
# for formulas that cancel, such as E[x^2] - E[x]^2; a wrong formula is off by far
# more.
_TOLERANCES = {
    "bfloat16": 8e-2,
    "float16": 1e-2,
    "float32": 3e-5,
    "float64": 1e-10,
}
_TERMS = 1024


class Mismatch(AssertionError):
    """What came is not the expected array.

    Attributes:
        actual: what came, as an array; `None` if it was none.
        expected: what should have come, as an array.
        what: the name given to `assert_close`.
    """

    def __init__(
        self,
        message: str,
        actual: np.ndarray | None = None,
        expected: np.ndarray | None = None,
        what: str = "",
    ):
        super().__init__(f"{what}: {message}" if what else message)
        self.actual = actual
        self.expected = expected
        self.what = what


def tolerance(dtype: np.dtype | type | str, terms: int = _TERMS) -> float:
    """Returns the relative error that rounding may leave in `dtype`.

    Args:
        dtype: a NumPy dtype, or "bfloat16". Integers and booleans are exact.
        terms: products that each element sums. Rounding errors add up like a random
            walk, hence the square root of their number.
    """
    name = str(dtype) if str(dtype) in _TOLERANCES else str(np.dtype(dtype))
    base = _TOLERANCES.get(name, 0.0)
    return base * max(1.0, math.sqrt(terms / _TERMS))


def assert_close(
    actual: object,
    expected: object,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    what: str = "",
    terms: int = _TERMS,
) -> None:
    """Asserts that two arrays have the same shape and, up to rounding, values.

    The dtypes may differ: a right answer in float32 passes against float64, with
    the tolerance of the less precise one. Integers are compared exactly.

    Args:
        actual: the array to judge. It is converted once and never called again, so
            it may come from untrusted code.
        expected: the reference.
        rtol: largest error relative to each expected element.
        atol: largest absolute error. If only one of the two is given the other is
            0. If neither is, the tolerance goes by dtype and is relative to the
            largest expected element, for a sum whose terms cancel keeps the rounding
            errors of its terms; give `atol` where everything expected is zero but
            for rounding.
        what: what is compared, to begin the message with: "dw".
        terms: products that each element sums, if more than a thousand or so.

    Raises:
        Mismatch: with both arrays, and a message of at most four lines.
    """
    wanted = np.asarray(expected)
    got = _as_array(actual, wanted, what)
    if got.shape != wanted.shape:
        message = f"expected shape {wanted.shape}, got {got.shape}"
        if type(actual) in (tuple, list):
            message += f" from a {type(actual).__name__} of {len(actual)}"
        raise Mismatch(message, got, wanted, what)

    exact = got.dtype.kind in "biu" and wanted.dtype.kind in "biu"
    if rtol is None and atol is None:
        rounding = max(tolerance(got.dtype, terms), tolerance(wanted.dtype, terms))
        atol = rounding * _scale(wanted)
    else:
        exact = False
    if exact:
        wrong = got != wanted
    else:
        wrong = _differs(_float64(got), _float64(wanted), rtol or 0.0, atol or 0.0)
    if np.any(wrong):
        message = _describe(got, wanted, wrong, rtol or 0.0, atol or 0.0)
        raise Mismatch(message, got, wanted, what)


def assert_close_in_single(
    actual: object,
    expected: object,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    what: str = "",
) -> None:
    """`assert_close` with the tolerance of float32, whatever kind of float came.

    Students are told to compute in floats, not in which. One who keeps columns in
    float32 and multiplies them by float64 weights, or who turns a float32 result back
    into float64, is right, and the dtype of the result does not tell.
    """
    if rtol is None and atol is None:
        expected = np.asarray(expected)
        if expected.dtype == np.float64:
            expected = expected.astype(np.float32)
    assert_close(actual, expected, rtol=rtol, atol=atol, what=what)


def rng(seed: int) -> np.random.Generator:
    """Returns NumPy's random generator, seeded."""
    return np.random.default_rng(seed)


def normal(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: type = np.float64
) -> np.ndarray:
    """Returns an array of `shape` from the standard normal distribution."""
    return rng.standard_normal(shape).astype(dtype)


def numeric_gradient(
    f: Callable[[np.ndarray], object],
    x: np.ndarray,
    dout: np.ndarray | float | None = None,
    h: float = 1e-5,
) -> np.ndarray:
    """Returns the gradient of `sum(f(x) * dout)` by central differences.

    Calls `f` twice per element of `x`, each time with a fresh float64 copy, so `f`
    may change its argument. Leave `f` in float64: the error is about `h**2`, and
    `h` is far too small for float32.

    Args:
        f: takes an array of x's shape and returns an array or a number.
        x: where to differentiate, of any shape.
        dout: gradient that arrives at `f`'s output, in its shape; ones if left out.
        h: half the distance between the two points.
    """
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        step = above[index] - below[index]  # 2 h, but for rounding
        change = np.asarray(f(above), np.float64) - np.asarray(f(below), np.float64)
        if dout is not None:
            if np.shape(dout) != change.shape:
                raise ValueError(
                    f"dout: got shape {np.shape(dout)}; f returns {change.shape}"
                )
            change = change * dout
        gradient[index] = change.sum() / step
    return gradient


def _as_array(actual: object, wanted: np.ndarray, what: str) -> np.ndarray:
    """Returns `actual` as an array of numbers, or raises `Mismatch`."""
    start = f"expected an array of shape {wanted.shape}, got"
    if actual is None:
        raise Mismatch(f"{start} None; is a `return` missing?", None, wanted, what)
    try:
        got = np.asarray(actual)
    except Exception:  # whatever a foreign object's conversion raises
        kind = f"a {type(actual).__name__[:40]}"
        if type(actual) in (tuple, list):
            kind += f" of {len(actual)} things with different shapes"
        raise Mismatch(f"{start} {kind}", None, wanted, what) from None
    if got.dtype.kind not in "biuf" and str(got.dtype) != "bfloat16":
        kind = {
            "O": "Python objects",
            "U": "text",
            "S": "bytes",
            "c": "complex numbers",
        }
        name = kind.get(got.dtype.kind, str(got.dtype)[:40])
        raise Mismatch(f"{start} {name}", None, wanted, what)
    return got


def _float64(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64)


def _scale(wanted: np.ndarray) -> float:
    """Returns the largest finite magnitude, or 1 where there is none."""
    sizes = np.abs(_float64(wanted))
    return float(np.max(sizes, where=np.isfinite(sizes), initial=0.0)) or 1.0


def _differs(
    got: np.ndarray, wanted: np.ndarray, rtol: float, atol: float
) -> np.ndarray:
    """Returns where two float64 arrays differ; NaN equals NaN, inf equals inf."""
    with np.errstate(all="ignore"):
        difference = np.abs(got - wanted)
        close = difference <= atol + rtol * np.abs(wanted)
    close &= np.isfinite(difference)  # else anything is close to an expected inf
    return ~(close | (got == wanted) | (np.isnan(got) & np.isnan(wanted)))


def _describe(
    got: np.ndarray, wanted: np.ndarray, wrong: np.ndarray, rtol: float, atol: float
) -> str:
    """Returns the message for arrays of one shape that differ where `wrong`."""
    lines = []
    values, targets = _float64(got), _float64(wanted)
    for name, test in (("NaN", np.isnan), ("infinite", np.isinf)):
        count = int(np.sum(test(values) & wrong))
        if count:
            lines.append(f"{_count(count, wrong.size)} {name}")
    with np.errstate(all="ignore"):
        difference = np.abs(values - targets)[wrong]
    difference = difference[np.isfinite(difference)]
    if difference.size:
        allowed = f" and rtol {rtol:.2g}" if rtol else ""
        lines.append(
            f"{_count(int(wrong.sum()), wrong.size, 'differs', 'differ')}, by up to "
            f"{difference.max():.3g} (allowed: {atol:.2g}{allowed})"
        )
    elif not lines:
        lines.append(_count(int(wrong.sum()), wrong.size, "differs", "differ"))
    first = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    place = f"first at [{', '.join(str(int(i)) for i in first)}]: " if first else ""
    lines.append(place + _pair(wanted[first], got[first]))
    lines.extend(_remark(got, values, targets, rtol, atol))
    return "\n".join(lines)


def _count(count: int, total: int, singular: str = "is", plural: str = "are") -> str:
    if total == 1:
        return f"the value {singular}"
    if count == total:
        return f"all {total} elements {plural}"
    return f"{count} of {total} elements {singular if count == 1 else plural}"


def _pair(wanted: np.generic, got: np.generic) -> str:
    """Returns both values, with as many digits as it takes to tell them apart."""
    for digits in (6, 17):
        pair = [
            str(v) if v.dtype.kind in "biu" else f"{float(v):.{digits}g}"
            for v in (wanted, got)
        ]
        if pair[0] != pair[1]:
            break
    return f"expected {pair[0]}, got {pair[1]}"


def _remark(
    got: np.ndarray,
    values: np.ndarray,
    targets: np.ndarray,
    rtol: float,
    atol: float,
) -> list[str]:
    """Returns a line on what all the differences have in common, if anything."""
    if got.size < 3 or not (np.isfinite(values).all() and np.isfinite(targets).all()):
        return []
    if not values.any():
        return ["(got only zeros)"]
    power = float(np.vdot(targets, targets))
    factor = float(np.vdot(targets, values)) / power if power else 0.0
    # Half the factor's own size, so that noise is never called a multiple.
    if factor and not np.any(
        _differs(values, factor * targets, rtol, atol * min(1.0, abs(factor)))
    ):
        return [f"(got {factor:.4g} times the expected array)"]
    if got.dtype.kind in "biu" and np.any(targets % 1):
        short = np.abs(targets) - np.abs(values)
        # Where whole numbers pass if they are rounded, cutting off is one mistake of
        # many: then it must account for all that came.
        if atol < 0.5 or np.all((short > -0.01) & (short < 1)):
            return [f"(got {got.dtype}: were decimals cut off?)"]
    return []
