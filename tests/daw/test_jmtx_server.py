"""jit.net.send through a real port: what is heard is what is heard in the file, and nothing that is sent stops it."""

import socket
import struct

import numpy as np
import pytest
from heard import DEADLINE_S, same, settings_0, settings_10, streams_heard, wait_until

from drumbridge.core.synthesis import demo_loop
from drumbridge.daw.jmtx import matrix_bytes
from drumbridge.daw.jmtx_server import MAX_CONNECTIONS, JmtxServer
from drumbridge.errors import ModelError, ServerError, SettingsError

RATE = 44100


class Max:
    """A jit.net.send."""

    def __init__(self, server: JmtxServer) -> None:
        self.socket = socket.create_connection(server.address, DEADLINE_S)
        self.name = "jmtx {}:{}".format(*self.socket.getsockname())

    def send(self, block: np.ndarray, **how) -> None:
        self.socket.sendall(matrix_bytes(block, **how))

    def answer(self) -> bytes:
        answer = b""
        while len(answer) < 28:
            piece = self.socket.recv(28 - len(answer))
            assert piece
            answer += piece
        return answer

    def play(self, audio: np.ndarray, n: int, **how) -> None:
        """Send blocks of n, and wait for the answer to each, as jit.net.send does."""
        for start in range(0, len(audio), n):
            self.send(audio[start : start + n], time_ms=float(start), **how)
            assert struct.unpack(how.get("order", ">") + "d", self.answer()[4:12]) == (start,)

    def ended(self) -> bool:
        """Whether the server ends the connection."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def streams_and_heard(classifier):
    streams, heard = streams_heard(classifier)
    yield streams, heard
    assert streams.shut_down(DEADLINE_S)


@pytest.fixture
def heard(streams_and_heard):
    return streams_and_heard[1]


@pytest.fixture
def server(streams_and_heard):
    server = JmtxServer(streams_and_heard[0], "127.0.0.1", 0, RATE, settings_10)
    yield server
    assert server.close(DEADLINE_S)


@pytest.fixture
def sender(server):
    sender = Max(server)
    yield sender
    sender.close()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("n", "kind", "planes"), [(64, 2, 1), (441, 3, 2), (2048, 1, 5), (30000, 2, 32)])
def test_what_is_heard_live_is_what_is_heard_in_the_file(sender, heard, loop, in_file, order, n, kind, planes):
    audio = loop * np.linspace(0.5, 1, planes, dtype=np.float32)
    sender.play(audio, n, order=order, kind=kind, text=order == ">")
    sender.close()
    assert heard.wait_over() == [sender.name]
    same(heard.finals(sender.name), in_file(audio))
    assert heard.gaps == {}


def test_the_rate_is_that_of_the_server(streams_and_heard, in_file):
    streams, heard = streams_and_heard
    server = JmtxServer(streams, "127.0.0.1", 0, 96000, settings_0)
    audio = demo_loop(96000)[0].astype(np.float32)[:, None]
    sender = Max(server)
    sender.play(audio, 4800)
    assert server.close(DEADLINE_S)
    same(heard.finals(*heard.wait_over()), in_file(audio, 96000))
    assert [hit.stage for hit in heard.hits[sender.name]] == [1] * len(heard.finals(sender.name))
    sender.close()


def test_who_sends_faster_than_it_is_heard_waits_and_nothing_is_lost(sender, heard, loop, in_file):
    audio = np.tile(loop, (8, 1))
    assert len(audio) > 20 * RATE
    for start in range(0, len(audio), 4096):
        sender.send(audio[start : start + 4096])
    sender.socket.shutdown(socket.SHUT_WR)
    assert sender.ended()
    heard.wait_over()
    same(heard.finals(sender.name), in_file(audio))
    assert heard.gaps == {}


def test_a_matrix_that_takes_all_room_does_not_stop_those_behind_it(sender, heard, loop, in_file):
    audio = np.tile(loop, (3, 1))
    sender.play(audio, 6 * RATE)
    sender.socket.shutdown(socket.SHUT_WR)
    assert sender.ended()
    heard.wait_over()
    same(heard.finals(sender.name), in_file(audio))
    assert heard.gaps == {}


def test_several_connections_are_several_streams_and_other_planes_another(server, heard, loop, in_file):
    senders = [Max(server) for _ in range(3)]
    for start in range(0, len(loop), 2205):
        for sender in senders:
            sender.send(loop[start : start + 2205])
    senders[0].play(np.zeros((100, 2)), 100)
    for sender in senders:
        sender.socket.shutdown(socket.SHUT_WR)
        sender.ended()
        sender.close()
    assert sorted(heard.wait_over(4)) == sorted([*(sender.name for sender in senders), senders[0].name])
    for sender in senders:
        same(heard.finals(sender.name), in_file(loop))


@pytest.mark.parametrize("length", [1, 8, 100, 296, 400])
def test_half_a_matrix_and_then_silence_ends_the_connection_and_is_counted(streams_and_heard, length):
    server = JmtxServer(streams_and_heard[0], "127.0.0.1", 0, RATE, settings_10, silence_s=0.05)
    waiting, sender = Max(server), Max(server)
    sender.socket.sendall(matrix_bytes(np.zeros((64, 1)))[:length])
    assert sender.ended()
    assert server.counts.silent == 1
    waiting.play(np.zeros((64, 1)), 64)  # who is silent between matrices stays
    assert server.connections == 1
    for client in (waiting, sender):
        client.close()
    assert server.close(DEADLINE_S)


def test_a_client_that_is_killed_in_the_middle_of_a_matrix_ends_its_stream_and_may_come_back(server, heard):
    for n in (1, 2, 3):
        sender = Max(server)
        sender.play(np.zeros((64, 1)), 64)
        sender.socket.sendall(matrix_bytes(np.zeros((64, 1)))[:400])
        sender.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sender.close()  # with a reset, as when a process dies
        heard.wait_over(n)
    wait_until(lambda: server.connections == 0)


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        matrix_bytes(np.zeros((4, 1)))[:16] + struct.pack(">i", 0) + bytes(276),
        matrix_bytes(np.zeros((4, 1)))[:16] + struct.pack(">i", 1000) + bytes(276),
        bytes(65507),
    ],
)
def test_what_is_no_matrix_ends_its_connection_and_no_other(server, heard, loop, in_file, junk):
    staying, breaking = Max(server), Max(server)
    breaking.socket.sendall(junk)
    assert breaking.ended()
    assert server.counts.malformed == 1
    staying.play(loop, 4410)
    staying.close()
    heard.wait_over()
    same(heard.finals(staying.name), in_file(loop))
    breaking.close()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30, -1e30])
def test_what_is_no_audio_is_silence(sender, heard, loop, in_file, bad):
    sender.play(np.concatenate([np.full((RATE, 1), bad), loop]), 4410)
    sender.close()
    heard.wait_over()
    same(heard.finals(sender.name), in_file(np.concatenate([np.zeros((RATE, 1)), loop])))


def test_dc_is_no_drum_roll(sender, heard):
    sender.play(np.full((3 * RATE, 1), 0.9), 4410)
    sender.close()
    heard.wait_over()
    assert [position for position, _ in heard.finals(sender.name) if position > RATE // 10] == []


@pytest.mark.parametrize("rate", [-1, 0, 1, 10**7])
def test_a_silly_rate_is_refused_and_holds_no_port(streams_and_heard, server, rate):
    port = server.address[1]
    server.close(DEADLINE_S)
    with pytest.raises(SettingsError) as caught:
        JmtxServer(streams_and_heard[0], "127.0.0.1", port, rate, settings_10)
    assert caught.value.code == "settings.sample_rate"
    assert JmtxServer(streams_and_heard[0], "127.0.0.1", port, RATE, settings_10).close(DEADLINE_S)


def test_a_taken_port_is_said_and_a_closed_server_leaves_it_free_though_clients_are_there(streams_and_heard, server):
    clients = [Max(server) for _ in range(3)]
    clients[0].play(np.zeros((64, 1)), 64)
    with pytest.raises(ServerError, match=f"Port {server.address[1]} on 127.0.0.1 is taken") as caught:
        JmtxServer(streams_and_heard[0], *server.address, RATE, settings_10)
    assert caught.value.code == "server.port_taken"
    assert server.close(DEADLINE_S)
    assert all(client.ended() for client in clients)
    again = JmtxServer(streams_and_heard[0], *server.address, RATE, settings_10)
    fresh = Max(again)
    fresh.play(np.zeros((64, 1)), 64)
    assert again.close(DEADLINE_S)
    for client in (*clients, fresh):
        client.close()


def test_too_many_connections_are_refused_and_room_comes_back(server):
    clients = [Max(server) for _ in range(MAX_CONNECTIONS)]
    wait_until(lambda: server.connections == MAX_CONNECTIONS)
    refused = Max(server)
    assert refused.ended()
    assert server.counts.refused == 1
    clients.pop().close()
    wait_until(lambda: server.connections < MAX_CONNECTIONS)
    late = Max(server)
    late.play(np.zeros((64, 1)), 64)
    for client in (*clients, refused, late):
        client.close()


def test_a_stream_that_was_idle_too_long_begins_anew(classifier):
    streams, heard = streams_heard(classifier, idle_s=0.02)
    server = JmtxServer(streams, "127.0.0.1", 0, RATE, settings_10)
    sender = Max(server)
    for n in (1, 2, 3):
        sender.play(np.zeros((64, 1)), 64)
        heard.wait_over(n)
    assert server.close(DEADLINE_S)
    assert streams.shut_down(DEADLINE_S)
    sender.close()


def test_a_model_that_cannot_be_used_ends_the_connection():
    def load():
        raise ModelError("model.not_found", "There is no such model.")

    streams, heard = streams_heard(None)
    streams._load = load
    server = JmtxServer(streams, "127.0.0.1", 0, RATE, settings_10)
    sender = Max(server)
    sender.send(np.zeros((64, 1)))
    heard.wait_over()
    sender.send(np.zeros((64, 1)))
    assert sender.ended()
    assert server.counts.refused == 1
    assert server.close(DEADLINE_S)
    sender.close()


def test_a_client_that_reads_no_answers_is_heard_all_the_same_and_finds_whole_ones_later(server, sender):
    sender.play(np.zeros((1, 1)), 1)
    (connection,) = server._connections
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    sent = 1
    while not connection.unsent and sent < 200000:  # until no buffer of the system takes more
        sender.send(np.zeros((1, 1)))
        sent += 1
    for _ in range(1000):
        sender.send(np.zeros((1, 1)))
    (stream,) = server._streams
    wait_until(lambda: stream.position == sent + 1000)
    sender.socket.shutdown(socket.SHUT_WR)
    answers = b""
    while piece := sender.socket.recv(65536):
        answers += piece
    assert 28 <= len(answers) < 28 * (sent + 999)
    assert {answers[k : k + 4] for k in range(0, len(answers) - 27, 28)} == {b"JMLP"}


def test_one_of_ones_own_ends_when_nobody_comes(streams_and_heard):
    streams, _ = streams_and_heard
    server = JmtxServer(streams, "127.0.0.1", 0, RATE, settings_0, name="device", alone_s=0.01)
    wait_until(lambda: not server.is_open)
    with pytest.raises(OSError):
        socket.create_connection(server.address, DEADLINE_S)
