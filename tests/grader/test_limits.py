"""Answers that never end, die, or take too much: they lose, the others do not."""

from __future__ import annotations

import time

import pytest

from grader.errors import StudentCrash, StudentError, StudentTimeout
from grader.results import Outcome
from tests.grader.course import question, write_course

NEVER_ENDS = {
    "loop": "while True: pass",
    "loop that swallows everything": """
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
    "loop in C": "sum(range(10**13))",
    "regular expression": "import re; re.match('(a*)*b', 'a' * 60)",
    "sleep": "import time; time.sleep(1000)",
    "blocked signals": """
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        while True: pass
        """,
    "waits for a thread": """
        import threading, time
        t = threading.Thread(target=time.sleep, args=(1000,)); t.start(); t.join()
        """,
    "deadlock": "import threading; l = threading.Lock(); l.acquire(); l.acquire()",
}


def function(body: str, name: str = "double") -> str:
    """The source of a function with this body."""
    lines = [line.strip("\n") for line in body.strip("\n").split("\n")]
    indent = min(len(li) - len(li.lstrip()) for li in lines if li.strip())
    inner = "\n".join("    " + line[indent:] for line in lines)
    return f"def {name}(x):\n{inner}\n    return x\n"


@pytest.mark.parametrize("kind", NEVER_ENDS)
def test_a_call_that_never_ends(course, isolated, kind):
    _times_out(course, isolated, NEVER_ENDS[kind])


@pytest.mark.parametrize("kind", ["loop in C", "blocked signals"])
def test_a_call_that_never_ends_elsewhere(course, less_confined, kind):
    _times_out(course, less_confined, NEVER_ENDS[kind])


def _times_out(course, hosts, body):
    session = course.session(function(body), hosts, timeout_s=0.4)
    started = time.monotonic()
    with pytest.raises(StudentTimeout, match=r"within the 0.4 s"):
        session.call("double", [1], {}, False)
    assert time.monotonic() - started < 4
    started = time.monotonic()
    with pytest.raises(StudentTimeout):  # its worker is gone, and so is its time
        session.call("double", [1], {}, False)
    assert time.monotonic() - started < 0.2


def test_a_definition_that_never_ends(course, hosts):
    source = "class double:\n    while True: pass"
    session = course.session(source, hosts, timeout_s=0.4)
    with pytest.raises(StudentTimeout):
        session.call("double", [1], {}, False)


def test_time_is_for_all_calls_of_a_question(course, hosts):
    source = "import time\ndef double(x):\n    time.sleep(0.3)"
    session = course.session(source, hosts, timeout_s=0.8)
    session.call("double", [1], {}, False)
    session.call("double", [1], {}, False)
    with pytest.raises(StudentTimeout):
        session.call("double", [1], {}, False)


ENDS_THE_PROCESS = {
    "os._exit": ("import os; os._exit(0)", "exited with code 0"),
    "os._exit 7": ("import os; os._exit(7)", "exited with code 7"),
    "abort": ("import os; os.abort()", "SIG(ABRT|SEGV)"),  # in C, hlt as process 1
    "segfault": ("import ctypes; ctypes.string_at(0)", "segmentation fault"),
    "exec": ("import os, sys; os.execv(sys.executable, ['python', '-c', ''])", "code"),
    "closed socket": ("import os; os.closerange(0, 100)", "process"),
    "a child that lives on": (
        """
        import os, time
        if os.fork():
            os._exit(3)
        os.setsid()
        time.sleep(100)
        """,
        "exited with code 3",
    ),
}


@pytest.mark.parametrize("kind", ENDS_THE_PROCESS)
def test_a_call_that_ends_the_process(course, isolated, kind):
    _crashes(course, isolated, *ENDS_THE_PROCESS[kind])


@pytest.mark.parametrize("kind", ["os._exit", "segfault", "a child that lives on"])
def test_a_call_that_ends_the_process_elsewhere(course, less_confined, kind):
    _crashes(course, less_confined, *ENDS_THE_PROCESS[kind])


def _crashes(course, hosts, body, cause):
    session = course.session(function(body), hosts)
    started = time.monotonic()
    with pytest.raises(StudentCrash, match=cause):
        session.call("double", [1], {}, False)
    assert time.monotonic() - started < 5  # noticed, not waited for


def test_a_stack_overflow_in_c(course, hosts):
    body = """
        import sys
        sys.setrecursionlimit(10**8)
        x = []
        for _ in range(10**6): x = [x]
        repr(x)
        """
    # From Python 3.13 on the interpreter itself notices.
    ends = (StudentCrash, StudentError)
    with pytest.raises(ends, match=r"segmentation fault|recursion depth"):
        course.session(function(body), hosts).call("double", [1], {}, False)


def test_a_process_that_stops_itself(course, any_level):
    body = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
    session = course.session(function(body), any_level, timeout_s=0.4)
    if any_level.level == "isolated":  # the first process of a namespace cannot
        assert session.call("double", [1], {}, False) == 1
        return
    with pytest.raises(StudentTimeout):
        session.call("double", [1], {}, False)


def test_a_process_that_kills_itself(course, restricted):
    body = "import os; os.kill(os.getpid(), 9)"
    with pytest.raises(StudentCrash, match="ended by SIGKILL"):
        course.session(function(body), restricted).call("double", [1], {}, False)


ONLY_RAISES = {
    "sys.exit": "import sys; sys.exit(0)",
    "exit": "exit()",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "a BaseException of its own": "raise type('Odd', (BaseException,), {})('x')",
    "an exception that cannot be shown": """
        class Odd(Exception):
            def __str__(self): raise SystemExit
        raise Odd
        """,
    "recursion": "return double(x)",
}


@pytest.mark.parametrize("body", ONLY_RAISES.values(), ids=ONLY_RAISES)
def test_a_call_that_raises_leaves_the_worker_alive(course, hosts, body):
    source = function(body) + "\ndef total(x):\n    return 5"
    session = course.session(source, hosts)
    with pytest.raises(StudentError):
        session.call("double", [1], {}, False)
    assert session.call("total", [1], {}, False) == 5


def test_too_much_memory_at_once_raises(course, any_level):
    source = "import numpy as np\ndef double(x):\n    return np.ones(10 * 2**27)"
    session = course.session(source, any_level)
    with pytest.raises(StudentError, match="MemoryError"):
        session.call("double", [1], {}, False)


def test_memory_of_all_children_together(course, any_level):
    # Each child stays under the address space of one process.
    body = """
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                block = b"x" * (150 << 20)
                time.sleep(60)
        time.sleep(60)
        """
    session = course.session(function(body), any_level)
    session.manifest.__dict__["memory_mb"] = 400
    with pytest.raises(StudentCrash, match="more than 400 MB"):
        session.call("double", [1], {}, False)


def test_a_fork_bomb_is_over_with_its_question(course, isolated):
    body = """
        import os
        while True:
            try: os.fork()
            except OSError: pass
        """
    session = course.session(function(body), isolated, timeout_s=1)
    with pytest.raises((StudentTimeout, StudentCrash)):
        session.call("double", [1], {}, False)
    session = course.session("def double(x):\n    return 2 * x", isolated)
    started = time.monotonic()
    assert session.call("double", [4], {}, False) == 8
    assert time.monotonic() - started < 5


def test_a_thread_bomb_is_over_with_its_question(course, any_level):
    body = """
        import threading, time
        made = 0
        try:
            while made < 5000:
                threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
                made += 1
        except RuntimeError: pass
        while True: time.sleep(1)
        """
    session = course.session(function(body), any_level, timeout_s=1.5)
    with pytest.raises((StudentTimeout, StudentCrash)):
        session.call("double", [1], {}, False)
    session = course.session("def double(x):\n    return 2 * x", any_level)
    assert session.call("double", [4], {}, False) == 8


def test_a_full_scratch_folder_is_an_error_not_a_full_disk(course, isolated):
    body = """
        with open("fill", "wb") as file:
            for _ in range(600): file.write(bytes(1 << 20))
        """
    session = course.session(function(body), isolated)
    with pytest.raises((StudentError, StudentCrash)):
        session.call("double", [1], {}, False)


def test_a_result_over_the_limit_is_an_error(course, hosts, monkeypatch):
    source = "def double(x):\n    return bytes(x)\ndef total(x):\n    return 1"
    session = course.session(source, hosts)
    session.manifest.__dict__["memory_mb"] = 3000
    with pytest.raises((StudentError, StudentCrash)):
        session.call("double", [(512 << 20) + 1], {}, False)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("import os; os._exit(0)", Outcome.CRASHED),
        ("import sys; sys.exit(0)", Outcome.ERROR),
        ("while True: pass", Outcome.TIMEOUT),
    ],
)
def test_the_other_questions_keep_their_marks(tmp_path, hosts, body, outcome):
    course = write_course(tmp_path, timeout_s=0.5)
    answers = {
        "double": function(body),
        "total": "def total(x):\n    return float(x.sum())",
    }
    report = course.grade(answers, hosts)
    assert report.score == 2
    assert question(report, "double").outcome is outcome


def test_after_the_end_the_remaining_tests_are_not_run(course, hosts):
    report = course.grade({"double": function("import os; os._exit(0)")}, hosts)
    outcomes = [t.outcome for t in question(report, "double").tests]
    assert outcomes == [Outcome.CRASHED, Outcome.NOT_RUN]


def test_a_definition_that_fails_costs_only_what_needs_it(course, hosts):
    answers = {
        "# broken": "import sys\ntable = sys.exit(0)\nother = 1 / 0",
        "double": "def double(x):\n    return x + x + 0 * len(table)",
        "total": "def total(x):\n    return float(x.sum())",
    }
    report = course.grade(answers, hosts)
    assert report.score == 2
    assert "SystemExit" in " ".join(report.notes)
    assert "ZeroDivision" not in " ".join(report.notes)  # nobody needs it
