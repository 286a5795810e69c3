"""What a family of processes holds, read from /proc."""

from __future__ import annotations

from pathlib import Path


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
    """Returns the anonymous and shared memory of `pid` in MB; 0 if it has ended.

    File-backed pages (TensorFlow's own code, some 500 MB) are not the student's.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(
        int(line.split()[1]) / 1024
        for line in lines
        if line.startswith(("RssAnon:", "RssShmem:"))
    )
