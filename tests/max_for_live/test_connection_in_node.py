"""Finding the server, starting it, losing it; several devices beside each other; live mode."""

import shutil
import socket

import numpy as np
import pytest
import soundfile
from fake_server import FakeServer
from live_set import DEADLINE_S, Device, LiveSet
from serving import serving

from drumbridge import transcribe
from drumbridge.core.labels import LABELS
from drumbridge.daw.jmtx import matrix_bytes
from max_for_live import bridge
from max_for_live.build import MESSAGES

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="not installed: node")
RATE = 44100


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def small_set(sounds=None, before: int = 0) -> LiveSet:
    """Return a set with our device, whose id is different for each `before`."""
    live = LiveSet()
    for _ in range(before):
        live.add("Chain", {}, {})
    drums = live.track("Drums")
    live.put_device(drums)
    if sounds is not None:
        live.select(live.put(drums, live.audio_clip("a", sounds.kick), 0))
    return live


@pytest.fixture
def begun(tmp_path):
    """Begin devices on a port; all are closed at the end."""
    devices = []

    def begin(port: int, live: LiveSet | None = None, **waits) -> Device:
        folder = tmp_path / f"device {len(devices)}"
        folder.mkdir()
        device = Device(bridge, live or small_set(), port, folder)
        devices.append(device)
        for name, value in waits.items():
            device.let(name, value)
        device.send("init")
        return device

    yield begin
    for device in devices:
        device.send("live_on", 0)  # its name is free for the next test
        device.state()
        device.close()


# Patient with answers, for these tests run on loaded machines too, and impatient with everything else.
QUICK = {"HELLO_MS": 100, "SILENT_MS": 3000, "PING_MS": 300, "TICK_MS": 50}


def test_a_server_that_comes_later_is_found(begun, small_model):
    port = free_port()
    device = begun(port, **QUICK)
    device.send("start_server", 0)
    device.until_status(MESSAGES["no_server"])
    with serving(small_model, port):
        device.until_status(MESSAGES["connected"])
        device.until("model", "small 1")


def test_a_server_that_goes_is_missed_and_one_that_comes_back_is_found(begun, small_model):
    port = free_port()
    with serving(small_model, port):
        device = begun(port, **QUICK)
        device.until("connection", 1)
    device.send("start_server", 0)
    device.until_status(MESSAGES["lost"])
    device.until_status(MESSAGES["no_server"])
    with serving(small_model, port):
        device.until_status(MESSAGES["connected"])


def test_the_launcher_is_asked_with_the_port_and_the_folder(begun, tmp_path):
    port = free_port()
    device = begun(port, WAIT_MS=200, **QUICK)
    device.until("launcher", "script", "start")
    device.send("node_ready")
    assert device.until("launcher", "launch") == ["launcher", "launch", port, f"{tmp_path}/device 0"]
    device.send("node_not_found")
    device.until_status(MESSAGES["launch_not_found"])


@pytest.mark.parametrize(
    ("said", "waits", "message"),
    [
        ([], {"NODE_MS": 200}, "launch_no_node"),
        (["node_ready", "node_launched"], {"ANSWER_MS": 400}, "launch_silent"),
        (["node_ready", "node_launched", "node_ended"], {}, "launch_ended"),
    ],
)
def test_a_start_that_goes_wrong_says_how(begun, said, waits, message):
    device = begun(free_port(), WAIT_MS=200, **QUICK, **waits)
    device.until("launcher", "script", "start")
    for word in said:
        device.send(word)
    device.until_status(MESSAGES[message])


def test_another_try_is_made_later(begun):
    device = begun(free_port(), WAIT_MS=200, AGAIN_MS=600, NODE_MS=200, **QUICK)
    device.until("launcher", "script", "start")
    device.until_status(MESSAGES["launch_no_node"])
    device.until("launcher", "script", "start")


def test_a_port_that_is_in_use_is_left_for_another(begun, server):
    live = small_set()
    first = 24000 + live.device * 4
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", first))
        device = begun(server.port, live, **QUICK)
        assert device.until("reply_port") == ["reply_port", first]
        assert device.until("reply_port") == ["reply_port", first + 1]
        device.until_status(MESSAGES["connected"])


def test_an_update_of_one_side_is_told(begun):
    server = FakeServer(lambda name, arguments: [], version="0.0.0")
    device = begun(server.port)
    device.until_status(MESSAGES["other_version"])
    server.close()


def test_another_port_can_be_chosen(begun, server):
    device = begun(free_port(), **QUICK)
    device.send("start_server", 0)
    device.until_status(MESSAGES["no_server"])
    device.send("server_port", server.port)
    device.until_status(MESSAGES["connected"])


# -- answers that go wrong ---------------------------------------------------------------------------------------------


FAILS = [
    ("audio.not_found", "file_missing"), ("audio.permission", "file_forbidden"), ("audio.format", "file_unreadable"),
    ("model.not_found", "no_model"), ("server.bug", "trouble"), ("job.queue_full", "trouble"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message"), FAILS)
def test_a_fail_is_put_into_words(begun, sounds, code, message):
    server = FakeServer(lambda name, arguments: [("fail", arguments[0], code, "x")] if name == "transcribe" else [])
    device = begun(server.port, small_set(sounds))
    device.until_status(MESSAGES["connected"])
    device.send("colour_clips")
    device.until_status(MESSAGES[message])
    server.close()


def test_lost_answers_are_noticed(begun, sounds):
    def answers(name, arguments):
        hit = ("hit", arguments[0], 0, 0.5, 100, "kick", 0.9)
        return [hit, ("done", arguments[0], 2)] if name == "transcribe" else []

    server = FakeServer(answers)
    device = begun(server.port, small_set(sounds))
    device.until_status(MESSAGES["connected"])
    device.send("colour_clips")
    device.until_status(MESSAGES["hits_lost"])
    server.close()


def test_no_answer_at_all_is_noticed(begun, sounds):
    server = FakeServer(lambda name, arguments: [])
    device = begun(server.port, small_set(sounds), PATIENCE_MS=300)
    device.until_status(MESSAGES["connected"])
    device.send("colour_clips")
    device.until_status(MESSAGES["no_answer"])
    server.close()


# -- several devices ---------------------------------------------------------------------------------------------------


def test_two_devices_work_at_the_same_time(begun, server, sounds):
    devices = []
    for k, sound in enumerate((sounds.kick, sounds.hat)):
        live = LiveSet()
        for _ in range(k):
            live.add("Chain", {}, {})
        drums = live.track("Drums")
        live.put_device(drums)
        clips = [live.put(drums, live.audio_clip("x", sound, start_time=float(n))) for n in range(12)]
        devices.append((begun(server.port, live), clips))
    for device, _ in devices:
        device.until_status(MESSAGES["connected"])
        device.send("scope", 2)
    for device, _ in devices:
        device.send("colour_clips")
    for (device, clips), name in zip(devices, ("kick", "closed hat"), strict=True):
        assert device.until_status(MESSAGES["coloured"]) == [12, 0, 0, 0]
        state = device.state()
        assert {state[clip]["props"]["name"] for clip in clips} == {name}
    ports = {tuple(out) for device, _ in devices for out in device.heard if out[0] == "reply_port"}
    assert len(ports) == 2
    requests = [{sent[1] for sent in device.sent} for device, _ in devices]
    assert not requests[0] & requests[1]


# -- live --------------------------------------------------------------------------------------------------------------


def play(port: int, audio: np.ndarray) -> None:
    """Send audio as jit.net.send does."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sender:
        for piece in np.array_split(audio, max(1, len(audio) // 256)):
            sender.sendall(matrix_bytes(piece[:, None]))
        sender.shutdown(socket.SHUT_WR)
        while sender.recv(65536):
            pass


def listening(begun, server, stage: int = 1, bus: int = 0, before: int = 0) -> tuple[Device, int]:
    device = begun(server.port, small_set(before=before))
    device.until_status(MESSAGES["connected"])
    device.let("LOOK_MS", 50)
    device.send("sample_rate", float(RATE))
    device.send("play_stage", stage)
    device.send("bus", bus)
    device.send("live_on", 1)
    port = device.until("tap_port")[1]
    device.until("tap", 1)
    return device, port


def hits_of(device: Device, stream_id: int, stage: int) -> list[tuple[int, str]]:
    names = [*(label.name for label in LABELS), "unsure"]
    found = [event[1:] for event in device.events if event[0] == "/drumbridge/live/hit"]
    return [(hit[3], names[hit[7]]) for hit in found if hit[0] == stream_id and hit[2] == stage]


def test_live_mode_hears_the_track(begun, server, sounds):
    device, port = listening(begun, server)
    audio, _ = soundfile.read(sounds.loop, dtype="float32")
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sender:
        sender.sendall(matrix_bytes(audio[:512, None]))
        while (stream := device.until("stream")[1]) == 0:
            pass
        device.until_status(MESSAGES["live_on"])
        for at in range(512, len(audio), 512):
            sender.sendall(matrix_bytes(audio[at : at + 512, None]))
        sender.sendall(matrix_bytes(np.zeros((RATE, 1), np.float32)))  # time for the last hit to be known
        expected = [(hit.position, hit.label) for hit in transcribe(sounds.loop, model=str(server.model)).hits]
        for _ in device._lines_in_time():
            if len(hits_of(device, stream, 1)) >= len(expected):
                break
    device.send("live_on", 0)
    device.until_sent("/drumbridge/jmtx/close")
    assert hits_of(device, stream, 1) == expected


def test_two_devices_hear_two_streams(begun, server, sounds):
    devices = [listening(begun, server, before=k) for k in range(2)]
    assert devices[0][1] != devices[1][1]
    audio, _ = soundfile.read(sounds.loop, dtype="float32")
    senders = [socket.create_connection(("127.0.0.1", port), DEADLINE_S) for _, port in devices]
    streams = []
    for sender, (device, _) in zip(senders, devices, strict=True):
        sender.sendall(matrix_bytes(audio[:512, None]))
        while (stream := device.until("stream")[1]) == 0:
            pass
        streams.append(stream)
    assert len(set(streams)) == 2
    for sender in senders:
        sender.close()


def test_a_bus_that_is_taken_is_told_and_taken_when_it_is_free(begun, server):
    first, _ = listening(begun, server, bus=3)
    second = begun(server.port, small_set(before=1))
    second.until_status(MESSAGES["connected"])
    second.let("AGAIN_MS_LIVE", 100)
    second.send("bus", 3)
    second.send("live_on", 1)
    second.until_status(MESSAGES["bus_taken"])
    first.send("live_on", 0)
    second.until("tap", 1)
    second.send("live_on", 0)


def test_audio_that_does_not_come_is_told(begun, server):
    device, _ = listening(begun, server)
    device.let("NO_AUDIO_MS", 100)
    device.until_status(MESSAGES["tap_refused"])


def test_another_answer_opens_the_stream_anew(begun, server):
    device, _ = listening(begun, server, stage=1)
    device.send("play_stage", 0)
    assert device.until("stage") == ["stage", 0]
    sent = device.until_sent("/drumbridge/jmtx/open")
    assert sent[3:] == [RATE, 10]
    device.until("tap", 1)


def test_a_stream_comes_back_with_the_server(begun, small_model):
    port = free_port()
    with serving(small_model, port) as server:
        device, _ = listening(begun, server)
        device.let("PING_MS", 200)
        device.let("SILENT_MS", 3000)
    device.send("start_server", 0)
    device.until_status(MESSAGES["lost"])
    with serving(small_model, port):
        device.until_status(MESSAGES["connected"])
        device.until("tap", 1)


def test_work_ends_with_the_server_and_can_be_undone(begun, small_model, sounds):
    port = free_port()
    live = small_set()
    (drums,) = live.child(live.song, "tracks")
    clips = [live.put(drums, live.audio_clip("x", sounds.kick, start_time=float(k))) for k in range(200)]
    with serving(small_model, port):
        device = begun(port, live, PING_MS=200, SILENT_MS=3000, TICK_MS=50)
        device.until_status(MESSAGES["connected"])
        device.send("start_server", 0)
        device.send("scope", 2)
        device.send("colour_clips")
        device.until_status(MESSAGES["working"])
        device.until_status(MESSAGES["working"])
    device.until_status(MESSAGES["lost"])
    device.send("undo_colours")
    assert device.until_status(MESSAGES["undone"])[0] < len(clips)
    state = device.state()
    assert {state[clip]["props"]["name"] for clip in clips} == {"x"}


def test_stop_ends_a_long_job_quietly(begun, sounds):
    def answers(name, arguments):
        if name == "cancel":
            return [("fail", arguments[1], "job.cancelled", "x"), ("done", arguments[0])]
        return []

    server = FakeServer(answers)
    live = small_set(sounds)
    live.track("Notes", midi=True)
    device = begun(server.port, live)
    device.until_status(MESSAGES["connected"])
    device.send("to_midi")
    device.until_status(MESSAGES["listening"])
    device.send("stop_work")
    device.until_status(MESSAGES["cancelled"])
    server.close()
