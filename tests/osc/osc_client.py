"""A plain OSC client over UDP or TCP for tests, and an engine that does what a test tells it.

Waiting is always for a packet, with a deadline that only a broken server meets.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

from drumbridge.core.events import ONE_SHOT, Classification, Hit, LabelConfidence
from drumbridge.engine.jobs import JobQueue
from drumbridge.engine.recent_hits import RecentHits
from drumbridge.errors import AudioError, JobError
from drumbridge.formats.kits import KitStore
from drumbridge.osc.framing import Framing
from drumbridge.osc.handlers import Bridge
from drumbridge.osc.server import Server
from drumbridge.osc.wire import Bundle, Message, decode, encode

DEADLINE_S = 20.0
ENDS = ("/drumbridge/done", "/drumbridge/fail")


def tags_of(arguments: tuple) -> str:
    return "".join({int: "i", float: "f", str: "s", bytes: "b"}[type(argument)] for argument in arguments)


def message(name: str, *arguments: object) -> Message:
    return Message("/drumbridge/" + name, tags_of(arguments), arguments)


class Udp:
    """A client with one datagram socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(DEADLINE_S)
        self.port = self._socket.getsockname()[1]

    def send_bytes(self, packet: bytes) -> None:
        self._socket.send(packet)

    def send(self, name: str, *arguments: object) -> None:
        self.send_bytes(encode(message(name, *arguments)))

    def receive(self) -> Message:
        answer = decode(self._socket.recv(65536))
        assert isinstance(answer, Message)
        return answer

    def until_end(self, req: int) -> list[Message]:
        """Return the replies to `req` up to its done or fail; replies to others are an error."""
        answers = []
        while not answers or answers[-1].address not in ENDS:
            answers.append(self.receive())
            assert answers[-1].arguments[0] == req, answers[-1]
        return answers

    def ask(self, name: str, *arguments: object) -> list[Message]:
        self.send(name, *arguments)
        return self.until_end(arguments[0] if arguments and isinstance(arguments[0], int) else -1)

    def close(self) -> None:
        self._socket.close()


class Tcp(Udp):
    """A client with one connection and one of the two framings."""

    def __init__(self, port: int, framing: Framing) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
        self._framing = framing
        self._packets: list = []

    def send_bytes(self, packet: bytes) -> None:
        self._socket.sendall(self._framing.frame(packet))

    def send_raw(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def receive(self) -> Message:
        while not self._packets:
            piece = self._socket.recv(65536)
            if not piece:
                raise EOFError
            self._packets += self._framing.feed(piece)
        answer = decode(self._packets.pop(0))
        assert isinstance(answer, Message)
        return answer

    def ended(self) -> bool:
        """Whether the server ends the connection, whatever it sends before."""
        try:
            while self._socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True


class TestEngine:
    """Obeys the name of the file: ``wait`` runs until cancelled or until `release` is set, and so on."""

    __test__ = False

    def __init__(self) -> None:
        self.release = threading.Event()
        self.running = threading.Semaphore(0)  # one for each job that has begun to wait
        self.order: list[str] = []
        self.kits = KitStore(Path("/nonexistent/kits"))
        self.recent_hits = RecentHits()
        self.corrected: list[tuple] = []

    def load_model(self, name: str | None = None) -> SimpleNamespace:
        return SimpleNamespace(name=name or "small", rule=SimpleNamespace(labels=("kick", "snare", "clap")))

    def _wait(self, cancelled: Callable[[], bool]) -> None:
        self.running.release()
        while not self.release.wait(0.002):
            if cancelled():
                raise JobError("job.cancelled", "The job was cancelled.")

    def classify(self, path: Path, *, model: str | None = None, kit: object = None) -> Classification:
        name = Path(path).name
        self.order.append(name)
        if name == "missing":
            raise AudioError("audio.not_found", f"There is no {path}.")
        if name == "bug":
            raise ZeroDivisionError("a bug")
        ranking = tuple(LabelConfidence(label, p) for label, p in (("kick", 0.5), ("snare", 0.25), ("clap", 0.25)))
        return Classification(ranking, name == "unsure", 100, -6.0, (), model or "small")

    def transcribe(self, path, *, start_s, end_s, kit, on_hits, on_progress, cancelled) -> SimpleNamespace:
        name = Path(path).name
        self.order.append(name)
        sure = (LabelConfidence("kick", 0.75), LabelConfidence("crash", 0.5))
        if name == "endless":
            self.running.release()
            index = 0
            while not cancelled():
                on_hits([Hit(index, 44100, 90, -6.0, sure, 0.75)], 44100)
                index += 1
            raise JobError("job.cancelled", "The job was cancelled.")
        on_hits([Hit(0, 44100, 90, -6.0, sure, 0.75)], 44100)
        on_progress(1, 2)
        if name == "wait":
            self._wait(cancelled)
        on_hits([Hit(1, 66150, 1, -50.0, (), 0.25)], 44100)
        return SimpleNamespace(warning="", hits=[SimpleNamespace(position=position) for position in (44100, 66150)])

    def correct(self, path: Path, index: int, label: str, *, position: int | None = None) -> tuple[str, float]:
        self.corrected.append((str(path), index, label, position))
        return label or "kick", 1.0

    def scan(self, folder, *, kind, on_counts, cancelled):
        names = ("a.wav", "missing", "unsure")
        on_counts(SimpleNamespace(listed=len(names)))
        for name in names:
            path = Path(folder) / name
            try:
                answer = self.classify(path)
            except AudioError as error:
                yield SimpleNamespace(path=str(path), error_code=error.code, error_message=error.message)
                continue
            yield SimpleNamespace(
                path=str(path), error_code="", kind=ONE_SHOT, label=answer.label, confidence=answer.confidence,
                unsure=answer.unsure, ranking=[(each.label, each.confidence) for each in answer.ranking], warning="",
            )  # fmt: skip


@contextlib.contextmanager
def serving(engine: object, profiles: object = None, **options) -> Iterator[Server]:
    """Run a server on a free port in a thread."""
    make_profiles = None if profiles is None else lambda: profiles
    server = Server(Bridge(lambda: engine, JobQueue(threads=2), make_profiles), "127.0.0.1", 0, **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(DEADLINE_S)
        assert server.close(DEADLINE_S)


__all__ = ["Bundle", "Message", "Tcp", "TestEngine", "Udp", "decode", "encode", "message", "serving"]
