"""A large scan in processes: the rows of a scan in threads, and nothing is left behind by one that ends early."""

import os
import signal
import subprocess
import sys
import time

import pytest
import soundfile
from sounds import hat, kick, loop
from test_scan import DEADLINE_S, rows

from drumbridge.engine import process_workers
from drumbridge.engine import scan as scan_module
from drumbridge.engine.classification import classify_files
from drumbridge.engine.process_workers import ProcessWorkers
from drumbridge.engine.scan import Scan, model_of_scan
from drumbridge.errors import AudioError, JobError, ModelError
from drumbridge.inference.registry import load_model
from drumbridge.library.sounds import sounds_where
from drumbridge.library.store import Library


@pytest.fixture
def folder(tmp_path):
    """60 one-shots, a loop, and two that cannot be heard, under names that are hard to print."""
    folder = tmp_path / "samples"
    folder.mkdir()
    for k in range(60):
        soundfile.write(folder / f"鼓 {k:02}.wav", (kick if k % 3 else hat)(peak=0.3 + k / 100), 44100)
    strokes = [(0.1, kick()), (0.6, hat()), (1.1, kick())]
    soundfile.write(folder / "takt.wav", loop(strokes, length_s=1.6), 44100)
    (folder / "broken.wav").write_text("broken")
    if sys.platform == "linux":
        soundfile.write(folder / "odd.wav", hat(), 44100)
        os.rename(os.fsencode(folder / "odd.wav"), os.path.join(os.fsencode(folder), b"\xff\xfe.wav"))
    return folder


@pytest.fixture
def model(small_model):
    return model_of_scan(str(small_model))


def scan_in_processes(library, model, folder, monkeypatch):
    monkeypatch.setattr(scan_module, "_MANY", 1)
    monkeypatch.setattr(scan_module, "_AT_ONCE", 5)
    monkeypatch.setattr(process_workers.os, "cpu_count", lambda: 2)
    scan = Scan(library, model, pytest.fail)
    assert scan.compare([folder]).todo > 60
    return scan


def test_the_rows_are_those_of_a_scan_in_threads(tmp_path, model, folder, monkeypatch):
    with Library(tmp_path / "here.sqlite") as here, Library(tmp_path / "there.sqlite") as there:
        in_threads = Scan(here, model, lambda: load_model(model.name))
        n = in_threads.compare([folder]).todo
        assert sum(map(len, in_threads.run())) == n
        assert sum(map(len, scan_in_processes(there, model, folder, monkeypatch).run())) == n
        assert rows(here) == rows(there)
        assert [sound.error_code for sound in in_threads.failed()] == ["audio.not_audio"]


def test_the_answers_are_those_of_classify(tmp_path, model, folder, monkeypatch):
    with Library(tmp_path / "library.sqlite") as library:
        list(scan_in_processes(library, model, folder, monkeypatch).run())
        sounds = [sound for sound in sounds_where(library, "kind = 'one_shot'") if sound.path.isprintable()]
        assert len(sounds) == 60
        asked = classify_files([sound.path for sound in sounds], load_model(model.name), None, None)
        for sound, (path, answer) in zip(sounds, asked, strict=True):
            assert (sound.path, sound.label, sound.unsure) == (path, answer.label, answer.unsure)
            assert sound.confidence == pytest.approx(answer.confidence, abs=1e-5)
            ranking = [(entry.label, entry.confidence) for entry in answer.ranking[: len(sound.ranking)]]
            assert [label for label, _ in sound.ranking] == [label for label, _ in ranking]
            assert [p for _, p in sound.ranking] == pytest.approx([p for _, p in ranking], abs=1e-4)


def test_one_that_is_left_leaves_no_process(tmp_path, model, folder, monkeypatch):
    started = []
    start = process_workers._start
    monkeypatch.setattr(process_workers, "_start", lambda model: started.append(start(model)) or started[-1])
    with Library(tmp_path / "library.sqlite") as library:
        running = scan_in_processes(library, model, folder, monkeypatch).run()
        next(running)
        running.close()
    assert len(started) == 2
    assert all(process.poll() is not None for process in started)


def test_a_process_that_dies_ends_the_scan_in_one_sentence(tmp_path, model, folder, monkeypatch):
    workers = []

    class Workers(ProcessWorkers):
        def __init__(self, model):
            super().__init__(model)
            workers.append(self)

    monkeypatch.setattr(process_workers, "ProcessWorkers", Workers)
    with Library(tmp_path / "library.sqlite") as library:
        running = scan_in_processes(library, model, folder, monkeypatch).run()
        kept = len(next(running))
        for process in workers[0]._processes:
            process.kill()
        with pytest.raises(JobError, match="ended by itself; what was heard is kept") as caught:
            list(running)
        assert caught.value.code == "job.worker"
        assert kept <= len(rows(library)["files"]) <= 60


def test_without_processes_it_hears_in_threads(tmp_path, model, folder, monkeypatch):
    started = []

    def start(model):
        if started:
            raise OSError(11, "Resource temporarily unavailable")
        started.append(start_one(model))
        return started[0]

    start_one = process_workers._start
    monkeypatch.setattr(process_workers, "_start", start)
    with Library(tmp_path / "library.sqlite") as library:
        scan = scan_in_processes(library, model, folder, monkeypatch)
        scan._load = lambda: load_model(model.name)
        n = sum(map(len, scan.run()))
        assert len(rows(library)["files"]) == n
    assert started[0].poll() is not None


def test_what_is_wrong_with_a_file_or_the_model_comes_back_as_it_was(tmp_path, model):
    workers = ProcessWorkers(model._replace(hash=b"another"))
    try:
        (missing,) = workers.hash([os.fsencode(tmp_path / "missing.wav")]).result(DEADLINE_S)
        assert isinstance(missing, AudioError)
        assert missing.code == "audio.not_found"
        with pytest.raises(ModelError, match="of a worker is another one"):
            workers.hear([b"/a.wav"]).result(DEADLINE_S)
    finally:
        workers.close()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="asks Linux for the processes")
def test_processes_end_with_a_scan_that_is_killed(tmp_path, model, folder):
    program = (
        "import sys; from drumbridge.engine import scan; scan._MANY = 1; scan.os.cpu_count = lambda: 2;"
        " from drumbridge.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    library = tmp_path / "library.sqlite"
    command = [sys.executable, "-c", program, "scan", str(folder), "--library", str(library), "--model", model.name]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + DEADLINE_S
    while process.poll() is None and len(children := _children_of(process.pid)) < 2:
        assert time.monotonic() < deadline
    assert process.poll() is None, "it was over before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait(DEADLINE_S)
    while any(os.path.exists(f"/proc/{pid}") and _state(pid) != "Z" for pid in children):
        assert time.monotonic() < deadline


def _children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return file.read().split()
    except OSError:
        return []


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
