"""Damaged and hostile downloads: hand-ins and named refusals, and nothing else."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import strategies as st

from grader.errors import GraderError, SubmissionError
from grader.intake import Handin, Roster, collect, read_roster
from grader.intake.collect import safe_name
from grader.manifest import Manifest, Question
from tests.fuzz import mutate
from tests.fuzz.archives import (
    ARCHIVES,
    CONTENTS,
    NAMES,
    bomb,
    honest_zip,
    zip_bytes,
)
from tests.fuzz.harness import fuzz
from tests.fuzz.test_notebooks import assert_plain, odd_characters

NAME = "04_conv_layer"
BOOK = f"{NAME}.ipynb"
MANIFESTS = [
    Manifest("Convolution", submit, (Question("f", "F", 1),), folder=Path("/x") / NAME)
    for submit in ((BOOK,), (BOOK, "src/conv.cc"))
]
FILES = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(CONTENTS), min_size=1, max_size=5
)
IDS = st.text(max_size=12) | st.sampled_from(mutate.ODD_TEXTS)
ROSTER = "Student,ID,SIS Login ID,Email\n'Doe, Jane',1001,jdoe,j@example.org\n"


@pytest.fixture
def place(tmp_path_factory):
    """Holds a folder that may be written to, among others that may not."""
    return tmp_path_factory.mktemp("intake")


def emptied(place: Path) -> tuple[Path, Path]:
    """A source and a stage, deep enough for ``../../..`` to show."""
    shutil.rmtree(place, ignore_errors=True)
    deep = place / "a" / "b" / "c" / "d"
    source, stage = deep / "source", deep / "stage"
    source.mkdir(parents=True)
    return source, stage


def files_around(stage: Path) -> set[str]:
    """Everything above the stage but the stage itself."""
    found = set()
    for folder, folders, names in os.walk(stage.parents[4]):
        folders[:] = [name for name in folders if folder != str(stage.parent)]
        found |= {os.path.join(folder, name) for name in [*folders, *names]}
    return found


def taken(source: Path, stage: Path, manifest: Manifest, roster=None) -> list[Handin]:
    """Collects; asserts what holds of every outcome."""
    outside = files_around(stage)
    try:
        handins = collect(source, manifest, stage, roster)
    except SubmissionError as error:
        assert_plain(str(error))
        handins = []
    assert files_around(stage) == outside, "something was written outside of the stage"
    folders = set()
    for handin in handins:
        for text in (handin.student, handin.name, handin.email, handin.note):
            assert not odd_characters(text), repr(text)
        assert handin.student
        assert_plain(handin.problem or "none")
        assert len(handin.digest) == 64
        if handin.problem:
            assert handin.folder == Path()
            continue
        held = {f.relative_to(handin.folder) for f in handin.folder.rglob("*")}
        listed = {Path(name) for name in manifest.submit}
        held -= {p for name in listed for p in name.parents}
        # A file beside the notebook may be missing, and is then named.
        assert Path(BOOK) in held
        assert held <= listed
        assert all(f"{name} is missing" in handin.note for name in listed - held)
        assert handin.folder.resolve().is_relative_to(stage.resolve())
        assert (handin.student, handin.folder) not in folders
        folders.add((handin.student, handin.folder))
    staged = [f for f in stage.rglob("*") if f.is_symlink() or f.name.endswith(".part")]
    assert staged == []
    return handins


@fuzz("archives", cases=500, data=ARCHIVES, manifest=st.sampled_from(MANIFESTS))
def test_a_download(place, data, manifest):
    source, stage = emptied(place)
    archive = source / "all.zip"
    archive.write_bytes(data)
    taken(archive, stage, manifest)


@fuzz("archives", cases=300, data=ARCHIVES, changes=mutate.BYTE_CHANGES)
def test_what_a_student_zips(place, data, changes):
    source, stage = emptied(place)
    (source / "alice").mkdir()
    (source / "alice" / BOOK).write_bytes(b"A")
    (source / "bob.zip").write_bytes(mutate.change_bytes(data, changes))
    found = taken(source, stage, MANIFESTS[0])
    assert [handin.student for handin in found] == ["alice", "bob"]
    assert not found[0].problem, "another's archive has cost alice hers"


@fuzz("archives", cases=200, inner=ARCHIVES, files=FILES)
def test_archives_in_archives(place, inner, files):
    source, stage = emptied(place)
    data = honest_zip({**files, "Jane_7_assignsubmission_file_/in.zip": inner})
    (source / "all.zip").write_bytes(data)
    taken(source / "all.zip", stage, MANIFESTS[0])


def tar(files: dict[str, bytes], kind: bytes) -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name.replace("\0", "") or "x")
            entry.type, entry.size, entry.linkname = kind, len(data), "/etc/passwd"
            archive.addfile(entry, BytesIO(data))
    return buffer.getvalue()


@fuzz(
    "archives",
    cases=100,
    files=FILES,
    kind=st.sampled_from([tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE]),
    suffix=st.sampled_from([".tar", ".tar.gz", ".zip", ".ipynb", ".7z", ""]),
)
def test_tars_are_not_unpacked(place, files, kind, suffix):
    source, stage = emptied(place)
    (source / f"alice{suffix}").write_bytes(tar(files, kind))
    for handin in taken(source, stage, MANIFESTS[0]):
        assert handin.problem or suffix == ".ipynb"


def as_path(name: str) -> str:
    """A relative path that a disk can hold, as near to `name` as can be."""
    parts = name.replace("\0", "").replace("\\", "/").split("/")
    parts = [p.encode(errors="replace")[:80] for p in parts if p not in ("", ".", "..")]
    return os.fsdecode(b"/".join(parts[:9]) or b"x")


@fuzz(
    "layouts",
    cases=250,
    files=FILES,
    raw=st.lists(st.binary(min_size=1, max_size=9), max_size=2),
    links=st.lists(st.sampled_from([BOOK, "/etc/passwd", "..", "."]), max_size=2),
    stamp=st.sampled_from([0, 1, 2**31, 2**33, 2**36, -(2**31)]),
    roster=st.booleans(),
)
def test_a_folder(place, files, raw, links, stamp, roster):
    source, stage = emptied(place)
    names = [*files, *(os.fsdecode(r.replace(b"/", b"_")) for r in raw)]
    for index, name in enumerate(names):
        path = source / as_path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files.get(name, b"A"))
            os.utime(path, (stamp, stamp))
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
        for link in links[index : index + 1]:
            (path.parent / f"link{index}.ipynb").symlink_to(link)
    file = place / "roster.csv"
    file.write_text(ROSTER)
    for manifest in MANIFESTS:
        taken(source, stage, manifest, read_roster(file) if roster else None)


HEADERS = ("id", "name", "Student", "ID", "Email", "First name", "Surname", "SIS", "")
CELLS = st.sampled_from(mutate.ODD_TEXTS) | st.text(max_size=8)
TABLES = st.lists(st.lists(CELLS, max_size=5), max_size=5)


@fuzz(
    "rosters",
    cases=250,
    header=st.lists(st.sampled_from(HEADERS), max_size=6),
    rows=TABLES,
    comma=st.sampled_from([",", ";", "\t", ",,"]),
    changes=mutate.BYTE_CHANGES,
)
def test_rosters(place, header, rows, comma, changes):
    text = "\n".join(comma.join(row) for row in [header, *rows])
    file = place / "roster.csv"
    file.write_bytes(mutate.change_bytes(text.encode(errors="surrogatepass"), changes))
    try:
        roster = read_roster(file)
    except GraderError as error:
        assert_plain(str(error))
        return
    for person in roster.people:
        for said in (person.id, person.name, person.email):
            assert not odd_characters(said), repr(said)
        assert roster.find(person.id) == person


@fuzz("rosters", cases=120, rows=TABLES, id=IDS, name=IDS, email=IDS)
def test_finding_people(place, rows, id, name, email):
    file = place / "roster.csv"
    lines = [",".join(c.replace(",", "") for c in row) for row in rows]
    text = "id,name,email\n1,Jane Doe,j@x\n" + "\n".join(lines)
    file.write_bytes(text.encode(errors="replace"))
    try:
        roster = read_roster(file)
    except GraderError:
        roster = Roster([])
    found = roster.find(id, name, email)
    assert found is None or found in roster.people


@fuzz("rosters", cases=120, one=IDS, other=IDS)
def test_names_of_folders(one, other):
    name = safe_name(one)
    assert name not in ("", ".", "..", "index")
    assert "/" not in name
    assert "\0" not in name
    assert len(f"{name}.html".encode()) <= 255
    assert (one == other) == (safe_name(one) == safe_name(other))


def test_the_archives_of_these_tests_are_archives():
    """What is changed is right to begin with."""
    data = honest_zip({"alice/x": b"1"})
    assert zipfile.ZipFile(BytesIO(data)).read("alice/x") == b"1"


@fuzz("archives", cases=4, manifest=st.sampled_from(MANIFESTS), lies=st.booleans())
def test_bombs(place, manifest, lies):
    source, stage = emptied(place)
    entry = bomb() if lies else replace(bomb(), size=80 << 20)
    (source / "bob.zip").write_bytes(zip_bytes([entry]))
    (source / "eve.zip").write_bytes(honest_zip({"in.zip": zip_bytes([entry])}))
    for handin in taken(source, stage, manifest):
        assert handin.problem
