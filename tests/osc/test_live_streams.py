"""Live audio through a real server: what is heard is what is heard in the file, and nothing that is sent stops it."""

import math
import random
import struct

import numpy as np
import pytest
import soundfile
from live_player import Player, cut
from osc_client import DEADLINE_S, Tcp, Udp, encode, message, serving

from drumbridge.core.labels import BY_NAME, LABELS
from drumbridge.core.synthesis import demo_loop
from drumbridge.core.transcriber import Transcriber
from drumbridge.engine.engine import Engine
from drumbridge.osc.framing import LengthFraming, SlipFraming
from drumbridge.osc.wire import Message

RATE = 44100
NAN = float("nan")


@pytest.fixture(scope="module")
def loop() -> np.ndarray:
    audio, _ = demo_loop(RATE)
    return audio.astype(np.float32)


@pytest.fixture(scope="module")
def engine(small_model) -> Engine:
    engine = Engine(model=str(small_model))
    engine.load_model()
    return engine


@pytest.fixture(scope="module")
def in_file(tmp_path_factory, engine, loop):
    """Return a function that says what the engine hears in a file with that audio."""

    def heard(audio: np.ndarray, rate: int = RATE) -> list[tuple[int, str]]:
        path = tmp_path_factory.mktemp("take") / "take.wav"
        soundfile.write(path, audio, rate, subtype="FLOAT")
        return [(hit.position, hit.label) for hit in engine.transcribe(path).hits]

    assert len(heard(loop)) > 10
    return heard


@pytest.fixture
def server(engine):
    with serving(engine) as server:
        yield server


CLIENTS = {
    "udp": Udp,
    "length": lambda port: Tcp(port, LengthFraming()),
    "slip": lambda port: Tcp(port, SlipFraming()),
}


@pytest.fixture(params=CLIENTS)
def client(request, server):
    client = CLIENTS[request.param](server.address[1])
    yield client
    client.close()


@pytest.fixture
def udp(server):
    client = Udp(server.address[1])
    yield client
    client.close()


def same(heard, expected, within=1):
    assert [label for _, label in heard] == [label for _, label in expected]
    assert all(abs(a - b) <= within for (a, _), (b, _) in zip(heard, expected, strict=True))


@pytest.mark.parametrize(("length", "blob"), [(64, True), (1000, False), (16000, True)])
@pytest.mark.parametrize("early_ms", [0.0, 10.0])
def test_what_is_heard_live_is_what_is_heard_in_the_file(client, loop, in_file, length, blob, early_ms):
    player = Player(client, "", early_ms)
    player.play(cut(loop[:, None], length), blob=blob).close()
    same(player.hits(), in_file(loop))
    assert player.gaps() == []


@pytest.mark.parametrize(("rate", "channels"), [(48000, 1), (96000, 2), (44100, 3)])
def test_any_rate_and_channels_are_heard_as_in_the_file(udp, in_file, rate, channels):
    audio = demo_loop(rate)[0].astype(np.float32)[:, None] * np.linspace(0.5, 1, channels, dtype=np.float32)
    player = Player(udp, "", 0.0, rate=rate, channels=channels).play(cut(audio, 240)).close()
    same(player.hits(), in_file(audio, rate))


def test_an_early_hit_is_final_or_withdrawn_later(udp, loop):
    player = Player(udp).play(cut(loop[:, None], 64)).close()
    stages: dict[int, list[int]] = {}
    for event in player.events:
        stages.setdefault(event.arguments[1], []).append(event.arguments[2])
    assert all(told in ([0, 1], [0, 2], [1]) for told in stages.values())
    assert sum(told == [0, 1] for told in stages.values()) > 10


def test_a_hit_can_be_played_as_it_is(udp, loop, engine):
    player = Player(udp, "", 0.0).play(cut(loop[:, None], 512)).close()
    assert len(player.events) > 10
    for k, event in enumerate(player.events):
        assert event.tags == "iiiiiiiif"
        stream_id, hit_id, stage, _, note, velocity, duration_ms, label_index, confidence = event.arguments
        assert (stream_id, hit_id, stage) == (player.stream_id, k, 1)
        assert note == LABELS[label_index].gm_note == BY_NAME[LABELS[label_index].name].gm_note
        assert 1 <= velocity <= 127
        assert duration_ms > 0
        assert 0 <= confidence <= 1


@pytest.mark.parametrize("first", [0, (1 << 31) - 100, (1 << 32) - 100])
def test_lost_doubled_and_swapped_packets_cost_only_what_lay_in_the_holes(udp, loop, in_file, first):
    n, source = 64, random.Random(5)
    blocks = list(cut(np.tile(loop, 2)[:, None], n))
    order = [k for k in range(len(blocks)) if k == 0 or source.random() > 0.017]
    lost = sorted(set(range(len(blocks))) - set(order))
    for k in [k for k in range(1, len(order) - 1) if source.random() < 0.017]:
        order.insert(k, order[k - 1])
    for k in range(2, len(order) - 2, 2):
        if source.random() < 0.034:
            order[k : k + 2] = order[k + 1 : k - 1 : -1]
    player = Player(udp, "", 0.0)
    for k in order:
        player.send(first + k, blocks[k])
    facts = player.status()
    player.close()
    assert sum(length for _, length, _ in player.gaps()) == n * len(lost)
    assert {k for at, length, _ in player.gaps() for k in range(at // n, (at + length) // n)} == set(lost)
    assert (facts["lost"], facts["late"], facts["overrun"]) == (len(lost), 0, 0)
    assert facts["doubled"] == len(order) - len(set(order)) > 10
    expected = in_file(np.tile(loop, 2))
    # A stroke lies in a hole when its attack does, or what the attack is measured by.
    whole = [hit for hit in expected if not {(hit[0] + k) // n for k in range(-128, 512, n)} & set(lost)]
    assert len(whole) > len(expected) / 2
    heard = player.hits()
    missed = [hit for hit in whole if not any(abs(hit[0] - at) <= 1 and hit[1] == label for at, label in heard)]
    assert missed == []
    assert len(heard) <= len(expected)


def test_positions_after_a_long_hole_are_exact(udp, loop, in_file):
    n = 440  # a multiple of the hop of the detector, so that its frames after the hole are those of the file
    blocks = list(cut(np.tile(loop, 2)[:, None], n))
    at = len(loop) // n
    player = Player(udp, "", 0.0)
    for k, block in enumerate(blocks):
        if not at - 50 <= k < at:
            player.send(k, block)
    player.close()
    assert player.gaps() == [((at - 50) * n, 50 * n, 0)]
    after = [hit for hit in in_file(np.tile(loop, 2)) if hit[0] > at * n + RATE]
    assert len(after) > 5
    same([hit for hit in player.hits() if hit[0] > at * n + RATE], after)


def test_ten_minutes_faster_than_they_last_are_all_heard_at_their_place(server, engine, loop):
    packets = list(cut(np.pad(loop, (0, -len(loop) % 4096))[:, None], 4096))
    packets *= math.ceil(600 * RATE / 4096 / len(packets))
    client = Tcp(server.address[1], LengthFraming())
    player = Player(client, "", 0.0).play(packets)
    facts = player.status()
    player.close()
    client.close()
    assert (facts["overrun"], facts["lost"], player.gaps()) == (0, 0, [])
    assert facts["position"] == 4096 * len(packets)
    transcriber = Transcriber(engine.load_model())
    expected = [hit for packet in packets for hit in transcriber.process(packet)] + transcriber.flush()
    assert len(expected) > 1000
    same(player.hits(), [(hit.position, hit.label) for hit in expected], within=0)


@pytest.mark.parametrize("rate", [RATE, 8000])
def test_a_packet_of_more_than_the_room_of_who_may_wait_leaves_its_connection_alive(server, rate):
    client = Tcp(server.address[1], LengthFraming())
    player = Player(client, "", 0.0, rate=rate)
    for k in range(3):
        player.send(k, np.zeros((round(5.5 * rate), 1), np.float32))
    player.ask("ping")
    player.close()
    client.close()
    assert player.gaps() == []


def test_a_client_that_numbers_its_packets_anew_is_heard_from_there_and_everybody_is_told(server, loop, in_file):
    blocks = list(cut(loop[:, None], 64))
    client = Tcp(server.address[1], LengthFraming())
    player = Player(client, "", 0.0).play(blocks)
    player.play(blocks)
    facts = player.status()
    player.close()
    client.close()
    assert player.gaps() == [(len(loop), 0, 2)]
    assert (facts["position"], facts["received"]) == (2 * len(loop), 2 * len(blocks))
    assert (facts["lost"], facts["late"], facts["doubled"]) == (0, 0, 0)
    after = [(at - len(loop), label) for at, label in player.hits() if at >= len(loop) + RATE]
    same(after, [hit for hit in in_file(loop) if hit[0] >= RATE])


@pytest.mark.parametrize("bad", [NAN, math.inf, -math.inf, 1e30, -1e30])
def test_what_is_no_audio_is_silence_and_counted(udp, loop, in_file, bad):
    audio = np.concatenate([np.full(44100, bad, np.float32), loop])
    player = Player(udp, "", 0.0).play(cut(audio[:, None], 441))
    while player.status()["waiting"]:
        pass
    assert player.status()["unusable"] == 44100
    player.close()
    same(player.hits(), in_file(np.concatenate([np.zeros(44100, np.float32), loop])))


def test_dc_is_no_drum_roll(udp):
    player = Player(udp, "", 0.0).play(cut(np.full((5 * RATE, 1), 0.9, np.float32), 441)).close()
    assert [hit for hit in player.hits() if hit[0] > RATE // 10] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((1, 1), "settings.sample_rate"),
        ((10_000_000, 1), "settings.sample_rate"),
        ((-44100, 1), "settings.sample_rate"),
        ((44100, 0), "settings.channels"),
        ((44100, 1000), "settings.channels"),
        ((44100, -1), "settings.channels"),
        ((44100, 1, "", -5.0), "settings.early_ms"),
        ((44100.5, 1), "osc.arguments"),
        ((44100,), "osc.arguments"),
    ],
)
def test_a_stream_that_cannot_be_is_refused(client, arguments, code):
    (fail,) = client.ask("stream/open", 1, *arguments)
    assert fail.arguments[:2] == (1, code)
    assert client.ask("ping", 2) == [message("done", 2)]


def test_a_name_in_use_is_refused_and_free_again_after_close(udp):
    player = Player(udp, "snare mic")
    (fail,) = player.ask("stream/open", RATE, 1, "snare mic")
    assert fail.arguments[1] == "stream.name_taken"
    player.close()
    assert player.ask("stream/open", RATE, 1, "snare mic")[-1].address.endswith("done")


def test_audio_that_cannot_be_used_is_counted_and_complained_of_once_a_second(udp):
    player = Player(udp, channels=2)
    bad = [
        (7777, 0, b"12345678"),  # no such stream
        (player.stream_id, 0),
        (player.stream_id, 0, b"123"),
        (player.stream_id, 0, b""),
        (player.stream_id, 0, 1.0, 2.0, 3.0),
        (player.stream_id, 0, *[0.0] * 1002),
        (player.stream_id, "0", 1.0, 2.0),
        (player.stream_id, 0, b"1" * 65449),
        (),
    ]
    for arguments in bad:
        udp.send("stream/audio", *arguments)
    udp.send("ping", 1)
    answers = [udp.receive()]
    while answers[-1] != message("done", 1):
        answers.append(udp.receive())
    complaints = answers[:-1]
    assert complaints[0].arguments[:2] == (-1, "stream.not_found")
    assert all(complaint.arguments[0] == -1 for complaint in complaints)
    assert len(complaints) < len(bad)
    facts = udp.ask("status", 2)
    (value,) = [a for a in facts if a.address.endswith("status/value")]
    pairs = dict(zip(value.arguments[1::2], value.arguments[2::2], strict=True))
    assert (pairs["audio_dropped"], pairs["streams"]) == (len(bad), 1)
    player.close()


def test_the_longest_datagram_is_heard(udp):
    player = Player(udp, "", 0.0)
    empty = len(encode(message("stream/audio", player.stream_id, 0, b"")))
    block = np.zeros(((65507 - empty) // 4, 1), np.float32)
    player.send(0, block)
    player.send(1, block)
    assert player.status()["position"] == 2 * len(block) > 32000
    player.close()


def test_random_packets_of_audio_stop_nothing(udp, loop, in_file):
    source = random.Random(3)
    player = Player(udp, "", 0.0)
    for k, block in enumerate(cut(loop[:, None], 512)):
        junk = encode(message("stream/audio", 999, source.randrange(1 << 31), source.randbytes(16)))
        udp.send_bytes(junk[: source.randrange(len(junk))] if k % 2 else junk)
        if k % 3 == 0:
            udp.send_bytes(encode(Message("/drumbridge/stream/audio", "iT", (source.randrange(9), True))))
        udp.send_bytes(struct.pack(">i", k))
        player.ask("ping")
        player.send(k, block)
    player.close()
    same(player.hits(), in_file(loop))
    assert len(player.complaints) > 100


def test_streams_of_a_client_that_is_gone_are_closed_and_nobody_else_is_disturbed(server, loop, in_file):
    staying = Player(Udp(server.address[1]), "", 0.0)
    for _ in range(40):  # more than may be open at once
        gone = Player(Tcp(server.address[1], LengthFraming()), "the same name", 0.0)
        gone.send(0, loop[:640, None])
        gone.client.close()
        while staying_streams(staying) > 1:
            pass
    staying.play(cut(loop[:, None], 640)).close()
    same(staying.hits(), in_file(loop))
    staying.client.close()


def staying_streams(player):
    (value,) = [a for a in player.ask("status") if a.address.endswith("status/value")]
    return dict(zip(value.arguments[1::2], value.arguments[2::2], strict=True))["streams"]


def test_a_stream_that_is_not_there_cannot_be_closed_or_asked(udp):
    for k, name in enumerate(("stream/close", "clock")):
        (fail,) = udp.ask(name, k, 12345)
        assert fail.arguments[1] == "stream.not_found"
    (fail,) = udp.ask("notify", 9, 3)
    assert fail.arguments[1] == "settings.notify"


def test_notify_ends_and_a_restarted_listener_is_told_once(server, udp, loop):
    listening = Udp(server.address[1])
    for port_of_a_life in range(3):
        life = Udp(server.address[1])
        life.send("hello", 1, listening.port, "Max")
        assert listening.receive().address.endswith("done")
        life.send("notify", 2, 1)
        assert listening.receive() == message("done", 2)
        life.close()
        assert port_of_a_life >= 0
    player = Player(udp, "", 0.0, notify=1)
    player.play(cut(loop[:, None], 512))
    player.close()
    told = []
    for _ in player.hits():
        told.append(listening.receive().arguments)
    assert told == [event.arguments for event in player.events]
    again = Player(udp, "", 0.0, notify=0)
    again.play(cut(loop[:, None], 512)).close()
    assert again.events == []
    listening.close()


def test_every_label_of_a_hit_is_told_to_who_wants_them():
    from drumbridge.core.events import Hit, LabelConfidence
    from drumbridge.core.pad import Pad
    from drumbridge.osc.live_requests import hit_messages

    labels = (LabelConfidence("kick", 0.9), LabelConfidence("closed_hat", 0.6))
    rows = [m.arguments for m in hit_messages(3, Hit(5, 100, 90, -6.0, labels, 0.9))]
    assert [(row[1], row[4], LABELS[row[7]].name) for row in rows] == [(5, 36, "kick"), (5, 42, "closed_hat")]
    unsure = Hit(6, (1 << 31) + 7, 90, -6.0, (), 0.4, guess=LabelConfidence("closed_hat", 0.4))
    (row,) = [m.arguments for m in hit_messages(3, unsure)]
    assert (row[3], row[4], row[7]) == (7, 42, len(LABELS))
    pad = LabelConfidence("kick", 0.9, Pad(2, "kick", 61, 0xFFFFFF))
    (row,) = [m.arguments for m in hit_messages(3, Hit(7, 0, 90, -6.0, (pad,), 0.9, guess=pad))]
    assert (row[4], row[7]) == (61, len(LABELS) + 3)
    (row,) = [m.arguments for m in hit_messages(3, Hit(8, 0, 90, -6.0, (), 0.2))]  # none of a kit's pads
    assert (row[4], row[7]) == (-1, len(LABELS))


def test_the_clock_relates_positions_to_the_servers_time(udp, loop):
    player = Player(udp, "", 0.0)
    (fresh,) = player.ask("clock", player.stream_id)
    assert fresh.tags == "iiiiiiff"
    assert fresh.arguments[1] == 0
    player.play(cut(loop[:, None], 512))
    (done,) = player.ask("clock", player.stream_id)
    _, position, *times, rate_hz, drift_ppm = done.arguments
    arrived_s, now_s = times[0] + times[1] / 1e6, times[2] + times[3] / 1e6
    assert position == len(loop)
    assert fresh.arguments[4] + fresh.arguments[5] / 1e6 < now_s
    assert arrived_s <= now_s < DEADLINE_S
    assert (rate_hz, drift_ppm) == (RATE, 0.0)
    player.close()
