"""ReaStream through a real port: what is heard is what is heard in the file, and nothing that is sent stops it."""

import itertools
import socket

import numpy as np
import pytest
from heard import DEADLINE_S, same, settings_10, streams_heard, wait_until

from drumbridge.core.synthesis import demo_loop
from drumbridge.daw.reastream import audio_packets, midi_packet
from drumbridge.daw.reastream_receiver import MAX_IDENTIFIERS, ReaStreamReceiver
from drumbridge.errors import ServerError

RATE = 44100


class Clock:
    """Time that stands still unless a test moves it: how fast a test runs must not look like lost audio."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Rea:
    """A ReaStream that sends."""

    def __init__(self, receiver: ReaStreamReceiver, streams, identifier: str = "default") -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(receiver.address)
        self.identifier = identifier
        self.name = f"reastream {identifier}"
        self.streams = streams
        self.sent = 0

    def send(self, block: np.ndarray, rate: int = RATE) -> None:
        for packet in audio_packets(self.identifier, rate, block):
            self.socket.send(packet)
        self.sent += len(block)

    def arrived(self) -> None:
        """Wait until all that was sent is in the stream, and little of it waits."""
        wait_until(lambda: any(s.name == self.name and s.position == self.sent and s.has_room for s in self.streams))

    def play(self, audio: np.ndarray, n: int, rate: int = RATE) -> None:
        """Send host blocks of n, never more at once than a socket's buffer holds."""
        for k, start in enumerate(range(0, len(audio), n)):
            self.send(audio[start : start + n], rate)
            if k % max(1, 4096 // n) == 0:
                self.arrived()
        self.arrived()

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def streams_and_heard(classifier):
    streams, heard = streams_heard(classifier)
    yield streams, heard
    assert streams.shut_down(DEADLINE_S)


@pytest.fixture
def heard(streams_and_heard):
    return streams_and_heard[1]


@pytest.fixture
def streams(streams_and_heard):
    return streams_and_heard[0]


@pytest.fixture
def receiver(streams, clock):
    receiver = ReaStreamReceiver(streams, "127.0.0.1", 0, settings_10, clock=clock)
    yield receiver
    assert receiver.close(DEADLINE_S)


@pytest.fixture
def rea(receiver, streams):
    rea = Rea(receiver, streams)
    yield rea
    rea.close()


@pytest.mark.parametrize(("n", "channels", "rate"), [(64, 1, 44100), (512, 2, 48000), (2048, 6, 96000)])
def test_what_is_heard_live_is_what_is_heard_in_the_file(receiver, rea, heard, in_file, n, channels, rate):
    audio = demo_loop(rate)[0].astype(np.float32)[:, None] * np.linspace(0.5, 1, channels, dtype=np.float32)
    rea.play(audio, n, rate)
    assert receiver.close(DEADLINE_S)
    assert heard.wait_over() == [rea.name]
    same(heard.finals(rea.name), in_file(audio, rate))
    assert heard.gaps == {}
    assert receiver.counts.total == 0


def test_several_identifiers_are_several_streams(receiver, streams, heard, loop, in_file):
    senders = [Rea(receiver, streams, name) for name in ("default", "Überkopf", "snare " * 4)]
    for start in range(0, len(loop), 2205):
        for sender in senders:
            sender.send(loop[start : start + 2205])
            sender.arrived()
    assert receiver.close(DEADLINE_S)
    assert sorted(heard.wait_over(3)) == sorted(sender.name for sender in senders)
    for sender in senders:
        same(heard.finals(sender.name), in_file(loop))
        sender.close()


def test_another_rate_or_other_channels_are_another_stream(receiver, rea, heard):
    for k, (channels, rate) in enumerate([(1, 44100), (2, 44100), (2, 48000)]):
        rea.sent = 0
        rea.play(np.zeros((480, channels), np.float32), 240, rate)
        assert len(list(rea.streams)) == 1
        heard.wait_over(k)
    assert receiver.counts.total == 0


def test_a_second_sender_of_one_identifier_is_counted_and_takes_over_when_the_first_is_silent(
    receiver, rea, streams, clock, heard, loop, in_file
):
    other = Rea(receiver, streams)
    for start in range(0, len(loop), 2205):
        rea.send(loop[start : start + 2205])
        rea.arrived()
        clock.now_s += 0.05
        other.send(np.full((100, 1), 0.5))
    wait_until(lambda: receiver.counts.foreign == len(loop) // 2205)
    clock.now_s += 2.5
    other.send(np.zeros((100, 1)))
    wait_until(lambda: next(iter(streams)).position > rea.sent + 100)
    assert receiver.counts.foreign == len(loop) // 2205
    assert receiver.close(DEADLINE_S)
    heard.wait_over()
    same([hit for hit in heard.finals(rea.name) if hit[0] < len(loop)], in_file(loop))
    other.close()


def test_a_pause_is_a_gap_of_its_length_and_positions_after_it_are_exact(receiver, rea, clock, heard, loop, in_file):
    n, pause_s = 252, 3.0  # a block is one packet: when it came is then all there is to know
    for k, start in enumerate(itertools.chain(range(0, len(loop), n), range(0, len(loop), n))):
        clock.now_s += n / RATE + (pause_s if k == len(loop) // n else 0)
        rea.send(loop[start : start + n])
        rea.sent += round(pause_s * RATE) if k == len(loop) // n else 0
        rea.arrived()
    assert receiver.close(DEADLINE_S)
    heard.wait_over()
    assert heard.gaps == {rea.name: [(len(loop), round(pause_s * RATE), 0)]}
    second = [(at - len(loop) - round(pause_s * RATE), label) for at, label in heard.finals(rea.name)]
    same([hit for hit in second if hit[0] > RATE], [hit for hit in in_file(loop) if hit[0] > RATE])


def test_identifiers_that_are_idle_end_and_begin_anew(classifier):
    streams, heard = streams_heard(classifier, idle_s=0.02)
    receiver = ReaStreamReceiver(streams, "127.0.0.1", 0, settings_10)
    rea = Rea(receiver, streams)
    for n in (1, 2, 3):
        rea.send(np.zeros((64, 1)))
        heard.wait_over(n)
    assert receiver.close(DEADLINE_S)
    assert streams.shut_down(DEADLINE_S)
    rea.close()


JUNK = [b"", b"MRSR", bytes(65507), b"MRSR" + bytes(65503), next(audio_packets("default", RATE, np.zeros((9, 1))))[:-1]]


def test_what_is_no_packet_is_counted_and_the_rest_is_heard(receiver, rea, heard, loop, in_file):
    for k, start in enumerate(range(0, len(loop), 2205)):
        rea.socket.send(JUNK[k % len(JUNK)])
        rea.send(loop[start : start + 2205])
        rea.socket.send(midi_packet("default", [b"\x90\x24\x7f"]))  # for others, and no mistake
        rea.arrived()
    assert receiver.counts.malformed == receiver.counts.total == len(loop) // 2205
    assert receiver.close(DEADLINE_S)
    heard.wait_over()
    same(heard.finals(rea.name), in_file(loop))


@pytest.mark.parametrize("rate", [-1, 0, 1, 10_000_000])
def test_a_silly_rate_is_counted(receiver, rea, streams, rate):
    rea.send(np.zeros((64, 1)), rate)
    wait_until(lambda: receiver.counts.refused == 1)
    assert list(streams) == []
    rea.sent = 0
    rea.play(np.zeros((64, 1)), 64)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30, -1e30])
def test_what_is_no_audio_is_silence(receiver, rea, heard, loop, in_file, bad):
    rea.play(np.concatenate([np.full((RATE, 1), bad), loop]), 441)
    assert receiver.close(DEADLINE_S)
    heard.wait_over()
    same(heard.finals(rea.name), in_file(np.concatenate([np.zeros((RATE, 1)), loop])))


def test_dc_is_no_drum_roll(receiver, rea, heard):
    rea.play(np.full((3 * RATE, 2), 0.9), 441)
    assert receiver.close(DEADLINE_S)
    heard.wait_over()
    assert [position for position, _ in heard.finals(rea.name) if position > RATE // 10] == []


def test_more_identifiers_than_there_may_be_are_counted_until_one_is_idle(receiver, streams, clock):
    senders = [Rea(receiver, streams, f"track {k}") for k in range(MAX_IDENTIFIERS + 1)]
    for sender in senders[:-1]:
        sender.play(np.zeros((64, 1)), 64)
    senders[-1].send(np.zeros((64, 1)))
    wait_until(lambda: receiver.counts.refused == 1)
    clock.now_s += 3
    for sender in senders[1:-1]:
        sender.send(np.zeros((64, 1)))
    wait_until(lambda: sum(s.position > 64 for s in streams) == MAX_IDENTIFIERS - 1)
    senders[-1].sent = 0
    senders[-1].play(np.zeros((64, 1)), 64)
    assert receiver.counts.total == 1
    for sender in senders:
        sender.close()


def test_a_taken_port_is_said_and_a_closed_receiver_leaves_it_free(streams, receiver, rea):
    rea.play(np.zeros((64, 1)), 64)
    with pytest.raises(ServerError, match=f"Port {receiver.address[1]} on 127.0.0.1 is taken") as caught:
        ReaStreamReceiver(streams, *receiver.address, settings_10)
    assert caught.value.code == "server.port_taken"
    assert receiver.close(DEADLINE_S)
    again = ReaStreamReceiver(streams, *receiver.address, settings_10)
    fresh = Rea(again, streams)
    fresh.play(np.zeros((64, 1)), 64)
    assert again.close(DEADLINE_S)
    fresh.close()


def test_what_is_lost_of_a_host_block_is_a_gap_of_its_length_and_positions_after_it_are_exact(
    receiver, rea, streams, heard, loop, in_file
):
    """The clock stands still: sizes alone tell it. Of every 100th block of 512 the first 300 samples are lost."""
    blocks, lost = [loop[start : start + 512] for start in range(0, len(loop) - 511, 512)], []
    for k, block in enumerate(blocks):
        for j, packet in enumerate(audio_packets(rea.identifier, RATE, block)):
            if k % 100 == 35 and j == 0:
                lost.append((k * 512, 300))
            else:
                rea.socket.send(packet)
        rea.sent += 512
        if k % 8 == 0:
            rea.arrived()
    rea.arrived()
    assert receiver.close(DEADLINE_S)
    heard.wait_over()
    assert [gap[:2] for gap in heard.gaps[rea.name]] == lost
    # Hits that lie well away from a hole are those of the file.
    expected = [hit for hit in in_file(loop[: 512 * len(blocks)]) if all(abs(hit[0] - at) > 4410 for at, _ in lost)]
    found = dict(heard.finals(rea.name))
    assert len(expected) > 3
    assert all(any(found.get(at + d) == label for d in (-1, 0, 1)) for at, label in expected)
