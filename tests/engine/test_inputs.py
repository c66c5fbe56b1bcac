"""Audio interfaces, played by a file: what is heard, what is lost, what comes back, and who may stop what."""

import threading
import time

import numpy as np
import pytest
import soundfile
from small_models import write_small_model

from drumbridge.audio.recorded_device import RecordedInput, RecordedInputs
from drumbridge.core.events import Stage
from drumbridge.core.synthesis import demo_loop
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.engine.device_input import DeviceInput
from drumbridge.engine.engine import Engine
from drumbridge.engine.event_bus import EventBus, StreamListener
from drumbridge.engine.inputs import Inputs
from drumbridge.engine.live_stream import GapReason
from drumbridge.engine.streams import Streams
from drumbridge.errors import DrumbridgeError, StreamError

DEADLINE_S = 30.0
RATE = 44100


class Scripted(RecordedInputs):
    """Plays files as fast as they are heard, and does something before some of the blocks."""

    def __init__(self, *paths, script=None):
        super().__init__(*paths, speed=None)
        self.script = script or {}
        self.blocks = 0

    def open(self, device, **how):
        return ScriptedInput(self, super().open(device, **how))


class ScriptedInput:
    def __init__(self, system: Scripted, source: RecordedInput):
        self.__dict__.update(source.__dict__)
        self._of, self._source = system, source
        self.stalled = False

    def read(self):
        self._of.script.pop(self._of.blocks, lambda source: None)(self._source)
        self._of.blocks += 1
        captured = self._source.read()
        self.ended = self._source.ended
        return captured

    def close(self):
        self._source.close()


class Told(StreamListener):
    def __init__(self):
        self.hits, self.gaps, self.over, self.gone = [], [], threading.Event(), threading.Event()

    def on_hits(self, stream, hits):
        self.hits += [(hit.position, hit.label) for hit in hits if hit.stage is Stage.FINAL]

    def on_gap(self, stream, position, length, reason):
        self.gaps.append((position, length, reason))
        if reason is GapReason.DEVICE_GONE:
            self.gone.set()

    def on_over(self, stream):
        self.over.set()


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    return Engine(model=str(write_small_model(tmp_path_factory.mktemp("model") / "small.onnx")))


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    path = tmp_path_factory.mktemp("audio") / "loop.wav"
    soundfile.write(path, demo_loop(RATE)[0], RATE, subtype="FLOAT")
    return path


class Bench:
    """Inputs over a system of devices, and what is told of them."""

    def __init__(self, engine, system):
        self.bus, self.told, self.system = EventBus(), Told(), system
        self.streams = Streams(engine.load_model, self.bus)
        self.inputs = Inputs(self.streams, lambda wanted: self.system)
        self.bus.add(self.told)

    def start(self, **how) -> DeviceInput:
        answers, answered = [], threading.Event()

        def started(found, error):
            answers.append(found or error)
            answered.set()

        self.inputs.start(**how, started=started)
        assert answered.wait(DEADLINE_S)
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]

    def heard(self):
        assert self.told.over.wait(DEADLINE_S)
        return self.told.hits


@pytest.fixture
def bench(engine, request):
    benches = []

    def make(system):
        benches.append(Bench(engine, system))
        return benches[-1]

    yield make
    for made in benches:
        assert made.inputs.shut_down(DEADLINE_S)
        assert made.streams.shut_down(DEADLINE_S)


def hits_of(engine, path):
    return [(hit.position, hit.label) for hit in engine.transcribe(path).hits]


@pytest.mark.parametrize("block_size", [32, 64, 100, 441, 1024])
@pytest.mark.parametrize("early_ms", [None, 10.0])
def test_what_a_device_plays_is_heard_as_in_the_file(bench, engine, loop, block_size, early_ms):
    made = bench(RecordedInputs(loop, speed=None))
    found = made.start(block_size=block_size, settings=TranscriberSettings(early_ms=early_ms))
    assert made.heard() == hits_of(engine, loop)
    assert (len(made.told.hits) > 10, made.told.gaps) == (True, [])
    assert found.stream.position == soundfile.info(loop).frames
    assert (found.xruns, found.lost, found.times_gone) == (0, 0, 0)


def test_what_is_prepared_gets_the_first_sample(bench, engine, loop):
    made = bench(RecordedInputs(loop, speed=None))
    tapped = []

    def prepare(stream):
        assert stream.position == 0
        stream.tap = lambda position, heard: tapped.append(heard)

    made.start(prepare=prepare)
    assert made.heard() == hits_of(engine, loop)
    assert (np.concatenate(tapped)[:, 0] == soundfile.read(loop, dtype="float32")[0]).all()


def test_an_input_that_cannot_be_prepared_is_let_go(bench, loop):
    made = bench(RecordedInputs(loop, speed=1.0))

    def prepare(stream):
        raise StreamError("take.folder", "There is no folder.")

    with pytest.raises(StreamError, match="There is no folder"):
        made.start(prepare=prepare)
    assert made.told.over.wait(DEADLINE_S)
    assert (list(made.inputs), list(made.streams), made.told.hits) == ([], [], [])


@pytest.mark.parametrize(("channels", "heard"), [((), (0, 1)), ((2,), (1,)), ((1, 3), (0, 2)), ((3,), (2,))])
def test_the_channels_that_are_asked_for_are_heard(bench, engine, tmp_path, channels, heard):
    three = np.zeros((4 * RATE, 3), np.float32)
    for k in range(3):
        three[(k + 1) * RATE : (k + 1) * RATE + 400, k] = 0.8 * np.sin(np.arange(400) * 0.02)
    soundfile.write(tmp_path / "three.wav", three, RATE, subtype="FLOAT")
    made = bench(RecordedInputs(tmp_path / "three.wav", speed=None))
    made.start(channels=channels)
    assert [round(at / RATE) - 1 for at, _ in made.heard()] == list(heard)


def test_a_file_that_plays_in_real_time_goes_by_the_clock_of_this_computer(loop) -> None:
    system = RecordedInputs(loop)
    before = time.monotonic()
    told = system.now_s()
    assert before - 1e-6 <= told <= time.monotonic() + 1e-6


def test_real_time_is_real_time(bench, engine, tmp_path, loop):
    """It takes as long as it plays, and the clock of the stream says so."""
    audio, _ = soundfile.read(loop, dtype="float32")
    soundfile.write(tmp_path / "short.wav", audio[:RATE], RATE, subtype="FLOAT")
    system = RecordedInputs(tmp_path / "short.wav")
    made = bench(system)
    began_s = system.now_s()
    found = made.start()
    assert made.heard() == hits_of(engine, tmp_path / "short.wav")
    assert system.now_s() - began_s >= 1.0
    assert found.stream.clock.time_s(RATE) - began_s >= 1.0


def test_an_xrun_is_a_gap_of_its_length_and_positions_behind_it_are_exact(bench, engine, loop):
    n, at = 440, 150 * 440  # the detector's frames behind the gap are those of the file: its hop divides this
    made = bench(Scripted(loop, script={150: lambda source: source.lose(2 * n)}))
    found = made.start(block_size=n)
    heard = made.heard()
    assert made.told.gaps == [(at, 2 * n, GapReason.XRUN)]
    assert (found.xruns, found.lost) == (1, 2 * n)
    assert found.stream.position == soundfile.info(loop).frames
    far = [hit for hit in hits_of(engine, loop) if abs(hit[0] - at) > RATE // 2]
    assert [hit for hit in heard if abs(hit[0] - at) > RATE // 2] == far
    assert len(far) > 8


def test_what_a_driver_loses_and_does_not_say_is_found_too(bench, loop):
    made = bench(Scripted(loop, script={800: lambda source: source.lose(6400, reported=False)}))
    made.start(block_size=64)
    made.heard()
    ((position, length, reason),) = made.told.gaps
    assert (length, reason) == (6400, GapReason.XRUN)
    assert 800 * 64 < position < 800 * 64 + RATE


def test_what_nobody_took_is_an_overrun(bench, loop):
    class Late(Scripted):
        def open(self, device, **how):
            opened = super().open(device, **how)
            read = opened.read

            def late():
                captured = read()
                return captured and captured._replace(lost=128 if self.blocks == 600 else 0)

            opened.read = late
            return opened

    made = bench(Late(loop, script={599: lambda source: source.lose(128, reported=False)}))
    found = made.start(block_size=128)
    made.heard()
    assert made.told.gaps == [(599 * 128, 128, GapReason.OVERRUN)]
    assert (found.xruns, found.lost) == (0, 128)


def test_a_device_that_is_pulled_out_is_taken_up_again_where_the_clock_is(bench, engine, loop):
    system = Scripted(loop)
    system.script = {900: lambda source: system.unplug()}
    made = bench(system)
    found = made.start(block_size=128)
    assert made.told.gone.wait(DEADLINE_S)
    assert made.told.gaps == [(900 * 128, 0, GapReason.DEVICE_GONE)]
    assert (found.trouble != "", found.level_db()) == (True, -120.0)
    assert list(made.streams) == [found.stream]
    system.plug(after_s=61.5)
    heard = made.heard()
    away = round(61.5 * RATE)
    assert made.told.gaps == [(900 * 128, 0, GapReason.DEVICE_GONE), (900 * 128, away, GapReason.DEVICE_GONE)]
    assert (found.times_gone, found.trouble) == (1, "")
    again = [(at - 900 * 128 - away, label) for at, label in heard if at > 900 * 128 + away]
    assert [hit for hit in again if hit[0] > RATE] == [hit for hit in hits_of(engine, loop) if hit[0] > RATE]


def test_a_device_that_is_away_can_be_let_go(bench, loop):
    system = Scripted(loop)
    system.script = {300: lambda source: system.unplug()}
    made = bench(system)
    found = made.start()
    assert made.told.gone.wait(DEADLINE_S)
    stopped = threading.Event()
    made.inputs.stop(found.stream.stream_id, stopped.set)
    assert stopped.wait(DEADLINE_S)
    assert (list(made.inputs), list(made.streams)) == ([], [])
    with pytest.raises(DrumbridgeError, match="no input with stream"):
        made.inputs.stop(found.stream.stream_id)


def test_who_starts_what_is_listened_to_gets_it_and_the_last_to_leave_ends_it(bench, loop):
    made = bench(RecordedInputs(loop))
    first = made.start(client_id=1)
    assert made.start(client_id=2) is first
    with pytest.raises(DrumbridgeError, match="with other settings: stop stream 1 first") as caught:
        made.start(client_id=3, block_size=64)
    assert caught.value.code == "device.busy"
    made.inputs.drop(1)
    assert [made.inputs.has_open(client) for client in (1, 2, 3)] == [False, True, False]
    made.inputs.drop(2)
    assert first.join(DEADLINE_S)
    assert made.told.over.wait(DEADLINE_S)
    assert list(made.inputs) == []


def test_a_stream_that_is_closed_lets_go_of_its_device(bench, loop):
    made = bench(RecordedInputs(loop))
    found = made.start()
    made.streams.close(found.stream.stream_id)
    assert found.join(DEADLINE_S)
    assert list(made.inputs) == []


def test_a_model_that_cannot_be_loaded_is_told_and_lets_go(tmp_path, loop):
    made = Bench(Engine(model=str(tmp_path / "none.onnx")), RecordedInputs(loop))
    with pytest.raises(DrumbridgeError) as caught:
        made.start()
    assert caught.value.code.startswith("model.")
    assert made.inputs.shut_down(DEADLINE_S)
    assert (list(made.inputs), list(made.streams)) == ([], [])


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"channels": (3,)}, "device.channel"),
        ({"sample_rate": 96000}, "device.rate"),
        ({"block_size": 31}, "device.block_size"),
        ({"block_size": 1025}, "device.block_size"),
    ],
)
def test_what_a_device_cannot_do_is_refused(bench, loop, how, code):
    made = bench(RecordedInputs(loop))
    with pytest.raises(DrumbridgeError) as caught:
        made.start(**how)
    assert caught.value.code == code
    assert (list(made.inputs), list(made.streams)) == ([], [])


def test_the_level_is_that_of_the_last_second(bench, tmp_path):
    audio = np.zeros(3 * RATE, np.float32)
    audio[: RATE // 10] = 0.5
    audio[2 * RATE :] = -0.25
    soundfile.write(tmp_path / "level.wav", audio, RATE, subtype="FLOAT")
    system = Scripted(tmp_path / "level.wav")
    levels, found = {}, []
    made = bench(system)

    def look(at):
        return lambda source: levels.__setitem__(at, next(iter(made.inputs)).level_db())

    for at in (50, 600, 1000):
        system.script[at] = look(at)
    found.append(made.start(block_size=128))
    made.heard()
    assert [round(levels[at], 1) for at in (50, 600, 1000)] == [-6.0, -120.0, -12.0]
