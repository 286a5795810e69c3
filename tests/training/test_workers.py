"""Two worker processes on this machine make the weights of one device."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np

from shared.training import train
from tests.training.networks import RECIPE, distance, make_blobs, normalised, plain

ROOT = Path(__file__).resolve().parents[2]
# Sums in another order; dividing by a batch's deviation makes more of the difference.
NETWORKS = {plain: 1e-5, normalised: 5e-5}


def work(folder):
    """What each worker does."""
    from shared.training import strategy

    where = strategy("auto")
    index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    for build in NETWORKS:
        name = build.__name__
        result = train(
            build,
            make_blobs(),
            RECIPE,
            strategy=where,
            validation=make_blobs(),
            sync_batch_norm=True,
            checkpoint_dir=Path(folder) / f"run-{name}",
            log_dir=Path(folder) / f"log-{name}",
            progress=False,
        )
        losses = [row["val_loss"] for row in result.history]
        weights = result.model.get_weights()
        np.savez(Path(folder) / f"{name}-{index}.npz", *weights, losses=losses)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_two_workers(tmp_path):
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    processes = []
    for index in range(2):
        config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        command = (
            "import sys; from tests.training.test_workers import work; "
            "work(sys.argv[1])"
        )
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", command, str(tmp_path)],
                cwd=ROOT,
                env={**os.environ, "TF_CONFIG": json.dumps(config)},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    try:
        errors = [process.communicate(timeout=900)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], errors
    for build, tolerance in NETWORKS.items():
        name = build.__name__
        alone = train(
            build, make_blobs(), RECIPE, validation=make_blobs(), progress=False
        )
        for index in range(2):
            with np.load(tmp_path / f"{name}-{index}.npz") as saved:
                weights = [saved[f"arr_{i}"] for i in range(len(alone.model.weights))]
                losses = saved["losses"]
            assert distance(weights, alone.model.get_weights()) < tolerance
            expected = [row["val_loss"] for row in alone.history]
            np.testing.assert_allclose(losses, expected, atol=tolerance)
        # The first worker alone keeps what it wrote.
        assert len(list((tmp_path / f"run-{name}").glob("step-*"))) == 2
        rows = (tmp_path / f"log-{name}" / "history.csv").read_text().splitlines()
        assert len(rows) == 4
