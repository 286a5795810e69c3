"""What attacks are after, laid out where they can know of it, and watched.

The strongest assumption is made about an attacker: that it knows the place of
everything. In its source ``@COURSE@`` is the folder of the course with the hidden
tests, ``@SECRET@`` a file of the instructor's, ``@PORT@`` and ``@SOCKET@`` what
listens on this machine, ``@NEIGHBOUR@`` another student's notebook, ``@ROOT@`` the
folder of the grader, ``@PWNED@`` a name for anything that it leaves behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import secrets
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import numpy

from grader.manifest import ROOT, find_assignment

#: A looping answer is given up after this long, instead of the assignment's own time.
TIMEOUT_S = 5
#: Compilers and networks, honest ones as well, take longer on a busy machine.
_WITH_TENSORFLOW_S = 60
_PR_SET_CHILD_SUBREAPER = 36
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Arena:
    """A course of one real assignment in `folder`, with secrets, and ears open.

    Attributes:
        course: where the assignment and its hidden tests lie.
        secret: stands in every hidden file, in the grader's environment, in a file of
            the instructor's and in the neighbour's notebook.
        mark: part of the name of anything an attack leaves behind.
    """

    def __init__(self, folder: Path, assignment: str) -> None:
        self.secret = secrets.token_hex(12)
        self.mark = f"pwned{secrets.token_hex(4)}"
        self.folder = folder
        self.course = folder / "course"
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.secret_file = self.home / ".netrc"
        self.secret_file.write_text(f"{self.secret}\n")
        self.neighbour = folder / "neighbour.ipynb"
        self.neighbour.write_text(f'{{"cells": [], "secret": "{self.secret}"}}')
        self.assignment = self._lay_out(find_assignment(assignment))
        self._before = self._fingerprint()
        self._leftovers_before = set(_named(self.mark, self._haunts))
        self._scratch_before = set(_named("grader-worker-", [Path("/tmp")]))
        self._children_before = set(_children())
        self.heard: list[str] = []

    def _lay_out(self, source: Path) -> Path:
        target = self.course / "assignments" / source.name
        solution = self.course / "solutions" / source.name
        shutil.copytree(source, target)
        shutil.copytree(ROOT / "solutions" / source.name, solution)
        manifest = target / "assignment.toml"
        text = manifest.read_text()
        seconds = _WITH_TENSORFLOW_S if "tensorflow" in text else TIMEOUT_S
        text = re.sub(r"timeout_s\s*= \d+", f"timeout_s = {seconds}", text)
        manifest.write_text(text)
        for path in solution.rglob("*.py"):
            path.write_text(f"_KEY = {self.secret!r}\n" + path.read_text())
        return target

    @cached_property
    def _haunts(self) -> list[Path]:
        """Folders that something could be left in."""
        return [
            Path("/tmp"),
            Path("/dev/shm"),
            Path("/"),
            Path.home(),
            ROOT,
            ROOT / "grader",
            self.home,
            self.folder,
            self.course,
            self.assignment,
            self.course / "solutions" / self.assignment.name,
            self.course / "solutions" / self.assignment.name / "tests",
            Path(numpy.__file__).parent.parent,
        ]

    @property
    def environment(self) -> dict[str, str]:
        """The grader's: it has a secret in it."""
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "NVCC")}
        return kept | {
            "HOME": str(self.home),
            "GRADEBOOK_TOKEN": self.secret,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
        }

    def place(self, source: str) -> str:
        """Returns an attack's source, knowing where everything is."""
        places = {
            "COURSE": self.course,
            "SECRET": self.secret_file,
            "NEIGHBOUR": self.neighbour,
            "ROOT": ROOT,
            "PORT": self.port,
            "SOCKET": self.socket_name,
            "PWNED": self.mark,
        }
        for name, place in places.items():
            source = source.replace(f"@{name}@", str(place))
        return source

    @cached_property
    def _server(self) -> socket.socket:
        return socket.create_server(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        """Where a server of this machine listens."""
        return int(self._server.getsockname()[1])

    @property
    def socket_name(self) -> str:
        """Name, without its leading zero byte, of an abstract socket that listens."""
        return f"grader-{self.mark}"

    @contextlib.contextmanager
    def open(self) -> Iterator[Arena]:
        """Listens, and adopts whatever the grading leaves behind."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind(f"\0{self.socket_name}")
        abstract.listen()
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", self.port))
        ears = {"TCP": self._server, "abstract": abstract, "UDP": datagrams}
        for name, ear in ears.items():
            ear.settimeout(0.1)
            threading.Thread(target=self._listen, args=(name, ear), daemon=True).start()
        try:
            yield self
        finally:
            for ear in ears.values():
                ear.close()

    def _listen(self, name: str, ear: socket.socket) -> None:
        while ear.fileno() >= 0:
            try:
                if name == "UDP":
                    ear.recv(100)
                else:
                    ear.accept()[0].close()
            except TimeoutError:
                continue
            except OSError:
                return
            self.heard.append(name)

    def traces(self) -> Iterator[str]:
        """What can be seen of an attack after its grading; nothing if all is well."""
        yield from self._survivors()
        if self.heard:
            yield f"it reached {', '.join(sorted(set(self.heard)))} sockets"
            self.heard.clear()
        left = set(_named(self.mark, self._haunts)) - self._leftovers_before
        if left:
            yield f"it left {', '.join(sorted(map(str, left)))}"
            for path in left:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        scratch = set(_named("grader-worker-", [Path("/tmp")])) - self._scratch_before
        mine = {path for path in scratch if path.stat().st_uid == os.getuid()}
        if mine and not _settles(lambda: not any(path.exists() for path in mine)):
            yield f"scratch folders stay behind: {', '.join(map(str, mine))}"
        after = self._fingerprint()
        if after != self._before:
            changed = {k for k, _ in self._before.items() ^ after.items()}
            yield f"it changed {', '.join(sorted(changed))}"
            self._before = after

    def stolen(self, text: str | bytes) -> bool:
        """True if a secret stands in `text`, as it is or thinly veiled."""
        text = text.decode(errors="replace") if isinstance(text, bytes) else text
        veiled = (self.secret, self.secret[::-1], self.secret.encode().hex())
        return any(form in text for form in veiled)

    def _survivors(self) -> Iterator[str]:
        if _settles(lambda: not self._new_children()):
            return
        for pid in self._new_children():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
                yield f"process {pid} lives on: {words.decode(errors='replace')[:80]}"
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def _new_children(self) -> list[int]:
        """Processes that the grading has left; those that have ended are collected."""
        found = []
        for pid in set(_children()) - self._children_before:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    found.append(pid)
        return found

    def _fingerprint(self) -> dict[str, str]:
        folders = [self.course, self.home, ROOT / "grader", ROOT / "shared"]
        files = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
        files += [self.neighbour, Path(numpy.__file__)]
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if not {"__pycache__", "build", ".cache", ".keras"} & set(path.parts)
        }


class _Page(HTMLParser):
    def __init__(self, mark: str) -> None:
        super().__init__()
        self._mark = mark
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if any(self._mark in part for part in (tag, *(a for a, _ in attrs))):
            self.found.append(tag)
        for name, value in attrs:
            active = name.startswith("on") or "script:" in (value or "").lower()
            if active and self._mark in (value or ""):
                self.found.append(f"{tag} {name}")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem and self._mark in data:  # inside <script> or <style>
            self.found.append(self.cdata_elem)


def live_parts(page: str, mark: str = "pwned") -> list[str]:
    """Returns the elements of a page that are the attacker's, not text."""
    parser = _Page(mark)
    parser.feed(page)
    return parser.found


def control_characters(text: str) -> set[str]:
    """Returns what could command a terminal or turn text around."""
    return set(_CONTROL.findall(text))


def _named(part: str, folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        with contextlib.suppress(OSError):
            yield from (folder / name for name in os.listdir(folder) if part in name)


def _children() -> list[int]:
    """Processes that this one has, or has been given as an orphan's parent."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def _settles(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def arena(assignment: str) -> Iterator[Arena]:
    """An open arena in a temporary folder."""
    with (
        tempfile.TemporaryDirectory(prefix="arena-") as folder,
        Arena(Path(folder), assignment).open() as opened,
    ):
        yield opened
