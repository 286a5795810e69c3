"""What student code can see and touch from inside its worker."""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path

import pytest

from grader.errors import GraderFault, StudentCrash, StudentError
from grader.manifest import ROOT
from grader.results import Outcome
from grader.sandbox import Hosts, describe
from tests.grader.course import question

CAN_LOOK = """
def double(x):
    import os
    found = []
    for path in x:
        try:
            found.append(sorted(os.listdir(path)) if os.path.isdir(path)
                         else open(path, errors="replace").read(2000))
        except OSError as error:
            found.append(type(error).__name__)
    return found
"""
REFUSED = {"FileNotFoundError", "PermissionError", "NotADirectoryError"}


def look(course, hosts, *paths):
    """What a student's function sees at each path; an error's name, or contents."""
    return course.session(CAN_LOOK, hosts).call(
        "double", [[*map(str, paths)]], {}, False
    )


def test_nothing_of_the_course_can_be_read(course, confined):
    paths = [
        course.solution / "01_tiny.py",
        course.solution / "tests" / "test_double.py",
        course.solution / "misconceptions.py",
        course.assignment / "assignment.toml",
        course.root,
        ROOT / "solutions" / "oracles" / "conv.py",
        ROOT / "solutions",
        ROOT / "shared" / "testing.py",
        ROOT / "tests",
        ROOT / ".git",
        ROOT,
    ]
    # A virtual environment inside the course is visible, and nothing beside it.
    inside = Path(sys.prefix).is_relative_to(ROOT)
    way_to_python = [Path(sys.prefix).relative_to(ROOT).parts[0]] if inside else []
    for path, seen in zip(paths, look(course, confined, *paths), strict=True):
        allowed = way_to_python if path == ROOT else []
        assert str(seen) in REFUSED or seen in ([], allowed), f"{path} shows {seen}"


def test_without_confinement_the_same_question_can_look(course, hosts_by_level):
    path = course.solution / "01_tiny.py"  # or else the test above shows nothing
    (seen,) = look(course, hosts_by_level["none"], path)
    assert "twice_as_much" in seen


def test_nothing_of_the_machine_can_be_read(course, isolated):
    paths = ["/etc/passwd", "/etc/shadow", "/root", "/var", "/sys", "/run", "/srv"]
    for path, seen in zip(paths, look(course, isolated, *paths), strict=True):
        # Python itself may lie in a home: then the way to it is all there is.
        way = Path(sys.base_prefix).is_relative_to(path) and len(seen) == 1
        assert str(seen) in REFUSED or way, f"{path} shows {seen}"
    (devices,) = look(course, isolated, "/dev")
    assert devices == ["full", "null", "random", "urandom", "zero"]


def test_no_other_process_can_be_seen(course, isolated):
    (proc,) = look(course, isolated, "/proc")
    if isinstance(proc, list):
        assert [name for name in proc if name.isdigit()] in ([], ["1"])


def test_no_secret_of_the_grader_can_be_read(course, confined, monkeypatch):
    monkeypatch.setenv("GRADEBOOK_TOKEN", "s3cret")
    source = """
        def double(x):
            import gc, os, sys
            found = [dict(os.environ), list(sys.argv), os.getcwd(), list(sys.path)]
            for pid in (os.getppid(), x):
                for name in ("environ", "mem", "maps", "cwd", "root/etc", "fd/0"):
                    try:
                        with open(f"/proc/{pid}/{name}", "rb") as file:
                            found.append((name, file.read(10)))
                    except OSError: pass
            return repr(found)
        """
    session = course.session(source, confined)
    seen = session.call("double", [os.getpid()], {}, False)
    assert "s3cret" not in seen
    assert str(course.root) not in seen
    assert "b'" not in seen, seen  # not a byte of another process


NETWORK = {
    "IPv4": "socket.create_connection(('127.0.0.1', x), timeout=2)",
    "IPv6": "socket.create_connection(('::1', x), timeout=2)",
    "listening": "socket.create_server(('127.0.0.1', 0))",
    "UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('::1', x))",
    "raw": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "name": "socket.create_connection(('localhost', x), timeout=2)",
}


@pytest.mark.parametrize("kind", NETWORK)
def test_there_is_no_network(course, confined, kind):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = (
            f"import socket\ndef double(x):\n    {NETWORK[kind]}\n    return 'through'"
        )
        with pytest.raises(StudentError, match=r"rror: \[Errno"):
            course.session(source, confined).call("double", [port], {}, False)


def test_no_abstract_socket_of_the_machine_can_be_reached(course, confined):
    import socket

    name = f"\0grader-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        source = """
            import socket
            def double(x):
                s = socket.socket(socket.AF_UNIX); s.connect(x); return "through"
            """
        with pytest.raises(StudentError, match=r"Error"):
            course.session(source, confined).call("double", [name], {}, False)


CANNOT_WRITE = {
    "Python": f"open({os.path.join(sys.prefix, 'evil')!r}, 'w')",
    "a module": "import numpy; open(numpy.__file__, 'a')",
    "the root": "open('/evil', 'w')",
    "the course": f"open({str(ROOT / 'evil')!r}, 'w')",
    "usr": "open('/usr/evil', 'w')",
    "remount": """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b'none', b'/usr', None, 32 | 4096, None):
            raise OSError(ctypes.get_errno(), 'mount')
        """,
    "chroot": "import os; os.chroot('/tmp')",
    "become root": "import os; os.setuid(0) if os.getuid() else os.chown('/usr', 1, 1)",
    "a device": "import os, stat; os.mknod('/tmp/disk', 0o600 | stat.S_IFBLK, 2049)",
}


@pytest.mark.parametrize("kind", CANNOT_WRITE)
def test_nothing_but_the_scratch_folder_can_be_changed(course, isolated, kind):
    source = _function(CANNOT_WRITE[kind])
    with pytest.raises(StudentError, match=r"(OS|Permission|FileNotFound)Error"):
        course.session(source, isolated).call("double", [1], {}, False)
    assert not (ROOT / "evil").exists()


@pytest.mark.parametrize(
    "kind", ["Python", "a module", "the root", "the course", "usr"]
)
def test_nothing_can_be_changed_under_landlock(course, restricted, kind):
    source = _function(CANNOT_WRITE[kind])
    with pytest.raises(StudentError, match=r"PermissionError"):
        course.session(source, restricted).call("double", [1], {}, False)
    assert not (ROOT / "evil").exists()


SCRATCH = """
import os, tempfile
def double(x):
    before = sorted(os.listdir(os.getcwd())) + sorted(os.listdir(tempfile.gettempdir()))
    with open("note.txt", "a") as file: file.write("I was here")
    with tempfile.NamedTemporaryFile("w", delete=False) as file: file.write("and here")
    return before, open("note.txt").read(), os.getcwd()

def total(x):
    return double(x)[0]
"""


def test_a_scratch_folder_of_ones_own_fresh_for_each_question(course, confined):
    where = set()
    # A virtual environment in /tmp is visible, and of /tmp nothing beside it.
    inside = Path(sys.prefix).is_relative_to("/tmp")
    way_to_python = {Path(sys.prefix).parts[2]} if inside else set()
    for _ in range(2):
        session = course.session(SCRATCH, confined)
        before, note, folder = session.call("double", [1], {}, False)
        assert set(before) <= way_to_python
        assert note == "I was here"
        where.add(folder)
        session.close()
    for folder in where - {"/tmp"}:
        assert not Path(folder).exists()


def test_nothing_of_one_question_reaches_the_next(course, confined):
    answers = {
        "# state": "seen = []\nimport os, sys, builtins, numpy as np",
        "double": """
            def double(x):
                seen.append(x)
                builtins.leak = np.leak = sys.leak = "leaked"
                os.environ["LEAK"] = "leaked"
                np.sum = None
                return 2 * x
            """,
        "total": """
            def total(x):
                assert not seen, "the list was kept"
                for place in (builtins, np, sys):
                    assert not hasattr(place, "leak"), place
                assert "LEAK" not in os.environ
                return float(np.sum(x))
            """,
    }
    assert course.grade(answers, confined).score == 5


def test_within_a_question_state_is_the_students_own(course, hosts):
    source = "calls = []\ndef double(x):\n    calls.append(x)\n    return len(calls)"
    session = course.session(source, hosts)
    assert [session.call("double", [1], {}, False) for _ in range(3)] == [1, 2, 3]


def test_nothing_outlives_its_worker(course, any_level):
    # Two orphans, one in a session of its own, write as long as they live.
    source = """
        import os, sys, time
        def double(x):
            for own_session in (True, False):
                if os.fork() == 0:
                    if own_session: os.setsid()
                    if os.fork(): os._exit(0)
                    os.execv(sys.executable, [sys.executable, "-c",
                             f"import time; marker = '{x}'; time.sleep(100)"])
            time.sleep(0.2)
            return x
        """
    marker = secrets.token_hex(8)
    session = course.session(source, any_level)
    assert session.call("double", [marker], {}, False) == marker
    assert _running(marker) == 2
    session.close()
    deadline = time.monotonic() + 5
    while _running(marker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _running(marker) == 0


def _running(marker: str) -> int:
    count = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        count += marker.encode() in line and b"time.sleep" in line
    return count


def test_nobody_else_can_be_killed(course, confined):
    # From inside, every process that can be named is its own.
    source = """
        import os, signal
        def double(x):
            done = []
            for pid in x:
                try:
                    os.kill(pid, signal.SIGCONT)
                    done.append(pid)
                except OSError: pass
            return done
        """
    session = course.session(source, confined)
    hosts = [host.process.pid for host in confined._hosts.values()]
    mine = [os.getpid(), os.getppid(), *hosts]
    assert session.call("double", [mine], {}, False) == []


def test_what_is_printed_or_left_behind_is_no_score(course, confined):
    answers = {
        "double": """
            import json, os, sys
            def double(x):
                verdict = json.dumps({"score": 5, "outcome": "PASSED"})
                print(verdict); print(verdict, file=sys.stderr)
                for descriptor in range(3, 64):
                    try: os.write(descriptor, verdict.encode())
                    except OSError: pass
                os._exit(0)
            """,
    }
    report = course.grade(answers, confined)
    assert report.score == 0
    assert question(report, "double").outcome is Outcome.CRASHED


#: Finds the conversation with the grader among the open descriptors.
FORGE = """
import os, stat, struct, sys

def send(payload):
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, struct.pack(">Q", len(payload)) + payload)
        except OSError: pass

def wait():
    import time
    time.sleep(9)

def reply(number, ok):
    encode = sys.modules["grader.protocol"].encode
    return encode({"id": number, "ok": ok})
"""


def test_an_answer_before_the_question_is_a_crash(course, hosts):
    source = (
        FORGE
        + """
def double(x):
    for number in range(1, 9):
        send(reply(number, 2 * x))
    return 2 * x
"""
    )
    session = course.session(source, hosts)
    with pytest.raises(StudentCrash, match="not an answer"):
        session.call("double", [1], {}, False)


def test_one_answer_too_many_is_a_crash_at_the_next_question(course, hosts):
    source = (
        FORGE
        + """
def double(x):
    send(reply(x, "forged"))
    return 2 * x
"""
    )
    session = course.session(source, hosts)
    # Request 2 follows the definitions. It can answer for itself, and lose.
    assert session.call("double", [2], {}, False) == "forged"
    with pytest.raises(StudentCrash, match=r"before it was asked|not an answer"):
        session.call("double", [3], {}, False)


FORGED = {
    "no dictionary": "sys.modules['grader.protocol'].encode([1, 2])",
    "no message": "b'\\xc1\\xc1'",
    "another number": "reply(77, 2)",
    "no number": "sys.modules['grader.protocol'].encode({'ok': 2})",
    "a true number": "sys.modules['grader.protocol'].encode({'id': None, 'ok': 2})",
    "an array of objects": "b'\\xc7\\x08\\x01\\x94\\xa2|O\\x91\\x01\\xa1C\\xa0'",
}


@pytest.mark.parametrize("payload", FORGED.values(), ids=FORGED)
def test_forged_frames_are_a_crash(course, hosts, payload):
    source = f"{FORGE}\ndef double(x):\n    send({payload}); wait()"
    with pytest.raises(StudentCrash, match="the process sent"):
        course.session(source, hosts).call("double", [1], {}, False)


def test_a_huge_announced_frame_is_a_crash(course, hosts):
    source = """
        import os, time
        def double(x):
            for number in range(3, 64):
                try: os.write(number, b"\\xff" * 8)
                except OSError: pass
            time.sleep(9)
        """
    with pytest.raises(StudentCrash, match="the process sent a message of"):
        course.session(source, hosts).call("double", [1], {}, False)


FORGED_DEFINITIONS = ["5", "None", "'text'", "[1, 2]", "[{}]", "[{'cell': 1}]", "[[]]"]


@pytest.mark.parametrize("forged", FORGED_DEFINITIONS)
def test_a_forged_reply_while_defining_is_no_fault_of_the_grader(course, hosts, forged):
    # The cell runs while the definitions are made: request 2, after the seed.
    cell = f"{FORGE}\nsent = send(reply(2, {forged}))"
    answers = {
        "# forge": cell,
        "double": "def double(x):\n    return sent and 2 * x",
        "total": "def total(x):\n    return float(x.sum())",
    }
    report = course.grade(answers, hosts)
    assert report.score == 2


def test_the_worker_refuses_to_build_layers_for_a_student(course, hosts):
    session = course.session("def double(x):\n    return x", hosts)
    session.call("double", [1], {}, False)
    with pytest.raises(StudentError, match="only the reference worker"):
        session.perform({"op": "layer", "name": "Conv2D", "args": [], "kwargs": {}})


class NoNamespaces:
    """Stands in for a host on a machine that forbids namespaces."""

    def __init__(self, host):
        self.host = host
        self.asked = []

    def ask(self, request, descriptors):
        if "level" in request:
            self.asked.append(request["level"])
        if request.get("level") == "isolated":
            return {"error": "unshare: Operation not permitted"}
        return self.host.ask(request, descriptors)

    def stop(self):
        self.host.stop()


@pytest.mark.parametrize("wanted", ["auto", "isolated"])
def test_the_next_level_is_tried_only_if_none_was_asked_for(course, restricted, wanted):
    hosts = Hosts(wanted)
    hosts.prepare(("numpy",))
    host = hosts._hosts["numpy",] = NoNamespaces(hosts._hosts["numpy",])
    session = course.session("def double(x): return 2 * x", hosts)
    try:
        if wanted == "auto":
            assert session.call("double", [1], {}, False) == 2
            assert hosts.level == "restricted"
            assert host.asked == ["isolated", "restricted"]
        else:
            with pytest.raises(GraderFault, match="level isolated: unshare: Operation"):
                session.call("double", [1], {}, False)
    finally:
        session.close()
        hosts.close()


def test_hidden_tests_are_not_given_to_less_than_the_best_level(course, restricted):
    hosts = Hosts("auto", guarded=True)
    hosts.prepare(("numpy",))
    host = hosts._hosts["numpy",] = NoNamespaces(hosts._hosts["numpy",])
    session = course.session("def double(x): return 2 * x", hosts)
    try:
        with pytest.raises(GraderFault, match="spelled out: --sandbox=restricted") as e:
            session.call("double", [1], {}, False)
        assert "unshare: Operation not permitted" in str(e.value)
        assert "--sandbox=none" in str(e.value)
        assert host.asked == ["isolated"]
    finally:
        session.close()
        hosts.close()


@pytest.mark.parametrize("level", ["restricted", "none"])
def test_a_weaker_level_can_be_spelled_out(course, less_confined, level):
    assert Hosts(level, guarded=True).level == level


def test_a_strict_umask_of_the_caller_does_no_harm(course, isolated):
    before = os.umask(0o077)
    hosts = Hosts(isolated.level)
    try:
        session = course.session("def double(x):\n    return 2 * x", hosts)
        assert session.call("double", [1], {}, False) == 2
        session.close()
    finally:
        os.umask(before)
        hosts.close()


def test_every_level_says_what_it_means(any_level):
    assert describe(any_level.level)


def _function(body: str) -> str:
    import textwrap

    lines = textwrap.dedent(body).strip().split("\n")
    return "def double(x):\n" + "\n".join(f"    {line}" for line in lines)
