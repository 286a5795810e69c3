"""TensorFlow as the course starts it: silent, and with its fast convolutions."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


def quiet_tensorflow() -> None:
    """Imports TensorFlow without its start-up messages. For entry points.

    Its `TF_CPP_MIN_LOG_LEVEL` alone does not do: some messages are written before
    the level is read.

    oneDNN is switched on, unless the environment says otherwise. TensorFlow does that
    by itself only where the processor has AVX-512 for neural networks; with AVX2 alone
    small networks train about twice as fast with it, too.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if "tensorflow" not in sys.modules:
        with hold_stderr():
            import tensorflow  # noqa: F401


@contextlib.contextmanager
def hold_stderr() -> Iterator[None]:
    """Holds back what is written to file descriptor 2: what C++ writes to stderr.

    If the block raises, what was held is shown: it may tell why. (A notebook's or a
    test's own `sys.stderr` is not that descriptor, and passes.)
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no stderr, nothing to hold
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            sys.stderr.flush()
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
