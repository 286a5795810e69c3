"""The codec and the frames under a fuzzer that sees which lines its input reaches."""

from __future__ import annotations

import importlib.util
import re
import struct
import subprocess
import sys
import time

import numpy as np
import pytest

from grader.manifest import ROOT
from grader.protocol import Opaque, encode
from tests.fuzz import harness

HAS_ATHERIS = importlib.util.find_spec("atheris") is not None
RUNS = 20_000
#: libFuzzer looks at the most memory that its process ever had, and Linux counts what
#: stood there before `exec`: pytest's own memory, gigabytes after a whole run.
SMALL_PARENT = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
#: What a worker sends, and every extension of the format once.
SEEDS = (
    {"id": 1, "ok": [1.5, None, "x"]},
    {"id": 2, "error": {"type": "ValueError", "frames": [["cell 1", 3, "x = 1"]]}},
    (np.arange(6).reshape(2, 3), np.asfortranarray(np.ones((2, 2)))),
    [np.ones((4, 4))[::2, ::2], np.float32(1), 2**70, 1j, Opaque(3, "keras.Layer")],
)


@pytest.mark.skipif(
    not HAS_ATHERIS, reason="atheris is not installed: it has wheels for Linux on x86"
)
def test_nothing_but_the_documented_errors(tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, value in enumerate(SEEDS):
        message = encode(value)
        stream = b"\xff" + struct.pack(">Q", len(message)) + message
        (corpus / f"message{number}").write_bytes(message)
        (corpus / f"stream{number}").write_bytes(stream)
    runs = harness.scaled(RUNS)
    seed = time.time_ns() % 2**31 if harness.random_cases() else 1
    options = [f"-runs={runs}", f"-seed={seed}", "-max_len=512", "-timeout=10"]
    options += ["-rss_limit_mb=2048", "-malloc_limit_mb=512"]
    program = [sys.executable, "-m", "tests.fuzz.coverage_guided", str(corpus)]
    done = subprocess.run(
        [*SMALL_PARENT, *program, *options],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=600,
    )
    told = done.stderr[-3000:]
    ran = re.search(r"Done (\d+) runs", told)
    assert done.returncode == 0, told
    assert ran, told
    harness.tally.add("codec and frames, by coverage", int(ran[1]))
    assert int(ran[1]) >= runs
