"""Misconceptions: read by parsing, recognised by making the same calls again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.authoring import mistaken_submission, read_variants
from grader.errors import GraderError, ManifestError
from grader.explain import Explainer, same
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
        "def forward(x, w): raise ValueError('a text of its own')",
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
