"""Archives as no honest tool writes them, made field by field."""

from __future__ import annotations

import functools
import io
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

STORED, DEFLATED = 0, 8
NAMES = (
    *("04_conv_layer.ipynb", "04_CONV_LAYER.IPYNB", "04_conv_layer (1).ipynb"),
    *("04_conv_layer-12.ipynb", "04_conv_layer-" + "9" * 5000 + ".ipynb"),
    *("alice/04_conv_layer.ipynb", "alice/x.ipynb", "alice/", "bob.zip", "a/in.zip"),
    *("../04_conv_layer.ipynb", "../../../etc/04_conv_layer.ipynb", "/etc/passwd"),
    *("C:\\04_conv_layer.ipynb", "\\\\host\\share\\x.ipynb", "..\\..\\x.ipynb", "a\0b"),
    *("", ".", "/", "//", "./", "..", "a//b", "a/./b", "a/../b", "~/x", "-rf", "CON"),
    *("x" * 300 + ".ipynb", "d/" * 900 + "x.ipynb", "é.ipynb", "e\u0301.ipynb"),
    *("\x1b[2J.ipynb", "a\nb.ipynb", "\u202exgp.ipynb", "日本/04_conv_layer.ipynb"),
    *("__MACOSX/._x", ".git/config", ".DS_Store", "04_conv_layer.ipynb/inside"),
    *("doejane_1001_70001_04_conv_layer.ipynb", "doejane_LATE_1_2_x.ipynb"),
    *("do_1_2_3_4_5_6", "_1_2_3", "Jane Doe_7_assignsubmission_file_/x.ipynb"),
    *("Jane_7_assignsubmission_file_04_conv_layer.ipynb", "_1_assignsubmission_file_"),
    *(
        "submission_metadata.yml",
        "alice/submission_metadata.yml",
        "submission_1/x.ipynb",
    ),
)
_BOOK = b'{"cells": [], "nbformat": 4}'
CONTENTS = (
    *(b"", _BOOK, b"\xff\xfe", b"PK\x03\x04", b"\0" * 300_000, b"x" * 70_000),
    *(b"submission_1:\n  :submitters:\n  - :sid: '1'\n", b"a: &a [*a]\n", b"- 1\n"),
    *(
        b"submission_1:\n  :submitters: 5\n  :created_at: 9999-12-31\n",
        b"x: !!python/a",
    ),
    *(b"submission_1:\n  :submitters: []\n  :created_at: 2026-13-45\n",),
    *(b"submission_1:\n  :created_at: '0001-01-01T00:00:00+14:00'\n", b"? [a]\n: b"),
)


@dataclass(frozen=True)
class Entry:
    """One entry; None stands for what is true.

    Attributes:
        size: that both headers claim for the data when it is unpacked.
        packed_size: that both headers claim for the data as it is.
        crc: of the data, as claimed.
        mode: Unix mode, in the upper half of the external attributes.
        central_name: the name in the central directory, if it is another.
        offset: of the local header, as the central directory claims.
        packed: the data is written as it is, whatever the method.
    """

    name: str
    data: bytes = b""
    method: int = DEFLATED
    flags: int = 0
    size: int | None = None
    packed_size: int | None = None
    crc: int | None = None
    mode: int = 0o100644
    date: int = 0x5A21
    version: int = 20
    extra: bytes = b""
    central_name: str | None = None
    offset: int | None = None
    packed: bool = False


def zip_bytes(entries: list[Entry], before: bytes = b"", after: bytes = b"") -> bytes:
    """Returns the archive; nothing in it need agree with anything else."""
    out, central = io.BytesIO(), io.BytesIO()
    out.write(before)
    for entry in entries:
        raw = entry.data
        if entry.method == DEFLATED and not entry.packed:
            packer = zlib.compressobj(6, zlib.DEFLATED, -15)
            raw = packer.compress(entry.data) + packer.flush()
        name = _name(entry.name)
        other = name if entry.central_name is None else _name(entry.central_name)
        flags = entry.flags | (0 if entry.name.isascii() else 0x800)
        at = out.tell() if entry.offset is None else entry.offset
        shared = struct.pack(
            "<HHHHHIII",
            entry.version,
            flags,
            entry.method & 0xFFFF,
            0,
            entry.date,
            zlib.crc32(entry.data) if entry.crc is None else entry.crc,
            len(raw) if entry.packed_size is None else entry.packed_size,
            len(entry.data) if entry.size is None else entry.size,
        )
        lengths = struct.pack("<HH", len(name), len(entry.extra))
        out.write(b"PK\x03\x04" + shared + lengths + name + entry.extra + raw)
        lengths = struct.pack("<HH", len(other), len(entry.extra))
        attributes = struct.pack("<HHHII", 0, 0, 0, entry.mode << 16, at & 0xFFFFFFFF)
        made_by = struct.pack("<H", 3 << 8 | 20)
        central.write(b"PK\x01\x02" + made_by + shared + lengths + attributes)
        central.write(other + entry.extra)
    start, body = out.tell(), central.getvalue()
    counts = struct.pack("<HHHH", 0, 0, len(entries), len(entries))
    end = struct.pack("<IIH", len(body), start, 0)
    out.write(body + b"PK\x05\x06" + counts + end + after)
    return out.getvalue()


def _name(name: str) -> bytes:
    return name.encode(errors="surrogateescape")[:65535]


def honest_zip(files: dict[str, bytes]) -> bytes:
    """An archive as a tool writes it."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, data in files.items():
            name = name or "x"  # which no tool writes
            archive.writestr(name, data)
    return buffer.getvalue()


@functools.cache
def bomb() -> Entry:
    """80 MB of zeros that say of themselves that they are a hundred bytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(80 << 20)) + packer.flush()
    return Entry("04_conv_layer.ipynb", packed, size=100, crc=0, packed=True)


SIZES = st.sampled_from([0, 1, 2**16, 2**31, 2**32 - 1])
ODD_FIELDS: dict[str, Any] = {
    "method": st.sampled_from([STORED, DEFLATED, 12, 14, 93, 99, 65535]),
    "flags": st.sampled_from([0, 1, 8, 0x20, 0x40, 0x800, 0x2000, 0xFFFF]),
    "size": SIZES,
    "packed_size": SIZES,
    "crc": SIZES,
    "mode": st.sampled_from(
        [0, 0o120777, 0o020666, 0o060666, 0o010644, 0o040755, 0o140777, 0xFFFF]
    ),
    "date": st.integers(0, 65535),
    "version": st.sampled_from([0, 20, 45, 63, 64, 255, 65535]),
    "extra": st.binary(max_size=24)
    | st.binary(max_size=24).map(
        lambda data: struct.pack("<HH", 1, len(data)) + data  # Zip64
    ),
    "central_name": st.sampled_from(NAMES),
    "offset": SIZES,
}
ENTRIES = st.builds(
    lambda name, data, odd: replace(Entry(name, data), **odd),
    st.sampled_from(NAMES),
    st.sampled_from(CONTENTS),
    st.fixed_dictionaries({}, optional=ODD_FIELDS)
    | st.just({})
    | st.sampled_from(sorted(ODD_FIELDS)).flatmap(
        lambda key: st.fixed_dictionaries({key: ODD_FIELDS[key]})
    ),
)
ARCHIVES = st.builds(
    zip_bytes,
    st.lists(ENTRIES, max_size=5),
    st.sampled_from([b"", b"#!/bin/sh\n", b"PK\x03\x04"]),
    st.sampled_from([b"", b"garbage", b"PK\x05\x06" + b"\0" * 18, b"\0" * 70_000]),
)
