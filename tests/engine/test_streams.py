"""The table of streams: how they end, who makes room, and that nothing waits for ever."""

import threading

import numpy as np
import pytest

from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.engine import streams as streams_module
from drumbridge.engine.event_bus import EventBus, StreamListener
from drumbridge.engine.live_stream import ROOM_S, GapReason, LiveStream
from drumbridge.engine.streams import Streams
from drumbridge.errors import ModelError, StreamError
from drumbridge.inference.classifier import OnnxClassifier

DEADLINE_S = 20.0
RATE = 44100


class Told(StreamListener):
    """Writes down what it hears."""

    def __init__(self, told):
        self.told = told

    def on_hits(self, stream, hits):
        self.told.append((stream, hits))

    def on_gap(self, stream, *gap):
        self.told.append((stream, *gap))


class Broken(StreamListener):
    def on_hits(self, stream, hits):
        raise RuntimeError("a listener's own mistake")


def told_bus(told):
    bus = EventBus()
    bus.add(Broken())
    bus.add(Told(told))
    return bus


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    from small_models import write_small_model

    return OnnxClassifier(write_small_model(tmp_path_factory.mktemp("model") / "small.onnx"))


@pytest.fixture
def told():
    return []


@pytest.fixture
def streams(classifier, told):
    streams = Streams(lambda: classifier, told_bus(told), limit=3)
    yield streams
    assert streams.shut_down(DEADLINE_S)


def click(n=4410):
    audio = np.zeros((n, 1), np.float32)
    audio[n // 2 : n // 2 + 400, 0] = 0.8 * np.sin(np.arange(400) * 0.02)
    return audio


def test_a_stream_that_is_idle_for_too_long_decides_its_hits_and_ends(classifier):
    told = []
    streams = Streams(lambda: classifier, told_bus(told), idle_s=0.05)
    stream = streams.open(RATE, 1)
    stream.feed(click())
    assert stream.join(DEADLINE_S)
    assert sum(len(hits) for _, hits in told) == 1
    with pytest.raises(StreamError, match="closed or idle"):
        streams.find(stream.stream_id)


def test_who_got_ready_asks_the_model_nothing_more_when_a_stream_opens(classifier, told, monkeypatch):
    loaded = OnnxClassifier(classifier.path)  # which nobody has asked yet
    settings = TranscriberSettings(early_ms=10.0)
    asked = []
    score = loaded.score
    monkeypatch.setattr(loaded, "score", lambda *excerpts: asked.append(1) or score(*excerpts))
    streams = Streams(lambda: loaded, told_bus(told))
    streams.get_ready(settings).join(30)
    assert asked
    before = len(asked)
    stream = streams.open(44100, 1, settings=settings)
    stream.close()
    assert stream.join(30)
    assert len(asked) == before


def test_getting_ready_without_a_model_harms_nobody(told):
    def fail():
        raise ModelError("model.not_found", "There is none.")

    Streams(fail, told_bus(told)).get_ready(TranscriberSettings()).join(30)


def test_close_is_told_after_the_last_hit(streams, told):
    stream = streams.open(RATE, 1)
    stream.feed(click())
    ended = threading.Event()
    streams.close(stream.stream_id, lambda: (told.append("closed"), ended.set()))
    assert ended.wait(DEADLINE_S)
    assert [len(told), told[-1]] == [2, "closed"]
    with pytest.raises(StreamError) as caught:
        streams.close(stream.stream_id)
    assert caught.value.code == "stream.not_found"


def test_no_more_streams_than_may_be_unless_one_is_unheard(streams, monkeypatch):
    opened = [streams.open(RATE, 1) for _ in range(3)]
    with pytest.raises(StreamError) as caught:
        streams.open(RATE, 1)
    assert caught.value.code == "stream.too_many"
    opened[0].feed(click())
    opened[2].feed(click())
    monkeypatch.setattr(streams_module, "GONE_S", 0.0)
    newest = streams.open(RATE, 1)
    assert list(streams) == [opened[0], opened[2], newest]


def test_a_name_is_taken_over_from_a_stream_that_is_unheard(streams, monkeypatch):
    first = streams.open(RATE, 1, name="mic")
    with pytest.raises(StreamError) as caught:
        streams.open(RATE, 1, name="mic")
    assert caught.value.code == "stream.name_taken"
    monkeypatch.setattr(streams_module, "GONE_S", 0.0)
    assert list(streams) == [first]
    assert list(streams) != [streams.open(RATE, 1, name="mic")]
    assert first.join(DEADLINE_S)


def test_streams_end_with_their_client(streams):
    mine = [streams.open(RATE, 1, client_id=5) for _ in range(2)]
    other = streams.open(RATE, 1, client_id=6)
    assert (streams.has_open(5), streams.has_open(6)) == (True, True)
    streams.drop(5)
    assert all(stream.join(DEADLINE_S) for stream in mine)
    assert (streams.has_open(5), list(streams)) == (False, [other])


def test_a_model_that_cannot_be_loaded_is_told_and_leaves_no_stream(told):
    def load():
        raise ModelError("model.not_found", "There is no such model.")

    streams = Streams(load, EventBus())
    stream = streams.open(RATE, 1, on_opened=lambda stream, error: told.append(error.code))
    assert stream.join(DEADLINE_S)
    assert told == ["model.not_found"]
    assert list(streams) == []


def test_what_comes_faster_than_it_is_heard_is_a_gap_and_the_position_goes_on(classifier):
    may_load, told = threading.Event(), []

    def load():
        assert may_load.wait(DEADLINE_S)
        return classifier

    stream = LiveStream(1, load, RATE, 1, on_hits=lambda *hits: None, on_gap=lambda _, *gap: told.append(gap))
    block = np.zeros((RATE, 1), np.float32)
    for _ in range(round(ROOM_S) + 5):
        stream.feed(block)
    assert not stream.has_room
    assert (stream.overrun, stream.position) == (5 * RATE, round(ROOM_S + 5) * RATE)
    resumed = threading.Event()
    stream.when_room(resumed.set)
    assert not resumed.is_set()
    may_load.set()
    assert resumed.wait(DEADLINE_S)
    stream.feed(block)
    stream.close()
    assert stream.join(DEADLINE_S)
    assert told == [(round(ROOM_S) * RATE, 5 * RATE, GapReason.OVERRUN)]
    assert stream.position == round(ROOM_S + 6) * RATE
    assert stream.waiting == 0


@pytest.mark.parametrize("hole", [0, 100])
def test_who_waits_for_room_is_let_go_by_the_block_that_took_it_though_nothing_follows(classifier, hole):
    may_load = threading.Event()

    def load():
        assert may_load.wait(DEADLINE_S)
        return classifier

    stream = LiveStream(1, load, RATE, 1, on_hits=lambda *hits: None)
    stream.feed(click())
    if hole:
        stream.gap(hole)  # short enough to be bridged by what comes after it
    stream.feed(np.zeros((6 * RATE, 1), np.float32))
    resumed = threading.Event()
    stream.when_room(resumed.set)
    assert not resumed.is_set()
    may_load.set()
    assert resumed.wait(DEADLINE_S)
    assert stream.has_room
    stream.close()
    assert stream.join(DEADLINE_S)


def test_a_block_longer_than_the_room_is_a_gap_of_its_length_and_nobody_waits(classifier):
    told = []
    stream = LiveStream(
        1, lambda: classifier, RATE, 1, on_hits=lambda *hits: None, on_gap=lambda _, *gap: told.append(gap)
    )
    too_long = round(ROOM_S * RATE) + 1
    stream.feed(np.zeros((too_long, 1), np.float32))
    assert (stream.overrun, stream.position, stream.has_room) == (too_long, too_long, True)
    stream.feed(click())
    stream.close()
    assert stream.join(DEADLINE_S)
    assert told == [(0, too_long, GapReason.OVERRUN)]


def test_who_waits_for_room_in_a_stream_that_ends_is_let_go(classifier):
    stream = LiveStream(1, lambda: classifier, RATE, 1, on_hits=lambda *hits: None)
    stream.close()
    assert stream.join(DEADLINE_S)
    stream.feed(np.zeros((9 * RATE, 1), np.float32))
    resumed = threading.Event()
    stream.when_room(resumed.set)
    assert resumed.is_set()


def test_a_long_gap_is_no_audio_that_waits(classifier):
    may_load, told = threading.Event(), []

    def load():
        assert may_load.wait(DEADLINE_S)
        return classifier

    stream = LiveStream(1, load, RATE, 1, on_hits=lambda *hits: None, on_gap=lambda _, *gap: told.append(gap))
    stream.gap(100 * RATE, GapReason.DEVICE_GONE)
    stream.feed(click())
    assert (stream.waiting, stream.overrun, stream.has_room) == (4410, 0, True)
    may_load.set()
    stream.close()
    assert stream.join(DEADLINE_S)
    assert told == [(0, 100 * RATE, GapReason.DEVICE_GONE)]
    assert stream.waiting == 0
