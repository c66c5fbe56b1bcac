"""Corrections: they count at once, follow the sound, and never touch anything but the library."""

import os

import pytest
import soundfile
from sounds import hat, kick, loop

from drumbridge.engine.engine import Engine
from drumbridge.engine.permissions import check_may_hear, playable_file, sound_with_id
from drumbridge.errors import AudioError, LibraryError
from drumbridge.library.query import parse_query
from drumbridge.library.search import find_sounds
from drumbridge.library.sounds import hits_of, sounds_where
from drumbridge.library.store import Library


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    soundfile.write(folder / "low.wav", kick(), 44100)
    soundfile.write(folder / "takt.wav", loop([(0.1, kick()), (0.6, hat()), (1.1, kick())], length_s=2.0), 44100)
    return folder


@pytest.fixture
def engine(tmp_path, small_model):
    return Engine(model=str(small_model), library=tmp_path / "library.sqlite")


def found(engine_folder, query):
    with Library(engine_folder / "library.sqlite", writing=False) as library:
        return [os.path.basename(each.sound.path) for each in find_sounds(library, parse_query(query))]


@pytest.mark.parametrize("index", [-1, 0])
def test_a_correction_wins_at_once_and_can_be_taken_back(engine, folder, tmp_path, index):
    heard = {sound.path: sound for sound in engine.scan(folder)}
    assert heard[str(folder / "low.wav")].label == "kick"
    assert engine.correct(folder / "low.wav", index, "tom_low") == ("tom_low", 1.0)
    assert found(tmp_path, "label:tom_low confidence=1 is:corrected") == ["low.wav"]
    assert found(tmp_path, "label:kick kind:one_shot") == []
    assert [s.label for s in engine.scan(folder) if s.kind == "one_shot"] == ["tom_low"]
    engine.correct(folder / "low.wav", index, "clap")
    assert found(tmp_path, "label:clap") == ["low.wav"]
    label, confidence = engine.correct(folder / "low.wav", index, "")
    assert (label, confidence < 1.0 or confidence == heard[str(folder / "low.wav")].confidence) == ("kick", True)
    assert found(tmp_path, "is:corrected") == []


def test_a_correction_follows_the_sound(engine, folder, tmp_path):
    engine.correct(folder / "low.wav", -1, "tom_low")  # not scanned yet: it is heard for it
    (folder / "low.wav").rename(folder / "moved.wav")
    assert {s.label for s in engine.scan(folder) if s.kind == "one_shot"} == {"tom_low"}
    soundfile.write(folder / "moved.wav", hat(), 44100)  # another sound under the same name
    assert {s.label for s in engine.scan(folder) if s.kind == "one_shot"} == {"closed_hat"}


def test_a_hit_of_a_loop(engine, folder, tmp_path):
    assert engine.correct(folder / "takt.wav", 1, "clap") == ("clap", 1.0)
    with Library(tmp_path / "library.sqlite") as library:
        (takt,) = sounds_where(library, "kind = 'loop'")
        hits = hits_of(library, takt)
    assert [(hit.label, hit.corrected) for hit in hits] == [("kick", False), ("clap", True), ("kick", False)]
    assert found(tmp_path, "with:clap") == ["takt.wav"]
    assert engine.correct(folder / "takt.wav", 99, "snare", position=hits[0].position) == ("snare", 1.0)
    assert found(tmp_path, "with:snare") == ["takt.wav"]


def test_what_cannot_be_corrected(engine, folder, tmp_path):
    def refused(kind, code, *arguments):
        with pytest.raises(kind) as caught:
            engine.correct(*arguments)
        assert caught.value.code == code

    before = {path: path.read_bytes() for path in folder.iterdir()}
    refused(LibraryError, "library.label", folder / "low.wav", -1, "kik")
    refused(LibraryError, "library.no_hit", folder / "takt.wav", 3, "kick")
    refused(LibraryError, "library.no_hit", folder / "low.wav", 1, "kick")
    refused(AudioError, "audio.not_found", folder / "none.wav", -1, "kick")
    refused(AudioError, "audio.path", "low.wav", -1, "kick")
    (folder / "text.txt").write_text("text")
    refused(AudioError, "audio.suffix", folder / "text.txt", -1, "kick")
    (folder / "text.wav").write_text("text")
    refused(AudioError, "audio.not_audio", folder / "text.wav", 0, "kick")
    assert {path: path.read_bytes() for path in before} == before
    assert found(tmp_path, "is:corrected") == []


def test_a_page_may_play_what_the_library_knows_and_nothing_else(engine, folder, tmp_path):
    ids = {os.path.basename(sound.path): sound.id for sound in engine.scan(folder)}
    with Library(tmp_path / "library.sqlite", writing=False) as library:
        assert playable_file(library, ids["low.wav"]) == folder / "low.wav"
        with pytest.raises(LibraryError, match="no sound with number 99"):
            sound_with_id(library, 99)
        (folder / "low.wav").unlink()
        with pytest.raises(AudioError, match="no file"):
            playable_file(library, ids["low.wav"])


def test_a_folder_is_nothing_to_hear(tmp_path):
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(AudioError, match="not a file"):
        check_may_hear(tmp_path / "folder.wav")
