"""What a family of processes holds, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path

#: What the kernel may hold behind an open file: the buffer of a pipe or a socket.
_OPEN_FILE_MB = 0.25
_FREE_FILES = 256


def descendants(pid: int) -> list[int]:
    """Returns the processes below `pid`, as far as they can be seen."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        children: list[int] = []
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                children += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it has just ended, or this is not Linux
        found += children
        waiting += children
    return found


def private_mb(pid: int) -> float:
    """Returns what `pid` holds in MB; 0 if it has ended.

    That is anonymous and shared memory, page tables, and the buffers of open files.
    File-backed pages (TensorFlow's own code, some 500 MB) are not the student's.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        # Linux 6.2 and later tell their number; before, this is 0.
        open_files = os.stat(f"/proc/{pid}/fd").st_size
    except OSError:
        return 0.0
    mapped = sum(
        int(line.split()[1]) / 1024
        for line in lines
        if line.startswith(("RssAnon:", "RssShmem:", "VmPTE:"))
    )
    return mapped + _OPEN_FILE_MB * max(0, open_files - _FREE_FILES)
