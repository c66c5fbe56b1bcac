"""From live audio to notes: the device's native chain, rebuilt in Pure Data, beside the offline answer.

Audio is streamed in real time by jit.net.send's protocol. The added latency of the chain, from the message on the wire
to the note, is measured and printed (pytest -s shows it); nothing depends on it.
"""

import re
import shutil
import socket
import subprocess
import threading
import time
from queue import Queue

import numpy as np
import pytest
import soundfile
from chain_in_pd import pd_patch
from graph import GRAPHS
from live_set import DEADLINE_S
from serving import serving

from drumbridge import transcribe
from drumbridge.daw.jmtx import matrix_bytes
from drumbridge.engine.note_plan import notes_of
from drumbridge.osc.wire import Message, decode, encode

pytestmark = pytest.mark.skipif(shutil.which("pd") is None, reason="not installed: pd")
RATE = 44100
BLOCK = 512


class Client:
    """An OSC client with a socket of its own; events are kept with the time they came at."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.connect(("127.0.0.1", port))
        self.events: list[tuple[float, tuple]] = []
        self._req = 0
        self._answers: Queue[Message] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                answer = decode(self.socket.recv(65536))
            except OSError:
                return  # closed
            if answer.address == "/drumbridge/live/hit":
                self.events.append((time.monotonic(), answer.arguments))
            else:
                self._answers.put(answer)

    def close(self) -> None:
        self.socket.close()

    def ask(self, name: str, *arguments: object) -> list[Message]:
        self._req += 1
        tags = "".join({int: "i", float: "f", str: "s"}[type(one)] for one in (self._req, *arguments))
        self.socket.send(encode(Message(f"/drumbridge/{name}", tags, (self._req, *arguments))))
        answers = []
        while not answers or answers[-1].address not in ("/drumbridge/done", "/drumbridge/fail"):
            answers.append(self._answers.get(timeout=DEADLINE_S))
        assert answers[-1].address == "/drumbridge/done", answers[-1]
        return answers

    def streams(self) -> dict[str, int]:
        """Return the open streams, number by name."""
        rows = [answer.arguments for answer in self.ask("status") if answer.address == "/drumbridge/status/stream"]
        return {row[2]: row[1] for row in rows}

    def stream_id(self, name: str) -> int:
        """Wait until the stream has begun; return its number."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            streams = self.streams()
            if name in streams:
                return streams[name]
        pytest.fail("the stream did not begin")

    def wait_for_hits(self, stage: int, n: int) -> None:
        """Wait until n hits of the stage have come."""
        deadline = time.monotonic() + DEADLINE_S
        while sum(arguments[2] == stage for _, arguments in self.events) < n:
            assert time.monotonic() < deadline, f"only {len(self.events)} events came"
            threading.Event().wait(0.02)

    def until_gone(self, name: str) -> None:
        """Wait until the stream has ended, and with it its hits have come."""
        deadline = time.monotonic() + DEADLINE_S
        while name in self.streams():
            assert time.monotonic() < deadline, "the stream did not end"


class Pd:
    """Pure Data with a patch; keeps the lines it prints with the time they came at."""

    def __init__(self, patch) -> None:
        command = ["pd", "-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr", "-open", str(patch)]
        self._process = subprocess.Popen(
            command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        self.lines: list[tuple[float, str]] = []
        self._more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout:
            with self._more:
                self.lines.append((time.monotonic(), line.decode().rstrip()))
                self._more.notify_all()

    def wait_for_notes(self, n: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.notes()) >= n, DEADLINE_S), self.lines[-5:]

    def notes(self) -> list[tuple[float, int, int]]:
        found = [(s, re.fullmatch(r"note: (?:list )?(\d+) (\d+)", line)) for s, line in self.lines]
        return [(s, int(match[1]), int(match[2])) for s, match in found if match]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def play_in_real_time(port: int, audio: np.ndarray, go_on: threading.Event, began: list[float]) -> None:
    """Send audio as jit.net.send does, a block when it has been played; `go_on` is waited for after the first."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sender:
        start_s = 0.0
        for k, block in enumerate(audio[at : at + BLOCK] for at in range(0, len(audio), BLOCK)):
            sender.sendall(matrix_bytes(block[:, None]))
            if k == 0:
                assert go_on.wait(DEADLINE_S)
                start_s = time.monotonic() - BLOCK / RATE  # when sample 0 was played
                began.append(start_s)
            threading.Event().wait(max(0.0, start_s + (k + 2) * BLOCK / RATE - time.monotonic()))
        sender.shutdown(socket.SHUT_WR)
        while sender.recv(65536):
            pass


def stream(server, tmp_path, audio: np.ndarray, early_ms: float, stage: int, at_least: int):
    """Stream audio to the server, with Pd listening in; return its notes, and the events that a client had."""
    client = Client(server.port)
    name = f"test {tmp_path.name}"
    (done,) = client.ask("jmtx/open", name, RATE, early_ms)
    go_on = threading.Event()
    began: list[float] = []
    player = threading.Thread(target=play_in_real_time, args=(done.arguments[1], audio, go_on, began), daemon=True)
    player.start()
    stream_id = client.stream_id(name)
    pd_port = free_port()
    patch = tmp_path / "chain.pd"
    patch.write_text(pd_patch(GRAPHS["DrumBridge"], pd_port, stream_id, stage))
    pd = Pd(patch)
    for_pd = Client(server.port)
    wait_for_port(pd_port)
    for_pd.socket.send(encode(Message("/drumbridge/hello", "iis", (1, pd_port, "pd"))))
    for_pd.socket.send(encode(Message("/drumbridge/notify", "ii", (2, 2))))
    client.ask("notify", 2)
    go_on.set()
    try:
        player.join(DEADLINE_S)
        client.ask("jmtx/close", name)
        client.until_gone(name)
        client.wait_for_hits(stage, at_least)  # the last ones are sent when the stream has ended
        n_notes = sum(arguments[2] == stage for _, arguments in client.events)
        pd.wait_for_notes(2 * n_notes)  # each with its end
    finally:
        pd.close()
        client.close()
        for_pd.close()
    return pd.notes(), client.events, began[0]


def wait_for_port(port: int) -> None:
    """Wait until somebody has the UDP port."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return
        threading.Event().wait(0.02)
    pytest.fail("Pd does not listen")


def report(what: str, notes, events, stage: int, began_s: float) -> None:
    """Print how long after the message, and after the stroke, the notes came out of the chain."""
    sent = [(s, arguments[3]) for s, arguments in events if arguments[2] == stage]
    came = [s for s, _, velocity in notes if velocity > 0]
    after_message = 1000 * np.array([c - s for c, (s, _) in zip(came, sent, strict=True)])
    after_stroke = 1000 * np.array([c - began_s - p / RATE for c, (_, p) in zip(came, sent, strict=True)])
    print(
        f"\n{what}: {len(came)} notes; after the message {np.median(after_message):.2f} ms (worst "
        f"{after_message.max():.2f}); after the stroke {np.median(after_stroke):.0f} ms (worst "
        f"{after_stroke.max():.0f})"
    )


def expected_notes(path, model: str | None) -> list[tuple[int, int]]:
    """Return (note, velocity) of every label of every hit; of an unsure hit the best guess."""
    hits = transcribe(path, **({"model": model} if model else {})).hits
    return [(note, hit.velocity) for hit in hits for note in notes_of(hit, every_label=True)]


def test_the_notes_are_the_offline_answer(server, sounds, tmp_path):
    audio, _ = soundfile.read(sounds.loop, dtype="float32")
    expected = expected_notes(sounds.loop, str(server.model))
    notes, events, began_s = stream(server, tmp_path, audio, 0.0, 1, len(expected))
    assert [(pitch, velocity) for _, pitch, velocity in notes if velocity > 0] == expected
    assert sorted(pitch for _, pitch, velocity in notes if velocity == 0) == sorted(pitch for pitch, _ in expected)
    report("Sure", notes, events, 1, began_s)


def test_fast_notes_are_the_early_messages(server, sounds, tmp_path):
    audio, _ = soundfile.read(sounds.loop, dtype="float32")
    notes, events, began_s = stream(server, tmp_path, audio, 10.0, 0, 9)
    early = [(arguments[4], arguments[5]) for _, arguments in events if arguments[2] == 0]
    assert len(early) > 8
    assert [(pitch, velocity) for _, pitch, velocity in notes if velocity > 0] == early
    report("Fast", notes, events, 0, began_s)


def test_hits_of_other_streams_do_not_play(server, sounds, tmp_path):
    """The chain plays what is of its own stream; the same audio in another one is silent."""
    patch = pd_patch(GRAPHS["DrumBridge"], free_port(), 77, 1)
    assert " == 77;" in patch
    assert " == 1;" in patch


def test_a_real_recording_with_the_shipped_model(data_dir, tmp_path):
    """Several drums at once are several notes."""
    source = sorted((data_dir / "recordings" / "mdb").glob("*.flac"))[0]
    audio, rate = soundfile.read(source, dtype="float32", always_2d=True)
    assert rate == RATE
    excerpt = tmp_path / "excerpt.wav"
    soundfile.write(excerpt, audio[: 8 * RATE].mean(axis=1), RATE, subtype="FLOAT")
    mono, _ = soundfile.read(excerpt, dtype="float32")
    expected = expected_notes(excerpt, None)
    assert len(expected) > 10
    with serving(None) as server:
        notes, events, began_s = stream(server, tmp_path, mono, 0.0, 1, len(expected))
    assert [(pitch, velocity) for _, pitch, velocity in notes if velocity > 0] == expected
    report(source.name, notes, events, 1, began_s)
