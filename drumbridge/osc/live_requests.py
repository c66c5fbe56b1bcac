"""What the server does with live audio: streams, their packets, and who is told of their hits.

Conventions: handlers are called from the server's thread and never wait; hits and gaps are sent from the thread of
their stream. A client that is told twice at the same address and port (it was restarted) is told once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Hit
from drumbridge.core.labels import UNSURE_INDEX
from drumbridge.engine.event_bus import EventBus, StreamListener
from drumbridge.engine.live_profiles import LiveProfiles
from drumbridge.engine.live_stream import GapReason, LiveStream
from drumbridge.engine.note_outputs import NoteOutputs
from drumbridge.engine.note_plan import DURATION_MS
from drumbridge.engine.session import Session
from drumbridge.engine.streams import Streams
from drumbridge.errors import DrumbridgeError, ProtocolError, SettingsError
from drumbridge.osc.addresses import NO_REQ
from drumbridge.osc.audio_packets import AudioPackets, Gap, audio_block
from drumbridge.osc.input_requests import InputRequests
from drumbridge.osc.live_addresses import (
    CLOCK,
    GAP,
    LIVE_HIT,
    NOTIFY,
    STREAM_AUDIO,
    STREAM_CLOSE,
    STREAM_OPEN,
    STREAM_STATUS,
)
from drumbridge.osc.replies import reply
from drumbridge.osc.rows import Handler
from drumbridge.osc.settings_requests import SettingsRequests
from drumbridge.osc.take_requests import TakeRequests
from drumbridge.osc.wire import Message, encode

if TYPE_CHECKING:
    from drumbridge.osc.handlers import Bridge

AS_THE_PROFILE: Final = -1.0  # for early_ms
_COMPLAIN_EVERY_S = 1.0
_POSITIONS = 0x7FFFFFFF
_NO_NOTE = -1


class _Listener(NamedTuple):
    session: Session
    every_label: bool


class LiveRequests(StreamListener):
    """The live part of a bridge.

    Parameters
    ----------
    load : callable
        Returns the classifier of a stream.
    done, fail : callable
        As `Bridge.done` and `Bridge.fail`.
    started_s : float
        The server's time 0, monotonic seconds.
    profiles : LiveProfiles
        Settings for streams.

    Attributes
    ----------
    streams : Streams
    interfaces : InputRequests
    bus : EventBus
        Tells of the events of the streams.
    settings : SettingsRequests
    outputs : NoteOutputs
    recording : TakeRequests
    audio_dropped : int
        Packets of audio that could not be used.
    """

    def __init__(
        self,
        load: Callable[[], Classifier],
        done: Callable[[Session, int, Sequence[Any]], None],
        fail: Callable[[Session, int, Exception], None],
        started_s: float,
        profiles: LiveProfiles,
    ) -> None:
        self.bus = EventBus()
        self.bus.add(self)
        self.streams = Streams(load, self.bus)
        self.settings = SettingsRequests(profiles, self.streams)
        self.interfaces = InputRequests(self.streams, self.settings, done, fail)
        self.outputs = NoteOutputs(self.bus)
        self.recording = TakeRequests(self.streams, done, fail)
        self.audio_dropped = 0
        self._done = done
        self._fail = fail
        self._started_s = started_s
        self._packets: dict[int, AudioPackets] = {}  # by stream
        self._listeners: dict[int, _Listener] = {}  # by client; replaced, never changed: other threads read it
        self._complained_s: dict[int, float] = {}  # by client

    def open(
        self,
        session: Session,
        req: int,
        sample_rate: int,
        channels: int,
        name: str = "",
        early_ms: float = AS_THE_PROFILE,
        profile: str = "",
    ) -> None:
        """Open a stream; answered from its thread when its model is loaded."""
        settings, used = self.settings.for_stream(session, profile, None if early_ms == AS_THE_PROFILE else early_ms)

        def opened(stream: LiveStream, error: Exception | None) -> None:
            if error is None:
                self._done(session, req, (stream.stream_id,))
            else:
                self._fail(session, req, error)

        still_open = {stream.stream_id for stream in self.streams}
        self._packets = {k: packets for k, packets in self._packets.items() if k in still_open}
        self.streams.open(
            sample_rate,
            channels,
            client_id=session.client_id,
            name=name[:100],
            settings=settings,
            profile=used,
            on_opened=opened,
        )

    def audio(self, session: Session, arguments: tuple[Any, ...]) -> None:
        """Take a packet of audio."""
        try:
            if len(arguments) < 3:
                raise ProtocolError("osc.arguments", f"{STREAM_AUDIO} was sent with {len(arguments)} arguments.")
            number = _whole(arguments[1])
            stream = self.streams.find(_whole(arguments[0]))
            block = audio_block(arguments[2:], stream.channels)
        except DrumbridgeError as error:
            self.audio_dropped += 1
            now = time.monotonic()
            if now - self._complained_s.get(session.client_id, -_COMPLAIN_EVERY_S) >= _COMPLAIN_EVERY_S:
                self._complained_s[session.client_id] = now
                self._fail(session, NO_REQ, error)
            return
        packets = self._packets.get(stream.stream_id)
        if packets is None:
            packets = self._packets[stream.stream_id] = AudioPackets()
        _feed(stream, packets.take(number, block))
        if session.route.reliable and not stream.has_room:
            session.route.pause()
            stream.when_room(session.route.resume)

    def close(self, session: Session, req: int, stream_id: int) -> None:
        """End a stream; answered from its thread when its last hits have left."""
        stream = self.streams.find(stream_id)
        packets = self._packets.pop(stream_id, None)
        if packets is not None:
            _feed(stream, packets.flush())
        self.streams.close(stream_id, lambda: self._done(session, req, ()))

    def notify(self, session: Session, req: int, on: int) -> Sequence[Any]:
        """Tell a client of every hit and gap, or no longer."""
        if on not in (0, 1, 2):
            raise SettingsError("settings.notify", f"notify takes 0, 1 or 2, not {on}.")
        others = {k: listener for k, listener in self._listeners.items() if k != session.client_id}
        self._listeners = others | ({session.client_id: _Listener(session, on == 2)} if on else {})
        return ()

    def clock(self, session: Session, req: int, stream_id: int) -> Sequence[Any]:
        """Relate the positions of a stream to the server's time."""
        stream = self.streams.find(stream_id)
        position = stream.position
        drift_ppm = stream.clock.drift_ppm
        now_s = time.monotonic() - self._started_s
        position_s = stream.clock.time_s(position) - self._started_s if position else now_s
        rate_hz = stream.sample_rate * (1 + 1e-6 * drift_ppm)
        return position & _POSITIONS, *_seconds(position_s), *_seconds(now_s), rate_hz, drift_ppm

    def status(self, req: int) -> list[Message]:
        """Return the facts about every open stream and every audio interface."""
        messages = self.interfaces.status(req)
        for stream in self.streams:
            packets = self._packets.get(stream.stream_id, AudioPackets()).counts
            counts = (packets.received, packets.lost, packets.late, packets.doubled)
            samples = (stream.waiting, stream.overrun, stream.unusable)
            messages.append(
                reply(
                    STREAM_STATUS,
                    req,
                    stream.stream_id,
                    stream.name,
                    stream.sample_rate,
                    stream.channels,
                    stream.position & _POSITIONS,
                    *(count & _POSITIONS for count in counts + samples),
                    stream.clock.drift_ppm,
                )
            )
        return messages

    def has_open(self, client_id: int) -> bool:
        """Whether a stream of the client is open."""
        return self.streams.has_open(client_id) or self.interfaces.inputs.has_open(client_id)

    def shut_down(self, timeout_s: float) -> bool:
        """End all streams and let go of all devices; return whether all ended in time."""
        ended = self.interfaces.inputs.shut_down(timeout_s)
        ended = self.streams.shut_down(timeout_s) and ended
        ended = self.recording.takes.shut_down(timeout_s) and ended
        return self.outputs.shut_down(timeout_s) and ended

    def drop(self, client_id: int) -> None:
        """Forget a client that is gone, and end its streams."""
        self.interfaces.inputs.drop(client_id)
        self.streams.drop(client_id)
        self.settings.drop(client_id)
        self._complained_s.pop(client_id, None)
        if client_id in self._listeners:
            self._listeners = {k: listener for k, listener in self._listeners.items() if k != client_id}

    def on_hits(self, stream: LiveStream, hits: list[Hit]) -> None:
        for hit in hits:
            packets = [encode(message) for message in hit_messages(stream.stream_id, hit)]
            for listener in self._told():
                for packet in packets if listener.every_label else packets[:1]:
                    listener.session.route.send(packet)

    def on_gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        self.tell(reply(GAP, stream.stream_id, position & _POSITIONS, min(length, _POSITIONS), int(reason)))

    def tell(self, event: Message) -> None:
        """Send an event to everybody who asked for them."""
        packet = encode(event)
        for listener in self._told():
            listener.session.route.send(packet)

    def _told(self) -> Sequence[_Listener]:
        return list({listener.session.route.target: listener for listener in self._listeners.values()}.values())


def hit_messages(stream_id: int, hit: Hit) -> list[Message]:
    """Return a hit as messages, one for each of its labels, strongest first; an unsure one has one."""
    rows = [(entry.note, entry.index, entry.confidence) for entry in hit.labels]
    if not rows:
        rows = [(_NO_NOTE if hit.note is None else hit.note, UNSURE_INDEX, hit.confidence)]
    position = hit.position & _POSITIONS
    return [
        Message(
            LIVE_HIT,
            "iiiiiiiif",
            (
                stream_id,
                hit.index & _POSITIONS,
                int(hit.stage),
                position,
                note,
                hit.velocity,
                DURATION_MS,
                index,
                confidence,
            ),
        )
        for note, index, confidence in rows
    ]


def _feed(stream: LiveStream, pieces: list[np.ndarray | Gap]) -> None:
    for piece in pieces:
        if isinstance(piece, Gap):
            stream.gap(piece.length, GapReason.RESTARTED if piece.restarted else GapReason.LOST)
        else:
            stream.feed(piece)


def _seconds(time_s: float) -> tuple[int, int]:
    """Return a time as whole seconds and microseconds, which no float32 has to hold."""
    return divmod(round(1e6 * time_s), 1_000_000)


def _whole(value: Any) -> int:
    """Return a number that may have come as float, or as int64: packet numbers are unsigned to some."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value == int(value):
        return int(value)
    raise ProtocolError("osc.arguments", f"{STREAM_AUDIO} stream_id seq audio: {value!r:.60} is no whole number.")


def handlers(bridge: Bridge) -> dict[str, Handler]:
    """Return what answers the requests of this module, by address."""
    live = bridge.live
    return {STREAM_OPEN: live.open, STREAM_CLOSE: live.close, NOTIFY: live.notify, CLOCK: live.clock}
