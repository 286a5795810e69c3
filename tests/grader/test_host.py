"""The clean process that workers are forked from loads what it must, no more."""

from __future__ import annotations

KERAS = ("numpy", "keras", "tensorflow")
LOADED = """
    import sys
    import keras

    SPARED = {"IPython", "matplotlib", "pandas", "scipy", "sklearn"}
    def double(x):
        return sorted(SPARED & {*sys.modules}), keras.ops.add(x, x)
    """
LATER = """
    import keras
    import scipy.signal

    def double(x):
        return scipy.signal.convolve(x, keras.ops.convert_to_tensor([2.0]))
    """


def test_keras_is_loaded_without_what_it_can_do_without(course, hosts):
    session = course.session(LOADED, hosts, allow=KERAS)
    loaded, total = session.call("double", [[1.0, 2.0]], {}, False)
    assert loaded == []
    assert total.tolist() == [2, 4]


def test_an_answer_that_may_use_one_of_these_finds_it(course, hosts):
    session = course.session(LATER, hosts, allow=(*KERAS, "scipy"))
    found = session.call("double", [[1.0, 2.0]], {}, False)
    assert found.tolist() == [2, 4]
