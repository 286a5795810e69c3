"""Landlock: the kernel lets this process open only the paths named here."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from grader.worker import syscalls

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446  # the same on every architecture
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1, 2, 4, 8, 1 << 14
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ = _EXECUTE | _READ_FILE | _READ_DIR
# Number of file-system rights that each version of the interface knows.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NET_BIND, _NET_CONNECT = 1, 2
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2  # what stays among the confined processes


def version() -> int:
    """Version of the kernel's Landlock interface; 0 if it has none."""
    try:
        return syscalls.syscall(
            _CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION_FLAG)
        )
    except OSError:
        return 0


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Confines this process and all it starts; cannot be undone.

    Args:
        readable: files and folders to read and execute from.
        writable: folders to do anything in.

    Raises:
        OSError: if the kernel has no Landlock.
    """
    abi = version()
    if not abi:
        raise OSError(38, "this kernel has no Landlock")
    rights = (1 << _RIGHTS.get(abi, 16)) - 1
    network = _NET_BIND | _NET_CONNECT if abi >= 4 else 0
    scopes = _ABSTRACT_SOCKETS | _SIGNALS if abi >= 6 else 0
    size = 8 + 8 * (abi >= 4) + 8 * (abi >= 6)
    attributes = struct.pack("=QQQ", rights, network, scopes)[:size]
    ruleset = syscalls.syscall(
        _CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0)
    )
    for paths, allowed in ((readable, _READ), (writable, rights)):
        for path in paths:
            _allow(ruleset, path, allowed & rights)
    syscalls.no_new_privileges()
    syscalls.syscall(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint(0))
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH)
    except OSError:
        return  # a path that is not there needs no permission
    if not os.path.isdir(path):
        rights &= _ON_FILES
    rule = struct.pack("=Qi", rights, descriptor)
    syscalls.syscall(
        _ADD_RULE,
        ctypes.c_int(ruleset),
        ctypes.c_int(_RULE_PATH_BENEATH),
        rule,
        ctypes.c_uint(0),
    )
    os.close(descriptor)
