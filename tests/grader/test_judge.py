"""Several processes judge as one does; they share hosts, and one explains well."""

from __future__ import annotations

import time

import numpy as np
import pytest

from grader.authoring import solution_cells
from grader.comparing import same, same_call
from grader.errors import GraderFault
from grader.grade import Grading, grade
from grader.regenerate import leaks
from grader.regenerate.judge import Job
from grader.regenerate.judges import Judges, processes_for
from grader.regenerate.notebooks import read_source, student_notebook
from grader.regenerate.proofs import _cheapest_first, prove
from grader.results import Outcome, QuestionResult, Report, TestResult
from grader.sandbox import Hosts
from grader.session import Call
from grader.submission import Submission
from tests.grader.course import MISCONCEPTIONS, TESTS

SETTINGS = {
    "question": "q",
    "allow": ["numpy"],
    "forbid": [],
    "instead": "",
    "reference": True,
}


def worker(hosts):
    return hosts.worker(SETTINGS, ("numpy",), 512)


def alive(connected) -> bool:
    try:
        return "ok" in connected.request({"op": "seed", "seed": 1}, 20)
    except Exception:
        return False


def ends(connected) -> bool:
    """True if a worker is gone within some seconds; its host is told later."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not alive(connected):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def own_hosts():
    """Hosts that nobody else uses: these tests end them."""
    hosts = Hosts()
    yield hosts
    hosts.close()


def test_a_branch_has_workers_of_the_same_host(own_hosts):
    own_hosts.prepare(("numpy",))
    branch, other = own_hosts.branch(), own_hosts.branch()
    workers = [worker(hosts) for hosts in (own_hosts, branch, other)]
    first, second, third = workers
    try:
        assert all(map(alive, workers))
        branch.close()
        assert ends(second), "a branch that closes ends its workers"
        assert alive(first), "it must leave those of others alone"
        assert alive(third), "it must leave those of others alone"
        own_hosts.close()
        assert ends(third)
    finally:
        other.close()
        for each in workers:
            each.connection.close()


def test_a_branch_that_asked_for_nothing_leaves_without_harm(own_hosts):
    workers = [worker(own_hosts)]
    try:
        for _ in range(3):
            branch = own_hosts.branch()
            time.sleep(0.1)  # the host's greeting lies there, unread
            branch.close()
            workers.append(worker(own_hosts))
        assert all(map(alive, workers))
    finally:
        for each in workers:
            each.connection.close()


def proofs(course, hosts, processes):
    source = read_source(course.manifest)
    found = prove(source, student_notebook(source), hosts, processes)
    return [(proof.holds, proof.text) for proof in found]


def test_two_processes_prove_what_one_does(course, own_hosts, monkeypatch):
    monkeypatch.setattr(leaks, "ROOT", course.root)
    tame = TESTS["total"].replace('"n", [1, 5]', '"n", [1]')
    course.write("solutions/01_tiny/tests/test_total.py", tame)
    alone = proofs(course, own_hosts, 0)
    assert (False, "takes_the_mean is wrong but gets the points of total") in alone
    assert proofs(course, own_hosts, 2) == alone


def test_a_faulty_test_is_told_from_another_process(course, own_hosts, monkeypatch):
    monkeypatch.setattr(leaks, "ROOT", course.root)
    course.write("solutions/01_tiny/tests/test_total.py", "import nowhere_at_all")
    with pytest.raises(GraderFault, match="nowhere_at_all"):
        proofs(course, own_hosts, 2)


def test_a_process_that_dies_is_told(course, own_hosts):
    judges = Judges(course.manifest, own_hosts, 1)
    (process,) = judges._processes
    process.kill()
    process.join()
    try:
        with pytest.raises(GraderFault, match="has ended"):
            judges.report(judges.submit(Job("double")))
    finally:
        judges.close()


def test_few_jobs_are_not_worth_a_process():
    assert processes_for(3) == 0


def report(*tests):
    results = tuple(
        TestResult(name, Outcome.PASSED, seconds=seconds) for name, seconds in tests
    )
    asked = QuestionResult("q", "Q", 1.0, 1.0, Outcome.PASSED, results)
    return Report("a", "A", "", 1, "none", "hidden", (asked,))


def test_tests_that_find_faults_cheaply_come_first():
    solved = report(
        ("equals: a", 0.3), ("equals: b", 0.1), ("shape: a", 0.1), ("shape: b", 0.1),
        ("trains", 5.0), ("config", 0.2),
    )  # fmt: skip
    assert _cheapest_first(solved) == (
        "shape: a", "config", "equals: a", "equals: b", "shape: b", "trains",
    )  # fmt: skip


def test_tests_run_in_the_order_asked_for(course, hosts):
    order = ["leaves x alone", "is twice as much"]
    submission = Submission.from_cells(solution_cells(course.manifest))
    for first in (order, order[::-1]):
        how = Grading(only=["double"], hosts=hosts, first=first)
        (asked,) = grade(course.manifest, submission, how).questions
        assert [test.name for test in asked.tests] == first


TWINS = (
    MISCONCEPTIONS
    + """
    @misconception("double", hint="You added one.")
    def adds_one(x):
        return x + ONE

    ONE = 1
    """
)


def test_misconceptions_share_a_worker_and_stay_apart(course, hosts):
    course.write("solutions/01_tiny/misconceptions.py", TWINS)
    for source, hint in (
        ("x*x", "You squared x; twice x is x + x."),
        ("x+1", "You added one."),
        ("x+2", ""),
    ):
        answer = f"import numpy as np\ndef double(x):\n    return {source}"
        found = course.grade({"double": answer}, hosts, only=["double"])
        (asked,) = found.questions
        assert {test.hint for test in asked.tests} - {""} == ({hint} - {""})


def test_gradients_are_compared_whole():
    """Of ``(out, cache)`` the cache may differ; of gradients nothing may."""
    dx, dw = np.ones(3), np.ones(2)

    def call(op, second):
        return Call({"op": op, "operation": "gradients"}, 1, result=(dx, second))

    assert same_call(call("operate", [dw]), call("operate", [dw]), same)
    assert not same_call(call("operate", [dw]), call("operate", [None]), same)
    assert same_call(call("call", [dw]), call("call", [None]), same)
