"""Whatever a worker answers, the trusted side has a value or a student's fault."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from grader.blueprints import Layer
from grader.describe import describe_calls, describe_failure
from grader.errors import StudentCrash, StudentFault
from grader.explain import Explainer, same
from grader.grade import _notes
from grader.handle import Handle
from grader.protocol import CodecError, Opaque, decode, encode
from grader.proxies import Student
from grader.results import Outcome
from grader.session import Session
from grader.submission import read_submission
from tests.fuzz.fake_worker import FakeHosts
from tests.fuzz.harness import fuzz
from tests.fuzz.mutate import ODD_TEXTS, nested
from tests.fuzz.test_notebooks import assert_plain, odd_characters
from tests.grader.course import write_course
from tests.grader.test_codec import VALUES

ODD = st.sampled_from(
    [
        *(nested(63), nested(64), nested(400), nested(1000), {"a": nested(80)}),
        *([[]] * 3, {}, (), (1, 2), [1, [2, (3,)]], float("nan"), 10**400, -1),
        *(Opaque(1, "keras.Layer"), Opaque(-1, "\x1b[31m"), [Opaque(2, "x")] * 3),
        *(np.array(5), np.zeros((0, 3)), np.array([np.nan]), np.zeros(3, "?")),
        *(
            {"config": '{"class_name": "Lambda"}'},
            {"config": "[" * 5000},
            {"config": 3},
        ),
        *({"config": '{"class_name": "Dense", "module": "keras.layers"}'},),
        *ODD_TEXTS[:8],
    ]
)
LAYER = {
    "name": "d",
    "kind": "Dense",
    "config": {},
    "inputs": (),
    "output_shape": (None, 3),
    "params": 3,
    "trainable_params": 3,
    "weight_shapes": (),
}
ANSWERS = ODD | VALUES | st.just([LAYER]) | st.just([LAYER | {"more": 1}])
ERRORS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["ValueError", "NotImplementedError", ""]) | ANSWERS,
        "message": st.sampled_from(ODD_TEXTS) | ANSWERS,
        "frames": st.just([["cell 1\x1b", 2, "x"], ["cell", "2", 3], 4]) | ANSWERS,
        "bases": st.just(["ValueError", 3, None]) | ANSWERS,
        "not_allowed": st.booleans() | ANSWERS,
    },
)
PROBLEM = {"cell": "cell 1\x1b[2J", "line": 1, "type": "V\n", "message": "\x1b]0;x\x07"}
STEPS = st.one_of(
    st.tuples(st.just("ok"), ANSWERS),
    st.tuples(st.just("ok"), ANSWERS),
    st.tuples(st.just("ok"), st.just(Opaque(1, "Layer"))),
    st.tuples(st.just("ok"), st.just([PROBLEM, PROBLEM | {"line": "1"}])),
    st.tuples(st.just("error"), ERRORS | ANSWERS),
    st.tuples(
        st.just("reply"),
        st.dictionaries(st.sampled_from(["id", "ok", "error"]), ANSWERS) | ANSWERS,
    ),
    st.tuples(st.just("reply"), st.fixed_dictionaries({"id": ODD, "ok": ANSWERS})),
    st.tuples(st.just("bytes"), st.binary(max_size=20)),
    st.tuples(st.just("twice"), ANSWERS),
    st.tuples(st.just("stream"), st.binary(max_size=20)),
    st.tuples(st.just("close"), st.none()),
)
SCRIPTS = st.lists(STEPS, min_size=1, max_size=6)
#: What hidden tests ask of a student's function or layer.
REQUESTS = {
    "call": lambda s: s.double(np.ones(3), pad=1),
    "with_inputs": lambda s: s.with_inputs("double", np.ones(3)),
    "pass on": lambda s: s.total(s.double(np.ones(3))),
    "as_model": lambda s: s.as_model("double", (3,)).layers(),
    "given_model": lambda s: s.given_model((3,), [("Dense", {"units": 2})]),
    "affine_map": lambda s: s.double(s.affine_map(np.eye(2), np.ones(2), (2,))),
    "generator": lambda s: s.double(s.generator(3)),
    "weights": lambda s: s.double().weights(),
    "set_weights": lambda s: s.double().set_weights([np.ones(2)]),
    "config": lambda s: s.double().config(),
    "clone": lambda s: s.double().clone()(np.ones(2)),
    "gradients": lambda s: s.double().gradients(np.ones(2), np.ones(2)),
    "call_graph": lambda s: s.double().call_graph(np.ones(2)),
    "output_shape": lambda s: s.double().output_shape((None, 3)),
    "fit": lambda s: s.double().fit(np.ones(2), np.ones(2), steps=3),
    "save_and_load": lambda s: s.double().save_and_load(np.ones(2)),
    "layers": lambda s: s.double().layers(),
    "count_params": lambda s: s.double().count_params(),
    "shapes": lambda s: s.double().shapes(),
    "activations": lambda s: s.double().activations(np.ones(2), ["d"]),
    "blueprint": lambda s: s.double().blueprint(),
    "copy": lambda s: s.copy_of(s.double()),
    "raises": lambda s: raised(s),
}
ENDS = st.sampled_from(
    [
        *({}, {"status": None}, {"status": 9}, {"status": 11}, {"status": 256}),
        *({"over_memory": True}, {"status": 0}, {"status": 127 << 8}, {"status": 64}),
    ]
)


def raised(student):
    with student.raises(ValueError):
        student.double()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return write_course(tmp_path_factory.mktemp("replies"))


@pytest.fixture(scope="module")
def solved(course):
    return read_submission(course.manifest, course.solution)


def session_on(course, solved, hosts) -> Session:
    manifest = course.manifest
    made = Session(manifest, manifest.question("double"), solved, hosts)
    made.begin_test(1)
    return made


@fuzz("replies of a worker", cases=550, script=SCRIPTS, end=ENDS)
def test_a_call_ends_in_a_value_or_a_students_fault(course, solved, script, end):
    hosts = FakeHosts(script, end)
    session = session_on(course, solved, hosts)
    try:
        for arguments in ((3,), (np.ones(2),)):
            result = session.call("double", arguments, {}, inputs_back=False)
            assert type(result) is not Opaque
    except StudentFault:
        pass
    finally:
        session.close()
        hosts.close()
    for note in _notes(solved, course.manifest.questions, {"double": session.problems}):
        assert_plain(note)


def assert_has_an_outcome(error, log):
    # Without a call behind it, a test's error counts as the grader's own.
    assert log or isinstance(error, StudentFault), repr(error)
    outcome, message = describe_failure(error, log)
    assert outcome in Outcome
    assert isinstance(message, str)


@fuzz(
    "replies of a worker",
    cases=550,
    script=SCRIPTS,
    asked=st.sampled_from(sorted(REQUESTS)),
    end=ENDS,
)
def test_a_test_that_uses_a_reply_has_an_outcome(course, solved, script, asked, end):
    hosts = FakeHosts(script, end)
    session = session_on(course, solved, hosts)
    try:
        REQUESTS[asked](Student(session))
    except (Exception, AssertionError) as error:  # as pytest does
        assert_has_an_outcome(error, session.log)
    finally:
        session.close()
        hosts.close()
    called = describe_calls(session.log)
    assert odd_characters(called) <= {"\n", "\t"}, repr(called)
    for call in session.log:
        assert call.error is None or isinstance(call.error, StudentFault)


@fuzz(
    "replies of a worker",
    cases=250,
    script=SCRIPTS,
    again=SCRIPTS,
    asked=st.sampled_from(sorted(REQUESTS)),
)
def test_a_misconception_is_looked_for_in_any_log(course, solved, script, again, asked):
    hosts, replayed = FakeHosts(script), FakeHosts(again)
    session = session_on(course, solved, hosts)
    explainer = Explainer(course.manifest, replayed)
    try:
        try:
            REQUESTS[asked](Student(session))
        except (Exception, AssertionError):
            found = explainer.explain("double", session.log)
            assert found is None or found.question in ("double", "total")
    finally:
        explainer.close()
        session.close()
        hosts.close()
        replayed.close()


@fuzz("replies of a worker", cases=200, one=ANSWERS, other=ANSWERS)
def test_any_two_results_can_be_compared(one, other):
    try:
        came, again = decode(encode(one)), decode(encode(other))
    except CodecError:
        return  # it never gets here
    assert same(came, again) in (True, False)
    assert same(came, came) in (True, False)


def test_layers_are_layers(course, solved):
    """The script of the other tests does reach what is behind a good answer."""
    script = [("ok", None), ("ok", None), ("ok", Opaque(1, "x")), ("ok", [LAYER])]
    hosts = FakeHosts(script)
    session = session_on(course, solved, hosts)
    try:
        made = Student(session).double()
        assert isinstance(made, Handle)
        assert [type(layer) for layer in made.layers()] == [Layer]
    finally:
        session.close()
        hosts.close()


@pytest.mark.parametrize("id", [np.ones(2), [1], "1", 1.0, True, None, 2])
def test_a_reply_to_nothing_that_was_asked_ends_the_worker(course, solved, id):
    hosts = FakeHosts([("reply", {"id": id, "ok": 3})])
    session = session_on(course, solved, hosts)
    try:
        with pytest.raises(StudentCrash, match="not an answer"):
            session.call("double", (3,), {}, inputs_back=False)
        assert session.broken is not None
    finally:
        session.close()
        hosts.close()
