"""Misconceptions: read by parsing, recognised by making the same calls again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.authoring import mistaken_submission, read_variants
from grader.comparing import same
from grader.errors import GraderError, ManifestError
from grader.explain import Explainer
from grader.results import Outcome
from grader.session import Session
from tests.grader.course import question, write_course

PAIR = {"id": "forward", "title": "Forward", "points": 1, "allow": ["numpy"]}
BACK = {"id": "backward", "title": "Backward", "points": 1, "allow": ["numpy"]}
PAIR_SOLUTION = """\
# %%
import numpy as np

# %% question="forward"
def forward(x, w):
    # BEGIN SOLUTION
    return x * w, {"x": x, "w": w}
    # END SOLUTION

# %% question="backward"
def backward(dout, cache):
    # BEGIN SOLUTION
    return dout * cache["w"], (dout * cache["x"]).sum()
    # END SOLUTION
"""
PAIR_TESTS = {
    "forward": """
        import numpy as np

        def test_product(student, rng):
            x = rng.normal(size=3)
            out, _ = student.forward(x, 2.0)
            assert np.allclose(out, 2 * x), "not x * w"

        def test_x_is_left_alone(student, rng):
            x = rng.normal(size=3)
            _, after = student.with_inputs("forward", x, 2.0)
            assert np.array_equal(after[0], x), "x was modified"
        """,
    "backward": """
        import numpy as np

        def test_gradients(student, rng):
            x, dout = rng.normal(size=(2, 3))
            _, cache = student.forward(x, 3.0)
            dx, dw = student.backward(dout, cache)
            assert np.allclose(dx, 3 * dout), "dx is not dout * w"
            assert np.isclose(dw, (dout * x).sum()), "dw is not the sum of dout * x"
        """,
}
PAIR_MISTAKES = """
    import numpy as np
    from grader.authoring import misconception

    @misconception("forward", hint="You added.")
    def adds(x, w):
        return x + w, {"x": x, "w": w}

    @misconception("forward", hint="You changed x itself.")
    def works_in_place(x, w):
        x *= w
        return x, {"x": x, "w": w}

    @misconception("forward", hint="You wrote a matrix product.")
    def multiplies_matrices(x, w):
        return x @ np.zeros((9, 9)), None

    @misconception("backward", hint="You forgot the sum.")
    def forgets_the_sum(dout, cache):
        return dout * cache["w"], dout * cache["x"]

    @misconception("backward", hint="You swapped x and w.")
    def swaps(dout, cache):
        return dout * cache["x"], dout.sum() * cache["w"]
    """
RIGHT = {
    # Another cache than the solution's: a replay must use the variant's own.
    "forward": "def forward(x, w): return w * x, [w, 1, x]",
    "backward": "def backward(d, c): return d * c[0], (d * c[2]).sum()",
}


@pytest.fixture
def pair(tmp_path):
    """Two questions, where the second takes what the first returned."""
    return write_course(
        tmp_path,
        questions=[PAIR, BACK],
        solution=PAIR_SOLUTION,
        tests=PAIR_TESTS,
        public="",
        misconceptions=PAIR_MISTAKES,
        alternatives="",
    )


def hints(result):
    return [(test.misconception, test.hint) for test in result.tests]


WRONG = {
    "adds": ("forward", "def forward(x, w): return w + x, (w, x)", "You added."),
    "works_in_place": (
        "forward",
        "def forward(x, w):\n    for i in range(3): x[i] = x[i] * w\n    return x, 0",
        "You changed x itself.",
    ),
    "multiplies_matrices": (
        "forward",
        "def forward(x, w): return np.matmul(x, np.eye(9)), x",
        "You wrote a matrix product.",
    ),
    "forgets_the_sum": (
        "backward",
        "def backward(d, c): return d * c[0], np.multiply(c[2], d)",
        "You forgot the sum.",
    ),
    "swaps": (
        "backward",
        "def backward(d, c): return d * c[2], d.sum() * c[0]",
        "You swapped x and w.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_misconception_written_another_way_is_recognised(pair, hosts, name):
    id, source, hint = WRONG[name]
    answers = {"# imports": "import numpy as np", **RIGHT, id: source}
    report = pair.grade(answers, hosts)
    lost = question(report, id)
    assert lost.score == 0
    assert (name, hint) in hints(lost)


def test_a_mistake_of_ones_own_gets_no_hint(pair, hosts):
    answers = RIGHT | {"forward": "def forward(x, w): return x * w + 1e-2, 0"}
    assert set(hints(question(pair.grade(answers, hosts), "forward"))) == {("", "")}


def test_a_mistake_in_the_first_answer_is_recognised_in_the_second(pair, hosts):
    adds = "def forward(x, w): return x + w, [w, 1, x + w]"
    lost = question(pair.grade(RIGHT | {"forward": adds}, hosts), "backward")
    assert lost.outcome is Outcome.FAILED


def test_explaining_can_be_left_out(pair, hosts):
    answers = RIGHT | {"forward": WRONG["adds"][1]}
    lost = question(pair.grade(answers, hosts, explain=False), "forward")
    assert set(hints(lost)) == {("", "")}


def test_a_misconception_that_breaks_costs_nothing(tmp_path, hosts):
    mistakes = """
        from grader.authoring import misconception
        import os

        @misconception("double", hint="never")
        def dies(x):
            os._exit(0)

        @misconception("double", hint="You squared x.")
        def squares(x):
            return x * x
        """
    course = write_course(tmp_path, misconceptions=mistakes)
    lost = question(
        course.grade({"double": "def double(x): return x**2"}, hosts), "double"
    )
    assert ("squares", "You squared x.") in hints(lost)


def test_a_named_mistake_is_the_solution_with_it(course, hosts):
    submission = mistaken_submission(course.manifest, "squares")
    assert not submission.definitions.missing(["double", "total"])
    with pytest.raises(GraderError, match="it has: squares, takes_the_mean"):
        mistaken_submission(course.manifest, "sqares")


def test_an_error_of_its_own_is_not_a_known_mistake(pair, hosts):
    source = "def forward(x, w): raise ValueError('a text of its own')"
    report = pair.grade(RIGHT | {"forward": source}, hosts)
    assert set(hints(question(report, "forward"))) == {("", "")}


CROP = {"id": "crop", "title": "A crop", "points": 1, "allow": ["numpy"]}
CROP_SOLUTION = """\
# %%
import numpy as np

# %% question="crop"
def crop(x, size):
    # BEGIN SOLUTION
    h, w = size
    if h > x.shape[0] or w > x.shape[1]:
        raise ValueError("too large")
    return x[:h, :w].astype(x.dtype)
    # END SOLUTION
"""
CROP_TESTS = {
    "crop": """
        import numpy as np
        import pytest

        def test_one_pixel(student, rng):
            x = rng.normal(size=(2, 2)).astype(np.float32)
            out = student.crop(x, (1, 1))
            assert out.dtype == np.float32, "the dtype must stay"
            assert out == x[:1, :1], "no crop"

        @pytest.mark.parametrize("shape", [(4, 2), (3, 5), (5, 5)])
        def test_crops(student, rng, shape):
            x = rng.normal(size=shape).astype(np.float32)
            size = (4, 2) if shape == (4, 2) else (2, 3)
            out = student.crop(x, size)
            assert out.dtype == np.float32, "the dtype must stay"
            assert np.array_equal(out, x[:size[0], :size[1]]), "no crop"
        """,
}
CROP_MISTAKES = """
    import numpy as np
    from grader.authoring import misconception

    @misconception("crop", hint="Height and width are exchanged.")
    def exchanges(x, size):
        w, h = size
        if h > x.shape[0] or w > x.shape[1]:
            raise ValueError("too large")
        return x[:h, :w].astype(x.dtype)

    @misconception("crop", hint="The size is one too large.")
    def is_one_too_strict(x, size):
        h, w = size
        if h >= x.shape[0] or w >= x.shape[1]:
            raise ValueError("too large")
        return x[:h, :w].astype(x.dtype)

    @misconception("crop", hint="The result is float64.")
    def makes_it_double(x, size):
        return x[:size[0], :size[1]].astype(np.float64)
    """


@pytest.fixture
def crops(tmp_path):
    """Two mistakes that raise a ValueError in the first test, one about dtype."""
    return write_course(
        tmp_path,
        questions=[CROP],
        solution=CROP_SOLUTION,
        tests=CROP_TESTS,
        public="",
        misconceptions=CROP_MISTAKES,
        alternatives="",
    )


def told(course, hosts, body):
    source = "import numpy as np\ndef crop(x, size):\n    h, w = size\n" + body
    tests = question(course.grade({"crop": source}, hosts), "crop").tests
    return [test.misconception for test in tests]


def test_an_error_is_known_by_the_tests_that_it_comes_in(crops, hosts):
    """The first crop fails alike with two mistakes; the others tell them apart."""
    too_strict = """\
    n, m = x.shape
    if not (h < n and w < m): raise ValueError(f"{size} of {n} x {m}")
    return np.array(x[:h, :w])
"""
    assert told(crops, hosts, too_strict) == ["", "is_one_too_strict", "", ""]
    exchanged = """\
    if h > x.shape[1]: raise ValueError("outside")
    return x[:w, :h]
"""
    assert told(crops, hosts, exchanged) == ["", *["exchanges"] * 3]


def test_an_error_has_no_hint_where_too_much_came_to_be_kept(crops, hosts, monkeypatch):
    monkeypatch.setattr("grader.plugin._MOST_BYTES", 1000)
    exchanged = """\
    if h > x.shape[1]: raise ValueError("outside")
    return x[:w, :h]
"""
    assert told(crops, hosts, exchanged) == ["", "", "exchanges", "exchanges"]


def test_an_error_in_other_tests_than_the_known_mistakes_has_no_hint(crops, hosts):
    odd = """\
    if x.shape[0] in (4, 5): raise ValueError("even or five")
    return x[:h, :w]
"""
    assert set(told(crops, hosts, odd)) == {""}


def test_the_right_values_in_the_wrong_dtype_are_no_other_mistakes(crops, hosts):
    """One pixel is the same for those who exchange height and width."""
    complex_ = "    return x[:h, :w] + 0j\n"
    assert set(told(crops, hosts, complex_)) == {""}
    doubles = "    return np.array(x[:h, :w], dtype=float)\n"
    assert told(crops, hosts, doubles) == [*["makes_it_double"] * 3, ""]  # enough


def test_a_mistake_in_another_dtype_is_still_known(crops, hosts):
    """Only where its values are wrong: of one pixel they are not."""
    body = """\
    if h > x.shape[1]: raise ValueError("outside")
    return x[:w, :h].astype(np.float64)
"""
    pixel, _, wide, _ = told(crops, hosts, body)
    assert (pixel, wide) == ("makes_it_double", "exchanges")


UNREADABLE = {
    "no Python": ("def (", "misconceptions.py: cannot be read"),
    "a hint that is computed": (
        '@misconception("double", hint=f())\ndef a(x): pass',
        r"misconceptions.py:2: write the question and the hint as plain texts",
    ),
    "no question": (
        '@misconception(hint="x")\ndef a(x): pass',
        r"misconceptions.py:2: write the question",
    ),
    "another question": (
        '@misconception("triple", hint="x")\ndef a(x): pass',
        "a answers 'triple', which is no question of 01_tiny",
    ),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_of_misconceptions_that_cannot_be_read(course, kind):
    text, message = UNREADABLE[kind]
    head = "from grader.authoring import misconception\n"
    course.write("solutions/01_tiny/misconceptions.py", head + text)
    with pytest.raises(ManifestError, match=message):
        read_variants(course.manifest, "misconception")


def test_variants_are_read_never_imported(course):
    text = "raise SystemExit\nfrom grader.authoring import misconception\n"
    text += '@misconception("double", hint="H")\n@other\ndef a(x): return 1'
    course.write("solutions/01_tiny/misconceptions.py", text)
    (variant,) = read_variants(course.manifest, "misconception")
    assert (variant.name, variant.question, variant.hint) == ("a", "double", "H")
    assert "grader.authoring" not in variant.source
    assert "@misconception" not in variant.source
    assert "@other" in variant.source


def test_a_course_without_variants(tmp_path):
    course = write_course(tmp_path, misconceptions="", alternatives="")
    assert read_variants(course.manifest, "misconception") == []


A = np.arange(6.0).reshape(2, 3)
SAME = [
    (A, A.astype(np.float32)),
    (A, (A + 1e-7).tolist()),
    ((A, [1, 2]), [A, (1.0, 2)]),
    ({"a": A}, {"a": A}),
    (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
    (3, 3.0),
    (None, None),
    ("a", "a"),
    (np.zeros(0), np.zeros(0)),
    (1e-12 * A, 1e-12 * A),
]
DIFFERENT = [
    (A, A + 1e-2),
    (A, A.T),
    (A, A[None]),
    (A, None),
    (None, 0),
    ("a", "b"),
    ("a", b"a"),
    ([A], [A, A]),
    ({"a": A}, {"b": A}),
    (np.array([np.nan]), np.array([0.0])),
    (np.array([np.inf]), np.array([-np.inf])),
    (1e-12 * A, 2e-12 * A),
    (A, "text"),
    (A, {"a": A}),
]


@pytest.mark.parametrize("pair_", SAME, ids=str)
def test_same(pair_):
    assert same(*pair_)
    assert same(*reversed(pair_))


@pytest.mark.parametrize("pair_", DIFFERENT, ids=str)
def test_different(pair_):
    assert not same(*pair_)
    assert not same(*reversed(pair_))


def test_a_lent_session_goes_on_as_the_variant_that_it_was_lent_for(pair, hosts):
    variants = {v.name: v for v in read_variants(pair.manifest, "misconception")}
    variant = variants["forgets_the_sum"]
    submission = mistaken_submission(pair.manifest, variant.name)
    session = Session(
        pair.manifest, pair.manifest.question("backward"), submission, hosts
    )
    session.take(submission, f"{variant.name}__")
    x, d = np.array([1.0, 2.0]), np.array([3.0, 5.0])

    def backward():
        session.begin_test(1)
        _, cache = session.call("forward", [x, 2.0], {}, False)
        return session.call("backward", [d, cache], {}, False)[1]

    explainer = Explainer(pair.manifest, hosts)
    try:
        explainer.lend(variant, session)
        np.testing.assert_array_equal(backward(), [3, 10])
        log = [*session.log[:-1], replace(session.log[-1], result=(0.0, 0.0))]
        assert explainer.explain("backward", log) is None, "all have been tried there"
        np.testing.assert_array_equal(backward(), [3, 10])
        assert explainer.explain("backward", session.log) == variant
    finally:
        explainer.close()
    assert session._worker is None, "it is the explainer's to close"
