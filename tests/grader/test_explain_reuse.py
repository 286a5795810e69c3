"""One explainer may serve many gradings: its workers stay, what it found does not."""

from grader.explain import Explainer
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
