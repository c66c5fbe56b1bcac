"""Streams with a small model, and a listener that writes down what comes out of them; every wait has a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from drumbridge.core.events import Stage
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.engine.event_bus import EventBus, StreamListener
from drumbridge.engine.streams import Streams

DEADLINE_S = 20.0


def settings_10() -> tuple[TranscriberSettings, str]:
    """Return settings with early hits, as the server's are."""
    return TranscriberSettings(early_ms=10.0), "default"


def settings_0() -> tuple[TranscriberSettings, str]:
    """Return settings without."""
    return TranscriberSettings(), "default"


class Heard(StreamListener):
    """Keeps hits and gaps by the name of their stream."""

    def __init__(self) -> None:
        self.hits: dict[str, list] = {}
        self.gaps: dict[str, list] = {}
        self.over: list[str] = []
        self.changed = threading.Condition()

    def on_hits(self, stream, hits):
        self.hits.setdefault(stream.name, []).extend(hits)

    def on_gap(self, stream, position, length, reason):
        self.gaps.setdefault(stream.name, []).append((position, length, int(reason)))

    def on_over(self, stream):
        with self.changed:
            self.over.append(stream.name)
            self.changed.notify_all()

    def wait_over(self, n: int = 1) -> list[str]:
        """Wait until n streams are over; return their names."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.over) >= n, DEADLINE_S)
        return self.over

    def finals(self, name: str) -> list[tuple[int, str]]:
        return [(hit.position, hit.label) for hit in self.hits.get(name, ()) if hit.stage is Stage.FINAL]


def streams_heard(classifier, **options) -> tuple[Streams, Heard]:
    heard, bus = Heard(), EventBus()
    bus.add(heard)
    return Streams(lambda: classifier, bus, **options), heard


def wait_until(true: Callable[[], object]) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.0005)  # lets the other thread run; nothing depends on how long


def same(heard: list[tuple[int, str]], expected: list[tuple[int, str]]) -> None:
    """Positions within one sample, and the same labels."""
    assert [label for _, label in heard] == [label for _, label in expected]
    assert all(abs(a - b) <= 1 for (a, _), (b, _) in zip(heard, expected, strict=True))
