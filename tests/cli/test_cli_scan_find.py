"""`drumbridge scan` and `drumbridge find`: what is printed, what is refused, and that a second run is cheap."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
import soundfile

from drumbridge.cli import main
from drumbridge.core.synthesis import synthesise


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "Schlägel"
    folder.mkdir()
    for name, label in (("tief ♪.wav", "kick"), ("hoch, \tspitz.flac", "closed_hat")):
        soundfile.write(folder / name, synthesise(label), 44100)
    return folder


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library.sqlite"


@pytest.fixture
def scanned(folder, library, small_model, capsys):
    assert main(["scan", str(folder), "--library", str(library), "--model", str(small_model)]) == 0
    capsys.readouterr()
    return library


def test_scan_says_what_it_did(folder, library, small_model, capsys):
    command = ["scan", str(folder), "--library", str(library), "--model", str(small_model)]
    assert main(command) == 0
    assert capsys.readouterr() == (f"2 files, 2 of them new or changed, 0 vanished; library: {library}\n", "")
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "files": 2, "new": 0, "failed": 0, "vanished": 0, "library": str(library),
        "labels": {"closed_hat": 1, "kick": 1},
    }  # fmt: skip


def test_broken_files_are_listed_at_the_end_each_time(folder, library, small_model, capsys):
    (folder / "text.wav").write_text("not audio at all")
    (folder / "empty.wav").touch()
    for _ in range(2):
        assert main(["scan", str(folder), "--library", str(library), "--model", str(small_model)]) == 1
        first, *reasons = capsys.readouterr().err.splitlines()
        assert first == "drumbridge: 2 of 4 files could not be heard:"
        assert [reason.partition(str(folder))[2].split()[0] for reason in reasons] == ["/empty.wav", "/text.wav"]
        assert ["[audio.empty]" in reasons[0], "[audio.not_audio]" in reasons[1]] == [True, True]


def test_what_scan_refuses(folder, library, small_model, tmp_path, capsys):
    def refused(*arguments):
        assert main(["scan", *map(str, arguments)]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        return err

    assert "audio.not_found" in refused(tmp_path / "nowhere", "--library", library)
    assert "audio.not_a_folder" in refused(folder / "tief ♪.wav", "--library", library)
    assert "library.not_a_library" in refused(folder, "--library", folder / "tief ♪.wav")
    assert "model.not_found" in refused(folder, "--library", library, "--model", "no-such-model")
    assert "cli.usage" in refused(folder, "--kind", "song")
    assert "job.cluster" in refused(folder, "--library", library, "--dask", "nonsense://")


def test_a_second_scan_imports_nothing_large(folder, scanned, small_model):
    command = [sys.executable, "-X", "importtime", "-m", "drumbridge", "scan", str(folder), "--library", str(scanned)]
    ran = subprocess.run(
        [*command, "--model", str(small_model)], capture_output=True, text=True, timeout=60, check=True
    )
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in ran.stderr.splitlines()}
    assert "drumbridge" in imported
    assert not imported & {"numpy", "onnxruntime", "soundfile", "rich"}


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent to a process otherwise there")
def test_watch_hears_what_comes_and_ends_with_ctrl_c(folder, library, small_model):
    command = [sys.executable, "-m", "drumbridge", "scan", str(folder), "--library", str(library), "--watch", "--json"]
    watching = subprocess.Popen([*command, "--model", str(small_model)], stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(watching.stdout.readline())["files"] == 2
        stop = threading.Event()

        def write_until_heard():
            for k in range(60):  # nothing tells when the system begins to watch
                soundfile.write(folder / f"{k}.wav", synthesise("kick", seed=k), 44100)
                if stop.wait(1):
                    return

        writer = threading.Thread(target=write_until_heard)
        writer.start()
        counts = json.loads(watching.stdout.readline())
        stop.set()
        writer.join()
        assert counts["new"] >= 1
        assert counts["labels"]["kick"] >= 2
        watching.send_signal(signal.SIGINT)
        assert watching.wait(60) == 130
    finally:
        watching.kill()
        watching.communicate(timeout=60)


def test_find_in_plain_text(folder, scanned, capsys):
    assert main(["find", "--library", str(scanned), "label:kick confidence>0.5"]) == 0
    assert capsys.readouterr().out == f"{folder / 'tief ♪.wav'}\tkick\t1.00\t{_duration('kick'):.3f}\n"
    assert main(["find", "--library", str(scanned), "--paths", "name:TIEF", "kind:one_shot"]) == 0
    assert capsys.readouterr().out == f"{folder / 'tief ♪.wav'}\n"
    assert main(["find", "--library", str(scanned), "label:clap"]) == 0
    assert capsys.readouterr().out == ""


def test_find_as_json(folder, scanned, capsys):
    assert main(["find", "--library", str(scanned), "--json", "--limit", "1"]) == 0
    (found,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (found["path"], found["label"], found["kind"]) == (
        str(folder / "hoch, \tspitz.flac"),
        "closed_hat",
        "one_shot",
    )
    assert found["scores"]["closed_hat"] == pytest.approx(found["confidence"], abs=1e-4)


def test_find_what_is_like_a_file(folder, scanned, capsys):
    assert main(["find", "--library", str(scanned), f"like:{folder / 'tief ♪.wav'}"]) == 0
    (line,) = capsys.readouterr().out.splitlines()  # the file itself is left out
    assert line.startswith(str(folder / "hoch, "))
    assert -1 <= float(line.rsplit("\t")[-1]) <= 1


@pytest.mark.parametrize("query", ["lable:kick", "kick", "duration:3", 'name:"x'])
def test_a_query_that_makes_no_sense_is_one_line(scanned, query, capsys):
    assert main(["find", "--library", str(scanned), query]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("drumbridge: This query cannot be read: ")
    assert err.endswith("[library.query]\n")
    assert err.count("\n") == 1


def test_find_without_a_library(tmp_path, capsys):
    assert main(["find", "--library", str(tmp_path / "none.sqlite"), "label:kick"]) == 1
    assert "library.not_found" in capsys.readouterr().err
    assert not os.listdir(tmp_path)


def _duration(label):
    return len(synthesise(label)) / 44100
