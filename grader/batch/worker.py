"""A trusted process that grades one task after another for the local engine.

It talks in the same plain frames as the student's workers do: nothing that a student
wrote is ever unpickled.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from typing import Any

from grader.batch.tasks import Result, Task, perform
from grader.protocol import Connection, ConnectionLost, decode, encode


def main() -> None:
    """Entry point: the socket's descriptor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the batch decides
    connection = Connection(socket.socket(fileno=int(sys.argv[1])))
    with contextlib.suppress(ConnectionLost, BrokenPipeError):
        while True:
            task = Task(**decode(connection.receive()))
            connection.send(encode(_told(perform(task))))
    os._exit(0)  # the hosts end with their sockets


def _told(result: Result) -> dict[str, Any]:
    return {**result.__dict__, "state": result.state.value}


if __name__ == "__main__":
    main()
