"""Other ways for audio than OSC, opened over OSC and by the command line: hits go to who asked for them."""

import socket
import time

import numpy as np
import pytest
from osc_client import DEADLINE_S, ENDS, Udp, serving
from serve_process import start

from drumbridge.cli.note_options import reastream_target
from drumbridge.core.labels import LABELS
from drumbridge.core.synthesis import demo_loop
from drumbridge.daw.jmtx import matrix_bytes
from drumbridge.daw.missing_time import MissingTime
from drumbridge.daw.reastream import audio_packets, parse
from drumbridge.engine.engine import Engine
from drumbridge.errors import SettingsError

RATE = 44100
HIT = "/drumbridge/live/hit"
NAMES = [*(label.name for label in LABELS), "unsure"]


class Client(Udp):
    """Keeps the events that come between answers."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.events = []
        self.req = 0

    def ask(self, name, *arguments):
        self.req += 1
        self.send(name, self.req, *arguments)
        answers = []
        while not answers or answers[-1].address not in ENDS:
            answer = self.receive()
            is_event = answer.address in (HIT, "/drumbridge/gap")
            (self.events if is_event else answers).append(answer)
        return answers

    def end(self, name, *arguments):
        """Return done or fail, without req."""
        end = self.ask(name, *arguments)[-1]
        return end.address.rpartition("/")[2], *end.arguments[1:]

    def facts(self):
        facts, streams = {}, []
        for answer in self.ask("status"):
            if answer.address.endswith("status/value"):
                facts |= dict(zip(answer.arguments[1::2], answer.arguments[2::2], strict=True))
            elif answer.address.endswith("status/stream"):
                streams.append(answer.arguments[1:])
        return facts, streams

    def until(self, true):
        """Ask for status until it is so."""
        deadline = time.monotonic() + DEADLINE_S
        while not true(*self.facts()):
            assert time.monotonic() < deadline, "it never came true"

    def finals(self):
        rows = [event.arguments for event in self.events if event.address == HIT]
        return [(row[3], NAMES[row[7]]) for row in rows if row[2] == 1]


@pytest.fixture(scope="module")
def engine(small_model):
    engine = Engine(model=str(small_model))
    engine.load_model()
    return engine


@pytest.fixture(scope="module")
def loop():
    return demo_loop(RATE)[0].astype(np.float32)[:, None]


@pytest.fixture(scope="module")
def expected(running, engine):
    return [(hit.position, hit.label) for hit in engine.transcribe(running.loop).hits]


@pytest.fixture
def server(engine):
    with serving(engine) as server:
        yield server


@pytest.fixture
def client(server):
    client = Client(server.address[1])
    yield client
    client.close()


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def same(heard, expected):
    assert [label for _, label in heard] == [label for _, label in expected]
    assert all(abs(a - b) <= 1 for (a, _), (b, _) in zip(heard, expected, strict=True))


def test_hits_of_jit_net_send_go_to_who_asked_for_them(client, loop, expected):
    assert client.end("notify", 1) == ("done",)
    result, port = client.end("jmtx/start", 0, RATE)
    assert result == "done"
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sender:
        for start in range(0, len(loop), 512):
            sender.sendall(matrix_bytes(loop[start : start + 512]))
        client.until(lambda facts, streams: [row[4] for row in streams] == [len(loop)])
        facts, ((_, name, *_),) = client.facts()
        assert (facts["jmtx_port"], facts["jmtx_connections"], facts["jmtx_dropped"]) == (port, 1, 0)
        assert name == "jmtx {}:{}".format(*sender.getsockname())
    client.until(lambda facts, _: facts["streams"] == 0)
    client.until(lambda *_: len(client.finals()) == len(expected))
    same(client.finals(), expected)
    assert client.end("jmtx/stop") == ("done",)


def test_hits_of_reastream_go_to_who_asked_for_them(client, loop, expected, monkeypatch):
    monkeypatch.setattr(MissingTime, "arrived", lambda *_: 0)  # how fast a test runs must not look like lost audio
    assert client.end("notify", 1) == ("done",)
    result, port = client.end("reastream/start", 0, 0.0)
    assert result == "done"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for start in range(0, len(loop), 300):
            for packet in audio_packets("default", RATE, loop[start : start + 300]):
                sender.sendto(packet, ("127.0.0.1", port))
            if start % 9000 == 0:
                at = min(len(loop), start + 300)
                client.until(lambda _, streams, at=at: [row[4] for row in streams] == [at])
        client.until(lambda _, streams: [row[4] for row in streams] == [len(loop)])
    facts, ((_, name, *_),) = client.facts()
    assert (name, facts["reastream_port"], facts["reastream_dropped"]) == ("reastream default", port, 0)
    assert client.end("reastream/stop") == ("done",)
    client.until(lambda *_: len(client.finals()) == len(expected))
    same(client.finals(), expected)
    assert {event.arguments[2] for event in client.events} == {1}


@pytest.fixture
def reaper():
    """The socket of a ReaStream that receives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(DEADLINE_S)
        yield listening


@pytest.mark.parametrize("stage", [0, 1])
def test_hits_are_struck_and_let_go_on_a_reastream_that_receives(client, reaper, loop, stage):
    client.end("notify", 1)
    host, port = reaper.getsockname()
    assert client.end("reastream/notes/start", "drums", 3, stage, 1, host, port)[0] == "done"
    _, way = client.end("jmtx/start", 0, RATE)
    with socket.create_connection(("127.0.0.1", way), DEADLINE_S) as sender:
        for start in range(0, len(loop), 512):
            sender.sendall(matrix_bytes(loop[start : start + 512]))
        client.until(lambda _, streams: [row[4] for row in streams] == [len(loop)])
    told, n = [], 0
    while n < 12:  # of the hits, more than a dozen
        packet = parse(reaper.recv(4096))
        assert packet.identifier == "drums"
        told += [tuple(message) for message in packet.messages]
        n += sum(message[0] == 0x82 for message in packet.messages)
    client.ask("ping")
    struck = [(note, velocity) for status, note, velocity in told if status == 0x92]
    hits = {}
    for row in (event.arguments for event in client.events if event.address == HIT):
        if row[2] in (stage, 1):
            hits.setdefault(row[1], (row[4], row[5]))
    assert struck == list(hits.values())[: len(struck)]
    sounding = set()
    for status, note, velocity in told:
        assert (status, note in sounding, velocity > 0) in ((0x92, False, True), (0x82, True, False))
        sounding ^= {note}
    assert client.end("reastream/notes/stop", "nobody")[:2] == ("fail", "device.not_playing")
    assert client.end("reastream/notes/stop") == ("done", 1)
    assert client.end("reastream/notes/stop") == ("done", 0)


def test_notes_that_would_come_back_are_refused(client):
    _, port = client.end("reastream/start", 0)
    result, code, text = client.end("reastream/notes/start", "drums", 10, 0, 1, "127.0.0.1", port)
    assert (result, code) == ("fail", "settings.port")
    assert "would come back" in text
    assert client.end("reastream/notes/start", "x" * 40)[:2] == ("fail", "settings.identifier")
    assert client.end("reastream/notes/start", "drums", 10, 2)[:2] == ("fail", "settings.stage")


WAYS = [("jmtx", socket.SOCK_STREAM, (RATE,), (48000,)), ("reastream", socket.SOCK_DGRAM, (), (5.0,))]


@pytest.mark.parametrize(("way", "kind", "settings", "others"), WAYS)
def test_a_way_can_be_started_again_and_stopped_and_leaves_its_port_free(client, way, kind, settings, others):
    port = free_port(kind)
    assert client.facts()[0][f"{way}_port"] == 0
    for _ in range(3):
        assert client.end(f"{way}/start", port, *settings) == ("done", port)
        assert client.end(f"{way}/start", 0, *settings) == ("done", port)
        result, code, text = client.end(f"{way}/start", port, *others)
        assert (result, code) == ("fail", "server.already_on")
        assert f"port {port}" in text
        assert client.facts()[0][f"{way}_port"] == port
        assert client.end(f"{way}/stop") == ("done",)
        assert client.end(f"{way}/stop") == ("done",)
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", port))


@pytest.mark.parametrize(("way", "kind", "settings", "others"), WAYS)
def test_a_way_that_cannot_be_opened_says_why(client, way, kind, settings, others):
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        result, code, text = client.end(f"{way}/start", taken.getsockname()[1], *settings)
        assert (result, code) == ("fail", "server.port_taken")
        assert f"Port {taken.getsockname()[1]} on 127.0.0.1 is taken" in text
    assert client.end(f"{way}/start", 70000, *settings)[:2] == ("fail", "server.address")
    assert client.end(f"{way}/start", -1, *settings)[:2] == ("fail", "server.address")
    assert client.end(f"{way}/start", 0, *(settings or ()), -3.0)[:2] == ("fail", "settings.early_ms")
    assert client.facts()[0][f"{way}_port"] == 0


@pytest.mark.parametrize("rate", [0, 1, -44100, 10_000_000])
def test_a_rate_that_cannot_be_is_refused(client, rate):
    assert client.end("jmtx/start", 0, rate)[:2] == ("fail", "settings.sample_rate")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("drums", ("drums", "127.0.0.1", 58710)),
        ("drums@127.0.0.2", ("drums", "127.0.0.2", 58710)),
        ("a@b@10.0.0.1:9000", ("a@b", "10.0.0.1", 9000)),
        ("drums@[::1]", ("drums", "::1", 58710)),
        ("drums@[::1]:9", ("drums", "::1", 9)),
        ("drums@:9", ("drums", "127.0.0.1", 9)),
    ],
)
def test_where_notes_go_can_be_said_in_one_word(text, target):
    assert reastream_target(text) == target


def test_a_program_that_would_hear_its_own_notes_says_so():
    port = free_port(socket.SOCK_DGRAM)
    process, line = start("--port", "0", "--reastream", str(port), "--reastream-notes", f"drums@127.0.0.1:{port}")
    _, log = process.communicate(timeout=DEADLINE_S)
    assert (line, process.returncode) == ("", 1)
    assert "would come back" in log
    process, line = start("--port", "0", "--reastream-notes", f"drums@127.0.0.1:{port}")
    assert "ready" in line
    assert process.stdout.readline() == f"hits are played on ReaStream drums at 127.0.0.1, port {port}\n"
    process.terminate()
    process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    with pytest.raises(SettingsError, match="is not like drums"):
        reastream_target("drums@127.0.0.1:nine")


def test_the_program_opens_them_and_two_programs_do_not_share_a_port(small_model):
    process, _ = start("--port", "0", "--model", str(small_model), "--jmtx", "0", "--reastream", "0")
    said = [process.stdout.readline() for _ in range(2)]
    jmtx, reastream = (int(line.split("port ")[1].split()[0]) for line in said)
    assert "44100 Hz" in said[0]
    for way, port in (("--jmtx", jmtx), ("--reastream", reastream)):
        second, line = start("--port", "0", way, str(port))
        _, log = second.communicate(timeout=DEADLINE_S)
        assert (line, second.returncode) == ("", 1)
        assert f"Port {port} on 127.0.0.1 is taken" in log
        assert log.count("\n") == 1
    with socket.create_connection(("127.0.0.1", jmtx), DEADLINE_S) as sender:
        sender.sendall(matrix_bytes(np.zeros((64, 1)))[:100])  # a client in the middle of a matrix holds nobody up
        process.terminate()
        _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert log == ""
    again, line = start("--port", "0", "--jmtx", str(jmtx), "--reastream", str(reastream))
    assert "ready" in line
    again.kill()  # and no port is held by a server that was killed
    again.communicate(timeout=DEADLINE_S)
    again, line = start("--port", "0", "--jmtx", str(jmtx), "--reastream", str(reastream))
    assert "ready" in line
    again.terminate()
    again.communicate(timeout=DEADLINE_S)


# -- a port for each device --------------------------------------------------------------------------------------------


def play(port, block):
    """Send audio in small matrices, with time at its end for the last hit; return the connection."""
    sender = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
    for piece in np.array_split(np.concatenate([block, np.zeros((RATE, block.shape[1]), np.float32)]), 200):
        sender.sendall(matrix_bytes(piece))
    return sender


def test_two_devices_have_streams_of_their_own(client, loop, expected):
    client.end("notify", 1)
    ports = [client.end("jmtx/open", f"device {k}", RATE, 0.0)[1] for k in (1, 2)]
    assert len(set(ports)) == 2
    senders = [play(port, loop) for port in ports]
    arrived = [(f"device {k}", len(loop) + RATE) for k in (1, 2)]
    client.until(lambda facts, streams: sorted((stream[1], stream[4]) for stream in streams) == arrived)
    for k in (1, 2):
        assert client.end("jmtx/close", f"device {k}") == ("done",)
    client.until(lambda facts, streams: not streams and facts["jmtx_connections"] == 0)
    client.until(lambda *_: len(client.finals()) == 2 * len(expected))
    assert sorted(client.finals()) == sorted(2 * expected)
    for sender in senders:
        sender.close()


def test_a_device_that_asks_again_keeps_its_port_and_may_connect_anew(client, loop):
    asked = ("jmtx/open", "device 3", RATE, 0.0)
    _, port = client.end(*asked)
    assert client.end(*asked) == ("done", port)
    first = play(port, loop[:RATE])
    client.until(lambda facts, streams: [stream[1] for stream in streams] == ["device 3"])
    second = play(port, loop[:RATE])  # Max went away without a word and came back
    client.until(lambda facts, streams: facts["jmtx_connections"] == 1 and len(streams) == 1)
    assert first.recv(1 << 20) is not None
    assert client.end(*asked[:-1], 10.0)[1] != port, "other settings are another stream"
    client.end("jmtx/close", "device 3")
    second.close()


def test_a_name_belongs_to_one_client(client, server):
    other = Client(server.address[1])
    assert client.end("jmtx/open", "bus 1", RATE)[0] == "done"
    assert other.end("jmtx/open", "bus 1", RATE)[:2] == ("fail", "stream.name_taken")
    client.end("jmtx/close", "bus 1")
    assert other.end("jmtx/open", "bus 1", RATE)[0] == "done"
    other.end("jmtx/close", "bus 1")
    other.close()


def test_nobody_can_keep_ports_without_end(client):
    for k in range(32):
        assert client.end("jmtx/open", f"many {k}", RATE)[0] == "done"
    assert client.end("jmtx/open", "one more", RATE)[:2] == ("fail", "server.too_many_ways")
    for k in range(32):
        client.end("jmtx/close", f"many {k}")
    assert client.end("jmtx/close", "never opened") == ("done",)


def test_a_device_without_a_name_or_rate_is_refused(client):
    assert client.end("jmtx/open", "", RATE)[:2] == ("fail", "settings.name")
    assert client.end("jmtx/open", "device", 1)[:2] == ("fail", "settings.sample_rate")
