"""The bridge without a socket: every request is answered exactly once, and as the table says."""

import queue
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osc_client import DEADLINE_S, ENDS, TestEngine, message

from drumbridge import __version__
from drumbridge.core.labels import LABELS, UNSURE
from drumbridge.engine.engine import Engine
from drumbridge.engine.jobs import JobQueue
from drumbridge.osc.addresses import REPLY_BY_ADDRESS, REQUEST_BY_ADDRESS, REQUESTS, STATUS_KEYS
from drumbridge.osc.handlers import Bridge
from drumbridge.osc.live_addresses import LIVE_REQUESTS
from drumbridge.osc.wire import Bundle, Message, decode, encode


class Kept:
    """A route that keeps what is sent."""

    reliable = True

    def __init__(self):
        self.sent = queue.Queue()

    def send(self, packet):
        answer = decode(packet)
        assert set(answer.tags) <= set("ifs")
        self.sent.put(answer)

    def reply_to(self, port):
        self.port = port


class Client:
    def __init__(self, bridge):
        self.bridge = bridge
        self.route = Kept()
        self.session = bridge.sessions.open(self, self.route)

    def give(self, element):
        self.bridge.receive(element if isinstance(element, bytes) else encode(element), self.session)

    def next(self):
        return self.route.sent.get(timeout=DEADLINE_S)

    def ask(self, name, *arguments):
        """Return the replies to one request, up to its end."""
        self.give(message(name, *arguments))
        answers = [self.next()]
        while answers[-1].address not in ENDS:
            answers.append(self.next())
        assert {answer.arguments[0] for answer in answers} == {arguments[0]}
        return answers

    def all_answers(self):
        """Return everything that is answered up to a sync."""
        self.give(message("sync", 1 << 30))
        answers = []
        while (answer := self.next()) != message("done", 1 << 30):
            answers.append(answer)
        return answers


@pytest.fixture(scope="module")
def engine():
    return TestEngine()


@pytest.fixture(scope="module")
def bridge(engine):
    bridge = Bridge(lambda: engine, JobQueue(threads=2, per_client=8))
    yield bridge
    assert bridge.jobs.close(DEADLINE_S)


@pytest.fixture
def client(bridge, engine):
    engine.release.clear()
    client = Client(bridge)
    yield client
    bridge.jobs.drop(client.session.client_id)


PATHS = st.sampled_from(["a.wav", "missing", "bug", "unsure", "file:///tmp/a.wav", "http://example.org/a", "", "鼓"])
ARGUMENT = st.integers(-(1 << 31), (1 << 31) - 1) | st.floats(width=32) | PATHS | st.binary(max_size=8)
ARGUMENTS = st.lists(ARGUMENT, max_size=5).map(tuple)
NAMES = st.sampled_from([request.address.rpartition("/")[2] for request in REQUESTS]) | st.sampled_from(
    ["", "nothing", "labels/value/x", "p*", "{ping,sync}", "Ping", "ping/"]
)
REQUEST = st.builds(lambda name, arguments: message(name, *arguments), NAMES, ARGUMENTS)


@settings(deadline=None)
@given(st.lists(REQUEST, max_size=6), st.booleans(), st.integers(0, (1 << 64) - 1))
def test_every_request_ends_in_exactly_one_done_or_fail(bridge, requests, in_a_bundle, time_tag):
    client = Client(bridge)
    if in_a_bundle:
        half = len(requests) // 2
        client.give(Bundle(time_tag, (*requests[:half], Bundle(1, tuple(requests[half:])))))
    else:
        for request in requests:
            client.give(request)
    ends = [answer.arguments[0] for answer in client.all_answers() if answer.address in ENDS]
    assert sorted(ends) == sorted(_req(request.arguments) for request in requests)


def _req(arguments):
    """The req that a fail or done has to repeat."""
    first = arguments[0] if arguments else None
    if isinstance(first, float) and first.is_integer() and abs(first) < 1 << 31:
        return int(first)
    return first if isinstance(first, int) else -1


@given(st.binary(max_size=60))
def test_what_cannot_be_read_ends_in_one_fail_without_a_req(bridge, junk):
    client = Client(bridge)
    client.give(b"/drumbridge/ping\0\0\0\0,i\0\0" + junk + b"five!")
    fail = client.next()
    assert (fail.address, fail.arguments[:2]) == ("/drumbridge/fail", (-1, "osc.malformed"))
    assert client.all_answers() == []


@pytest.mark.parametrize("address", [*REPLY_BY_ADDRESS, "/fail", "/done", "/live/error"])
def test_answers_are_never_answered(client, address):
    client.give(Message(address, "i", (1,)))
    client.give(encode(Message(address, "is", (1, "x")))[:-1])
    assert client.all_answers() == []


def test_two_bridges_that_talk_to_each_other_fall_silent(bridge):
    one, other = Client(bridge), Client(bridge)
    one.give(message("nothing", 1))
    one.give(b"nonsense")
    seen = 0
    for _ in range(4):
        for here, there in ((one, other), (other, one)):
            while not here.route.sent.empty():
                there.give(here.route.sent.get())
                seen += 1
    assert seen == 2


def test_replies_are_as_the_table_says(client):
    for request in set(REQUESTS) - set(LIVE_REQUESTS):
        values = {"req": 7, "reply_port": 0, "name": "sensitivity", "path": "a.wav", "folder": "f", "other_req": 6}
        values |= {"profile": "of this test", "sample_rate": 44100, "device": "none"}  # no other test has that profile
        needed = [argument for argument in request.arguments if not argument.optional]
        arguments = [values.get(a.name, {"i": 0, "f": 2.0, "s": "nothing", "v": 2.0}[a.type]) for a in needed]
        for answer in client.ask(request.address.removeprefix("/drumbridge/"), *arguments):
            row = REPLY_BY_ADDRESS[answer.address]
            assert answer.address in (*request.replies, *ENDS)
            fixed = "".join(a.type for a in row.arguments)
            repeated = "".join(a.type for a in (row.repeated if answer.address != ENDS[0] else request.done))
            rest = answer.tags[len(fixed) :]
            assert len(answer.tags) >= len(fixed)
            assert all(tag == want or want == "v" for tag, want in zip(answer.tags, fixed, strict=False))
            if repeated:
                assert len(rest) % len(repeated) == 0
                assert all(tag == want or want == "v" for tag, want in zip(rest, repeated * len(rest), strict=False))


def test_hello_tells_who_is_who(client):
    (done,) = client.ask("hello", 3, 7001, "Live")
    assert done == message("done", 3, client.session.client_id, __version__)
    assert (client.session.name, client.route.port) == ("Live", 7001)


def test_status_has_the_keys_of_the_table(client):
    status, done = client.ask("status", 1)
    facts = dict(zip(status.arguments[1::2], status.arguments[2::2], strict=True))
    types = {argument.name: {"i": int, "f": float, "s": str}[argument.type] for argument in STATUS_KEYS}
    assert {key: type(value) for key, value in facts.items()} == types
    assert facts["version"] == __version__
    assert done == message("done", 1)


def test_labels_of_the_servers_own_model_follow_the_table(engine, monkeypatch):
    own = SimpleNamespace(name="own", rule=SimpleNamespace(labels=("kick", "my can")))
    monkeypatch.setattr(engine, "load_model", lambda: own)
    bridge = Bridge(lambda: engine, JobQueue(threads=1, per_client=1))
    bridge.load_model()
    value, _ = Client(bridge).ask("labels", 1)
    assert bridge.close(DEADLINE_S)
    assert value.arguments[1 + 5 * (len(LABELS) + 1) :][:3] == (len(LABELS) + 1, "my can", "my can")


def test_labels_are_the_table_of_labels_and_unsure(client):
    value, _ = client.ask("labels", 1)
    rows = [value.arguments[k : k + 5] for k in range(1, len(value.arguments), 5)]
    assert rows[:-1] == [(k, *label) for k, label in enumerate(LABELS)]
    assert rows[-1][:4] == (len(LABELS), UNSURE, UNSURE, -1)


def test_classify_tells_all_scores_and_the_answer(client):
    assert client.ask("classify", 4, "a.wav") == [
        message("scores", 4, "kick", 0.5, "snare", 0.25, "clap", 0.25),
        message("done", 4, "kick", 0.5),
    ]
    assert client.ask("classify", 5, "unsure")[-1] == message("done", 5, "unsure", 0.5)


def test_transcribe_tells_each_hit(client, engine):
    engine.release.set()
    assert client.ask("transcribe", 4, "a.wav", 0.0, 9) == [
        message("hit", 4, 0, 1.0, 90, "kick", 0.75, "crash", 0.5),
        message("hit", 4, 1, 1.5, 1, "unsure", 0.25),
        message("done", 4, 2),
    ]


def test_scan_tells_each_file_and_what_was_wrong(client):
    answers = client.ask("scan", 4, "/kit")
    assert answers == [
        message("progress", 4, 0, 3),
        message("file", 4, "/kit/a.wav", "kick", 0.5, "snare", 0.25, "clap", 0.25),
        message("progress", 4, 1, 3),
        message("file/fail", 4, "/kit/missing", "audio.not_found", "There is no /kit/missing."),
        message("progress", 4, 2, 3),
        message("file", 4, "/kit/unsure", "unsure", 0.5, "kick", 0.5, "snare", 0.25, "clap", 0.25),
        message("progress", 4, 3, 3),
        message("done", 4, 2, 1),
    ]


def test_correct_means_the_hit_that_this_client_was_told_of(client, engine):
    engine.release.set()
    engine.corrected.clear()
    client.ask("transcribe", 1, "/kit/a.wav", 0.5)
    assert client.ask("correct", 2, "/kit/a.wav", 1, "clap") == [message("done", 2, "clap", 1.0)]
    client.ask("correct", 3, "/kit/a.wav", 7, "clap")
    client.ask("correct", 4, "/kit/b.wav", 0, "")
    assert engine.corrected == [
        ("/kit/a.wav", 1, "clap", 66150),
        ("/kit/a.wav", 7, "clap", None),
        ("/kit/b.wav", 0, "", None),
    ]


def test_cancel_ends_a_running_and_a_waiting_job(client, engine):
    client.give(message("transcribe", 1, "wait"))
    assert client.next().address == "/drumbridge/hit"
    assert engine.running.acquire(timeout=DEADLINE_S)
    client.give(message("classify", 2, "a.wav"))
    client.give(message("cancel", 3, 2))
    assert client.next().arguments[:2] == (2, "job.cancelled")
    assert client.next() == message("done", 3)
    client.give(message("sync", 4))
    client.give(message("cancel", 5, 1))
    ended = [client.next(), client.next(), client.next()]
    assert message("done", 5) in ended
    last = [answer for answer in ended if answer != message("done", 5)]
    assert last[0].arguments[:2] == (1, "job.cancelled")
    assert last[1] == message("done", 4)
    assert client.ask("cancel", 6, 1)[0].arguments[:2] == (6, "job.not_found")


def test_jobs_beyond_the_limit_and_used_numbers_fail_at_once(client, engine):
    client.give(message("transcribe", 1, "wait"))
    assert client.next().address == "/drumbridge/hit"
    assert engine.running.acquire(timeout=DEADLINE_S)
    for req in range(2, 9):
        client.give(message("classify", req, "a.wav"))
    assert client.ask("classify", 9, "a.wav")[0].arguments[:2] == (9, "job.queue_full")
    assert client.ask("classify", 8, "a.wav")[0].arguments[:2] == (8, "job.duplicate_req")
    assert client.ask("ping", 10) == [message("done", 10)]
    engine.release.set()
    assert client.next().address == "/drumbridge/hit"
    assert client.next() == message("done", 1, 2)


def test_jobs_of_a_client_run_in_order(client, engine):
    del engine.order[:]
    names = [f"{k}.wav" for k in range(7)]
    for req, name in enumerate(names):
        client.give(message("classify", req, name))
    ends = [answer.arguments[0] for answer in client.all_answers() if answer.address in ENDS]
    assert ends == list(range(7))
    assert [name for name in engine.order if name in names] == names  # a dropped client may still have had one running


def test_a_bug_is_answered_and_logged(client, caplog):
    (fail,) = client.ask("classify", 4, "bug")
    assert fail.arguments[:2] == (4, "server.bug")
    assert "ZeroDivisionError" in caplog.text
    assert client.ask("ping", 5) == [message("done", 5)]


def test_very_long_paths_are_named_within_one_reply(client):
    path = "/" + "ä" * 20000 + "/missing"
    (fail,) = client.ask("classify", 4, path)
    assert fail.arguments[1].startswith("audio.")
    assert len(encode(fail)) <= 8000


def test_unknown_addresses_name_the_known_ones(client):
    (fail,) = client.ask("clasify", 4, "a.wav")
    assert fail.arguments[1] == "osc.unknown_address"
    assert all(address.removeprefix("/drumbridge/") in fail.arguments[2] for address in REQUEST_BY_ADDRESS)


def test_every_request_of_the_table_has_a_handler(small_model):
    bridge = Bridge(lambda: Engine(model=str(small_model)), JobQueue(threads=1))
    assert all(callable(bridge._handler(address)) for address in REQUEST_BY_ADDRESS)
    assert bridge.close(DEADLINE_S)
