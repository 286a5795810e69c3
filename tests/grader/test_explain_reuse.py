"""One explainer may serve many gradings: its workers stay, what it found does not."""

from grader.explain import Explainer
from grader.session import Session
from tests.grader.course import question

SQUARES = {
    "# imports": "import numpy as np",
    "double": "def double(x):\n    return x*x",
}
ANOTHER = {"double": "def double(x):\n    return x + 1"}


def test_workers_are_started_once(course, hosts, monkeypatch):
    started = []
    make = type(hosts).worker

    def counted(self, *args, **kwargs):
        started.append(args)
        return make(self, *args, **kwargs)

    monkeypatch.setattr(type(hosts), "worker", counted)
    explainer = Explainer(course.manifest, hosts)
    try:
        counts, hints = [], []
        for answers in (SQUARES, ANOTHER, SQUARES):
            before = len(started)
            report = course.grade(answers, hosts, only=["double"], explain=explainer)
            counts.append(len(started) - before)
            hints.append({t.hint for t in question(report, "double").tests} - {""})
    finally:
        explainer.close()
    assert counts == [2, 1, 1], "the replay's worker should be used again"
    hint = {"You squared x; twice x is x + x."}
    assert hints == [hint, set(), hint]


def test_what_is_known_is_not_computed_again(course, hosts, monkeypatch):
    replayed = []
    replay = Session.replay

    def counted(self, log):
        replayed.append(len(log))
        return replay(self, log)

    monkeypatch.setattr(Session, "replay", counted)
    explainer = Explainer(course.manifest, hosts)
    hint = {"You squared x; twice x is x + x."}
    try:
        for answers, hints in ((SQUARES, hint), (ANOTHER, set()), (SQUARES, hint)):
            for number in range(2):
                replayed.clear()
                report = course.grade(
                    answers, hosts, only=["double"], explain=explainer
                )
                tests = question(report, "double").tests
                assert {t.hint for t in tests} - {""} == hints
                assert not replayed or (number == 0 and answers is SQUARES)
            explainer.close()  # and with it the workers
    finally:
        explainer.close()
    assert not replayed
