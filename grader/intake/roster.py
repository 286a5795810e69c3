"""The class list, from a CSV file of any of the usual systems."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError
from grader.printable import one_line

# Canvas, Moodle and Gradescope exports, and what people write themselves.
_COLUMNS = {
    "id": ("id", "student id", "student", "sid", "user id", "username", "login"),
    "name": ("name", "full name", "student name", "display name", "student"),
    "first": ("first name", "given name", "firstname"),
    "last": ("last name", "surname", "family name", "lastname"),
    "email": ("email", "email address", "e-mail", "mail"),
    "sis": ("sis user id", "sis login id", "id number", "integration id", "sis id"),
}


@dataclass(frozen=True)
class Person:
    """One student of the class.

    Attributes:
        id: unique in the class.
        aliases: other names by which a source may know the student.
    """

    id: str
    name: str = ""
    email: str = ""
    aliases: tuple[str, ...] = ()


class Roster:
    """Finds people by id, e-mail or name."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = list(people)
        self._by_key: dict[str, Person | None] = {}
        for person in self.people:
            for key in _keys(person):
                # A name that two people share finds neither.
                taken = self._by_key.get(key, person)
                self._by_key[key] = person if taken is person else None
        for person in self.people:
            self._by_key[person.id.strip().lower()] = person

    def find(self, id: str, name: str = "", email: str = "") -> Person | None:
        """Returns the person that one of these names, or None."""
        wanted = [id.strip().lower(), email.strip().lower(), *_forms(name), *_forms(id)]
        for key in wanted:
            person = self._by_key.get(key) if key else None
            if person is not None:
                return person
        return None


def read_roster(path: Path) -> Roster:
    """Reads a CSV file with a header.

    Raises:
        GraderError: if it cannot be read, has no column for ids, or one id twice.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GraderError(f"{path}: cannot be read as a roster: {error}") from None
    dialect = ";" if text[:500].count(";") > text[:500].count(",") else ","
    try:
        rows = list(csv.DictReader(io.StringIO(text), delimiter=dialect))
    except csv.Error as error:
        raise GraderError(f"{path}: not a CSV file: {error}") from None
    people = [_person(row) for row in rows]
    people = [person for person in people if person.id]
    if not people:
        header = text.splitlines()[0][:80] if text else "nothing"
        raise GraderError(
            f"{path}: no student found; needs a header with a column 'id', received "
            f"{header!r}"
        )
    seen: set[str] = set()
    for person in people:
        if person.id in seen:
            raise GraderError(f"{path}: the id {person.id!r} stands twice")
        seen.add(person.id)
    return Roster(people)


def _person(row: dict[str, str | None]) -> Person:
    cells = {(k or "").strip().lower(): (v or "") for k, v in row.items() if k}
    cells = {k: one_line(v) if isinstance(v, str) else "" for k, v in cells.items()}

    def cell(key: str) -> str:
        return next((cells[c] for c in _COLUMNS[key] if cells.get(c)), "")

    name = cell("name") or f"{cell('first')} {cell('last')}".strip()
    if name.count(",") == 1:
        last, _, first = name.partition(",")
        name = f"{first} {last}".strip()
    id = cell("id") or cell("sis") or cell("email")
    aliases = tuple(alias for alias in (cell("sis"), cell("email")) if alias)
    return Person(id, name, cell("email"), aliases)


def _keys(person: Person) -> set[str]:
    keys = {person.email.lower(), *(alias.lower() for alias in person.aliases)}
    return {key for key in (*keys, *_forms(person.name)) if key}


def _forms(name: str) -> list[str]:
    """``Jane Doe``, ``Doe, Jane`` and Canvas's ``doejane`` are one person."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = plain.lower()
    words = re.findall(r"[a-z0-9]+", plain)
    if not words:
        return []
    return ["".join(words), "".join([words[-1], *words[:-1]])]
