"""From a fresh fork to a confined worker, one level at a time.

``isolated``    namespaces for files, processes, network and IPC; nothing visible but
                Python and the packages allowed; no privileges; seccomp; limits.
``restricted``  where namespaces are forbidden: Landlock, seccomp, limits.
``none``        limits only, as on systems other than Linux.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from grader.worker import landlock, mounts, seccomp, syscalls
from grader.worker.memory import descendants
from grader.worker.scratch import remove_tree

LEVELS = ("isolated", "restricted", "none")
# Unprivileged and, unlike `nobody`, nobody else's: one number per worker.
_FIRST_UID = 2_000_000_000
_NOBODY = 65534


@dataclass(frozen=True)
class Limits:
    """What one worker may use.

    Attributes:
        memory_mb: memory of the worker and its children together.
        address_space: True to bound the address space as well, so that a too large
            array raises MemoryError. TensorFlow does not work under such a bound.
        compiles: True if it runs a compiler, which makes its result executable.
        processes: threads and processes.
        file_mb: size of any one file.
        programs: whether it may run other programs.
    """

    memory_mb: int
    address_space: bool
    compiles: bool = False
    processes: int = 1024
    file_mb: int = 512
    open_files: int = 1024
    programs: bool = True


def run_confined(
    level: str,
    view: mounts.View,
    limits: Limits,
    number: int,
    announce: Callable[[dict[str, Any]], None],
    work: Callable[[], None],
) -> NoReturn:
    """Confines this process, forks the worker, waits for it and exits.

    Call in a fresh fork. `announce` receives ``{"pid": …}`` once the worker is
    confined, or ``{"error": …}``, and ``{"status": …}`` when it has ended.

    Args:
        level: one of ``LEVELS``.
        view: what the worker can see.
        limits: what it may use.
        number: distinguishes this worker from others that run at the same time.
        announce: tells the host.
        work: what the worker does; must not return to the caller's code.
    """
    if sys.platform == "linux":
        syscalls.die_with_parent(signal.SIGKILL)
        syscalls.adopt_orphans()
    os.setsid()
    privileged = os.geteuid() == 0
    try:
        if level == "isolated":
            privileged = _enter_namespaces(privileged)
        reader, writer = os.pipe()
        pid = os.fork()
    except OSError as error:
        announce({"error": str(error)})
        os._exit(1)
    if pid == 0:
        os.close(reader)
        _become_worker(level, view, limits, number, privileged, writer, work)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        failure = pipe.read()  # ends when the worker is confined, or has failed
    announce({"error": failure.decode()} if failure else {"pid": pid})
    _, status = os.waitpid(pid, 0)
    announce({"status": status})
    # Orphans are this process's children now. They hold the worker's end of the
    # conversation open and could go on computing: they end with it.
    while orphans := descendants(os.getpid()):
        for orphan in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
    if level != "isolated":  # else it was gone with its mount
        with contextlib.suppress(OSError):
            remove_tree(_scratch(pid))
    os._exit(0)


def _scratch(pid: int) -> str:
    """A worker's own folder where it has no ``/tmp`` of its own."""
    return f"/tmp/grader-worker-{pid}"


def _enter_namespaces(privileged: bool) -> bool:
    """Returns True if this process still holds the machine's root."""
    flags = (
        syscalls.CLONE_NEWNS
        | syscalls.CLONE_NEWPID
        | syscalls.CLONE_NEWNET
        | syscalls.CLONE_NEWIPC
        | syscalls.CLONE_NEWUTS
    )
    if privileged:
        try:
            syscalls.unshare(flags)
        except PermissionError:
            pass  # root of a container, without the machine's rights
        else:
            return True
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(flags | syscalls.CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    return False


def _become_worker(
    level: str,
    view: mounts.View,
    limits: Limits,
    number: int,
    privileged: bool,
    failure: int,
    work: Callable[[], None],
) -> NoReturn:
    try:
        if sys.platform == "linux":
            syscalls.die_with_parent(signal.SIGKILL)
        os.setsid()
        address_space = _address_space()
        if level == "isolated":
            mounts.build_root(view)
            if privileged:
                _drop_root(_FIRST_UID + number % 100_000)
            syscalls.drop_privileges()
            os.chdir("/tmp")
        _limit(limits, address_space)
        if level == "restricted":
            scratch = _scratch(os.getpid())
            os.mkdir(scratch, 0o700)
            os.chdir(scratch)
            os.environ["HOME"] = os.environ["TMPDIR"] = scratch
            tempfile.tempdir = scratch  # or /tmp, if that has been asked for before
            syscalls.drop_privileges()
            landlock.restrict(_readable(view), [scratch, "/dev/null"])
        if level != "none":
            alone = level == "isolated"
            seccomp.install(
                unix_sockets=alone,
                programs=limits.programs,
                file_modes=alone or limits.compiles,
            )
    except BaseException as error:
        os.write(failure, f"{type(error).__name__}: {error}".encode()[:500])
        os._exit(1)
    os.close(failure)
    try:
        work()
    finally:
        os._exit(0)


def _drop_root(uid: int) -> None:
    os.setgroups([])
    for candidate in (uid, _NOBODY):
        with contextlib.suppress(OSError):
            os.setresgid(candidate, candidate, candidate)
            os.setresuid(candidate, candidate, candidate)
            return
    raise OSError("this root cannot become an ordinary user")


def _limit(limits: Limits, address_space: int) -> None:
    def limit(which: int, value: int) -> None:
        _, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(which, (value, value))

    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, limits.file_mb << 20)
    limit(resource.RLIMIT_NOFILE, limits.open_files)
    if sys.platform == "linux":
        limit(resource.RLIMIT_NPROC, limits.processes)
        limit(resource.RLIMIT_MSGQUEUE, 0)
        if limits.address_space:
            limit(resource.RLIMIT_AS, address_space + (limits.memory_mb << 20))


def _address_space() -> int:
    if sys.platform != "linux":
        return 0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _readable(view: mounts.View) -> list[str]:
    """The visible paths; where one is covered, its neighbours instead."""
    # Real paths: the lib64 of a virtual environment is another name of its lib.
    covered = {os.path.realpath(path) for path in view.covered}
    waiting = [*mounts.SYSTEM, *view.visible]
    readable = []
    while waiting:
        path = os.path.realpath(waiting.pop())
        if path in covered:
            continue
        if any(other.startswith(path + "/") for other in covered):
            with contextlib.suppress(OSError):
                waiting += [os.path.join(path, name) for name in os.listdir(path)]
        else:
            readable.append(path)
    # Not all of /dev: it holds disks, terminals, and memory that workers would share.
    return [*readable, *(f"/dev/{name}" for name in mounts.DEVICES), "/proc"]
