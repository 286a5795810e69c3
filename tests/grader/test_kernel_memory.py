"""Memory that the kernel holds for a process beside its own: refused, or counted."""

from __future__ import annotations

import mmap
import os
import sys

import pytest

from grader.errors import StudentCrash, StudentError
from grader.worker.memory import private_mb
from tests.grader.test_limits import function

OF_NO_PROCESS = {
    "a file in memory": "os.memfd_create('x')",
    "shared memory": "call('shmget', 0x1234, 1 << 20, 0o1666)",
    "a message queue": "call('msgget', 0x1234, 0o1666)",
    "semaphores": "call('semget', 0x1234, 1, 0o1666)",
    "watches of files": "call('inotify_init1', 0)",
    "marks of files": "call('fanotify_init', 0x200, 0)",
}
CALL = """
import ctypes, os

def call(name, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

"""


@pytest.mark.parametrize("kind", OF_NO_PROCESS)
def test_what_would_outlive_its_process_is_refused(course, confined, kind):
    source = CALL + function(OF_NO_PROCESS[kind])
    with pytest.raises(StudentError, match=r"\[Errno 1\]"):
        course.session(source, confined).call("double", [1], {}, False)


def test_without_confinement_there_is_shared_memory(course, hosts_by_level):
    # Or else the test above shows nothing.
    body = """
        import ctypes
        libc = ctypes.CDLL(None)
        number = libc.shmget(0, 1 << 20, 0o1600)
        assert libc.shmctl(number, 0, None) == 0
        """
    session = course.session(function(body), hosts_by_level["none"])
    assert session.call("double", [1], {}, False) == 1


def test_buffers_of_sockets_count(course, isolated):
    body = """
        import os, socket, time
        for _ in range(20):
            if os.fork() == 0:
                kept = []
                while True:
                    try: kept += socket.socketpair()
                    except OSError: time.sleep(60)
        time.sleep(60)
        """
    session = course.session(function(body), isolated, timeout_s=10)
    with pytest.raises(StudentCrash, match="more than 512 MB"):
        session.call("double", [1], {}, False)


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_page_tables_count():
    # Reading gives pages of zeros, which are nobody's; their tables are not.
    size, no_huge_pages = 4 << 30, 15
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE) as area:
        area.madvise(no_huge_pages)
        before = private_mb(os.getpid())
        for place in range(0, size, mmap.PAGESIZE):
            area[place]
        assert 6 < private_mb(os.getpid()) - before < 20


def test_memory_is_watched_while_a_process_without_a_socket_ends(course, isolated):
    body = """
        import os, time
        os.closerange(3, 100)
        kept = []
        for _ in range(4):
            if os.fork() == 0:
                kept.append(b"x" * (100 << 20))
                time.sleep(60)
        time.sleep(60)
        """
    session = course.session(function(body), isolated)
    session.manifest.__dict__["memory_mb"] = 200
    with pytest.raises(StudentCrash, match="more than 200 MB"):
        session.call("double", [1], {}, False)
