"""A root of its own for a worker: an empty tmpfs and, read-only, what Python needs.

An allow-list, not a hide-list: whatever is not named here (solutions, gradebook,
homes, other submissions, the course itself) does not exist in the worker.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.worker import syscalls as sys_

_ROOT = "/tmp"
#: All that a worker sees of /dev.
DEVICES = ("null", "zero", "full", "random", "urandom")
_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")
#: What any program needs, of this machine.
SYSTEM = (*_FOLDERS, *_SETTINGS)


@dataclass(frozen=True)
class View:
    """What a worker can see.

    Attributes:
        visible: folders and files, read-only.
        covered: folders inside them that must look empty.
        scratch_mb: size of the worker's own ``/tmp``.
    """

    visible: tuple[str, ...]
    covered: tuple[str, ...]
    scratch_mb: int = 256


def build_root(view: View) -> None:
    """Replaces the root of this mount namespace.

    Call in the first process of the new PID namespace, so that /proc is its own.

    Raises:
        OSError: names the step that the kernel refused.
    """
    os.umask(0o022)  # the caller's may hide these folders from the user to be
    sys_.mount("none", "/", flags=sys_.MS_REC | sys_.MS_PRIVATE)
    links = {path: os.readlink(path) for path in _FOLDERS if os.path.islink(path)}
    sources = [path for path in SYSTEM if path not in links]
    # Opened before the new root hides /tmp: the course itself may lie there.
    opened = {
        path: os.open(path, os.O_PATH)
        for path in _outermost([*sources, *view.visible])
        if os.path.exists(path)
    }
    devices = {name: os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    sys_.mount(
        "tmpfs", _ROOT, "tmpfs", sys_.MS_NOSUID | sys_.MS_NODEV, "size=4m,mode=755"
    )
    # First, so that a course that lies in /tmp is bound into this one.
    os.mkdir(f"{_ROOT}/tmp", 0o755)
    sys_.mount(
        "tmpfs",
        f"{_ROOT}/tmp",
        "tmpfs",
        sys_.MS_NOSUID | sys_.MS_NODEV,
        f"size={view.scratch_mb}m,nr_inodes=20000,mode=1777",
    )
    for path, descriptor in opened.items():
        _bind(descriptor, _ROOT + path)
        sys_.make_read_only(_ROOT + path)
        os.close(descriptor)
    for path, target in links.items():
        os.symlink(target, _ROOT + path)
    for path in view.covered:
        if os.path.isdir(_ROOT + path):
            flags = sys_.MS_RDONLY | sys_.MS_NOSUID | sys_.MS_NODEV
            sys_.mount("tmpfs", _ROOT + path, "tmpfs", flags, "size=4k,mode=755")
        elif os.path.isfile(_ROOT + path):
            sys_.mount(f"{_ROOT}/dev/null", _ROOT + path, flags=sys_.MS_BIND)
    os.mkdir(f"{_ROOT}/dev", 0o755)
    for name, descriptor in devices.items():
        _bind(descriptor, f"{_ROOT}/dev/{name}")
        os.close(descriptor)
    os.mkdir(f"{_ROOT}/proc", 0o555)
    # Before the old root goes: the kernel grants an ordinary user a new /proc only
    # while an old one is in sight.
    _mount_proc(f"{_ROOT}/proc")
    sys_.pivot_to(_ROOT)
    sys_.mount(
        "none",
        "/",
        flags=sys_.MS_BIND
        | sys_.MS_REMOUNT
        | sys_.MS_RDONLY
        | sys_.MS_NOSUID
        | sys_.MS_NODEV,
    )


def _mount_proc(target: str) -> None:
    flags = sys_.MS_NOSUID | sys_.MS_NODEV | sys_.MS_NOEXEC
    # Refused inside some containers; Python and TensorFlow do without.
    with contextlib.suppress(OSError):
        sys_.mount("proc", target, "proc", flags)


def _bind(descriptor: int, target: str) -> None:
    is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
    os.makedirs(target if is_folder else os.path.dirname(target), 0o755, exist_ok=True)
    if not is_folder:
        Path(target).touch()
    source = f"/proc/self/fd/{descriptor}"
    sys_.mount(source, target, flags=sys_.MS_BIND | sys_.MS_REC)


def _outermost(paths: Iterable[str]) -> list[str]:
    """Leaves out paths that lie inside another one."""
    kept: list[str] = []
    for path in sorted({os.path.abspath(path) for path in paths}):
        if not any(path == k or path.startswith(k + "/") for k in kept):
            kept.append(path)
    return kept
