"""Whoever is graded before leaves nothing to whoever comes after, and takes nothing."""

from __future__ import annotations

import ctypes
import json
import secrets
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import GraderFault
from grader.sandbox import Hosts
from tests.grader.course import Course, opened, write_course

LEVELS = ("isolated", "restricted")


@pytest.fixture(scope="module", params=LEVELS)
def hosts(request) -> Iterator[Hosts]:
    """Hosts that serve one submission after another, as in a batch of one process."""
    made = Hosts(request.param)
    settings = {"question": "q", "allow": ["numpy"], "forbid": [], "instead": ""}
    try:
        made.worker(settings | {"reference": False}, ("numpy",), 512).close()
    except GraderFault as fault:
        pytest.skip(f"sandbox level {request.param} does not work here: {fault}")
    yield made
    made.close()


@pytest.fixture
def course(tmp_path) -> Iterator[Course]:
    """Two NumPy questions, ``double`` (3 points) and ``total`` (2)."""
    yield write_course(tmp_path / "course", timeout_s=5)
    while opened:
        opened.pop().close()


#: place: (how to leave x there, how to look for it); None where that is refused.
PLACES = {
    "the current folder": ("open('left', 'w').write(x)", "open('left').read()"),
    "temporary files": (
        "open(tempfile.gettempdir() + '/left', 'w').write(x)",
        "open(tempfile.gettempdir() + '/left').read()",
    ),
    "/tmp": ("open('/tmp/left', 'w').write(x)", "open('/tmp/left').read()"),
    "/dev/shm": ("open('/dev/shm/left', 'w').write(x)", "open('/dev/shm/left').read()"),
    "the home": (
        "open(os.path.expanduser('~/left'), 'w').write(x)",
        "open(os.path.expanduser('~/left')).read()",
    ),
    "the environment": ("os.environ.update(LEFT=x)", "os.environ['LEFT']"),
    "a builtin": ("setattr(builtins, 'left', x)", "builtins.left"),
    "NumPy": ("setattr(np, 'left', x)", "np.left"),
    "the grader's modules": (
        "setattr(sys.modules['grader.protocol'], 'left', x)",
        "sys.modules['grader.protocol'].left",
    ),
    "a module": ("sys.modules.update(left=x)", "sys.modules['left']"),
    "shared memory": (
        "ctypes.memmove(shared(0o1600), x.encode(), 16)",
        "ctypes.string_at(shared(0), 16).decode()",
    ),
    "a socket": ("stays(serve, x)", "ask()"),
    "a process": (
        "stays(os.execl, '/bin/sh', 'sh', '-c', 'sleep 99; true', x)",
        "[line for line in command_lines() if x in line][0]",
    ),
    "its umask": ("os.umask(0o123)", "['', x][os.umask(0) == 0o123]"),
    "a signal's handler": (
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "['', x][signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN]",
    ),
    "its limits": (
        "resource.setrlimit(resource.RLIMIT_NOFILE, (77, 77))",
        "['', x][resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 77]",
    ),
    "its priority": ("os.nice(7)", "['', x][os.nice(0) >= 7]"),
    "its processors": (
        "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])",
        "['', x][len(os.sched_getaffinity(0)) < os.cpu_count()]",
    ),
}
KEY = 0x1EF7
HELPERS = """
import builtins, ctypes, os, resource, signal, socket, sys, tempfile, time
import numpy as np

def shared(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    number = libc.shmget({KEY}, 99, flags)
    if number < 0: raise OSError(ctypes.get_errno(), "no shared memory")
    return libc.shmat(number, None, 0)

def stays(work, *args):
    if os.fork() == 0:
        os.setsid()
        try: work(*args)
        finally: os._exit(0)
    time.sleep(0.1)

def serve(x):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\\0left")
        server.listen()
        while True: server.accept()[0].sendall(x.encode())

def ask():
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\\0left")
        return client.recv(99).decode()

def command_lines():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline") as file: line = file.read()
        except OSError: continue  # it has ended
        if int(name) != os.getpid(): yield line
""".replace("{KEY}", str(KEY))


def _told(course, hosts, steps, mark) -> str:
    """What a submission finds that takes these steps; its errors are nothing found."""
    body = "\n".join(f"found = {step}" for step in steps)
    body = f"found = ''\ntry:\n{textwrap.indent(body, '    ')}\n"
    body += "except (OSError, KeyError, AttributeError, IndexError): found = ''\n"
    body += "return str(found)"
    source = f"{HELPERS}\ndef double(x):\n{textwrap.indent(body, '    ')}"
    session = course.session(source, hosts)
    try:
        return session.call("double", [mark], {}, False)
    finally:
        session.close()


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_left_for_the_next(course, hosts, place):
    leave, look = PLACES[place]
    mark = secrets.token_hex(8)
    _told(course, hosts, [leave], mark)
    assert mark not in _told(course, hosts, [look], mark)


@pytest.mark.parametrize("place", PLACES)
def test_who_looks_would_find_it(course, place):
    hosts = Hosts("none")  # or the test above shows nothing
    mark = secrets.token_hex(8)
    try:
        assert mark in _told(course, hosts, PLACES[place], mark)
    finally:
        hosts.close()
        for folder in ("/", "/tmp", "/dev/shm"):
            Path(folder, "left").unlink(missing_ok=True)
        libc = ctypes.CDLL(None)
        libc.shmctl(libc.shmget(KEY, 0, 0), 0, None)


#: What the one before does; in its own question or while that is defined.
BEFORE = {
    "nothing at all": "return 2 * x",
    "ends its process": "os._exit(0)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "closes its socket": "os.closerange(3, 99); time.sleep(99)",
    "takes too much memory": "return [bytearray(2**26) for _ in range(999)]",
    "leaves processes": "[stays(time.sleep, 99) for _ in range(9)]; return 2 * x",
    "stops its children": "stays(os.kill, 0, signal.SIGSTOP); return 2 * x",
    "fills its scratch folder": """
        for n in range(300): open(f"f{n}", "wb").write(bytes(2**20))
        """,
    "makes its scratch folder hard to clear": """
        for n in range(500): os.mkdir("d"); os.chdir("d")
        os.umask(0o777)
        os.mkdir("closed")
        return 2 * x
        """,
    "answers too often": """
        for n in range(3, 30):
            try: os.write(n, b"\\0" * 7 + b"\\1\\xc0" * 99)
            except OSError: pass
        return 2 * x
        """,
    "replaces NumPy": """
        for name in ("multiply", "allclose", "asarray"): setattr(np, name, None)
        sys.modules["numpy"] = None
        return 2 * x
        """,
}
MISTAKEN = {
    "double": "import numpy as np\ndef double(x):\n    return np.multiply(x, x)",
    "total": "def total(x):\n    return sum(x) + 1 / len(x[1:])",
}
RIGHT = MISTAKEN | {"double": "def double(x):\n    return x + x"}


def _before(course, hosts, body) -> None:
    body = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    course.grade({"double": f"{HELPERS}\ndef double(x):\n{body}"}, hosts)


@pytest.fixture(scope="module")
def alone(hosts, tmp_path_factory) -> tuple[str, float]:
    """The report of a submission before which there was none, and its time."""
    course = write_course(tmp_path_factory.mktemp("alone") / "course", timeout_s=5)
    fresh = Hosts(hosts.level)
    try:
        course.grade(RIGHT, fresh)  # starts the hosts
        started = time.monotonic()
        report = course.grade(MISTAKEN, fresh)
        return json.dumps(report.as_dict()), time.monotonic() - started
    finally:
        fresh.close()


@pytest.mark.parametrize("kind", BEFORE)
def test_a_report_is_what_it_is_without_those_before(course, hosts, alone, kind):
    _before(course, hosts, BEFORE[kind])
    started = time.monotonic()
    report = course.grade(MISTAKEN, hosts)
    seconds = time.monotonic() - started
    expected, alone_s = alone
    assert json.dumps(report.as_dict()) == expected
    assert seconds < 3 * alone_s + 3


def test_within_a_submission_a_question_leaves_the_next_nothing(course, hosts):
    answers = {
        "double": f"{HELPERS}\ndef double(x):\n    np.left = os.environ['LEFT'] = 'x'\n"
        "    open('left', 'w').close()\n    stays(serve, 'x')\n    return 2 * x",
        "total": f"{HELPERS}\ndef total(x):\n    assert not hasattr(np, 'left')\n"
        "    assert 'LEFT' not in os.environ and not os.path.exists('left')\n"
        "    try: ask()\n    except OSError: return float(x.sum())",
    }
    assert course.grade(answers, hosts).score == 5
