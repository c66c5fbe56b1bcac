"""Packets that wait are taken whole, in order, with their senders, and nothing is waited for."""

import socket
import sys
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.osc.waiting_datagrams import WaitingDatagrams

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="recvmmsg is Linux's")


@pytest.fixture(scope="module")
def pair():
    with ExitStack() as opened:
        ours, a, b = (opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3))
        for each in (ours, a, b):
            each.bind(("127.0.0.1", 0))
        yield ours, (a, b), WaitingDatagrams(ours)


@given(st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=300)), max_size=64))
def test_all_that_waits_comes_in_order_with_its_sender(pair, packets) -> None:
    ours, senders, waiting = pair
    for sender, packet in packets:
        senders[sender].sendto(packet, ours.getsockname())
    assert waiting.take() == [(packet, senders[sender].getsockname()) for sender, packet in packets]
    assert waiting.take() == []


def test_the_longest_datagram_is_whole(pair) -> None:
    ours, (sender, _), waiting = pair
    sender.sendto(bytes(range(256)) * 255 + bytes(227), ours.getsockname())
    ((packet, _),) = waiting.take()
    assert packet == bytes(range(256)) * 255 + bytes(227)


def test_more_than_fit_come_next_time(pair) -> None:
    ours, (sender, _), waiting = pair
    for k in range(70):
        sender.sendto(bytes([k]), ours.getsockname())
    first, second = waiting.take(), waiting.take()
    assert [packet[0] for packet, _ in first + second] == list(range(70))


def test_a_socket_of_another_family_gives_nothing() -> None:
    try:
        ours = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    except OSError:
        pytest.skip("no IPv6 here")
    with ours:
        assert WaitingDatagrams(ours).take() == []
