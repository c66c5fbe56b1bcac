"""Audio in numbered packets, back in order: no socket, no clock.

Conventions: a packet's number counts packets, modulo 2**32 (as int32 or uint32, the same bits). A block is float32
(n, channels). What comes out, in order, are blocks and `Gap`; their lengths add up to the position in the stream,
whatever was lost, doubled or swapped, as long as packets have one length. Position 0 is the start of packet 0, or of
the lowest number among the first `WINDOW` to arrive when the numbering starts elsewhere. Waiting is counted in
packets, never in time.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np

from drumbridge.errors import ProtocolError

WINDOW: Final = 8  # packets: so many may overtake one before it is given up
FAR: Final = 1 << 16  # packets: a number further ahead than this must be confirmed by those that follow it
BEHIND: Final = 256  # packets: so must one further behind than this; fewer are late or doubled
RUN: Final = 16  # packets in a row confirm it
MAX_FLOATS: Final = 1000  # in one packet without a blob

_REMEMBERED = 4096  # given up packets that are known by number, to tell a late one from a doubled one
_LENGTHS = 15  # packets whose commonest length is that of a lost one


class Gap(NamedTuple):
    """Audio that is not there: `length` samples; `restarted`: the numbering began anew, so nobody knows how many."""

    length: int
    restarted: bool = False


@dataclass
class PacketCounts:
    """What became of the packets: `late` came after they had been given up, `stray` ones had numbers far off."""

    received: int = 0
    lost: int = 0
    late: int = 0
    doubled: int = 0
    stray: int = 0


class AudioPackets:
    """Puts the packets of one stream in order.

    Attributes
    ----------
    counts : PacketCounts
    """

    def __init__(self) -> None:
        self.counts = PacketCounts()
        self._next: int | None = None  # number of the packet that is waited for; None before the start
        self._held: dict[int, np.ndarray] = {}  # those that overtook it
        self._given_up: dict[int, None] = {}
        self._strays: list[tuple[int, np.ndarray]] = []
        self._counts_before_strays = self.counts
        self._lengths: deque[int] = deque(maxlen=_LENGTHS)

    def take(self, number: int, block: np.ndarray) -> list[np.ndarray | Gap]:
        """Take a packet and return what is in order now.

        Parameters
        ----------
        number : int
        block : ndarray, float32, shape (n, channels), n > 0
        """
        number &= 0xFFFFFFFF
        self.counts.received += 1
        if number == self._next and not self._held:
            self._strays.clear()
            return [self._passed(number, block)]
        if self._next is None:
            return self._take_first(number, block)
        distance = _signed(number - self._next)
        if not -BEHIND <= distance <= FAR:
            return self._take_stray(number, block)
        self._strays.clear()
        if distance < 0:
            self._count_behind(number)
            return []
        if number in self._held:
            self.counts.doubled += 1
            return []
        self._held[number] = block
        return self._in_order(WINDOW)

    def flush(self) -> list[np.ndarray | Gap]:
        """Return what is held back, with gaps for what never came."""
        if self._next is None and self._held:
            self._next = self._lowest()
        return self._in_order(0)

    def _take_first(self, number: int, block: np.ndarray) -> list[np.ndarray | Gap]:
        if number in self._held:
            self.counts.doubled += 1
            return []
        if self._held and abs(_signed(number - next(iter(self._held)))) > FAR:
            self.counts.stray += 1
            return []
        self._held[number] = block
        if self._lowest() != 0 and len(self._held) < WINDOW:
            return []
        self._next = self._lowest()
        return self._in_order(WINDOW)

    def _lowest(self) -> int:
        first = next(iter(self._held))
        return (first + min(_signed(n - first) for n in self._held)) & 0xFFFFFFFF

    def _in_order(self, wait: int) -> list[np.ndarray | Gap]:
        """Return what follows without a hole, and give up holes that more than `wait` packets (all, if 0) overtook."""
        pieces: list[np.ndarray | Gap] = []
        while self._held:
            assert self._next is not None
            block = self._held.pop(self._next, None)
            if block is not None:
                pieces.append(self._passed(self._next, block))
            elif wait and len(self._held) < wait:
                break
            else:
                pieces.append(self._give_up(min(_signed(n - self._next) for n in self._held)))
        return pieces

    def _passed(self, number: int, block: np.ndarray) -> np.ndarray:
        self._next = (number + 1) & 0xFFFFFFFF
        self._lengths.append(len(block))
        return block

    def _give_up(self, n: int) -> Gap:
        """Skip n packets."""
        assert self._next is not None
        lengths = self._lengths or [len(block) for block in self._held.values()]
        length = Counter(lengths).most_common(1)[0][0]
        for k in range(max(0, n - _REMEMBERED), n):
            self._given_up[(self._next + k) & 0xFFFFFFFF] = None
        while len(self._given_up) > _REMEMBERED:
            del self._given_up[next(iter(self._given_up))]
        self.counts.lost += n
        self._next = (self._next + n) & 0xFFFFFFFF
        return Gap(n * length)

    def _count_behind(self, number: int) -> None:
        if number in self._given_up:
            del self._given_up[number]
            self.counts.late += 1
            self.counts.lost -= 1
        else:
            self.counts.doubled += 1

    def _take_stray(self, number: int, block: np.ndarray) -> list[np.ndarray | Gap]:
        """Believe a number that is far off once `RUN` packets in a row have gone on from it."""
        assert self._next is not None
        if not self._strays or number != (self._strays[-1][0] + 1) & 0xFFFFFFFF:
            self._strays.clear()
            self._counts_before_strays = replace(self.counts)
        if abs(_signed(number - self._next)) > FAR:
            self.counts.stray += 1
        else:
            self._count_behind(number)
        self._strays.append((number, block))
        if len(self._strays) < RUN:
            return []
        self.counts = replace(self._counts_before_strays, received=self.counts.received)
        pieces = self.flush()
        distance = _signed(self._strays[0][0] - self._next)
        self._given_up.clear()
        if distance > 0:
            pieces.append(self._give_up(distance))
        else:
            pieces.append(Gap(0, restarted=True))
        pieces += [self._passed(number, block) for number, block in self._strays]
        self._strays.clear()
        return pieces


def audio_block(arguments: tuple[Any, ...], channels: int) -> np.ndarray:
    """Return the audio of a packet: one blob of float32 little-endian, or floats; interleaved.

    Parameters
    ----------
    arguments : tuple
        What follows the packet's number.
    channels : int

    Returns
    -------
    ndarray, float32, shape (n, channels)

    Raises
    ------
    ProtocolError
        ``osc.arguments``: there is none, or it cannot be read.
    """
    if len(arguments) == 1 and isinstance(arguments[0], bytes):
        if len(arguments[0]) % 4:
            raise ProtocolError("osc.arguments", f"A blob of {len(arguments[0])} bytes is not float32 audio.")
        samples = np.frombuffer(arguments[0], dtype="<f4").astype(np.float32, copy=False)
    elif len(arguments) > MAX_FLOATS:
        raise ProtocolError("osc.arguments", f"{len(arguments)} floats in a packet are more than {MAX_FLOATS}.")
    elif all(isinstance(value, int | float) and not isinstance(value, bool) for value in arguments):
        with np.errstate(over="ignore"):
            samples = np.array(arguments, dtype=np.float64).astype(np.float32)
    else:
        raise ProtocolError("osc.arguments", "The audio of a packet is one blob of float32 or a list of floats.")
    if not len(samples) or len(samples) % channels:
        raise ProtocolError("osc.arguments", f"{len(samples)} floats are no whole samples of {channels} channels.")
    return samples.reshape(-1, channels)


def _signed(difference: int) -> int:
    """Return the difference of two packet numbers, -2**31 .. 2**31 - 1."""
    return ((difference + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
