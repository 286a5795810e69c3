"""The Dask engine: the same tasks on the workers of a cluster.

Each worker needs the course at hand, at any path, and runs one task at a time
(``dask worker --nthreads 1 --no-nanny`` or with). Dask gives a task that was lost with
its worker to another one; the gradebook takes each key once, so nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from grader.batch.tasks import Result, Task, perform
from grader.errors import GraderError

#: Enough to keep a cluster busy, few enough to keep a class out of memory.
_AHEAD_PER_WORKER = 4
_CONNECT_S = 20


def run(tasks: Iterable[Task], scheduler: str) -> Iterator[Result]:
    """Grades `tasks` on the cluster at `scheduler`; yields results as they come.

    Args:
        scheduler: address, e.g. ``"tcp://10.0.0.1:8786"``.

    Raises:
        GraderError: if Dask is not installed or nobody answers there.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise GraderError(
            "--engine dask needs the package distributed: pip install distributed"
        ) from None
    try:
        client = Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GraderError(
            f"no Dask scheduler answers at {scheduler}: {type(error).__name__}; start "
            "one with: dask scheduler"
        ) from None
    waiting = iter(tasks)
    with client:
        pending = as_completed(loop=client.loop)
        given: dict[Any, Task] = {}

        def give() -> None:
            workers = max(1, len(client.scheduler_info().get("workers", ())))
            while len(given) < workers * _AHEAD_PER_WORKER:
                task = next(waiting, None)
                if task is None:
                    return
                future = client.submit(perform, task, pure=False, retries=2)
                given[future.key] = task
                pending.add(future)

        give()
        while given:
            future = next(pending)
            task = given.pop(future.key)
            if future.status == "finished":
                yield future.result()
            else:
                reason = f"{type(future.exception()).__name__}: {future.exception()}"
                yield Result(task.index, fault=f"lost on the cluster: {reason}")
            future.release()
            give()
