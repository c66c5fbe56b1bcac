"""What a running server hears, for the page: all of it, bounded, and nothing for other pages."""

import json
import socket
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_server import serving

sys.path.insert(0, str(Path(__file__).parents[1] / "osc"))
from live_player import Player
from osc_client import Udp
from osc_client import serving as osc_serving

from drumbridge.core.synthesis import demo_loop
from drumbridge.engine.engine import Engine
from drumbridge.errors import SettingsError
from drumbridge.web.live_feed import HELD, Listener, LiveFeed

RATE = 44100
DEADLINE_S = 60


@pytest.fixture(scope="module")
def ears(small_model):
    """A running server of OSC with the small model."""
    engine = Engine(model=str(small_model))
    engine.load_model()
    with osc_serving(engine) as server:
        yield server.address[1]


class Heard:
    """A listener of a feed that waits for what a test wants to see."""

    def __init__(self, port):
        self.events = []
        self._feed = LiveFeed(port)
        self._there = threading.Event()
        self._listener = self._feed.add(self._there.set)

    def until(self, condition):
        while not condition(self.events):
            assert self._there.wait(DEADLINE_S)
            self._there.clear()
            self.events += self._listener.take()

    def close(self):
        self._feed.remove(self._listener)


@pytest.fixture
def heard(ears):
    heard = Heard(ears)
    heard.until(lambda events: any(event["type"] == "state" and event["running"] for event in events))
    yield heard
    heard.close()


def play(port, name="drums", early_ms=10.0):
    """Play the demo loop as a stream, and return the player once all of it was told."""
    client = Udp(port)
    audio = demo_loop(RATE)[0].astype(np.float32)
    player = Player(client, name, early_ms, notify=2)
    player.play(audio[k : k + 512] for k in range(0, len(audio), 512))
    player.ask("stream/close", player.stream_id)
    player.ask("notify", 0)
    client.close()
    return player


def hits(events):
    return [(e["stream"], e["hit"], e["stage"], e["position"], e["label"]) for e in events if e["type"] == "hit"]


def test_the_feed_tells_what_any_client_is_told(ears, heard):
    player = play(ears)
    told = [event.arguments for event in player.events if event.address.endswith("live/hit")]
    assert len(told) > 20
    stages = ("early", "final", "withdrawn")
    expected = [(stream, hit, stages[stage], position) for stream, hit, stage, position, *_ in told]
    heard.until(lambda events: len(hits(events)) >= len(expected))
    assert [hit[:4] for hit in hits(heard.events)] == expected
    assert {label for *_, label in hits(heard.events)} <= {"kick", "closed_hat", "unsure"}
    latencies = [event["latency_ms"] for event in heard.events if "latency_ms" in event]
    assert all(-60_000 < each < 60_000 for each in latencies)


def test_streams_are_told_of_while_they_are_open(ears, heard):
    client = Udp(ears)
    player = Player(client, "my drums", 10.0)
    player.send(0, np.zeros(512, np.float32))
    heard.until(lambda events: any("my drums" in str(event.get("streams")) for event in events))
    (stream,) = next(e["streams"] for e in heard.events if "my drums" in str(e.get("streams")))
    assert (stream["name"], stream["sample_rate"], stream["channels"]) == ("my drums", RATE, 1)
    player.ask("stream/close", player.stream_id)
    client.close()
    seen = len(heard.events)
    heard.until(lambda events: any(event.get("streams") == [] for event in events[seen:]))


def test_where_nobody_listens_the_feed_says_so():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))  # nobody answers there
        heard = Heard(taken.getsockname()[1])
        heard.until(lambda events: len(events) >= 2)
        assert {(event["type"], event["running"]) for event in heard.events} == {("state", False)}
        heard.close()


@given(st.lists(st.integers(0, 3 * HELD), max_size=4))
def test_what_is_not_taken_is_counted_and_the_first_are_kept(numbers):
    listener = Listener(lambda: None)
    for n in numbers:
        for k in range(n):
            listener.put({"type": "hit", "k": k})
        taken = listener.take()
        kept = [event["k"] for event in taken if event["type"] == "hit"]
        assert kept == list(range(min(n, HELD)))
        missed = [event["events"] for event in taken if event["type"] == "missed"]
        assert missed == ([n - HELD] if n > HELD else [])
        assert listener.take() == []


def test_a_port_that_cannot_be(ears):
    for port in (0, 65536, -1):
        with pytest.raises(SettingsError, match="1 to 65535"):
            LiveFeed(port)


def test_events_come_over_http_and_end_with_the_server(library, ears):
    with serving(library, server_port=ears) as served:
        connection = socket.create_connection(("127.0.0.1", served.server.port), timeout=DEADLINE_S)
        connection.sendall(f"GET /api/live HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
        lines = connection.makefile("rb")
        assert b"200" in lines.readline()
        head = b"".join(iter(lines.readline, b"\r\n")).lower()
        assert b"text/event-stream" in head
        assert b"no-store" in head
        event = next(line for line in lines if line.startswith(b"data: "))
        assert json.loads(event[6:])["type"] == "state"
    # The block has ended, so the server has, although somebody was looking.
    while lines.readline():
        pass
    connection.close()


def test_another_page_sees_nothing(served):
    assert served.refusal("/api/live", Origin="http://evil.example") == (403, "web.origin")
    assert served.refusal("/api/live", Sec_Fetch_Site="cross-site") == (403, "web.origin")
    assert served.refusal("/api/live", Host="evil.example") == (421, "web.host")
