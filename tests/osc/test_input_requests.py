"""Audio interfaces over OSC, played by a file: start, status, stop, and what is refused."""

import threading
import time

import numpy as np
import pytest
import soundfile
from live_player import HIT
from osc_client import DEADLINE_S, ENDS, Tcp, Udp, serving

from drumbridge.cli.serve import _end_when_idle
from drumbridge.core.labels import LABELS
from drumbridge.core.synthesis import render_loop
from drumbridge.engine.engine import Engine
from drumbridge.osc.addresses import REPLY_BY_ADDRESS
from drumbridge.osc.framing import LengthFraming
from drumbridge.osc.input_addresses import INPUT_STATUS

RATE = 44100


@pytest.fixture(scope="module")
def engine(small_model) -> Engine:
    engine = Engine(model=str(small_model))
    engine.load_model()
    return engine


@pytest.fixture
def server(engine):
    with serving(engine) as server:
        yield server


@pytest.fixture
def udp(server):
    client = Udp(server.address[1])
    yield client
    client.close()


@pytest.fixture(scope="module")
def groove(tmp_path_factory):
    """Two strokes in a second, in the second of two channels."""
    path = tmp_path_factory.mktemp("audio") / "groove.wav"
    audio = render_loop([(4410, "kick", 110), (22050, "closed_hat", 110)])[:RATE]
    soundfile.write(path, np.stack([np.zeros_like(audio), audio], axis=1), RATE, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def minute(tmp_path_factory):
    path = tmp_path_factory.mktemp("audio") / "minute.wav"
    soundfile.write(path, np.zeros(60 * RATE, np.float32), RATE)
    return path


def asked(client, name, req, *arguments):
    """Return the last reply, and the hits that came before it."""
    client.send(name, req, *arguments)
    hits = []
    while (answer := client.receive()).address not in ENDS or answer.arguments[0] != req:
        if answer.address == HIT:
            hits.append((answer.arguments[3], LABELS[answer.arguments[7]].name))
    return answer, hits


def inputs(client) -> list[dict]:
    keys = [argument.name for argument in REPLY_BY_ADDRESS[INPUT_STATUS].arguments]
    answers = client.ask("status", 77)
    return [dict(zip(keys, a.arguments, strict=True)) for a in answers if a.address == INPUT_STATUS]


@pytest.mark.parametrize("channel", [2, "2", 2.0, "1+2", 0])
def test_a_device_is_heard_and_its_hits_are_those_of_the_file(udp, engine, groove, tmp_path, channel):
    audio, _ = soundfile.read(groove, dtype="float32")
    soundfile.write(tmp_path / "heard.wav", audio[:, 1] if str(channel)[0] == "2" else audio, RATE, subtype="FLOAT")
    expected = [(hit.position, hit.label) for hit in engine.transcribe(tmp_path / "heard.wav").hits]
    assert [label for _, label in expected] == ["kick", "closed_hat"]
    asked(udp, "notify", 1, 1)
    udp.send("input/start", 2, str(groove), channel, 0.0, 64)
    answers = [udp.receive() for _ in range(3)]
    assert [a.arguments[0] for a in answers if a.address == ENDS[0]] == [2]
    told = [a.arguments for a in answers if a.address == HIT]
    assert [(row[3], LABELS[row[7]].name) for row in told] == expected


def test_status_stop_and_starting_again(udp, server, minute):
    done, _ = asked(udp, "input/start", 1, str(minute))
    stream_id = done.arguments[1]
    (row,) = inputs(udp)
    assert (row["stream_id"], row["device"], row["host"], row["channels"]) == (stream_id, "minute.wav", "file", "1")
    assert (row["is_there"], row["level_db"], row["xruns"], row["trouble"]) == (1, -120.0, 0, "")
    assert asked(udp, "input/start", 2, str(minute))[0].arguments == (2, stream_id)
    fail, _ = asked(udp, "input/start", 3, str(minute), 0, 0.0, 32)
    assert fail.arguments[1] == "device.busy"
    assert asked(udp, "input/stop", 4, stream_id)[0].address == ENDS[0]
    assert inputs(udp) == []
    assert asked(udp, "input/stop", 5, stream_id)[0].arguments[1] == "stream.not_found"


def test_an_input_ends_with_the_connection_that_started_it(udp, server, minute):
    tcp = Tcp(server.address[1], LengthFraming())
    assert asked(tcp, "input/start", 1, str(minute))[0].address == ENDS[0]
    assert len(inputs(udp)) == 1
    tcp.close()
    while inputs(udp):
        pass


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere.wav",), "audio.not_found"),
        (("{minute}", 2), "device.channel"),
        (("{minute}", "left"), "device.channel"),
        (("{minute}", 0, 10.0, 16), "device.block_size"),
        (("{minute}", 0, 10.0, 64, 96000), "device.rate"),
        (("{minute}", 0, -5.0), "settings.early_ms"),
        (("{minute}", 0, 10.0, 64, 0, "no such profile"), None),
        ((), "osc.arguments"),
    ],
)
def test_what_cannot_be_is_refused(udp, minute, arguments, code):
    filled = [str(minute) if argument == "{minute}" else argument for argument in arguments]
    answer, _ = asked(udp, "input/start", 1, *filled)
    assert answer.address == ENDS[1], answer
    if code:
        assert answer.arguments[1] == code
    assert inputs(udp) == []


def wait_until(true) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline, "it never came true"


def test_what_is_in_use_keeps_an_idle_server_alive(server, minute):
    """Time is what the server is told it waited: 10 s of patience, in steps of a second."""
    client = Udp(server.address[1])
    listening = Tcp(server.address[1], LengthFraming())
    listening.send("ping", 1)
    assert listening.receive().address == ENDS[0]
    waited, ended = [], threading.Event()

    def wait(step_s: float) -> None:
        waited.append(step_s)
        if len(waited) % 25 == 0:  # well over 10 s without a request: it is still there, and goes on to the next use
            uses.pop(0)()
        assert len(waited) < 200

    def stream() -> None:
        listening.close()
        wait_until(lambda: not server.in_use)
        (opened,) = asked(client, "stream/open", 2, RATE, 1)[0].arguments[1:]
        streams.append(opened)

    def device() -> None:
        assert asked(client, "stream/close", 3, streams[0])[0].address == ENDS[0]
        streams.append(asked(client, "input/start", 4, str(minute))[0].arguments[1])

    def nothing() -> None:
        assert asked(client, "input/stop", 5, streams[1])[0].address == ENDS[0]
        ended.set()

    uses, streams = [stream, device, nothing], []
    _end_when_idle(server, 10.0, wait)
    assert ended.is_set()
    assert 75 + 10 <= len(waited) <= 75 + 12
    client.close()
