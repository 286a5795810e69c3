"""Frames over a socket: complete, bounded, on time."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.protocol import CodecError, Connection, ConnectionLost, FrameError, decode


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Connection(ours, max_bytes=1 << 20), theirs


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 65537, 1 << 20])
def test_a_frame_arrives_as_it_was_sent(pair, size):
    connection, peer = pair
    payload = bytes(i % 251 for i in range(size))
    sender = threading.Thread(target=Connection(peer).send, args=(payload, 5))
    sender.start()
    assert connection.receive(5) == payload
    sender.join()


def test_frames_do_not_run_together(pair):
    connection, peer = pair
    for payload in (b"one", b"", b"three"):
        Connection(peer).send(payload, 5)
    assert [connection.receive(5) for _ in range(3)] == [b"one", b"", b"three"]


def test_an_announced_length_over_the_limit_is_refused(pair):
    connection, peer = pair
    peer.sendall(struct.pack(">Q", 2**63))
    with pytest.raises(FrameError, match="message of"):
        connection.receive(5)


def test_a_payload_over_the_limit_is_not_sent(pair):
    connection, peer = pair
    with pytest.raises(FrameError, match="limit is 1 MB"):
        connection.send(b"x" * ((1 << 20) + 1), 5)
    peer.settimeout(0)
    with pytest.raises(BlockingIOError):
        peer.recv(1)


@pytest.mark.parametrize("sent", [b"", b"\0\0\0", struct.pack(">Q", 9) + b"four"])
def test_a_peer_that_goes_away_in_the_middle(pair, sent):
    connection, peer = pair
    peer.sendall(sent)
    peer.close()
    with pytest.raises(ConnectionLost):
        connection.receive(5)


def test_a_peer_that_is_gone_takes_nothing(pair):
    connection, peer = pair
    peer.close()
    with pytest.raises(ConnectionLost):
        connection.send(b"x" * (1 << 20), 5)


@pytest.mark.parametrize("sent", [b"", b"\0\0\0", struct.pack(">Q", 9) + b"four"])
def test_a_silent_peer_costs_no_more_than_the_deadline(pair, sent):
    connection, peer = pair
    peer.sendall(sent)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        connection.receive(0.1)
    assert 0.09 < time.monotonic() - started < 2


def test_a_trickle_does_not_move_the_deadline(pair):
    connection, peer = pair
    peer.sendall(struct.pack(">Q", 100))
    stop = threading.Event()

    def trickle():
        with contextlib.suppress(OSError):
            while not stop.wait(0.02):
                peer.sendall(b"x")

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        with pytest.raises(TimeoutError):
            connection.receive(0.3)
    finally:
        stop.set()
        thread.join()


def test_a_peer_that_does_not_read_costs_no_more_than_the_deadline(pair):
    connection, _ = pair
    with pytest.raises(TimeoutError):
        connection.send(b"x" * (1 << 20), 0.1)


def test_what_nobody_asked_for_is_seen_and_left_there(pair):
    connection, peer = pair
    assert not connection.has_data()
    Connection(peer).send(b"early", 5)
    assert connection.has_data()
    assert connection.receive(5) == b"early"
    assert not connection.has_data()
    peer.close()
    assert not connection.has_data()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=64), st.booleans())
def test_random_bytes_end_in_one_of_three_errors(data, with_length):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall((struct.pack(">Q", len(data)) if with_length else b"") + data)
        theirs.close()
        with contextlib.suppress(CodecError, FrameError, ConnectionLost):
            decode(Connection(ours).receive(5))
