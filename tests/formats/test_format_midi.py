"""MIDI: every label of every hit is a note, where and as loud as it was heard, and every note ends."""

import io

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.events import Hit, LabelConfidence, Transcription
from drumbridge.core.labels import BY_NAME, LABELS
from drumbridge.errors import SettingsError
from drumbridge.formats.midi import CHANNEL, hit_to_notes, transcription_to_midi, write_midi

RATE = 44100


def transcription(strokes, rate=RATE):
    hits = [
        Hit(
            k,
            position,
            velocity,
            -10.0,
            tuple(LabelConfidence(name, 0.9) for name in labels),
            0.9,
            guess=LabelConfidence("clap", 0.1),
        )
        for k, (position, velocity, labels) in enumerate(sorted(strokes))
    ]
    return Transcription(tuple(hits), rate, 10**7, "m")


def notes(midi):
    """Read (time in s, note, velocity) of all notes from the bytes of a file, checking that each ends."""
    file = io.BytesIO()
    midi.save(file=file)
    file.seek(0)
    now, sounding, found = 0.0, set(), []
    for message in mido.MidiFile(file=file):
        now += message.time
        if message.type == "note_on":
            assert message.channel == CHANNEL
            assert message.note not in sounding, "a note starts again before it ends"
            sounding.add(message.note)
            found.append((now, message.note, message.velocity))
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding
    return found


strokes = st.lists(
    st.tuples(
        st.integers(0, 3000).map(lambda k: 997 * k),  # the detector merges hits nearer than 20 ms
        st.integers(1, 127),
        st.lists(st.sampled_from([label.name for label in LABELS]), max_size=3, unique=True).map(tuple),
    ),
    max_size=40,
    unique_by=lambda stroke: stroke[0],
)


@given(strokes=strokes, tempo_bpm=st.floats(30, 300))
def test_every_label_is_a_note_at_its_time(strokes, tempo_bpm):
    source = transcription(strokes)
    expected = sorted((hit.position / RATE, note, hit.velocity) for hit in source.hits for note in hit_to_notes(hit))
    found = sorted(notes(transcription_to_midi(source, tempo_bpm=tempo_bpm)))
    tick_s = 60 / tempo_bpm / 960
    by_note = lambda entry: (entry[1], entry[0])  # noqa: E731
    for (time_s, note, velocity), (found_s, found_note, found_velocity) in zip(
        sorted(expected, key=by_note), sorted(found, key=by_note), strict=True
    ):
        assert (found_note, found_velocity) == (note, velocity)
        assert found_s == pytest.approx(time_s, abs=tick_s)


def test_an_unsure_hit_is_seen():
    assert [note for _, note, _ in notes(transcription_to_midi(transcription([(0, 100, ())])))] == [
        BY_NAME["other"].gm_note
    ]


def test_a_label_of_a_foreign_model_is_seen():
    assert hit_to_notes(Hit(0, 0, 1, 0.0, (LabelConfidence("theremin", 1.0),), 1.0)) == (BY_NAME["other"].gm_note,)


def test_written_to_a_file(tmp_path):
    write_midi(tmp_path / "ö.mid", transcription([(0, 100, ("kick",)), (RATE, 60, ("snare", "crash"))]))
    found = notes(mido.MidiFile(tmp_path / "ö.mid"))
    assert [(note, velocity) for _, note, velocity in found] == [(36, 100), (38, 60), (49, 60)]


@pytest.mark.parametrize("tempo_bpm", [0.0, -1.0, 3.9, 1001.0, float("nan")])
def test_tempos_that_cannot_be(tempo_bpm):
    with pytest.raises(SettingsError, match=r"outside 4\.\.1000") as caught:
        transcription_to_midi(transcription([]), tempo_bpm=tempo_bpm)
    assert caught.value.code == "settings.tempo_bpm"
