"""Takes: what was played is what is in the files, whatever goes wrong is told once, and nothing is overwritten."""

import json
import shutil
import threading
import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.core.events import Stage
from drumbridge.core.synthesis import demo_loop
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.engine import take as take_module
from drumbridge.engine.event_bus import EventBus, StreamListener
from drumbridge.engine.file_transcription import transcribe_file
from drumbridge.engine.streams import Streams
from drumbridge.engine.takes import Takes
from drumbridge.errors import StreamError
from drumbridge.inference.classifier import OnnxClassifier
from drumbridge.inference.registry import model_path

DEADLINE_S = 20.0
RATE = 44100


@pytest.fixture(scope="module")
def classifier(small_model):
    return OnnxClassifier(small_model)


@pytest.fixture(scope="module", autouse=True)
def patience():
    """No take gives up on audio that a test is about to feed, however busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(take_module, "PATIENCE_S", DEADLINE_S)
        yield


@pytest.fixture(scope="module")
def loop() -> np.ndarray:
    return demo_loop(RATE)[0].astype(np.float32)


def until(condition) -> None:
    """Wait for a condition, not for ever."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline


class Finals(StreamListener):
    """Keeps the final hits."""

    def __init__(self) -> None:
        self.hits = []

    def on_hits(self, stream, hits):
        self.hits += [hit for hit in hits if hit.stage is Stage.FINAL]


class Studio:
    """Streams, takes and what was told of them."""

    def __init__(self, classifier, folder: Path) -> None:
        self.folder = folder
        bus = EventBus()
        self.finals = Finals()
        bus.add(self.finals)
        self.streams = Streams(lambda: classifier, bus)
        self.takes = Takes(self.streams)
        self.started: list = []
        self.ended: list = []
        self._changed = threading.Condition()

    def tell(self, told: list, *what) -> None:
        with self._changed:
            told.append(what[0] if len(what) == 1 else what)
            self._changed.notify_all()

    def wait(self, told: list, n: int = 1):
        with self._changed:
            assert self._changed.wait_for(lambda: len(told) >= n, DEADLINE_S)
        return told[n - 1]

    def open(self, channels: int = 1):
        return self.streams.open(RATE, channels)

    def start(self, stream, folder=None):
        n = len(self.started)
        self.takes.start(
            stream.stream_id,
            folder or self.folder,
            on_started=lambda error: self.tell(self.started, error),
            on_ended=lambda take, error: self.tell(self.ended, take, error),
        )
        return self.wait(self.started, n + 1)

    def stop(self, stream):
        self.takes.stop(stream.stream_id, lambda take, error: self.tell(self.ended, take, error))

    def close(self, stream) -> None:
        self.streams.close(stream.stream_id)
        assert stream.join(DEADLINE_S)


@pytest.fixture
def studio(classifier, tmp_path):
    studio = Studio(classifier, tmp_path)
    yield studio
    assert studio.streams.shut_down(DEADLINE_S)
    assert studio.takes.shut_down(DEADLINE_S)


def feed(stream, audio: np.ndarray, n: int = 512) -> None:
    for start in range(0, len(audio), n):
        stream.feed(audio[start : start + n])


def content(take) -> dict:
    return json.loads(take.path.with_suffix(".json").read_text())


def test_a_take_of_a_whole_stream_is_the_stream(studio, classifier, loop):
    stream = studio.open(2)
    assert studio.start(stream) is None
    audio = np.stack([loop, 0.5 * loop[::-1]], axis=1)
    feed(stream, audio)
    studio.close(stream)
    take, error = studio.wait(studio.ended)
    assert error is None
    heard, rate = soundfile.read(take.path, dtype="float32")
    assert (rate, heard.shape) == (RATE, audio.shape)
    assert (heard == audio).all()
    told = content(take)
    played = [(hit.position, hit.velocity, hit.label) for hit in studio.finals.hits]
    assert len(played) > 10
    assert [(h["position"], h["velocity"], next(iter(h["labels"]), "unsure")) for h in told["hits"]] == played
    assert [h["index"] for h in told["hits"]] == list(range(len(played)))
    again = transcribe_file(take.path, classifier)
    assert [(hit.position, hit.velocity, hit.label) for hit in again.hits] == played
    notes = [message for message in mido.MidiFile(take.path.with_suffix(".mid")) if message.type == "note_on"]
    assert [note.velocity for note in notes] == [velocity for _, velocity, _ in played]
    assert (told["audio"], told["n_samples"], told["channels"], told["gaps"]) == (take.path.name, len(audio), 2, [])
    assert datetime.fromisoformat(told["started"]).strftime("take-%Y-%m-%d-%H%M%S") == take.path.stem


@settings(deadline=None, max_examples=12)
@given(before=st.integers(0, 60000), length=st.integers(1, 120000), block=st.sampled_from([64, 1000, 4096]))
def test_a_take_holds_what_arrived_while_it_ran(classifier, tmp_path_factory, loop, before, length, block):
    studio = Studio(classifier, tmp_path_factory.mktemp("takes"))
    audio = np.tile(loop, 3)
    stream = studio.open()
    feed(stream, audio[:before], block)
    studio.start(stream)
    feed(stream, audio[before : before + length], block)
    studio.stop(stream)
    feed(stream, audio[before + length :], block)
    take, error = studio.wait(studio.ended)
    studio.close(stream)
    assert error is None
    heard = soundfile.read(take.path, dtype="float32")[0]
    assert len(heard) == length
    assert (heard == audio[before : before + length]).all()
    inside = [hit for hit in studio.finals.hits if before <= hit.position < before + length]
    assert [h["position"] + before for h in content(take)["hits"]] == [hit.position for hit in inside]
    assert [h["velocity"] for h in content(take)["hits"]] == [hit.velocity for hit in inside]


def test_gaps_are_silence_of_their_length(studio, loop):
    stream = studio.open()
    studio.start(stream)
    feed(stream, loop[:20000])
    stream.gap(100)  # short: the ear bridges it
    feed(stream, loop[20100:40000])
    stream.gap(5000)
    feed(stream, loop[45000:])
    studio.close(stream)
    take, _ = studio.wait(studio.ended)
    expected = loop.copy()
    expected[20000:20100] = expected[40000:45000] = 0
    assert (soundfile.read(take.path, dtype="float32")[0] == expected).all()
    told = [(gap["position"], gap["length"], gap["reason"]) for gap in content(take)["gaps"]]
    assert told == [(20000, 100, "lost"), (40000, 5000, "lost")]


def test_what_is_no_audio_is_silence(studio):
    stream = studio.open(2)
    studio.start(stream)
    block = np.full((4410, 2), 0.25, np.float32)
    block[100, 0], block[200, 1], block[300] = np.nan, np.inf, 1e30
    feed(stream, block)
    studio.close(stream)
    take, _ = studio.wait(studio.ended)
    block[[100, 200, 300]] = 0
    assert (soundfile.read(take.path, dtype="float32")[0] == block).all()


def test_a_take_that_is_stopped_while_nothing_comes_ends(studio, loop, monkeypatch):
    monkeypatch.setattr(take_module, "PATIENCE_S", 0.02)
    monkeypatch.setattr(take_module, "PATIENCE_S", 0.05)
    stream = studio.open()
    studio.start(stream)
    feed(stream, loop)
    until(lambda: not stream.waiting)
    studio.stop(stream)
    take, error = studio.wait(studio.ended)
    assert error is None
    assert soundfile.info(take.path).frames == len(loop)
    with pytest.raises(StreamError, match="not recorded"):
        studio.stop(stream)


@pytest.mark.parametrize("early_ms", [None, 10.0])
def test_a_take_has_every_hit_of_its_file_when_no_more_audio_comes(studio, classifier, loop, early_ms, monkeypatch):
    monkeypatch.setattr(take_module, "PATIENCE_S", 0.02)
    soundfile.write(studio.folder / "loop.wav", loop, RATE, subtype="FLOAT")
    attacks = [hit.position for hit in transcribe_file(studio.folder / "loop.wav", classifier).hits]
    length = attacks[8] + 600
    stream = studio.streams.open(RATE, 1, settings=TranscriberSettings(early_ms=early_ms))
    studio.start(stream)
    feed(stream, loop[:length], 64)
    studio.stop(stream)
    take, error = studio.wait(studio.ended)
    assert error is None
    heard = transcribe_file(take.path, classifier)
    assert (heard.n_samples, heard.hits[-1].position) == (length, attacks[8])
    assert [(h["position"], h["velocity"]) for h in content(take)["hits"]] == [
        (hit.position, hit.velocity) for hit in heard.hits
    ]
    notes = [message for message in mido.MidiFile(take.path.with_suffix(".mid")) if message.type == "note_on"]
    assert [note.velocity for note in notes] == [hit.velocity for hit in heard.hits]
    feed(stream, loop[length:], 64)
    studio.close(stream)
    assert [hit.position for hit in studio.finals.hits] == attacks  # the stream heard on as if nobody had asked


def test_nothing_is_overwritten(studio, loop, monkeypatch):
    fixed = datetime(2026, 11, 21, 15, 30, 12).astimezone()
    monkeypatch.setattr(take_module, "datetime", SimpleNamespace(now=lambda: fixed))
    (studio.folder / "take-2026-11-21-153012.wav").write_bytes(b"precious")
    (studio.folder / "take-2026-11-21-153012-2.json").write_bytes(b"precious")
    streams = [studio.open(), studio.open()]
    for stream in streams:
        studio.start(stream)
        feed(stream, loop)
    for stream in streams:
        studio.close(stream)
    studio.wait(studio.ended, 2)
    names = {path.name for path in studio.folder.iterdir() if path.read_bytes() == b"precious"}
    assert names == {"take-2026-11-21-153012.wav", "take-2026-11-21-153012-2.json"}
    assert {take.path.stem for take, _ in studio.ended} == {"take-2026-11-21-153012-3", "take-2026-11-21-153012-4"}
    assert all(error is None for _, error in studio.ended)


def test_a_disk_that_is_slow_is_silence_counted_and_told(studio, loop, monkeypatch):
    monkeypatch.setattr(take_module, "ROOM_S", 0.5)
    gate = threading.Event()
    write = take_module.WavWriter.write

    def slowly(self, block):
        assert gate.wait(DEADLINE_S)
        write(self, block)

    monkeypatch.setattr(take_module.WavWriter, "write", slowly)
    stream = studio.open()
    studio.start(stream)
    feed(stream, loop)
    until(lambda: not stream.waiting)
    gate.set()
    studio.close(stream)
    take, error = studio.wait(studio.ended)
    assert error is None
    assert take.lost > len(loop) - RATE
    heard = soundfile.read(take.path, dtype="float32")[0]
    (gap,) = content(take)["gaps"]
    assert gap["reason"] == "not_written"
    assert gap["length"] == take.lost
    expected = loop.copy()
    expected[gap["position"] : gap["position"] + gap["length"]] = 0
    assert (heard == expected).all()


def test_a_full_disk_is_told_once_and_the_stream_goes_on(studio, loop, monkeypatch, caplog):
    write = take_module.WavWriter.write

    def full(self, block):
        if self.n_samples > RATE:
            raise OSError(28, "No space left on device")
        write(self, block)

    monkeypatch.setattr(take_module.WavWriter, "write", full)
    stream = studio.open()
    studio.start(stream)
    feed(stream, loop)
    take, error = studio.wait(studio.ended)
    assert error.code == "take.write"
    assert "No space left on device" in error.message
    assert str(take.path) in error.message
    with pytest.raises(StreamError, match="not recorded"):
        studio.stop(stream)
    studio.close(stream)
    assert len(studio.ended) == 1
    assert sum("No space left" in record.message for record in caplog.records) == 1
    assert len(studio.finals.hits) > 10
    assert soundfile.info(take.path).frames > RATE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_folder_that_cannot_be_written_is_told_at_once(studio):
    stream = studio.open()
    with pytest.raises(StreamError, match="There is no folder") as caught:
        studio.start(stream, studio.folder / "none")
    assert caught.value.code == "take.folder"
    error = studio.start(stream, Path("/proc"))
    assert error.code == "take.write"
    assert studio.start(stream) is None
    with pytest.raises(StreamError, match="recorded already"):
        studio.takes.start(stream.stream_id, studio.folder, on_started=None, on_ended=None)


def test_a_folder_that_goes_away_is_told_when_the_take_ends(studio, loop):
    below = studio.folder / "below"
    below.mkdir()
    stream = studio.open()
    studio.start(stream, below)
    feed(stream, loop)
    shutil.rmtree(below, ignore_errors=True)
    studio.close(stream)
    _, error = studio.wait(studio.ended)
    if below.exists():
        pytest.skip("this system keeps folders of open files")
    assert error.code == "take.write"


def test_a_take_without_audio_leaves_no_file(studio):
    stream = studio.open()
    studio.start(stream)
    studio.close(stream)
    _, error = studio.wait(studio.ended)
    assert error.code == "take.empty"
    assert list(studio.folder.iterdir()) == []


def test_takes_are_whole_when_a_server_stops(studio, loop):
    stream = studio.open()
    studio.start(stream)
    feed(stream, loop)
    assert studio.streams.shut_down(DEADLINE_S)
    assert studio.takes.shut_down(DEADLINE_S)
    take, error = studio.wait(studio.ended)
    assert error is None
    assert content(take)["n_samples"] == len(loop)


def test_a_take_of_a_real_recording_is_heard_as_it_was_heard_live(data_dir, tmp_path):
    found = sorted((data_dir / "recordings" / "mdb").glob("*.flac"))
    if not found:
        pytest.skip("there are no recordings")
    classifier = OnnxClassifier(model_path(None))
    audio, rate = soundfile.read(found[0], dtype="float32", always_2d=True, frames=15 * RATE)
    studio = Studio(classifier, tmp_path)
    stream = studio.streams.open(rate, audio.shape[1], settings=TranscriberSettings(early_ms=10.0))
    studio.start(stream)
    for start in range(0, len(audio), 4096):
        stream.feed(audio[start : start + 4096])
        until(lambda: stream.has_room)
    studio.close(stream)
    take, error = studio.wait(studio.ended)
    assert error is None
    played = [(hit.position, hit.velocity, hit.label) for hit in studio.finals.hits]
    assert len(played) > 10
    assert [(hit.position, hit.velocity, hit.label) for hit in transcribe_file(take.path, classifier).hits] == played
