"""AbletonOSC's side of OSC: questions to a running Live, asked again where an answer is lost.

Conventions: AbletonOSC is a control surface that its user chooses in Live. It reads what came every 100 ms, answers to
a fixed port of the asker's machine, and repeats the indices of a question before the values of its answer, by which an
answer is known. It answers no order and nothing that it does not know. All of it is UDP on this machine, so any packet
may be lost: a question is asked again until its answer is there, with the orders that belong to it, which may be
followed twice.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from drumbridge.errors import ProtocolError, ServerError
from drumbridge.ports import LOOPBACK, check_port, listening

from .wire import Message, decode, encode

PORT: Final = 11000  # where AbletonOSC listens
REPLY_PORT: Final = 11001  # where it sends its answers

TEST: Final = "/live/test"
_ERROR: Final = "/live/error"  # newer ones tell what they could not do; older ones write it to their log alone
_TAGS: Final = {int: "i", str: "s"}
_AT_ONCE: Final = 32  # questions on the way; some are answered in each tick of Live, and no buffer overflows
_AGAIN_AFTER_S: Final = 0.6  # six ticks
_TIMES_ASKED: Final = 4


class Question(NamedTuple):
    """A message that is answered, and the orders that go before it."""

    address: str
    arguments: tuple[int, ...] = ()
    orders: tuple[tuple[str, tuple[int | str, ...]], ...] = ()


@dataclass
class _Asked:
    index: int
    question: Question
    times: int = 0
    at_s: float = 0.0


class AbletonOsc:
    """A connection to the AbletonOSC of a running Live; use as a context.

    Parameters
    ----------
    port : int
        Where AbletonOSC listens.
    reply_port : int
        Where it sends its answers.
    patience_s : float
        For so long it may say nothing at all, as when Live loads a set, before that is an error.

    Raises
    ------
    ServerError
        ``server.port_taken``: another program hears AbletonOSC's answers; ``server.address``.
    """

    def __init__(self, port: int = PORT, reply_port: int = REPLY_PORT, *, patience_s: float = 5.0) -> None:
        check_port(LOOPBACK, port)
        self._to = (LOOPBACK, port)
        self._reply_port = reply_port
        self._patience_s = patience_s
        self._unknown: set[str] = set()
        self._heard_s = 0.0
        self._socket = listening(
            socket.SOCK_DGRAM,
            LOOPBACK,
            reply_port,
            "another program hears the answers of AbletonOSC there: end that program, and try again.",
        )

    def __enter__(self) -> AbletonOsc:
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()

    def ask(self, address: str, *arguments: int) -> tuple[Any, ...] | None:
        """Return the values that answer one question; None if it is not answered although others are."""
        return self.ask_all([Question(address, arguments)])[0]

    def ask_all(self, questions: Sequence[Question]) -> list[tuple[Any, ...] | None]:
        """Return the values that answer each question, without its indices; no two of them may be the same.

        None stands where this AbletonOSC does not know the address, or the clip or track is not there.

        Raises
        ------
        ServerError
            ``server.ableton_silent``: nothing at all came back.
        """
        answers: list[tuple[Any, ...] | None] = [None] * len(questions)
        asked: dict[tuple[str, tuple[int, ...]], _Asked] = {}
        self._drop_waiting()
        self._heard_s = time.monotonic()
        next_index, any_twice = 0, False
        while next_index < len(questions) or asked:
            while next_index < len(questions) and len(asked) < _AT_ONCE:
                question = questions[next_index]
                if question.address not in self._unknown:
                    entry = asked[question.address, question.arguments] = _Asked(next_index, question)
                    self._send(entry)
                next_index += 1
            message = self._receive(_AGAIN_AFTER_S / 4)
            if message is not None:
                self._take(message, asked, answers)
            now_s = time.monotonic()
            if now_s - self._heard_s > self._patience_s:
                raise self._silent()
            late = [key for key, entry in asked.items() if now_s - entry.at_s > _AGAIN_AFTER_S]
            for key in late:
                any_twice = True
                if asked[key].times >= _TIMES_ASKED and self._heard_s > asked[key].at_s:
                    del asked[key]
                else:
                    self._send(asked[key])
            if late:
                self._order(TEST)  # so that one question without an answer is not taken for a Live that is gone
        if any_twice:
            self._let_pass()
        return answers

    def _take(
        self,
        message: Message,
        asked: dict[tuple[str, tuple[int, ...]], _Asked],
        answers: list[tuple[Any, ...] | None],
    ) -> None:
        self._heard_s = time.monotonic()
        if message.address == _ERROR:
            told = str(message.arguments[0]).split() if message.arguments else []
            for key in [key for key in asked if key[0] in told]:
                self._unknown.add(key[0])
                del asked[key]
            return
        for n in (2, 1, 0):  # a question has so many indices
            entry = asked.pop((message.address, message.arguments[:n]), None)
            if entry is not None:
                answers[entry.index] = message.arguments[n:]
                return

    def _send(self, entry: _Asked) -> None:
        for address, arguments in entry.question.orders:
            self._order(address, *arguments)
        self._order(entry.question.address, *entry.question.arguments)
        entry.times += 1
        entry.at_s = time.monotonic()

    def _order(self, address: str, *arguments: int | str) -> None:
        packet = encode(Message(address, "".join(_TAGS[type(argument)] for argument in arguments), arguments))
        # Windows tells by an error that nobody had the datagram before this one; being silent is told of in any case.
        with contextlib.suppress(ConnectionError):
            self._socket.sendto(packet, self._to)

    def _receive(self, timeout_s: float) -> Message | None:
        self._socket.settimeout(timeout_s)
        try:
            packet, source = self._socket.recvfrom(65536)
            if source[0] != LOOPBACK:
                return None
            message = decode(packet)
        except (TimeoutError, ConnectionError, ProtocolError):
            return None
        return message if isinstance(message, Message) else None

    def _drop_waiting(self) -> None:
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                self._socket.recv(65536)

    def _let_pass(self) -> None:
        """Wait for what was asked twice to be answered twice, so that it is not taken for an answer later."""
        until_s = time.monotonic() + _AGAIN_AFTER_S
        while time.monotonic() < until_s:
            self._receive(max(0.001, until_s - time.monotonic()))

    def _silent(self) -> ServerError:
        return ServerError(
            "server.ableton_silent",
            f"Live does not answer on port {self._to[1]}: is it running, and is AbletonOSC chosen there as a Control "
            "Surface (Settings - Link, Tempo & MIDI)? When it starts it shows on which port it listens; it sends its "
            f"answers to port {self._reply_port}.",
        )
