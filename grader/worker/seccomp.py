"""A seccomp filter: system calls that no answer needs end in "not permitted"."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable

from grader.worker import syscalls

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_AF_UNIX = 1
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name: number on x86_64, number on aarch64
_FORBIDDEN = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "acct": (163, 89),
    # Memory that belongs to no process: neither counted nor gone with its worker.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # Watches of files are kept in the kernel, a kilobyte each.
    "inotify_init1": (294, 26),
    "inotify_init": (253, 26),
    "fanotify_init": (300, 262),
}
#: Another program would be a Python in which nothing is taken away.
_PROGRAMS = {"execve": (59, 221), "execveat": (322, 281)}
# What Landlock does not watch: a file's mode, owner, times and further attributes.
_OF_FILES = {
    "chmod": (90, 53),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, 54),
    "lchown": (94, 54),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "utimensat": (280, 88),
    "utimes": (235, 88),
    "utime": (132, 88),
    "futimesat": (261, 88),
}
_SOCKET = (41, 198)
_CLONE = (56, 220)
_CLONE3 = 435
_X32_BIT = 0x40000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(
    *, unix_sockets: bool = True, programs: bool = True, file_modes: bool = True
) -> None:
    """Installs the filter in this process and all it starts; cannot be undone.

    Sockets other than Unix ones are refused, so that there is no network even where
    there is no network namespace.

    Args:
        unix_sockets: False refuses those as well.
        programs: False refuses to run any.
        file_modes: False refuses to change the mode or owner of any file.

    Raises:
        OSError: if the kernel or the machine's architecture has no such filter.
    """
    machine = os.uname().machine
    if machine not in _AUDIT_ARCH:
        raise OSError(errno.ENOSYS, f"no seccomp filter for {machine}")
    refused = _FORBIDDEN | ({} if programs else _PROGRAMS)
    refused |= {} if file_modes else _OF_FILES
    code = _program(machine, unix_sockets, refused.values())
    buffer = ctypes.create_string_buffer(code)
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    syscalls.no_new_privileges()
    pointer = ctypes.c_void_p(ctypes.addressof(program))
    if syscalls.prctl(_PR_SET_SECCOMP, _MODE_FILTER, pointer, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp filter refused")


def _program(
    machine: str, unix_sockets: bool, refused: Iterable[tuple[int, int]]
) -> bytes:
    column = list(_AUDIT_ARCH).index(machine)
    refuse = _ERRNO | errno.EPERM
    absent = _ERRNO | errno.ENOSYS
    code = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, refuse),
        (_LOAD, 0, 0, 0),  # the system call's number
    ]
    if machine == "x86_64":
        code += [(_ANY_BIT, 0, 1, _X32_BIT), (_RETURN, 0, 0, refuse)]
    for numbers in refused:
        code += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, refuse)]
    # glibc falls back from clone3, whose flags a filter cannot see, to clone.
    code += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, absent)]
    code += [
        (_EQUAL, 0, 3, _CLONE[column]),
        (_LOAD, 0, 0, 16),  # its first argument
        (_ANY_BIT, 0, 1, syscalls.CLONE_NEWUSER),
        (_RETURN, 0, 0, refuse),
        (_LOAD, 0, 0, 0),
        (_EQUAL, 0, 3, _SOCKET[column]),
        (_LOAD, 0, 0, 16),
        (_EQUAL, 1, 0, _AF_UNIX if unix_sockets else 0xFFFF),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", op, jt, jf, k) for op, jt, jf, k in code)
