"""What the server does with a packet: decode, check against the table, ask the engine, answer.

Conventions: `Bridge.receive` is called from one thread (the server's) and never waits: what takes
time is a job. Answers leave through ``session.route``, from that thread or from a job's. Every
request is answered by exactly one done or fail: its handler returns the arguments of done, or
raises, or returns None and has queued a job whose end does the one or the other.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from drumbridge._version import __version__
from drumbridge.core.labels import LABELS, UNSURE, UNSURE_COLOUR, pad_index
from drumbridge.core.own_labels import own_pads
from drumbridge.core.pad import Pad
from drumbridge.engine.jobs import Job, JobQueue
from drumbridge.engine.session import Session, Sessions
from drumbridge.errors import DrumbridgeError, ProtocolError
from drumbridge.osc import long_requests
from drumbridge.osc.addresses import DONE, FAIL, NO_REQ, PREFIX, PROTOCOL, REQUEST_BY_ADDRESS, is_answer
from drumbridge.osc.input_addresses import DEVICES, INPUT_START, INPUT_STOP
from drumbridge.osc.kit_addresses import KIT_REQUESTS, KIT_TAP
from drumbridge.osc.live_addresses import CLOCK, NOTIFY, STREAM_AUDIO, STREAM_CLOSE, STREAM_OPEN
from drumbridge.osc.note_addresses import MIDI_PORTS, MIDI_START, MIDI_STOP, VKB_START, VKB_STOP
from drumbridge.osc.pace import Pace
from drumbridge.osc.replies import clipped, replies, reply
from drumbridge.osc.settings_addresses import (
    SETTINGS_GET,
    SETTINGS_LIST,
    SETTINGS_PROFILES,
    SETTINGS_RESET,
    SETTINGS_SET,
    SETTINGS_USE,
)
from drumbridge.osc.take_addresses import TAKE_START, TAKE_STOP
from drumbridge.osc.way_addresses import (
    JMTX_CLOSE,
    JMTX_OPEN,
    JMTX_START,
    JMTX_STOP,
    REASTREAM_NOTES_START,
    REASTREAM_NOTES_STOP,
    REASTREAM_START,
    REASTREAM_STOP,
    WAY_STATUS_KEYS,
)
from drumbridge.osc.wire import Message, address_of, decode, encode

if TYPE_CHECKING:
    from drumbridge.engine.engine import Engine
    from drumbridge.engine.live_profiles import LiveProfiles
    from drumbridge.osc.kit_requests import KitRequests
    from drumbridge.osc.live_requests import LiveRequests
    from drumbridge.osc.way_requests import Ways

_log = logging.getLogger(__name__)

_PATTERN: Final = frozenset("*?[]{}")
_Handler = Callable[..., "Sequence[Any] | None"]


class Bridge:
    """Answers packets with an engine.

    Parameters
    ----------
    make_engine : callable
        Returns the engine; called once, by whoever needs it first, because importing one takes a while.
    jobs : JobQueue
        Runs what takes time.
    make_profiles : callable, optional
        Returns the settings for live streams; by default those of the user.

    Attributes
    ----------
    sessions : Sessions
        The clients.
    replies_lost : int
        Counted by the routes.
    host : str
        The server's address, for what else listens.
    """

    def __init__(
        self, make_engine: Callable[[], Engine], jobs: JobQueue, make_profiles: Callable[[], LiveProfiles] | None = None
    ) -> None:
        self.jobs = jobs
        self.sessions = Sessions(self._is_busy, self._gone)
        self.replies_lost = 0
        self._make_engine = make_engine
        self._make_profiles = make_profiles or _own_profiles
        self._engine: Engine | None = None
        self._live: LiveRequests | None = None
        self._ways: Ways | None = None
        self._kits: KitRequests | None = None
        self.host = "127.0.0.1"
        self._model = ""
        self._own_pads: list[Pad] = []
        self._started_s = time.monotonic()
        self._requests = self._fails = 0
        self._making = threading.Lock()
        self._counting = threading.Lock()
        self._handlers: dict[str, _Handler] = {
            PREFIX + "hello": self._hello,
            PREFIX + "ping": self._ping,
            PREFIX + "status": self._status,
            PREFIX + "classify": partial(self._queue, long_requests.classify),
            PREFIX + "transcribe": partial(self._queue, long_requests.transcribe),
            PREFIX + "scan": partial(self._queue, long_requests.scan),
            PREFIX + "correct": partial(self._queue, long_requests.correct),
            PREFIX + "cancel": self._cancel,
            PREFIX + "labels": self._labels,
            PREFIX + "sync": self._sync,
            STREAM_OPEN: lambda *arguments: self.live.open(*arguments),
            STREAM_CLOSE: lambda *arguments: self.live.close(*arguments),
            NOTIFY: lambda *arguments: self.live.notify(*arguments),
            CLOCK: lambda *arguments: self.live.clock(*arguments),
            DEVICES: partial(self._queue, long_requests.devices),
            INPUT_START: lambda *arguments: self.live.interfaces.start(*arguments),
            INPUT_STOP: lambda *arguments: self.live.interfaces.stop(*arguments),
            MIDI_PORTS: partial(self._queue_notes, "midi_ports"),
            MIDI_START: partial(self._queue_notes, "start_midi"),
            MIDI_STOP: partial(self._queue_notes, "stop_midi"),
            VKB_START: partial(self._queue_notes, "start_keyboard"),
            VKB_STOP: partial(self._queue_notes, "stop_keyboard"),
            JMTX_START: lambda _, req, *settings: (self.ways.start_jmtx(*settings),),
            JMTX_STOP: self._stop_jmtx,
            JMTX_OPEN: lambda session, req, *settings: (self.ways.open_jmtx(session.client_id, *settings),),
            JMTX_CLOSE: self._close_jmtx,
            REASTREAM_START: lambda _, req, *settings: (self.ways.start_reastream(*settings),),
            REASTREAM_STOP: self._stop_reastream,
            TAKE_START: lambda *arguments: self.live.recording.start(*arguments),
            TAKE_STOP: lambda *arguments: self.live.recording.stop(*arguments),
            REASTREAM_NOTES_START: lambda _, req, *settings: (self.ways.start_notes(*settings),),
            REASTREAM_NOTES_STOP: lambda _, req, *names: (self.ways.stop_notes(*names),),
            SETTINGS_LIST: lambda *arguments: self.live.settings.list(*arguments),
            SETTINGS_SET: lambda *arguments: self.live.settings.set(*arguments),
            SETTINGS_GET: lambda *arguments: self.live.settings.get(*arguments),
            SETTINGS_RESET: lambda *arguments: self.live.settings.reset(*arguments),
            SETTINGS_USE: lambda *arguments: self.live.settings.use(*arguments),
            SETTINGS_PROFILES: lambda *arguments: self.live.settings.profiles(*arguments),
            **{request.address: partial(self._queue_kits, request.address) for request in KIT_REQUESTS},
        }

    @property
    def engine(self) -> Engine:
        """The engine, made when first asked for."""
        with self._making:
            if self._engine is None:
                self._engine = self._make_engine()
            return self._engine

    @property
    def live(self) -> LiveRequests:
        """The live part, made when the server's thread first needs it: it imports what reads and hears audio."""
        if self._live is None:
            from drumbridge.osc.live_requests import LiveRequests

            self._live = LiveRequests(
                lambda: self.engine.load_hit_model(), self.done, self.fail, self._started_s, self._make_profiles()
            )
        return self._live

    @property
    def ways(self) -> Ways:
        """The other ways for audio than OSC, made when first needed, like the live part."""
        if self._ways is None:
            from drumbridge.osc.way_requests import Ways

            self._ways = Ways(lambda: self.live, lambda: self.host)
        return self._ways

    @property
    def kits(self) -> KitRequests:
        """The kits of the user, made when first needed, like the live part."""
        if self._kits is None:
            from drumbridge.engine.live_kits import LiveKits
            from drumbridge.osc.kit_requests import KitRequests

            kits = LiveKits(self.engine.kits, lambda: self.engine.load_hit_model(), self.live.streams)
            self._kits = KitRequests(kits, self.live.tell)
        return self._kits

    def close(self, timeout_s: float) -> bool:
        """Cancel all jobs, end all streams and takes, let all notes go; return whether all ended in time."""
        if self._ways is not None:
            self._ways.close()
        ended = self.jobs.close(timeout_s)
        if self._live is not None:
            ended = self._live.shut_down(timeout_s) and ended
        if self._kits is not None:
            self._kits.kits.shut_down()
        return ended

    def load_model(self) -> None:
        """Load the server's own model ahead of the first request that needs it.

        Raises
        ------
        ModelError
            As `Engine.load_model`.
        """
        classifier = self.engine.load_model()
        self._model, self._own_pads = classifier.name, list(own_pads(classifier.rule.labels).values())

    @property
    def requests(self) -> int:
        """How many messages have come."""
        return self._requests

    @property
    def in_use(self) -> bool:
        """Whether a stream is open (an input is one too), or a job waits or runs; from any thread."""
        return any(self.jobs.counts()) or (self._live is not None and any(True for _ in self._live.streams))

    def receive(self, packet: bytes, session: Session) -> None:
        """Do what a packet of a client asks."""
        try:
            element = decode(packet)
        except ProtocolError as error:
            if not is_answer(address_of(packet)):
                self.fail(session, NO_REQ, error)
            return
        for message in (element,) if isinstance(element, Message) else element.messages():
            self._request(message, session)

    def fail(self, session: Session, req: int, error: Exception) -> None:
        """Answer a request that went wrong; what is no DrumbridgeError is a bug and goes to the log."""
        if isinstance(error, DrumbridgeError):
            code, text = error.code, error.message
            _log.debug("client %d, req %d: %s: %s", session.client_id, req, code, text)
        else:
            code, text = "server.bug", f"drumbridge made a mistake ({type(error).__name__}); see the server's log."
            _log.error("client %d, req %d: a bug", session.client_id, req, exc_info=error)
        with self._counting:
            self._fails += 1
        session.route.send(encode(reply(FAIL, req, code, clipped(text))))

    def done(self, session: Session, req: int, results: Sequence[Any]) -> None:
        """Answer a request that went well."""
        session.route.send(encode(reply(DONE, req, *results)))

    def _request(self, message: Message, session: Session) -> None:
        address, tags, arguments = message
        self._requests += 1
        if address == STREAM_AUDIO:
            self.live.audio(session, arguments)
            return
        req = arguments[0] if tags[:1] == "i" else _req_of(arguments)
        try:
            request = REQUEST_BY_ADDRESS.get(address)
            if request is None:
                if is_answer(address):
                    _log.debug("client %d sent an answer, %s; ignored", session.client_id, address)
                    return
                raise _unknown(address)
            values = arguments if tags == request.tags == "i" else request.check(arguments)
            results = self._handlers[address](session, *values)
            if results is not None:
                self.done(session, req, results)
        except Exception as error:
            self.fail(session, req, error)

    def _hello(self, session: Session, req: int, reply_port: int, name: str) -> Sequence[Any]:
        session.route.reply_to(reply_port)
        session.name = name[:100]
        _log.info("client %d is %r", session.client_id, session.name)
        return session.client_id, __version__

    def _ping(self, session: Session, req: int) -> Sequence[Any]:
        return ()

    def _status(self, session: Session, req: int) -> Sequence[Any]:
        queued, running = self.jobs.counts()
        facts: dict[str, Any] = {
            "version": __version__,
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "uptime_s": time.monotonic() - self._started_s,
            "memory_mb": _highest_memory_mb(),
            "model": self._model,
            "clients": len(self.sessions),
            "jobs_queued": queued,
            "jobs_running": running,
            "requests": self._requests & 0x7FFFFFFF,
            "fails": self._fails & 0x7FFFFFFF,
            "replies_lost": self.replies_lost & 0x7FFFFFFF,
            "streams": 0 if self._live is None else len(list(self._live.streams)),
            "audio_dropped": 0 if self._live is None else self._live.audio_dropped & 0x7FFFFFFF,
            "notes_lost": 0 if self._live is None else self._live.outputs.lost & 0x7FFFFFFF,
            **(dict.fromkeys((key.name for key in WAY_STATUS_KEYS), 0) if self._ways is None else self._ways.facts()),
        }
        for message in replies(PREFIX + "status/value", req, facts.items()):
            session.route.send(encode(message))
        for message in () if self._live is None else self._live.status(req):
            session.route.send(encode(message))
        return ()

    def _labels(self, session: Session, req: int) -> Sequence[Any]:
        rows = [(index, *label) for index, label in enumerate(LABELS)]
        rows.append((len(rows), UNSURE, UNSURE, -1, UNSURE_COLOUR))
        rows += [(pad_index(pad.number), pad.name, pad.name, pad.note, pad.colour) for pad in self._own_pads]
        for message in replies(PREFIX + "labels/value", req, rows):
            session.route.send(encode(message))
        return ()

    def _cancel(self, session: Session, req: int, other_req: int) -> Sequence[Any]:
        self.jobs.cancel(session.client_id, other_req)
        return ()

    def _sync(self, session: Session, req: int) -> None:
        self.jobs.mark(session.client_id, req, partial(self._ended, session, req))

    def _stop_jmtx(self, session: Session, req: int) -> Sequence[Any]:
        self.ways.stop_jmtx()
        return ()

    def _close_jmtx(self, session: Session, req: int, name: str) -> Sequence[Any]:
        self.ways.close_jmtx(name)
        return ()

    def _stop_reastream(self, session: Session, req: int) -> Sequence[Any]:
        self.ways.stop_reastream()
        return ()

    def _is_busy(self, client_id: int) -> bool:
        return self.jobs.is_busy(client_id) or (self._live is not None and self._live.has_open(client_id))

    def _gone(self, client_id: int) -> None:
        self.jobs.drop(client_id)
        if self._live is not None:
            self._live.drop(client_id)

    def _queue_notes(self, name: str, session: Session, req: int, *arguments: Any) -> None:
        from drumbridge.osc import note_requests  # after the live part, which imports the same

        outputs = self.live.outputs
        work = getattr(note_requests, name)
        self._queue(lambda engine, job, send: work(outputs, job, send, *arguments), session, req)

    def _queue_kits(self, address: str, session: Session, req: int, *arguments: Any) -> None:
        work = getattr(self.kits, address.rpartition("/")[2])
        if address == KIT_TAP:
            work = partial(work, partial(self.fail, session, NO_REQ))
        self._queue(lambda engine, job, send: work(job, send, *arguments), session, req)

    def _queue(self, work: Callable[..., Sequence[Any]], session: Session, req: int, *arguments: Any) -> None:
        pace = None if session.route.reliable else Pace()

        def send(message: Message) -> None:
            if pace is not None:
                pace.wait()
            session.route.send(encode(message))

        def run(job: Job) -> Sequence[Any]:
            return work(self.engine, job, send, *arguments)

        self.jobs.submit(session.client_id, req, run, partial(self._ended, session, req))

    def _ended(self, session: Session, req: int, results: Sequence[Any] | None, error: Exception | None) -> None:
        if error is None:
            self.done(session, req, results or ())
        else:
            self.fail(session, req, error)


def _own_profiles() -> LiveProfiles:
    from drumbridge.engine.live_profiles import LiveProfiles

    return LiveProfiles()


def _req_of(arguments: tuple[Any, ...]) -> int:
    """Return the req of a request whose arguments may be anything."""
    req = arguments[0] if arguments else None
    if isinstance(req, int | float) and not isinstance(req, bool) and -(1 << 31) <= req < 1 << 31 and req == int(req):
        return int(req)
    return NO_REQ


def _unknown(address: str) -> ProtocolError:
    if _PATTERN & set(address):
        return ProtocolError("osc.pattern", f"{address:.200} is a pattern; drumbridge wants each address in full.")
    known = " ".join(known.removeprefix(PREFIX) for known in REQUEST_BY_ADDRESS)
    return ProtocolError("osc.unknown_address", f"There is no {address:.200}; below {PREFIX} there are: {known}.")


def _highest_memory_mb() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource

    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest / (1e6 if sys.platform == "darwin" else 1e3)
