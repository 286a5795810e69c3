"""Removes a folder in which student code could do what it liked."""

from __future__ import annotations

import os
import secrets


def remove_tree(folder: str) -> None:
    """Removes `folder`, however deep it is and whatever its modes are.

    Call when nothing is alive that could change it meanwhile.

    Raises:
        OSError: if it is a link, or something in it cannot be removed.
    """
    if os.path.islink(folder):
        raise NotADirectoryError(folder)
    os.chmod(folder, 0o700)
    top = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        waiting = _emptied(top, top)
        while waiting:
            name = waiting.pop()
            inner = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=top)
            try:
                waiting += _emptied(inner, top)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    os.rmdir(folder)


def _emptied(folder: int, top: int) -> list[str]:
    """Removes the files of `folder`, moves its folders to `top`; their names there.

    So no path is ever long, and nothing here calls itself.
    """
    moved = []
    for name in os.listdir(folder):
        try:
            os.unlink(name, dir_fd=folder)
        except (IsADirectoryError, PermissionError):  # macOS says the latter
            os.chmod(name, 0o700, dir_fd=folder)  # or it cannot be opened or moved
            new = secrets.token_hex(16)
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
            moved.append(new)
    return moved
