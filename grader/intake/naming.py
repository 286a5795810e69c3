"""Whose file is it? The naming rules of Canvas, Moodle, Gradescope and of folders."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from grader.errors import SubmissionError
from grader.intake.trees import Item
from grader.printable import one_line

# doejane_LATE_12345_678901_04_conv_layer-1.ipynb
_CANVAS = re.compile(
    r"(?P<name>[^_]+)(?P<late>_(?i:late))?_(?P<id>\d+)_(?P<handin>\d+)_(?P<file>.+)"
)
# Jane Doe_1234567_assignsubmission_file_[/]04_conv_layer.ipynb
_MOODLE = re.compile(
    # The first that fits: the rest is the student's own.
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)"
)
_GRADESCOPE = "submission_metadata.yml"
_LONGEST_ID = 200


@dataclass(frozen=True)
class Group:
    """What one student handed in.

    Attributes:
        id: as the source names the student: a number, a folder, a file's stem.
        name: as far as the source tells.
        submitted: as far as the source tells; else the files' own times count.
        late: the source says that it came late.
    """

    id: str
    name: str = ""
    email: str = ""
    items: tuple[Item, ...] = ()
    submitted: datetime | None = None
    late: bool = False


@dataclass
class _Groups:
    found: dict[str, Group] = field(default_factory=dict)
    items: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))

    def add(self, item: Item, path: str, id: str, **known: Any) -> None:
        id = _plain_id(id)
        known |= {k: one_line(v) for k, v in known.items() if isinstance(v, str)}
        group = self.found.setdefault(id, Group(id, **known))
        late = group.late or known.get("late", False)
        self.found[id] = replace(group, late=late)
        self.items[id].append(replace(item, path=PurePosixPath(path)))

    def all(self) -> list[Group]:
        """The groups with their items, in order."""
        found = sorted(self.found.values(), key=lambda group: group.id)
        return [replace(group, items=tuple(self.items[group.id])) for group in found]


def by_student(
    items: Sequence[Item], assignment: str, submit: Iterable[str]
) -> list[Group]:
    """Groups files by student, by whichever naming rule they follow.

    Args:
        items: all files of a folder or archive.
        assignment: its name; a loose ``alice_04_conv_layer.ipynb`` is alice's.
        submit: the files that are asked for.
    """
    items = _unwrapped(list(items), {*submit})
    # Elsewhere it would be a student's, who cannot say who handed in what.
    listing = next((i for i in items if i.path == PurePosixPath(_GRADESCOPE)), None)
    groups = _Groups()
    if listing is not None:
        _gradescope(items, listing, groups)
    else:
        for item in items:
            first, rest = item.path.parts[0], "/".join(item.path.parts[1:])
            # Canvas first: after its two numbers, a student's file may be called
            # anything, also as Moodle would.
            if not (_canvas(item, groups) or _moodle(item, first, rest, groups)):
                id = first if rest else _stem(first, assignment)
                groups.add(item, rest or first, id)
    return groups.all()


def _unwrapped(items: list[Item], submit: set[str]) -> list[Item]:
    """Takes off a folder around everything, e.g. that of a downloaded zip."""
    while items:
        tops = {item.path.parts[0] for item in items}
        inner = [item.path.parts[1:] for item in items]
        around = next(iter(tops))
        if len(tops) > 1 or not all(inner) or _MOODLE.fullmatch(around):
            return items
        if any(len(parts) == 1 and parts[0] in submit for parts in inner):
            return items  # it is a student's folder
        if not any(len(parts) > 1 or _CANVAS.fullmatch(parts[0]) for parts in inner):
            return items
        items = [
            replace(item, path=PurePosixPath(*parts))
            for item, parts in zip(items, inner, strict=True)
        ]
    return items


def _moodle(item: Item, first: str, rest: str, groups: _Groups) -> bool:
    match = _MOODLE.fullmatch(first)
    if match is None:
        return False
    path = rest or match["file"] or first
    groups.add(item, path, match["id"], name=match["name"].replace("_", " "))
    return True


def _canvas(item: Item, groups: _Groups) -> bool:
    match = _CANVAS.fullmatch(item.path.name) if len(item.path.parts) == 1 else None
    if match is None:
        return False
    late = match["late"] is not None
    groups.add(item, match["file"], match["id"], name=match["name"], late=late)
    return True


def _gradescope(items: Sequence[Item], listing: Item, groups: _Groups) -> None:
    about = _listing(listing)
    for item in items:
        folder, *rest = item.path.parts
        if not rest:
            continue
        entry = about.get(folder)
        entry = entry if isinstance(entry, dict) else {}
        people = entry.get(":submitters")
        people = people if isinstance(people, list) else []
        # A group's members each get the grade.
        for person in [p for p in people if isinstance(p, dict)] or [{}]:
            sid = person.get(":sid") or person.get(":email") or folder
            groups.add(
                item,
                "/".join(rest),
                str(sid),
                name=str(person.get(":name") or ""),
                email=str(person.get(":email") or ""),
                submitted=_time(entry.get(":created_at")),
            )


def _listing(item: Item) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(item.read())
    except SubmissionError:
        raise
    except Exception as error:  # a date of month 13 has its own, and so have others
        reason = f"{type(error).__name__}: {error}"
        raise SubmissionError(f"{_GRADESCOPE}: cannot be read: {reason}") from None
    if not isinstance(data, dict):
        raise SubmissionError(f"{_GRADESCOPE}: expected submissions, one a key")
    return data


def _time(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:  # YAML drops the zone after it has converted to UTC
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None


def _plain_id(id: str) -> str:
    """An id that can be shown and stored; those of different students stay apart."""
    plain = one_line(id, _LONGEST_ID)
    if plain == id:
        return id
    told = hashlib.sha256(id.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain}-{told}" if plain else told


def _stem(name: str, assignment: str) -> str:
    """``alice_04_conv_layer (1).ipynb`` is alice's."""
    stem = re.sub(r"(?: ?\(\d+\)|-\d+)$", "", PurePosixPath(name).stem)
    without = stem.replace(assignment, "").strip(" _-.")
    return without or stem or name
