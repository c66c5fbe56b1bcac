"""What the server tells of a library, plays of it, and writes into it."""

import io
import json
import os
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from page_library import HITS, LABELS, RATE, hear_with_another_model
from page_server import serving

from drumbridge.core.labels import INDEX
from drumbridge.inference.registry import model_hash_of
from drumbridge.library.map_columns import CORRECTED_FLAG, LOOP_FLAG, UNSURE_FLAG
from drumbridge.library.sample_map import place_new_sounds
from drumbridge.library.store import Library
from drumbridge.web.audio_routes import range_of

LOOP = 31


def the_map(served, query=""):
    """Return the head and the columns of the map."""
    status, headers, content = served.ask("/api/map" + query)
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    (length,) = struct.unpack_from("<I", content)
    head, at, columns = json.loads(content[4 : 4 + length]), 4 + length, {}
    for name, kind in head["columns"]:
        assert at % 4 == 0
        columns[name] = np.frombuffer(content, f"<{kind}", head["n"], at)
        at += -(-columns[name].nbytes // 4) * 4
    assert at == len(content)
    return head, columns


def test_the_map_has_every_sound_that_was_heard(served, sounds):
    head, columns = the_map(served)
    assert columns["id"].tolist() == list(range(1, 32))
    assert columns["label"][:30].tolist() == [INDEX[LABELS[k % len(LABELS)]] for k in range(30)]
    assert [head["folders"][k] for k in columns["folder"]] == [str(path.parent) for path in sounds]
    np.testing.assert_allclose(columns["confidence"][:30] / 255, 0.2 + 0.75 * np.arange(30) / 30, atol=0.005)
    assert (columns["flags"] & LOOP_FLAG).nonzero()[0].tolist() == [LOOP - 1]
    assert (columns["flags"] & UNSURE_FLAG).nonzero()[0].tolist() == [0, 1, 2, 3]
    assert (columns["x"][LOOP - 1], columns["y"][LOOP - 1]) == (4, 1)  # hits in a second, seconds
    assert not head["provisional"]


def test_dots_of_a_label_lie_together(served):
    _, columns = the_map(served)
    places = np.stack([columns["x"], columns["y"]], axis=1)[:30]
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    same = (np.arange(30)[:, None] % len(LABELS)) == (np.arange(30)[None] % len(LABELS))
    assert apart[same].mean() < 0.5 * apart[~same].mean()


def test_sounds_that_a_scan_has_not_placed_yet_lie_where_it_will_place_them(served):
    _, placed = the_map(served)
    with Library(served.library) as library:
        library.connection.execute("UPDATE results SET x = NULL, y = NULL")
    head, columns = the_map(served)
    assert head["provisional"]
    np.testing.assert_allclose(columns["x"], placed["x"], atol=1e-4)
    np.testing.assert_allclose(columns["y"], placed["y"], atol=1e-4)
    with Library(served.library) as library:
        place_new_sounds(library, 1)
    head, columns = the_map(served)
    assert not head["provisional"]
    np.testing.assert_allclose(columns["x"], placed["x"], atol=1e-4)


def test_each_model_has_a_map_of_its_own(served, library):
    head, _ = the_map(served)
    assert (head["models"], head["model"]) == ([{"number": 1, "name": "model", "n": 31}], 1)
    hear_with_another_model(library, [Path(f"/elsewhere/{k}.wav") for k in range(12)])
    head, columns = the_map(served)
    assert [(model["name"], model["n"]) for model in head["models"]] == [("model", 31), ("other-1.onnx", 12)]
    assert columns["id"].tolist() == list(range(1, 32))
    other, columns = the_map(served, f"?model={head['models'][1]['number']}")
    assert other["model"] == head["models"][1]["number"] != head["model"]
    assert len(columns["id"]) == 12
    assert columns["id"].min() > 32
    assert the_map(served, "?model=99")[0]["model"] == head["model"]
    assert served.refusal("/api/map?model=x") == (400, "settings.query")


def test_the_model_in_use_is_shown_first(library, small_model):
    hear_with_another_model(library, [Path(f"/elsewhere/{k}.wav") for k in range(12)])
    with Library(library) as opened:
        opened.connection.execute(
            "UPDATE hearings SET model_hash = ? WHERE model = 'other-1.onnx'", (model_hash_of(small_model),)
        )
    with serving(library, model=str(small_model)) as running:
        assert the_map(running)[0]["n"] == 12


def test_what_a_model_heard_in_two_ways_lies_on_one_map(served, library):
    _, before = the_map(served)
    with Library(library) as opened:
        again = opened.hearing(b"model", '{"kind": "one_shot"}', "model")
        opened.connection.execute("UPDATE results SET hearing_id = ? WHERE id <= 6", (again,))
        opened.connection.execute("UPDATE embeddings SET hearing_id = ? WHERE result_id <= 6", (again,))
        opened.connection.execute("UPDATE files SET hearing_id = ? WHERE id <= 6", (again,))
        opened.connection.execute("UPDATE results SET x = 50 WHERE id <= 6")  # by axes of its own
    head, columns = the_map(served)
    assert [(model["number"], model["n"]) for model in head["models"]] == [(1, 31)]
    assert not head["provisional"]
    assert np.abs(columns["x"][:30]).max() < 10
    assert np.corrcoef(columns["x"][:30], before["x"][:30])[0, 1] ** 2 > 0.9


def test_every_format_is_played_as_16_bit_pcm(served, sounds):
    for number in (1, 2, 3, 4, 5, LOOP):
        status, headers, content = served.ask(f"/api/sounds/{number}/audio")
        assert (status, headers["content-type"], int(headers["content-length"])) == (200, "audio/wav", len(content))
        wav = soundfile.SoundFile(io.BytesIO(content))
        assert (wav.format, wav.subtype, wav.samplerate) == ("WAV", "PCM_16", RATE)
        expected, _ = soundfile.read(sounds[number - 1], dtype="float32", always_2d=True)
        np.testing.assert_allclose(wav.read(dtype="float32", always_2d=True), expected, atol=2e-4)


@pytest.mark.parametrize("number", [1, 2])
def test_ranges_put_together_are_the_whole(served, number):
    _, headers, whole = served.ask(f"/api/sounds/{number}/audio")
    rng = np.random.default_rng(number)
    cuts = [0, 10, 44, 45, *sorted(rng.integers(46, len(whole), 6).tolist()), len(whole)]
    parts = []
    for first, stop in pairwise(cuts):
        status, part_headers, part = served.ask(f"/api/sounds/{number}/audio", Range=f"bytes={first}-{stop - 1}")
        assert (status, part_headers["content-range"]) == (206, f"bytes {first}-{stop - 1}/{len(whole)}")
        assert part_headers["etag"] == headers["etag"]
        parts.append(part)
    assert b"".join(parts) == whole
    assert served.ask(f"/api/sounds/{number}/audio", Range="bytes=-100")[2] == whole[-100:]
    assert served.ask(f"/api/sounds/{number}/audio", Range=f"bytes={len(whole)}-")[0] == 416
    assert served.ask(f"/api/sounds/{number}/audio", Range="bytes=0-9", If_Range='"other"')[2] == whole
    status, head_headers, nothing = served.ask(f"/api/sounds/{number}/audio", method="HEAD", Range="bytes=0-9")
    assert (status, head_headers["content-length"], nothing) == (206, "10", b"")


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_range_lies_within_the_whole(size, first, last):
    for text in (f"bytes={first}-{last}", f"bytes={first}-", f"bytes=-{last}"):
        part = range_of(text, size)
        if part is not None:
            assert 0 <= part[0] < part[1] <= size
            assert part[2] == 206 or part == (0, size, 200)
    if first <= last and first < size:
        assert range_of(f"bytes={first}-{last}", size) == (first, min(size, last + 1), 206)


@pytest.mark.parametrize(
    "text", ["", "bytes", "bytes=", "bytes=-", "items=0-1", "bytes=0-1,4-5", "bytes=5-2", "bytes=a-b"]
)
def test_what_is_no_range_is_the_whole(text):
    assert range_of(text, 100) == (0, 100, 200)


def test_a_piece_of_a_sound(served, sounds):
    whole, _ = soundfile.read(sounds[-1], dtype="int16")
    _, _, content = served.ask(f"/api/sounds/{LOOP}/audio?start=11025&end=12025")
    piece, _ = soundfile.read(io.BytesIO(content), dtype="int16")
    assert np.abs(piece.astype(int) - whole[11025:12025]).max() <= 1
    _, _, content = served.ask(f"/api/sounds/{LOOP}/audio?start={RATE - 10}&end={10 * RATE}")
    assert len(soundfile.read(io.BytesIO(content))[0]) == 10
    for query in ("start=99999999", "start=5&end=5", "start=-1", "start=x", "end=1e9", "start=99999999999999999999"):
        assert served.refusal(f"/api/sounds/{LOOP}/audio?{query}") == (400, "settings.query")


def test_a_file_that_was_cut_short_is_as_long_as_it_promised(served, sounds):
    data = sounds[-1].read_bytes()
    sounds[-1].write_bytes(data[: len(data) // 2])
    status, headers, content = served.ask(f"/api/sounds/{LOOP}/audio")
    assert status == 200
    assert len(content) == int(headers["content-length"])


def test_more_than_two_channels_are_mixed_and_what_is_too_loud_is_clipped(served, sounds):
    soundfile.write(sounds[0], np.full((1000, 4), [0.4, 0.0, 0.0, 0.0]), RATE, subtype="FLOAT", format="WAV")
    mixed, _ = soundfile.read(io.BytesIO(served.ask("/api/sounds/1/audio")[2]))
    np.testing.assert_allclose(mixed, 0.1, atol=1e-4)
    soundfile.write(sounds[0], np.full(1000, 3.0), RATE, subtype="FLOAT", format="WAV")
    loud, _ = soundfile.read(io.BytesIO(served.ask("/api/sounds/1/audio")[2]))
    np.testing.assert_allclose(loud, 1.0, atol=1e-4)


def test_a_sound_with_everything_that_is_known(served, sounds):
    sound = served.json(f"/api/sounds/{LOOP}")
    assert (sound["path"], sound["kind"]) == (str(sounds[-1]), "loop")
    assert [(hit["position"], hit["label"], hit["confidence"]) for hit in sound["hits"]] == list(HITS)


def test_names_that_are_no_text_are_shown(served, sounds):
    strange = os.fsencode(sounds[0]).replace(b"kick 00", b"k\xffck")
    with Library(served.library) as library:
        library.connection.execute("UPDATE files SET path = ? WHERE id = 1", (strange,))
    assert served.json("/api/sounds/1")["name"] == "k\udcffck.wav"
    assert served.json("/api/find?q=name:k")["first"]


def test_find_says_what_find_says(served):
    answer = served.json("/api/find?q=label:snare%20confidence%3E0.5")
    assert answer["ids"] == [k + 1 for k in range(30) if k % 6 == 1 and 0.2 + 0.75 * k / 30 > 0.5]
    assert [sound["label"] for sound in answer["first"]] == ["snare"] * len(answer["ids"])
    assert served.json("/api/find?q=is:failed")["first"][0]["error_message"] == "broken.wav is empty (0 bytes)."
    assert "did you mean snare" in served.json("/api/find?q=label:snaer")["problem"]["message"]


def test_the_least_certain_come_first_hits_among_them(served):
    answer = served.json("/api/uncertain?limit=1000")
    entries = answer["entries"]
    assert answer["left"] == len(entries) == 30 + len(HITS)
    assert [entry["confidence"] for entry in entries] == sorted(entry["confidence"] for entry in entries)
    hit = next(entry for entry in entries if entry["id"] == LOOP)
    assert (hit["hit"], hit["label"], hit["position"], hit["next_position"]) == (1, "closed_hat", 11025, 22050)
    assert [entry["id"] for entry in served.json("/api/uncertain?limit=3")["entries"]] == [1, 2, 3]
    only = served.json("/api/uncertain?q=label:snare")
    assert {entry["label"] for entry in only["entries"]} == {"snare"}
    assert only["left"] == len(only["entries"])


def correct(served, *entries):
    entries = [{"id": number, "hit": hit, "label": label} for number, hit, label in entries]
    return served.json("/api/correct", method="POST", body={"corrections": entries})["corrections"]


def test_a_correction_counts_at_once_and_can_be_taken_back(served):
    (answer,) = correct(served, (1, -1, "cowbell"))
    assert (answer["label"], answer["confidence"], answer["before"], answer["same"]) == ("cowbell", 1.0, "", [1])
    _, columns = the_map(served)
    assert columns["flags"][0] == CORRECTED_FLAG
    assert columns["label"][0] == INDEX["cowbell"]
    assert 1 not in [entry["id"] for entry in served.json("/api/uncertain")["entries"]]
    (answer,) = correct(served, (1, -1, "clap"))
    assert answer["before"] == "cowbell"
    (answer,) = correct(served, (1, -1, ""))
    assert (answer["label"], answer["unsure"], answer["before"]) == ("kick", True, "clap")


def test_a_hit_is_corrected_where_it_is(served):
    (answer,) = correct(served, (LOOP, 1, "shaker"))
    assert (answer["hit"], answer["label"], answer["confidence"]) == (1, "shaker", 1.0)
    assert [hit["label"] for hit in served.json(f"/api/sounds/{LOOP}")["hits"]] == [
        "kick",
        "shaker",
        "snare",
        "closed_hat",
    ]
    assert served.json("/api/find?q=with:shaker")["ids"] == [LOOP]


def test_a_label_of_ones_own_has_a_colour_and_a_number(served):
    (answer,) = correct(served, (2, -1, "Biscuit Tin"))
    assert answer["label"] == "biscuit_tin"
    head, columns = the_map(served)
    assert head["own_labels"] == [answer["row"]]
    assert columns["label"][1] == len(INDEX)
    assert served.json("/api/labels")[-1] == answer["row"]
    assert served.json("/api/find?q=label:biscuit_tin")["ids"] == [2]


def test_a_copy_is_corrected_with_its_like(served, sounds):
    with Library(served.library) as library:
        library.connection.execute("UPDATE files SET content_id = 1 WHERE id = 8")
    (answer,) = correct(served, (8, -1, "clave"))
    assert sorted(answer["same"]) == [1, 8]
    assert served.json("/api/sounds/1")["label"] == "clave"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"id": 99, "hit": -1, "label": "kick"}, "library.unknown"),
        ({"id": 1, "hit": 0, "label": "kick"}, "library.no_hit"),
        ({"id": LOOP, "hit": 9, "label": "kick"}, "library.no_hit"),
        ({"id": 1, "hit": -1, "label": "kik"}, "library.label"),
        ({"id": 32, "hit": -1, "label": "kick"}, "library.not_heard"),
        ({"id": 1, "label": "kick"}, "settings.json"),
        ({"id": "1", "hit": -1, "label": "kick"}, "settings.json"),
        ({"id": True, "hit": -1, "label": "kick"}, "settings.json"),
        ({"id": 2**70, "hit": -1, "label": "kick"}, "settings.json"),
        ({"id": 1.0, "hit": -1, "label": "kick"}, "settings.json"),
        ("nonsense", "settings.json"),
    ],
    ids=str,
)
def test_corrections_that_make_no_sense(served, entry, code):
    assert served.refusal("/api/correct", method="POST", body={"corrections": [entry]})[1] == code


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 50_000, b'{"corrections": 1}', b"null"])
def test_bodies_that_make_no_sense(served, body):
    assert served.refusal("/api/correct", method="POST", body=body) == (400, "settings.json")


def test_no_library_is_a_state_and_nothing_makes_one(tmp_path):
    library = tmp_path / "none.sqlite"
    with serving(library) as running:
        assert running.json("/api/library")["problem"]["error"] == "library.not_found"
        assert running.refusal("/api/map") == (404, "library.not_found")
        body = {"corrections": [{"id": 1, "hit": -1, "label": "kick"}]}
        assert running.refusal("/api/correct", method="POST", body=body) == (404, "library.not_found")
        assert running.json("/api/labels")
    assert not library.exists()


def test_an_empty_library(tmp_path):
    Library(tmp_path / "empty.sqlite").close()
    with serving(tmp_path / "empty.sqlite") as running:
        assert running.json("/api/library")["sounds"] == 0
        assert the_map(running)[0]["n"] == 0
        assert running.json("/api/uncertain") == {"left": 0, "entries": []}


def test_a_library_that_takes_the_place_of_another_is_seen(served, tmp_path):
    assert served.json("/api/library")["sounds"] == 31
    Library(tmp_path / "empty.sqlite").close()
    os.replace(tmp_path / "empty.sqlite", served.library)
    assert served.json("/api/library")["sounds"] == 0
