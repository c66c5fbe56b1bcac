"""A client that plays audio into a stream and keeps what it is told; it waits for answers, never for time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from osc_client import ENDS, Udp

from drumbridge.core.labels import LABELS
from drumbridge.osc import addresses
from drumbridge.osc.addresses import REPLY_BY_ADDRESS
from drumbridge.osc.wire import Message

HIT = "/drumbridge/live/hit"
GAP = "/drumbridge/gap"
STATUS = "/drumbridge/status/stream"
EVENTS = {event.address for event in addresses.EVENTS}
_AHEAD = 1 << 17  # samples that may wait in the server before the player does: below what becomes an overrun


class Player:
    """One stream of a client.

    Attributes
    ----------
    events : list of Message
        Hits and gaps, as they came, of all streams.
    complaints : list of Message
        Fails without a req.
    """

    def __init__(self, client: Udp, *settings: object, rate: int = 44100, channels: int = 1, notify: int = 1) -> None:
        self.client = client
        self.events: list[Message] = []
        self.complaints: list[Message] = []
        self._req = 0
        self._paced = 0
        assert self.ask("notify", notify)[-1].address == ENDS[0]
        opened = self.ask("stream/open", rate, channels, *settings)[-1]
        assert opened.address == ENDS[0], opened
        self.stream_id = opened.arguments[1]

    def ask(self, name: str, *arguments: object) -> list[Message]:
        """Return the replies to a request; events that come between are kept."""
        self._req += 1
        self.client.send(name, self._req, *arguments)
        answers: list[Message] = []
        while not answers or answers[-1].address not in ENDS:
            answer = self.client.receive()
            if answer.address in EVENTS:
                self.events.append(answer)
            elif answer.address == ENDS[1] and answer.arguments[0] == -1:
                self.complaints.append(answer)
            else:
                assert answer.arguments[0] == self._req, answer
                answers.append(answer)
        return answers

    def send(self, number: int, block: np.ndarray, *, blob: bool = True) -> None:
        """Send one packet; over UDP wait now and then, so that neither the system nor the server loses any."""
        audio = (block.astype("<f4").tobytes(),) if blob else block.ravel().tolist()
        self.client.send("stream/audio", self.stream_id, (number + (1 << 31)) % (1 << 32) - (1 << 31), *audio)
        self._paced += max(len(block), 1 << 10)
        if self._paced >= 1 << 16 and type(self.client) is Udp:
            self._paced = 0
            while self.status()["waiting"] > _AHEAD:
                pass

    def play(self, blocks: Iterable[np.ndarray], **how: bool) -> Player:
        for number, block in enumerate(blocks):
            self.send(number, block, **how)
        return self

    def status(self) -> dict[str, object]:
        """Return the facts about the stream."""
        keys = [argument.name for argument in REPLY_BY_ADDRESS[STATUS].arguments]
        rows = [a.arguments for a in self.ask("status") if a.address == STATUS and a.arguments[1] == self.stream_id]
        return dict(zip(keys, rows[0], strict=True))

    def close(self) -> Player:
        assert self.ask("stream/close", self.stream_id)[-1].address == ENDS[0]
        return self

    def hits(self, stage: int = 1) -> list[tuple[int, str]]:
        """Return position and label of the hits of a stage."""
        rows = [
            event.arguments for event in self.events if event.address == HIT and event.arguments[0] == self.stream_id
        ]
        names = [*(label.name for label in LABELS), "unsure"]
        return [(row[3], names[row[7]]) for row in rows if row[2] == stage]

    def gaps(self) -> list[tuple]:
        """Return position, length and reason of the gaps."""
        return [event.arguments[1:] for event in self.events if event.address == GAP]


def cut(audio: np.ndarray, n: int) -> Iterator[np.ndarray]:
    for start in range(0, len(audio), n):
        yield audio[start : start + n]
