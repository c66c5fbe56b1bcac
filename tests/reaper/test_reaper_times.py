"""Markers, splits and notes fall on the right project times, however an item plays its source."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from geometries import GEOMETRIES, POSITION_S, Geometry, render
from loop_of_known_strokes import STROKES
from projects import track

from drumbridge.core.labels import BY_NAME
from drumbridge.engine.engine import Engine

WITHIN_S = 0.001
NOTES = {BY_NAME[label].gm_note: label for label in ("kick", "closed_hat")}


@dataclass(frozen=True)
class Expected:
    """A hit in an item."""

    at: float
    label: str
    velocity: int


@pytest.fixture(scope="session")
def expected(sounds, small_model, tmp_path_factory):
    """Return the hits that an item has: those of its file, moved by the definition of its geometry."""
    engine = Engine(model=str(small_model))
    folder = tmp_path_factory.mktemp("played")
    known = {}

    def hits(geometry: Geometry) -> list[Expected]:
        if geometry.name in known:
            return known[geometry.name]
        if geometry.exported:
            path = folder / f"{geometry.name}.wav"
            render(geometry, sounds, path)
            heard = engine.transcribe(path)
            rows = [(hit.position / heard.sample_rate, hit) for hit in heard.hits]
            rows = [(geometry.length - at if geometry.reversed_ else at, hit) for at, hit in rows]
        else:
            heard = engine.transcribe(sounds / "loop.wav")
            rows = [(at, hit) for hit in heard.hits for at in geometry.heard(hit.position / heard.sample_rate)]
        found = sorted((Expected(at, hit.labels[0].label, hit.velocity) for at, hit in rows), key=lambda hit: hit.at)
        known[geometry.name] = found
        return found

    return hits


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_what_is_expected_is_what_was_played(geometry, expected):
    """The reference itself: every stroke that the item plays is there, within what an onset detector is off."""
    played = sorted((at, label) for stroke, label in STROKES for at in geometry.heard(stroke))
    hits = expected(geometry)
    assert [hit.label for hit in hits] == [label for _, label in played]
    for hit, (at, _) in zip(hits, played, strict=True):
        assert hit.at == pytest.approx(at, abs=0.012)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_take_markers(geometry, expected, reaper, sounds):
    result = reaper.run("Take markers at hits", track(geometry.build(sounds)))
    (marked,) = result.items
    markers = marked["takes"][marked["active"]]["markers"]
    hits = expected(geometry)
    unique = {round(geometry.source_at(hit.at), 3): hit for hit in hits}  # a loop's markers are there at every turn
    assert len(markers) == len(unique) >= 3
    for marker, (_, hit) in zip(markers, sorted(unique.items()), strict=True):
        assert marker["at"] == pytest.approx(geometry.source_at(hit.at), abs=WITHIN_S)
        assert marker["name"].startswith(hit.label.replace("_", " "))
        assert marker["name"].endswith("%")
        assert marker["colour"] & 0x1000000
    assert len(result.undo) == 1
    assert result.boxes == result.leftovers == []


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_split(geometry, expected, reaper_once, sounds):
    result = reaper_once.run("Split items at hits", track(geometry.build(sounds)))
    hits = expected(geometry)
    inner = [hit.at for hit in hits if WITHIN_S < hit.at < geometry.length - WITHIN_S]
    assert [piece["position"] for piece in result.items[1:]] == pytest.approx(
        [POSITION_S + at for at in inner], abs=WITHIN_S
    )
    assert sum(piece["length"] for piece in result.items) == pytest.approx(geometry.length)
    # a piece has its colour from the hit at its start, of a reversed item from the one at its end
    owners = {round(hit.at, 2): hit.label for hit in hits}
    for piece in result.items:
        edge = piece["position"] - POSITION_S + (piece["length"] if geometry.reversed_ else 0)
        colour = piece["colour"] or piece["takes"][piece["active"]]["colour"]
        near = [label for at, label in owners.items() if abs(at - edge) < 0.011]
        assert (colour != 0) == bool(near)
    assert len(result.undo) == 1
    assert result.boxes == result.leftovers == []


@pytest.mark.parametrize(
    ("geometry", "bpm"), [*((geometry, 120) for geometry in GEOMETRIES), (GEOMETRIES[3], 87.3)], ids=str
)
def test_midi_item(geometry, bpm, expected, reaper_once, sounds):
    result = reaper_once.run("MIDI item from hits", track(geometry.build(sounds)), bpm=bpm)
    _, (written,) = (entry["items"] for entry in result.tracks)
    assert (written["position"], written["length"]) == pytest.approx((POSITION_S, geometry.length))
    notes = written["takes"][0]["notes"]
    hits = expected(geometry)
    assert [NOTES[pitch] for _, _, _, pitch, _ in notes] == [hit.label for hit in hits]
    for (start, stop, channel, _, velocity), hit in zip(notes, hits, strict=True):
        assert start / 960 * 60 / bpm == pytest.approx(hit.at, abs=WITHIN_S)
        assert 0 < (stop - start) / 960 * 60 / bpm <= 0.1 + WITHIN_S
        assert channel == 9
        assert velocity == pytest.approx(hit.velocity, abs=6 if geometry.exported else 0)  # at another rate
    assert len(result.undo) == 1
