"""Whose files they are, and which of them are taken, from every kind of download."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.errors import GraderError, SubmissionError
from grader.intake import collect, read_roster
from grader.intake.collect import safe_name
from grader.intake.trees import MAX_FILE_BYTES
from grader.manifest import Manifest, Question
from grader.printable import one_line
from tests.fuzz.archives import Entry, zip_bytes

NAME = "04_conv_layer"
BOOK = f"{NAME}.ipynb"


@pytest.fixture
def manifest(tmp_path):
    return Manifest(
        title="Convolution",
        submit=(BOOK,),
        questions=(Question("f", "F", 1),),
        folder=tmp_path / "assignments" / NAME,
    )


def write(root: Path, files: dict[str, bytes | str]) -> Path:
    """Writes files under `root`; the contents default to the path."""
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)
    return root


def zipped(files: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return buffer.getvalue()


METADATA = """
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '1001'
    :email: jane@example.org
  - :name: Joe Bloggs
    :sid: '1002'
    :email: joe@example.org
  :created_at: 2026-11-02 21:30:00.123456000 Z
submission_12:
  :submitters:
  - :name: Ada Lim
    :email: ada@example.org
  :created_at: '2026-11-03T01:00:00+02:00'
"""
#: source files -> {student: content of what was taken}
LAYOUTS = {
    "a folder for each student": (
        {f"alice/{BOOK}": "A", f"bob/{BOOK}": "B", f"bob/notes/{BOOK}": "old"},
        {"alice": "A", "bob": "B"},
    ),
    "one folder only": ({f"alice/{BOOK}": "A"}, {"alice": "A"}),
    "within a folder around everything": (
        {f"download/alice/{BOOK}": "A", f"download/bob/{BOOK}": "B"},
        {"alice": "A", "bob": "B"},
    ),
    "Canvas": (
        {
            f"doejane_1001_70001_{BOOK}": "J",
            f"limada_LATE_1003_70003_{NAME}-2.ipynb": "new",
            f"limada_LATE_1003_70003_{NAME}.ipynb": "old",
            f"oneilconor_1004_70004_{NAME} (1).ipynb": "C",
        },
        {"1001": "J", "1003": "new", "1004": "C"},
    ),
    "Moodle, folders": (
        {
            f"Jane Doe_1001_assignsubmission_file_/{BOOK}": "J",
            f"Ada_Lim_1003_assignsubmission_file_/{BOOK}": "A",
            "Ada_Lim_1003_assignsubmission_onlinetext_/onlinetext.html": "hello",
        },
        {"1001": "J", "1003": "A"},
    ),
    "Moodle, flat": (
        {f"Jane Doe_1001_assignsubmission_file_{BOOK}": "J"},
        {"1001": "J"},
    ),
    "Gradescope": (
        {
            "assignment_5_export/submission_metadata.yml": METADATA,
            f"assignment_5_export/submission_11/{BOOK}": "pair",
            f"assignment_5_export/submission_12/notebooks/{BOOK}": "A",
        },
        {"1001": "pair", "1002": "pair", "ada@example.org": "A"},
    ),
    "loose notebooks": (
        {f"alice_{BOOK}": "A", f"{NAME}-bob.ipynb": "B", "carol.ipynb": "C"},
        {"alice": "A", "bob": "B", "carol": "C"},
    ),
    "a zip each": (
        {
            "alice.zip": zipped({f"home/{BOOK}": "A", f"__MACOSX/home/._{BOOK}": "x"}),
            "bob.zip": zipped({BOOK: "B"}),
        },
        {"alice": "A", "bob": "B"},
    ),
    "another name, the only notebook": (
        {"alice/homework.ipynb": "A", "alice/data.csv": "1", f"bob/{BOOK}": "B"},
        {"alice": "A", "bob": "B"},
    ),
    "left by tools": (
        {
            f"alice/.ipynb_checkpoints/{NAME}-checkpoint.ipynb": "old",
            f"alice/{BOOK}": "A",
            f"bob/{BOOK}": "B",
        },
        {"alice": "A", "bob": "B"},
    ),
}


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize(("files", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_every_students_notebook_is_found(tmp_path, manifest, files, expected, form):
    if form == "zip":
        source = write(tmp_path, {"all.zip": zipped(files)}) / "all.zip"
    else:
        source = write(tmp_path / "all", files)
    handins = collect(source, manifest, tmp_path / "stage")
    assert [h.problem for h in handins] == [""] * len(expected)
    taken = {h.student: (h.folder / BOOK).read_text() for h in handins}
    assert taken == expected
    for handin in handins:
        assert [file.name for file in handin.folder.iterdir()] == [BOOK]


def test_what_the_sources_tell_is_kept(tmp_path, manifest):
    source = write(tmp_path / "c", LAYOUTS["Canvas"][0])
    late = {h.student: h.late for h in collect(source, manifest, tmp_path / "s")}
    assert late == {"1001": False, "1003": True, "1004": False}
    source = write(tmp_path / "g", LAYOUTS["Gradescope"][0])
    found = {h.student: h for h in collect(source, manifest, tmp_path / "s")}
    assert found["1002"].name == "Joe Bloggs"
    assert found["1001"].submitted == datetime(2026, 11, 2, 21, 30, 0, 123456, UTC)
    assert found["ada@example.org"].submitted == datetime(2026, 11, 2, 23, tzinfo=UTC)


def test_the_same_files_have_the_same_digest_and_others_another(tmp_path, manifest):
    source = write(
        tmp_path / "all", {f"a/{BOOK}": "1", f"b/{BOOK}": "1", f"c/{BOOK}": "2"}
    )
    a, b, c = collect(source, manifest, tmp_path / "stage")
    assert a.digest == b.digest != c.digest
    os.utime(source / "a" / BOOK, (0, 0))
    assert collect(source, manifest, tmp_path / "stage")[0].digest == a.digest


ROSTERS = {
    "our own": "id,name,email\n1001,Jane Doe,jane@example.org\n",
    "Canvas": 'Student,ID,SIS Login ID\n"Doe, Jane",1001,jdoe\n',
    "Moodle": "First name,Surname,ID number,Email address\nJane,Doe,1001,j@x.org\n",
    "semicolons, with a mark": "\ufeffid;name\n1001;Jane Doe\n",
}


@pytest.mark.parametrize("text", ROSTERS.values(), ids=ROSTERS)
@pytest.mark.parametrize(
    "path",
    [f"1001/{BOOK}", f"Jane Doe/{BOOK}", f"doejane_7_8_{BOOK}", "jane doe.ipynb"],
)
def test_a_roster_knows_a_student_by_any_of_the_names(tmp_path, manifest, text, path):
    roster = read_roster(write(tmp_path, {"r.csv": text}) / "r.csv")
    source = write(tmp_path / "all", {path: "J", f"stranger/{BOOK}": "S"})
    found = {
        h.student: h for h in collect(source, manifest, tmp_path / "stage", roster)
    }
    assert found["1001"].on_roster is True
    assert found["1001"].name == "Jane Doe"
    assert found["stranger"].on_roster is False


def test_a_name_that_two_people_share_finds_neither(tmp_path):
    text = "id,name\n1,Jane Doe\n2,Jane Doe\n"
    roster = read_roster(write(tmp_path, {"r.csv": text}) / "r.csv")
    assert roster.find("x", "Jane Doe") is None
    assert roster.find("2", "Jane Doe").id == "2"


BAD_ROSTERS = {
    "no column": ("colour\nred\n", "needs a header with a column 'id'"),
    "empty": ("", "no student found"),
    "twice": ("id\n1\n1\n", "the id '1' stands twice"),
}


@pytest.mark.parametrize(("text", "message"), BAD_ROSTERS.values(), ids=BAD_ROSTERS)
def test_a_bad_roster_is_told_in_a_line(tmp_path, text, message):
    with pytest.raises(GraderError, match=message):
        read_roster(write(tmp_path, {"r.csv": text}) / "r.csv")


def bomb() -> bytes:
    return zipped({BOOK: b"\0" * (MAX_FILE_BYTES + 1)})


def damaged() -> bytes:
    data = bytearray(zipped({BOOK: os.urandom(999)}))
    data[200] ^= 0xFF
    return bytes(data)


def lying_bomb() -> bytes:
    """An archive that declares ten bytes and holds far more."""
    data = bytearray(bomb())
    size = (MAX_FILE_BYTES + 1).to_bytes(4, "little")
    return bytes(data.replace(size, (10).to_bytes(4, "little")))


PROBLEMS = {
    "a folder without the notebook": ({"bob/readme.txt": "x"}, "is missing; found"),
    "two that could be it": (
        {"bob/a.ipynb": "1", "bob/b.ipynb": "2"},
        "2 files could be .*a.ipynb, b.ipynb; which one",
    ),
    "one at each of two places": (
        {f"bob/x/{BOOK}": "1", f"bob/y/{BOOK}": "2"},
        "2 files could be",
    ),
    "a corrupt zip": ({"bob.zip": b"PK\x03\x04 not a zip"}, "not a readable zip"),
    "a cut zip": ({"bob.zip": zipped({BOOK: "B" * 999})[:-30]}, "not a readable zip"),
    "a zip whose data is damaged": (
        {"bob.zip": damaged()},
        "cannot be read: Bad CRC|damaged",
    ),
    "a zip bomb": ({"bob.zip": bomb()}, "larger than 64 MB"),
    "a zip bomb that lies": (
        {"bob.zip": lying_bomb()},
        "larger|damaged|cannot be read",
    ),
    "a path out of the archive": (
        {"bob.zip": zipped({f"../../{BOOK}": "B"})},
        "leads out of the archive",
    ),
    "an absolute path": ({"bob.zip": zipped({f"/etc/{BOOK}": "B"})}, "leads out"),
    "a zip in a zip in a zip": (
        {"bob.zip": zipped({"in.zip": zipped({"in.zip": zipped({BOOK: "B"})})})},
        "is missing",
    ),
}


@pytest.mark.parametrize(("files", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_one_bad_hand_in_is_told_and_the_others_are_taken(
    tmp_path, manifest, files, message
):
    source = write(tmp_path / "all", files | {f"alice/{BOOK}": "A"})
    before = {file for file in tmp_path.rglob("*") if file.is_file()}
    alice, bob = collect(source, manifest, tmp_path / "stage")
    assert alice.problem == ""
    assert bob.student == "bob"
    with pytest.raises(SubmissionError, match=message):
        raise SubmissionError(bob.problem)
    made = {f for f in tmp_path.rglob("*") if f.is_file()} - before
    assert made == {alice.folder / BOOK}, "nothing is written anywhere else"


def test_links_are_not_followed(tmp_path, manifest):
    secret = write(tmp_path, {"secret.ipynb": "S"}) / "secret.ipynb"
    source = write(tmp_path / "all", {f"alice/{BOOK}": "A"})
    (source / "bob").mkdir()
    (source / "bob" / BOOK).symlink_to(secret)
    (source / "eve").symlink_to(source / "alice")
    found = {h.student: h for h in collect(source, manifest, tmp_path / "stage")}
    assert "a link to elsewhere" in found["bob"].problem
    assert "eve" not in found or found["eve"].problem


def test_a_fifo_is_not_waited_for(tmp_path, manifest):
    source = write(tmp_path / "all", {f"alice/{BOOK}": "A"})
    (source / "bob").mkdir()
    os.mkfifo(source / "bob" / BOOK)
    _, bob = collect(source, manifest, tmp_path / "stage")
    assert "not a plain file" in bob.problem


def test_students_whose_names_are_paths_stay_inside(tmp_path, manifest):
    files = {f"..\\..\\x_1_2_{BOOK}": "1", f"a b_3_4_{BOOK}": "2", f"é_5_6_{BOOK}": "3"}
    stage = tmp_path / "stage"
    for handin in collect(write(tmp_path / "all", files), manifest, stage):
        assert handin.folder.resolve().is_relative_to(stage.resolve())


def test_nothing_at_all_is_an_error(tmp_path, manifest):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SubmissionError, match="no submissions in it"):
        collect(tmp_path / "empty", manifest, tmp_path / "stage")
    with pytest.raises(SubmissionError, match="no such folder"):
        collect(tmp_path / "nowhere", manifest, tmp_path / "stage")
    bad = write(tmp_path, {"all.zip": "no"}) / "all.zip"
    with pytest.raises(SubmissionError, match="not a readable zip"):
        collect(bad, manifest, tmp_path / "stage")


def test_a_disk_that_fills_costs_one_submission_and_no_other(
    tmp_path, manifest, monkeypatch
):
    source = write(tmp_path / "all", {f"alice/{BOOK}": "A", f"bob/{BOOK}": "B" * 5000})
    plain = Path.write_bytes

    def write_bytes(path, data):
        if len(data) > 4096:
            plain(path, data[:4096])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return plain(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    alice, bob = collect(source, manifest, tmp_path / "stage")
    assert (alice.folder / BOOK).read_text() == "A"
    assert bob.problem == f"{BOOK}: cannot be stored: No space left on device"
    assert not list((tmp_path / "stage").rglob(f"bob/*/{BOOK}")), "no half a file"
    monkeypatch.undo()
    _, bob = collect(source, manifest, tmp_path / "stage")
    assert (bob.folder / BOOK).read_text() == "B" * 5000


def told(path: Path, manifest: Manifest, tmp_path: Path) -> list[str]:
    return [h.student for h in collect(path, manifest, tmp_path / "stage")]


def test_a_student_who_hands_in_a_listing_speaks_for_nobody_else(tmp_path, manifest):
    mine = "submission_1:\n  :submitters:\n  - :sid: alice\n"
    files = {f"{who}/{BOOK}": who for who in ("alice", "bob", "eve")}
    files |= {"eve/submission_metadata.yml": mine, f"eve/submission_1/{BOOK}": "eve"}
    source = write(tmp_path / "all", files)
    assert told(source, manifest, tmp_path) == ["alice", "bob", "eve"]


LISTINGS = {
    "no such month": ":created_at: 2026-13-45",
    "a time before all times": ":created_at: '0001-01-01T00:00:00+14:00'",
    "a number for people": ":submitters: 5",
    "nobody": ":submitters: []",
    "words for people": ":submitters: [jane, joe]",
    "a list that holds itself": ":submitters: &a [*a]",
}


@pytest.mark.parametrize("line", LISTINGS.values(), ids=LISTINGS)
def test_an_odd_listing_loses_no_submission(tmp_path, manifest, line):
    text = f"submission_1:\n  {line}\n"
    files = {"x/submission_metadata.yml": text, f"x/submission_1/{BOOK}": "1"}
    source = write(tmp_path / "all", files)
    if "-13-" not in line:
        assert told(source, manifest, tmp_path) == ["submission_1"]
        return
    with pytest.raises(SubmissionError, match=r"metadata.yml: cannot be read: .*month"):
        told(source, manifest, tmp_path)


def test_names_that_no_disk_or_gradebook_takes(tmp_path, manifest):
    odd = (b"\xff\xfe", b"a\x1b[2Jb", b"ab", b"x\ny", "\U00020000".encode() * 60)
    source = tmp_path / "all"
    for name in odd:
        write(source, {f"{os.fsdecode(name)}/{BOOK}": name})
    found = collect(source, manifest, tmp_path / "stage")
    assert [h.problem for h in found] == [""] * len(odd)
    assert len({h.student for h in found}) == len(odd), "two students became one"
    for handin in found:
        assert handin.student == one_line(handin.student)
        assert len(f"{safe_name(handin.student)}.html".encode()) < 256
    assert safe_name("index") != "index", "that page is the class's"


def test_a_number_of_five_thousand_digits_is_no_download_number(tmp_path, manifest):
    data = zipped({f"bob/{NAME}-{'9' * 5000}.ipynb": "1", f"alice/{BOOK}": "A"})
    source = write(tmp_path, {"all.zip": data}) / "all.zip"
    assert told(source, manifest, tmp_path) == ["alice", "bob"]


@pytest.mark.parametrize("name", ["", ".", "/", "//", "./."])
def test_entries_without_a_name_are_nobodys(tmp_path, manifest, name):
    data = zip_bytes([Entry(f"alice/{BOOK}", b"A"), Entry(name, b"x")])
    source = write(tmp_path, {"all.zip": data}) / "all.zip"
    assert "alice" in told(source, manifest, tmp_path)


def test_an_archive_of_a_later_version_is_refused(tmp_path, manifest):
    data = zip_bytes([Entry(BOOK, b"A", version=255)])
    source = write(tmp_path / "all", {"bob.zip": data, f"alice/{BOOK}": "A"})
    alice, bob = collect(source, manifest, tmp_path / "stage")
    assert not alice.problem
    assert "bob.zip: not a readable zip archive" in bob.problem


def test_archives_handed_in_together_have_one_limit(tmp_path, manifest):
    large = zip_bytes([Entry("x", b"x")], before=bytes(40 << 20))
    source = write(tmp_path / "all", {f"bob/{n}.zip": large for n in "ab"})
    (bob,) = collect(source, manifest, tmp_path / "stage")
    assert bob.problem == "archives of more than 64 MB; hand in the files themselves"


def test_a_time_of_the_far_future_is_unknown(tmp_path, manifest):
    source = write(tmp_path / "all", {f"alice/{BOOK}": "A"})
    os.utime(source / "alice" / BOOK, (0, 2**36))
    with_time = (source / "alice" / BOOK).stat().st_mtime > 2**35
    (alice,) = collect(source, manifest, tmp_path / "stage")
    assert not alice.problem
    assert not with_time or alice.submitted is None
