"""The hits of a sound for the page: what is told, how it looks, what can be taken along, and nothing of other files."""

import csv
import io
import json

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from page_library import HITS, RATE

from drumbridge.engine.known_transcription import known_transcription
from drumbridge.engine.waveform import BIN, Waveforms
from drumbridge.errors import SettingsError
from drumbridge.library.corrections import WHOLE, correct
from drumbridge.library.sounds import sounds_of
from drumbridge.library.store import Library

LOOP = 31


def peaks(served, number, start, end, columns):
    status, headers, content = served.ask(f"/api/sounds/{number}/peaks?start={start}&end={end}&columns={columns}")
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    return np.frombuffer(content, dtype="<i2").reshape(-1, 2)


def correct_hit(served, index, label):
    entry = {"id": LOOP, "hit": index, "label": label}
    served.json("/api/correct", method="POST", body={"corrections": [entry]})


def test_hits_of_a_loop_are_those_of_the_library(served):
    told = served.json(f"/api/sounds/{LOOP}/hits")
    assert (told["kind"], told["sample_rate"], told["n_samples"]) == ("loop", RATE, RATE)
    assert [(hit["position"], hit["labels"][0][0]) for hit in told["hits"]] == [(each[0], each[1]) for each in HITS]
    assert told["colours"]["kick"] == "#e5484d"
    assert not any(hit["corrected"] for hit in told["hits"])
    correct_hit(served, 1, "Stick")
    told = served.json(f"/api/sounds/{LOOP}/hits")
    assert told["hits"][1]["labels"] == [["stick", 1.0]]
    assert [hit["corrected"] for hit in told["hits"]] == [False, True, False, False]
    assert told["colours"]["stick"].startswith("#")


def test_a_one_shot_is_one_hit_at_its_attack(served):
    (hit,) = served.json("/api/sounds/30/hits")["hits"]
    assert (hit["index"], hit["labels"][0][0]) == (WHOLE, "tom_low")
    assert 0 <= hit["position"] < RATE // 50


def test_files_to_take_along_hold_the_corrections(served):
    correct_hit(served, 2, "clap")
    correct_hit(served, 0, "stick")
    status, headers, content = served.ask(f"/api/sounds/{LOOP}/transcription.mid")
    assert (status, headers["content-type"]) == (200, "audio/midi")
    assert 'filename="groove.mid"' in headers["content-disposition"]
    notes = [each.note for each in mido.MidiFile(file=io.BytesIO(content)).tracks[0] if each.type == "note_on"]
    assert len(notes) == 6  # two hits have a second label
    assert {39, 42} <= set(notes)
    assert 38 not in notes
    rows = list(csv.DictReader(io.StringIO(served.ask(f"/api/sounds/{LOOP}/transcription.csv")[2].decode())))
    assert [row["label"] for row in rows] == ["stick", "closed_hat", "clap", "closed_hat"]
    lines = served.ask(f"/api/sounds/{LOOP}/transcription.json")[2].decode().splitlines()
    assert [json.loads(line)["position"] for line in lines] == [each[0] for each in HITS]
    assert served.refusal(f"/api/sounds/{LOOP}/transcription.exe") == (400, "settings.query")


def test_midi_of_a_library_is_that_of_its_hits(library):
    with Library(library) as opened:
        (sound,) = sounds_of(opened, [LOOP])
        transcription = known_transcription(opened, sound)
        assert [hit.position for hit in transcription.hits] == [each[0] for each in HITS]
        assert [hit.index for hit in transcription.hits] == [0, 1, 2, 3]
        correct(opened, sound.content_hash, HITS[3][0], "cowbell")
        hit = known_transcription(opened, sound).hits[3]
        assert ([entry.label for entry in hit.labels], hit.label) == (["cowbell"], "cowbell")


def test_a_part_is_heard_anew_with_all_labels(served):
    told = served.json(f"/api/sounds/{LOOP}/scores?start=0&end={RATE}")
    assert "kick" in told["labels"]
    assert told["hits"]
    assert all(len(hit["scores"]) == len(told["labels"]) for hit in told["hits"])
    assert min(abs(hit["position"] - 22050) for hit in told["hits"]) < 400
    assert served.refusal(f"/api/sounds/{LOOP}/scores?start=0&end={61 * RATE}") == (400, "settings.query")


@pytest.mark.parametrize("query", ["", "?start=5", "?start=9&end=9", "?start=9&end=3", "?start=-1&end=5", "?end=1e9"])
@pytest.mark.parametrize("what", ["peaks", "scores"])
def test_parts_that_make_no_sense(served, query, what):
    if (query, what) != ("", "x"):
        assert served.refusal(f"/api/sounds/{LOOP}/{what}{query}") == (400, "settings.query")


@pytest.mark.parametrize("what", ["hits", "scores?start=0&end=9", "peaks?start=0&end=9&columns=1", "transcription.mid"])
def test_sounds_that_are_not_there(served, what):
    assert served.refusal(f"/api/sounds/999/{what}")[0] == 404
    assert served.refusal(f"/api/sounds/{32}/{what}")[0] in (400, 404)  # it could not be heard


def test_peaks_are_those_of_the_samples(served):
    audio = np.zeros(RATE)
    told = peaks(served, LOOP, 0, RATE, 1000)
    assert told.shape == (1000, 2)
    assert (told[:, 0] <= told[:, 1]).all()
    loudest = int(np.abs(told).max(axis=1)[:100].argmax())
    assert loudest < 30  # the kick at the start
    assert len(audio) == RATE
    assert not peaks(served, LOOP, 2 * RATE, 3 * RATE, 50).any()  # beyond the end


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("wave") / "long.wav"
    audio = np.random.default_rng(0).uniform(-0.9, 0.9, 200_000).astype(np.float32)
    soundfile.write(path, audio, 44100, subtype="FLOAT")
    return path, np.round(audio * 32767).astype(np.int16)


SHAPES = Waveforms()


@given(st.data())
def test_a_column_is_the_lowest_and_highest_of_its_samples(long_file, data):
    path, audio = long_file
    start = data.draw(st.integers(0, 250_000))
    length = data.draw(st.integers(1, 250_000))
    n = data.draw(st.integers(1, min(300, length)))
    columns = SHAPES.columns(path, start, start + length, n)
    edges = start + np.arange(n + 1) * length // n
    coarse = length // n >= 4 * BIN
    for k in range(n):
        # In a wide view a column may reach to the ends of the bins that it touches.
        low, high = (edges[k] // BIN * BIN, -(-edges[k + 1] // BIN) * BIN) if coarse else (edges[k], edges[k + 1])
        there = audio[low:high]
        if len(there) == 0:
            assert not columns[k].any()
            continue
        inner = audio[edges[k] : edges[k + 1] // BIN * BIN if coarse else edges[k + 1]]
        assert there.min() - 1 <= columns[k, 0]
        assert columns[k, 1] <= there.max() + 1
        if len(inner):
            assert columns[k, 0] <= inner.min() + 1
            assert columns[k, 1] >= inner.max() - 1


def test_more_columns_than_samples_are_refused(long_file):
    with pytest.raises(SettingsError, match="10 columns"):
        SHAPES.columns(long_file[0], 0, 9, 10)


def test_a_file_that_was_changed_is_read_anew(tmp_path):
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.full(5000, 0.5, np.float32), 44100)
    shapes = Waveforms()
    assert shapes.shape(path).pairs.max() > 16000
    soundfile.write(path, np.full(6000, 0.1, np.float32), 44100)
    assert shapes.shape(path).n_samples == 6000
    assert shapes.shape(path).pairs.max() < 4000
