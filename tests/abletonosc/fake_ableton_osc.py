"""A stand-in for AbletonOSC in a running Live, on real UDP.

It knows the addresses that AbletonOSC's list has for tracks, clips and the view, each with its number of arguments, and
does what AbletonOSC is seen to do: it answers to a fixed port of the sender's machine, repeats the indices, answers no
order, tells an address that it does not know in /live/error and nowhere else (its older self: in its log alone), and
takes Live's nearest colour. What no client should do (an unknown address, another number or type of arguments, the file
of a clip of notes) is kept in `mistakes`, which a test wants empty. Packets are read by python-osc.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

# Some colours of Live's clip colour chooser.
PALETTE = (0xFF94A6, 0xFFA529, 0xCC9927, 0xF7F47C, 0xBFFB00, 0x1AFF2F, 0x25FFA8, 0x5CFFE8, 0x8BC5FF, 0x5480E4,
           0x92A7FF, 0xD86CE4, 0xE553A0, 0xFFFFFF, 0xFF3636, 0x10A4EE, 0x886CE4, 0xB677C6, 0xA9A9A9, 0x7B7B7B,
           0x3C3C3C)  # fmt: skip


def nearest(colour: int) -> int:
    def distance(other: int) -> int:
        return sum(((colour >> shift & 255) - (other >> shift & 255)) ** 2 for shift in (0, 8, 16))

    return min(PALETTE, key=distance)


@dataclass
class Clip:
    name: str
    color: int = 0xFFFFFF
    file_path: str | None = None  # None: a clip of notes
    warping: bool = True
    start_marker: float = 0.0
    end_marker: float = 4.0

    @property
    def is_audio_clip(self) -> bool:
        return self.file_path is not None


@dataclass
class Track:
    name: str
    slots: list[Clip | None]


@dataclass
class Set:
    tracks: list[Track]
    selected_track: int | None = 0  # None: a return track
    selected_scene: int = 0


@dataclass
class FakeAbletonOsc:
    song: Set
    reply_port: int
    knows_markers: bool = True
    relays_errors: bool = True
    lost: frozenset[int] = frozenset()  # which of the packets that arrive, counted from 0, and of the answers to them
    lost_answers: frozenset[int] = frozenset()
    silent_after: int | None = None
    mistakes: list[str] = field(default_factory=list)
    orders: list[tuple] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._received = self._answered = 0

    def run(self) -> None:
        while True:
            packet, source = self._socket.recvfrom(65536)
            if packet == b"end":
                return
            k, self._received = self._received, self._received + 1
            if k in self.lost or (self.silent_after is not None and k >= self.silent_after):
                continue
            message = OscMessage(packet)
            try:
                answer = self._answer(message.address, message.params)
            except Unheard as error:
                if error.mistake:
                    self.mistakes.append(f"{message.address} {message.params}: {error}")
                if self.relays_errors:
                    self._send("/live/error", (str(error),), source[0])
                continue
            if answer is not None:
                self._send(message.address, answer, source[0])

    def _send(self, address: str, values: tuple, host: str) -> None:
        k, self._answered = self._answered, self._answered + 1
        if k in self.lost_answers:
            return
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        self._socket.sendto(builder.build().dgram, (host, self.reply_port))

    def end(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"end", ("127.0.0.1", self.port))

    def close(self) -> None:
        self._socket.close()

    # -- what AbletonOSC knows -----------------------------------------------------------------------------------------

    def _answer(self, address: str, params: list) -> tuple | None:
        fixed = {
            "/live/test": lambda: ("ok",),
            "/live/song/get/num_tracks": lambda: (len(self.song.tracks),),
            "/live/view/get/selected_track": self._selected_track,
            "/live/view/get/selected_scene": lambda: (self.song.selected_scene,),
        }
        if address in fixed:
            self._check(params, 0)
            return fixed[address]()
        _, _, kind, what, *name = address.split("/")
        prop = "/".join(name)
        if (kind, what) == ("track", "get") and prop in ("name", "clips/color"):
            self._check(params, 1)
            track = self._track(params[0])
            colours = (clip.color if clip else None for clip in track.slots)
            return (params[0], *((track.name,) if prop == "name" else colours))
        if (kind, what) == ("clip", "get") and prop in self._readable():
            self._check(params, 2)
            return (*params, self._read(self._clip(*params), prop))
        if (kind, what) == ("clip", "set") and prop in ("color", "name"):
            self._check(params, 3)
            self._set(self._clip(*params[:2]), prop, params[2])
            self.orders.append((prop, *params))
            return None
        raise Unheard(f"Unknown OSC address: {address}", mistake=not (kind == "clip" and "marker" in prop))

    def _readable(self) -> tuple[str, ...]:
        markers = ("start_marker", "end_marker") if self.knows_markers else ()
        return ("color", "name", "file_path", "is_audio_clip", "warping", *markers)

    def _read(self, clip: Clip, prop: str) -> object:
        if prop in ("file_path", "warping") and not clip.is_audio_clip:
            raise Unheard("Error handling OSC message: Audio clip expected", mistake=True)
        return getattr(clip, prop)

    def _set(self, clip: Clip, prop: str, value: object) -> None:
        if type(value) is not {"color": int, "name": str}[prop]:
            raise Unheard("Error handling OSC message: wrong type", mistake=True)
        setattr(clip, prop, nearest(value) if prop == "color" else value)

    def _selected_track(self) -> tuple:
        if self.song.selected_track is None:
            raise Unheard("Error handling OSC message: <Live.Track.Track object> is not in list")
        return (self.song.selected_track,)

    def _track(self, index: int) -> Track:
        if not 0 <= index < len(self.song.tracks):
            raise Unheard("Error handling OSC message: Index out of range", mistake=True)
        return self.song.tracks[index]

    def _clip(self, track: int, slot: int) -> Clip:
        clip = self._track(track).slots[slot]
        if clip is None:
            raise Unheard("Error handling OSC message: 'NoneType' object has no attribute")
        return clip

    @staticmethod
    def _check(params: list, n: int) -> None:
        if len(params) != n or not all(type(index) is int for index in params[:2]):
            raise Unheard(f"Error handling OSC message: {params} are not {n} arguments", mistake=True)


class Unheard(Exception):
    """AbletonOSC does not answer this; `mistake` says whether that is the client's doing."""

    def __init__(self, text: str, *, mistake: bool = False) -> None:
        super().__init__(text)
        self.mistake = mistake


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def live(song: Set, **how: object) -> Iterator[FakeAbletonOsc]:
    """Run one beside the test; nobody may have made a mistake."""
    fake = FakeAbletonOsc(song, free_port(), **how)
    thread = threading.Thread(target=fake.run, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.end()
        thread.join(20)
        fake.close()
    assert fake.mistakes == []
    assert not thread.is_alive()
