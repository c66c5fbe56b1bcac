"""The server's sockets: whole datagrams, replies to the right place, streams, floods, slow readers."""

import random
import socket
import struct
import threading

import pytest
from osc_client import DEADLINE_S, Tcp, TestEngine, Udp, decode, encode, message, serving

from drumbridge.engine.jobs import JobQueue
from drumbridge.errors import ServerError
from drumbridge.osc.framing import LengthFraming, SlipFraming
from drumbridge.osc.handlers import Bridge
from drumbridge.osc.server import Server
from drumbridge.osc.wire import Bundle, Message

FRAMINGS = pytest.mark.parametrize("framing", [LengthFraming, SlipFraming])


@pytest.fixture
def engine():
    return TestEngine()


@pytest.fixture
def server(engine):
    with serving(engine) as server:
        yield server


@pytest.fixture
def client(server):
    client = Udp(server.address[1])
    yield client
    client.close()


def test_each_client_is_answered_where_it_sends_from(server, client):
    other = Udp(server.address[1])
    client.send("ping", 1)
    other.send("ping", 2)
    assert other.receive() == message("done", 2)
    assert client.receive() == message("done", 1)
    other.close()


def test_a_reply_port_takes_the_answers_until_the_next_hello(server, client):
    listening = Udp(server.address[1])
    client.send("hello", 1, listening.port, "Max")
    assert listening.receive().arguments[0] == 1
    client.send("ping", 2)
    client.send_bytes(b"nonsense")
    assert listening.receive() == message("done", 2)
    assert listening.receive().arguments[:2] == (-1, "osc.malformed")
    client.send("hello", 3, float(0), "Max")
    assert client.receive().arguments[0] == 3
    listening.close()


@pytest.mark.parametrize("port", [-1, 65536, 1 << 30])
def test_a_reply_port_that_cannot_be_fails(client, port):
    (fail,) = client.ask("hello", 1, port, "x")
    assert fail.arguments[:2] == (1, "settings.reply_port")


def test_the_servers_own_port_is_no_reply_port(server, client):
    (fail,) = client.ask("hello", 1, server.address[1], "x")
    assert fail.arguments[:2] == (1, "settings.reply_port")
    assert client.ask("ping", 2) == [message("done", 2)]


def test_the_longest_datagram_is_read_whole(client):
    longest = 65507
    empty = len(encode(message("classify", 1, "/missing")))
    path = "x" * (longest // 4 * 4 - empty) + "/missing"
    packet = encode(message("classify", 1, path))
    assert longest - 4 < len(packet) <= longest
    client.send_bytes(packet)
    (fail,) = client.until_end(1)
    assert fail.arguments[1].startswith("audio.")
    client.send_bytes(b"\xff" * longest)
    assert client.receive().arguments[:2] == (-1, "osc.malformed")


def test_future_bundles_are_done_at_once_and_in_order(client):
    far_off = (1 << 64) - 1  # February 2036, the last time that a tag can say
    inner = Bundle(far_off, (message("ping", 2), message("nothing", 3)))
    client.send_bytes(encode(Bundle(far_off, (message("ping", 1), inner, message("ping", 4)))))
    assert [client.receive().arguments[0] for _ in range(4)] == [1, 2, 3, 4]


def test_a_bundle_with_one_bad_message_is_not_half_done(client):
    good = encode(message("ping", 1))
    packet = b"#bundle\0" + struct.pack(">Qi", 1, len(good)) + good + struct.pack(">i", 4) + b"oops"
    client.send_bytes(packet)
    assert client.receive().arguments[:2] == (-1, "osc.malformed")
    assert client.ask("ping", 2) == [message("done", 2)]


def test_a_flood_of_rubbish_leaves_the_server_alive(client):
    rng = random.Random(1)
    for k in range(400):
        client.send_bytes(rng.randbytes(rng.randrange(1, 200)))
        if k % 50 == 49:  # keep within what the sockets hold
            client.send("ping", k)
            while client.receive() != message("done", k):
                pass
    assert client.ask("ping", 1000) == [message("done", 1000)]


@pytest.mark.parametrize("path", ["/ä/" + "x" * 997, "/tmp/Schla\u0308gel/鼓 😀", "/tmp/Schl\u00e4gel/鼓 😀"])
def test_paths_go_round_unchanged(client, path):
    _, file, _, missing, *_, done = client.ask("scan", 1, path)
    assert (file.arguments[1], missing.arguments[1]) == (f"{path}/a.wav", f"{path}/missing")
    assert done == message("done", 1, 2, 1)


def test_ping_is_answered_while_jobs_run_and_sync_after_them(client, engine):
    client.send("transcribe", 1, "wait")
    assert client.receive().address == "/drumbridge/hit"
    assert engine.running.acquire(timeout=DEADLINE_S)
    client.send("sync", 2)
    assert client.ask("ping", 3) == [message("done", 3)]
    engine.release.set()
    assert [client.receive().arguments[0] for _ in range(3)] == [1, 1, 2]


@FRAMINGS
def test_streams_are_answered_in_their_framing(server, framing):
    client = Tcp(server.address[1], framing())
    assert client.ask("ping", 1) == [message("done", 1)]
    assert client.ask("hello", 2, 0, "stream")[0].arguments[0] == 2
    assert client.ask("hello", 3, 70000, "stream")[0].arguments[:2] == (3, "settings.reply_port")
    assert len(client.ask("labels", 4)) == 2
    assert client.ask("classify", 5, "missing")[0].arguments[:2] == (5, "audio.not_found")
    client.send_bytes(b"nonsense")
    assert client.receive().arguments[:2] == (-1, "osc.malformed")
    client.close()


@FRAMINGS
def test_a_stream_may_arrive_in_any_pieces(server, framing):
    client = Tcp(server.address[1], framing())
    raw = framing.frame(encode(message("ping", 0xC0DB))) + framing.frame(encode(message("ping", 2)))
    for byte in raw:
        client.send_raw(bytes([byte]))
    assert [client.receive().arguments[0] for _ in range(2)] == [0xC0DB, 2]
    client.close()


def test_long_packets_pass_through_a_stream(server):
    client = Tcp(server.address[1], LengthFraming())
    (fail,) = client.ask("classify", 1, "/x" * 200_000 + "/missing")
    assert fail.arguments[1].startswith("audio.")
    client.close()


@pytest.mark.parametrize(
    "raw", [b"GET / HTTP/1.1\r\n\r\n", b"\x7f\xff\xff\xff" + b"x" * 8, b"\0\x7f\xff\xff" + b"x" * 8]
)
def test_other_protocols_are_told_so_and_disconnected(server, raw):
    client = Tcp(server.address[1], LengthFraming())
    client.send_raw(raw)
    assert client.receive().arguments[:2] == (-1, "osc.framing")
    assert client.ended()
    client.close()
    other = Tcp(server.address[1], LengthFraming())
    assert other.ask("ping", 1) == [message("done", 1)]
    other.close()


def test_who_leaves_takes_its_jobs_along(server, engine):
    client = Tcp(server.address[1], SlipFraming())
    client.send("transcribe", 1, "wait")
    client.send("transcribe", 2, "wait")
    assert engine.running.acquire(timeout=DEADLINE_S)
    client.close()
    _until_idle(server)


def test_who_does_not_read_is_disconnected_and_its_jobs_end(server, engine, caplog):
    client = Tcp(server.address[1], LengthFraming())
    client.send("transcribe", 1, "endless")
    assert engine.running.acquire(timeout=DEADLINE_S)
    _until_idle(server)
    assert "does not read its answers" in caplog.text
    assert client.ended()
    client.close()


def _until_idle(server):
    """Ask for the status until no job runs or waits; each question is a round trip, so this needs no sleep."""
    watcher = Udp(server.address[1])
    for req in range(1_000_000):
        status, _ = watcher.ask("status", req)
        facts = dict(zip(status.arguments[1::2], status.arguments[2::2], strict=True))
        if facts["jobs_running"] == facts["jobs_queued"] == 0:
            break
    else:
        pytest.fail("the jobs go on")
    watcher.close()


def test_too_many_connections_are_refused_and_the_others_served(server):
    clients = [Tcp(server.address[1], LengthFraming()) for _ in range(64)]
    assert [client.ask("ping", k) for k, client in enumerate(clients)] == [[message("done", k)] for k in range(64)]
    extra = Tcp(server.address[1], LengthFraming())
    assert extra.ended()
    for one in (*clients, extra):
        one.close()


def test_an_answer_that_nobody_takes_does_no_harm(server, client):
    gone = Udp(server.address[1])
    port = gone.port
    gone.close()
    client.send("hello", 1, port, "x")
    for req in range(2, 20):
        client.send("ping", req)
    client.send("hello", 20, 0, "x")
    assert client.receive().arguments[0] == 20


@pytest.mark.parametrize("taken", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_taken_port_is_refused_with_a_sentence(taken):
    with socket.socket(socket.AF_INET, taken) as other:
        other.bind(("127.0.0.1", 0))
        if taken == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=f"Port {port} on 127.0.0.1 is taken") as caught:
            Server(Bridge(TestEngine, JobQueue()), "127.0.0.1", port)
        assert caught.value.code == "server.port_taken"


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70000), ("127.0.0.1", -1), ("a..b", 0)])
def test_an_address_that_cannot_be_is_refused_with_a_sentence(host, port):
    with pytest.raises(ServerError, match="Cannot listen on") as caught:
        Server(Bridge(TestEngine, JobQueue()), host, port)
    assert caught.value.code == "server.address"


def test_two_servers_do_not_share_a_port(server):
    with pytest.raises(ServerError, match="is taken"):
        Server(Bridge(TestEngine, JobQueue()), "127.0.0.1", server.address[1], tcp=False)


def test_udp_alone_leaves_the_tcp_port_free(engine):
    with serving(engine, tcp=False) as server, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as free:
        free.bind(("127.0.0.1", server.address[1]))
        client = Udp(server.address[1])
        assert client.ask("ping", 1) == [message("done", 1)]
        client.close()


def test_ipv6_works_where_it_is(engine):
    try:
        bridge = Bridge(lambda: engine, JobQueue())
        server = Server(bridge, "::1", 0)
    except ServerError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.settimeout(DEADLINE_S)
        one.sendto(encode(message("ping", 1)), server.address)
        running = threading.Thread(target=server.run)
        running.start()
        assert decode(one.recv(100)) == Message("/drumbridge/done", "i", (1,))
        server.stop()
        running.join(DEADLINE_S)
        assert not running.is_alive()
    server.close()
