"""What the server does with a packet: decode, check against the table, ask the engine, answer.

Conventions: each module of requests (`*_requests.py`) has a function `handlers` that brings its own, by address.
`Bridge.receive` is called from one thread (the server's) and never waits: what takes
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
from importlib import import_module
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
from drumbridge.osc.input_addresses import DEVICES, INPUT_REQUESTS
from drumbridge.osc.kit_addresses import KIT_REQUESTS
from drumbridge.osc.live_addresses import LIVE_REQUESTS, STREAM_AUDIO
from drumbridge.osc.note_addresses import NOTE_REQUESTS
from drumbridge.osc.pace import Pace
from drumbridge.osc.replies import clipped, replies, reply
from drumbridge.osc.rows import Handler
from drumbridge.osc.settings_addresses import SETTINGS_REQUESTS
from drumbridge.osc.take_addresses import TAKE_REQUESTS
from drumbridge.osc.way_addresses import WAY_REQUESTS, WAY_STATUS_KEYS
from drumbridge.osc.wire import Message, address_of, decode, encode

if TYPE_CHECKING:
    from drumbridge.engine.engine import Engine
    from drumbridge.engine.live_profiles import LiveProfiles
    from drumbridge.osc.kit_requests import KitRequests
    from drumbridge.osc.live_requests import LiveRequests
    from drumbridge.osc.way_requests import Ways

_log = logging.getLogger(__name__)

_PATTERN: Final = frozenset("*?[]{}")
# Which module has the handlers of which requests: loaded with the first of them, for they import what hears audio.
_LATE: Final = {
    request.address: f"drumbridge.osc.{module}"
    for module, requests in (
        ("live_requests", LIVE_REQUESTS),
        ("input_requests", INPUT_REQUESTS),
        ("way_requests", WAY_REQUESTS),
        ("settings_requests", SETTINGS_REQUESTS),
        ("note_requests", NOTE_REQUESTS),
        ("kit_requests", KIT_REQUESTS),
        ("take_requests", TAKE_REQUESTS),
    )
    for request in requests
}


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
        self._handlers: dict[str, Handler] = {
            PREFIX + "hello": self._hello,
            PREFIX + "ping": self._ping,
            PREFIX + "status": self._status,
            PREFIX + "classify": partial(self.queue, long_requests.classify),
            PREFIX + "transcribe": partial(self.queue, long_requests.transcribe),
            PREFIX + "scan": partial(self.queue, long_requests.scan),
            PREFIX + "correct": partial(self.queue, long_requests.correct),
            PREFIX + "cancel": self._cancel,
            PREFIX + "labels": self._labels,
            PREFIX + "sync": self._sync,
            DEVICES: partial(self.queue, long_requests.devices),
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

    def queue(self, work: Callable[..., Sequence[Any]], session: Session, req: int, *arguments: Any) -> None:
        """Answer a request by a job: `work` gets the engine, its job and a way to reply, then the arguments."""
        pace = None if session.route.reliable else Pace()

        def send(message: Message) -> None:
            if pace is not None:
                pace.wait()
            session.route.send(encode(message))

        def run(job: Job) -> Sequence[Any]:
            return work(self.engine, job, send, *arguments)

        self.jobs.submit(session.client_id, req, run, partial(self._ended, session, req))

    def _handler(self, address: str) -> Handler:
        if address not in self._handlers:
            self._handlers.update(import_module(_LATE[address]).handlers(self))
        return self._handlers[address]

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
            results = self._handler(address)(session, *values)
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

    def _is_busy(self, client_id: int) -> bool:
        return self.jobs.is_busy(client_id) or (self._live is not None and self._live.has_open(client_id))

    def _gone(self, client_id: int) -> None:
        self.jobs.drop(client_id)
        if self._live is not None:
            self._live.drop(client_id)

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
