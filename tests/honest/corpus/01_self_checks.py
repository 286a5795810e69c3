# /// honest
# why = "asserts and comparisons of its own inside the answers"
# assignment = "01"
# ///

# %% question="flip180"
from numpy.testing import assert_allclose
def flip180(k):
    assert isinstance(k, np.ndarray), type(k)
    assert k.ndim >= 2, f"expected at least 2 dimensions, got {k.ndim}"
    out = k[::-1, ::-1]
    assert out.shape == k.shape and not np.shares_memory(out, np.zeros(1))
    assert_allclose(out[::-1, ::-1], k)
    try:
        1 / 0
    except ZeroDivisionError as error:
        print("caught", error)
    return out

assert (flip180(np.eye(2)) == np.eye(2)).all()

# %% question="blur_kernel"
def blur_kernel(radius):
    if not radius >= 0:
        raise ValueError("radius must not be negative")
    n = 2 * radius + 1
    out = np.ones((n, n)) / n**2
    np.testing.assert_almost_equal(out.sum(), 1)
    return out

def test_blur_kernel():
    assert blur_kernel(1).shape == (2, 2)
test_blur_kernel()
