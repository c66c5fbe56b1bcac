"""What a running `drumbridge serve` hears, for the page: the page's server is one more client of it, over OSC.

Conventions: a `LiveFeed` talks only while somebody looks. It asks for all events (``notify``), and twice a second how
things are (``status``) and how positions relate to time (``clock``), which also finds a server that was started later,
or again. Events are dicts as the browser gets them. Each listener has a queue of its own that is bounded: what it does
not take is counted and told.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from drumbridge.core.labels import LABELS, UNSURE, UNSURE_INDEX
from drumbridge.errors import ProtocolError, SettingsError
from drumbridge.osc.addresses import DONE, FAIL
from drumbridge.osc.input_addresses import INPUT_STATUS
from drumbridge.osc.live_addresses import CLOCK, GAP, LIVE_HIT, NOTIFY, STREAM_STATUS
from drumbridge.osc.rows import PREFIX
from drumbridge.osc.wire import Bundle, Message, decode, encode
from drumbridge.ports import LOOPBACK

HELD: Final = 2000  # events that wait for one browser
_ASK_EVERY_S = 0.5
_SILENT_S = 2.5  # without any answer: nobody is there
_EVERY_LABEL = 2
_PLAUSIBLE_S = 60.0
_REASONS = ("packets were lost", "too fast", "began anew", "xrun", "the device is gone")
_STAGES = ("early", "final", "withdrawn")

Event = dict[str, Any]


class Listener:
    """The events that one browser has not taken yet.

    Parameters
    ----------
    wake : callable
        Called, from another thread, whenever there is something to take.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: deque[Event] = deque()
        self._missed = 0
        self._lock = threading.Lock()

    def put(self, event: Event) -> None:
        """Add an event, or count it where too many wait."""
        with self._lock:
            if len(self._waiting) < HELD:
                self._waiting.append(event)
            else:
                self._missed += 1
        self._wake()

    def take(self) -> list[Event]:
        """Return what waits, in order, and how many events had no room."""
        with self._lock:
            events = list(self._waiting)
            self._waiting.clear()
            if self._missed:
                events.append({"type": "missed", "events": self._missed})
                self._missed = 0
        return events


class _Clock(NamedTuple):
    """Sample `position` of a stream arrived at `at_s` of our clock."""

    position: int
    at_s: float
    rate_hz: float


class LiveFeed:
    """The client of one server; call `add` to listen.

    Parameters
    ----------
    port : int
        UDP port of the server, on this machine.

    Raises
    ------
    SettingsError
        ``settings.server_port``.
    """

    def __init__(self, port: int) -> None:
        if not 0 < port < 65536:
            raise SettingsError("settings.server_port", f"A server's port is 1 to 65535, not {port}.")
        self.port = port
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, wake: Callable[[], None]) -> Listener:
        """Begin to listen."""
        listener = Listener(wake)
        with self._lock:
            self._listeners.append(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="drumbridge-live-feed", daemon=True)
                self._thread.start()
        return listener

    def remove(self, listener: Listener) -> None:
        """End it; with the last one the feed falls silent."""
        with self._lock:
            self._listeners = [known for known in self._listeners if known is not listener]

    def _run(self) -> None:
        while True:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
                link.connect((LOOPBACK, self.port))
                link.settimeout(_ASK_EVERY_S / 4)
                _Talk(link, self._tell).go_on(lambda: bool(self._listeners))
            with self._lock:
                if not self._listeners:
                    self._thread = None
                    return

    def _tell(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener.put(event)


class _Talk:
    """What is said and heard on one socket."""

    def __init__(self, link: socket.socket, tell: Callable[[Event], None]) -> None:
        self._link = link
        self._port = link.getpeername()[1]
        self._tell = tell
        self._reqs = itertools.count(1)
        self._asked: dict[int, tuple[str, int, float]] = {}  # what, of which stream, when
        self._streams: dict[int, Event] = {}
        self._found: dict[int, Event] = {}  # of the status that is being told
        self._rates: dict[int, int] = {}
        self._clocks: dict[int, _Clock] = {}
        self._answered_s = -_SILENT_S
        self._asked_s = -_ASK_EVERY_S

    def go_on(self, wanted: Callable[[], bool]) -> None:
        """Talk until nobody wants to know any more."""
        while wanted():
            now = time.monotonic()
            if now - self._asked_s >= _ASK_EVERY_S:
                self._asked_s = now
                self._state(now)
                self._ask(NOTIFY, _EVERY_LABEL)
                self._ask(PREFIX + "status")
                for stream_id in self._rates:
                    self._ask(CLOCK, stream_id)
            try:
                packet = self._link.recv(65536)
                self._hear(decode(packet))
            except ConnectionError:  # nobody has that port; asked again in a while
                time.sleep(_ASK_EVERY_S / 4)
            except (TimeoutError, ProtocolError):
                continue
        self._ask(NOTIFY, 0)

    def _ask(self, address: str, *arguments: int) -> None:
        req = next(self._reqs)
        if len(self._asked) > 100:  # of a server that was ended
            self._asked.clear()
        self._asked[req] = address, arguments[0] if arguments else 0, time.monotonic()
        with contextlib.suppress(OSError):
            self._link.send(encode(Message(address, "i" * (1 + len(arguments)), (req, *arguments))))

    def _state(self, now: float) -> None:
        running = now - self._answered_s < _SILENT_S
        if not running:
            self._streams, self._rates, self._clocks = {}, {}, {}
        self._tell({"type": "state", "running": running, "port": self._port, "streams": list(self._streams.values())})

    def _hear(self, element: Message | Bundle) -> None:
        for message in element.messages() if isinstance(element, Bundle) else (element,):
            self._answered_s = time.monotonic()
            self._take(message, self._answered_s)

    def _take(self, message: Message, now: float) -> None:
        what = message.arguments
        if message.address == LIVE_HIT:
            self._hit(*what, now=now)
        elif message.address == GAP:
            stream_id, position, length, reason = what
            name = _REASONS[reason] if 0 <= reason < len(_REASONS) else "missing"
            self._tell({"type": "gap", "stream": stream_id, "position": position, "length": length, "reason": name})
        elif message.address == STREAM_STATUS:
            _, stream_id, name, rate, channels, position, _, lost, late, _, waiting, overrun = what[:12]
            self._rates[stream_id] = rate
            self._about(stream_id).update(
                name=name, sample_rate=rate, channels=channels, position=position, lost=lost, late=late,
                waiting_ms=round(1000 * waiting / rate, 1), overrun=overrun,
            )  # fmt: skip
        elif message.address == INPUT_STATUS:
            _, stream_id, device, host, channels, _, is_there, level_db = what[:8]
            self._about(stream_id).update(
                device=f"{device}, {host}" if host else device, heard=channels, there=bool(is_there), level_db=level_db
            )
        elif message.address in (DONE, FAIL) and what and what[0] in self._asked:
            self._done(*self._asked.pop(what[0]), message.address == DONE, what[1:], now)

    def _about(self, stream_id: int) -> Event:
        return self._found.setdefault(stream_id, {"id": stream_id})

    def _done(self, address: str, stream_id: int, sent_s: float, good: bool, what: Any, now: float) -> None:
        if address == CLOCK and good:
            position, at_s, at_us, now_s, now_us, rate_hz = what[:6]
            # The answer left in the middle between asking and hearing, as far as anybody knows.
            ours = (sent_s + now) / 2 - (now_s + now_us / 1e6)
            if position:
                self._clocks[stream_id] = _Clock(position, ours + at_s + at_us / 1e6, rate_hz)
        elif address == PREFIX + "status":
            self._streams, self._found = self._found, {}
            for gone in set(self._rates) - set(self._streams):
                self._rates.pop(gone, None)
                self._clocks.pop(gone, None)

    def _hit(
        self, stream_id: int, hit_id: int, stage: int, position: int, note: int, velocity: int, duration_ms: int,
        label_index: int, confidence: float, *, now: float,
    ) -> None:  # fmt: skip
        event: Event = {
            "type": "hit", "stream": stream_id, "hit": hit_id, "stage": _STAGES[stage], "position": position,
            "note": note, "velocity": velocity, "label": _label(label_index), "confidence": round(confidence, 4),
        }  # fmt: skip
        if rate := self._rates.get(stream_id):
            event["position_s"] = round(position / rate, 4)
        if clock := self._clocks.get(stream_id):
            attack_s = clock.at_s + (position - clock.position) / clock.rate_hz
            if -_PLAUSIBLE_S < now - attack_s < _PLAUSIBLE_S:  # a file that plays as a device has a clock of its own
                event["latency_ms"] = round(1000 * (now - attack_s), 2)
        self._tell(event)


def _label(index: int) -> str:
    if 0 <= index < len(LABELS):
        return LABELS[index].name
    return UNSURE if index == UNSURE_INDEX else f"pad {index - UNSURE_INDEX}"
