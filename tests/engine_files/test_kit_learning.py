"""Taps from files, and kits that another model hears."""

import numpy as np
import pytest
import soundfile
from sounds import hat, kick, loop, stroke

from drumbridge.core.kit import Kit
from drumbridge.engine.engine import Engine
from drumbridge.engine.hearing import Hearing
from drumbridge.engine.kit_learning import fitted_kit, learned_kit, new_kit
from drumbridge.engine.kit_taps import tap_of, taps_from_folder, taps_from_recording
from drumbridge.errors import AudioError, KitError

RATE = 44100


@pytest.fixture(scope="module")
def classifier(small_model):
    return Engine(model=str(small_model)).load_model()


@pytest.fixture
def recording(tmp_path):
    """Three low strokes, then three high ones, each a little different."""
    low = [(0.2 + 0.4 * k, stroke(80 + 2 * k)) for k in range(3)]
    high = [(1.6 + 0.4 * k, stroke(3500 + 60 * k)) for k in range(3)]
    path = tmp_path / "taps.wav"
    soundfile.write(path, loop(low + high), RATE, subtype="FLOAT")
    return path


def taught(classifier, recording) -> Kit:
    return taps_from_recording(new_kit("k", classifier), recording, ["thud", "tick"], 3, classifier)


def test_a_recording_teaches_its_pads_in_order(classifier, recording, tmp_path):
    kit = taught(classifier, recording)
    assert [(pad.name, len(kit.taps_of(pad.number))) for pad in kit.pads] == [("thud", 3), ("tick", 3)]
    song = tmp_path / "song.wav"
    soundfile.write(song, loop([(0.3, hat()), (1.0, kick()), (2.0, hat(peak=0.2))]), RATE)
    engine = Engine(model=str(classifier.path))
    hits = engine.transcribe(song, kit=kit).hits
    assert [(hit.label, hit.note) for hit in hits] == [("tick", 37), ("thud", 36), ("tick", 37)]
    assert [hit.position for hit in hits] == [hit.position for hit in engine.transcribe(song).hits]


@pytest.mark.parametrize("block", [64, 1000])
def test_a_stream_gives_the_same_taps_as_the_file_of_its_audio(classifier, recording, block):
    kit = taught(classifier, recording)
    hearing = Hearing(classifier, RATE, None)
    hearing.keep_excerpts(True)
    audio, _ = soundfile.read(recording, dtype="float32")
    hits = [hit for k in range(0, len(audio), block) for hit in hearing.hear(audio[k : k + block])] + hearing.end()
    live = new_kit("k", classifier).with_pad("thud").with_pad("tick")
    for k, hit in enumerate(hits):
        live = live.with_tap(tap_of(hit, k // 3))
    assert live == kit


def test_another_number_of_strokes_than_was_to_be_played_is_said(classifier, recording):
    with pytest.raises(KitError, match=r"6 strokes are heard in .*taps.wav, and 5 for each of 2 pads would be 10"):
        taps_from_recording(new_kit("k", classifier), recording, ["thud", "tick"], 5, classifier)


def test_a_folder_is_a_pad_and_a_file_beside_it_too(classifier, tmp_path):
    (tmp_path / "low" / "more").mkdir(parents=True)
    soundfile.write(tmp_path / "low" / "1.wav", kick(), RATE)
    soundfile.write(tmp_path / "low" / "more" / "2.wav", loop([(0.1, kick()), (0.6, kick())]), RATE)
    soundfile.write(tmp_path / "Tick.flac", hat(), RATE)
    (tmp_path / "notes.txt").write_text("no audio")
    kit = taps_from_folder(new_kit("k", classifier), tmp_path, classifier)
    assert {pad.name: len(kit.taps_of(pad.number)) for pad in kit.pads} == {"Tick": 1, "low": 3}


def test_files_that_teach_nothing_are_named(classifier, tmp_path):
    with pytest.raises(KitError, match="no audio files in"):
        taps_from_folder(new_kit("k", classifier), tmp_path, classifier)
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE, dtype=np.float32), RATE)
    with pytest.raises(KitError, match=r"No stroke is heard in .*silence.wav"):
        taps_from_folder(new_kit("k", classifier), tmp_path, classifier)
    with pytest.raises(AudioError, match="no folder"):
        taps_from_folder(new_kit("k", classifier), tmp_path / "absent", classifier)


def test_a_kit_of_another_model_is_learned_anew_from_what_was_played(classifier, recording):
    kit = taught(classifier, recording)
    assert kit.model == f"{classifier.name} {classifier.digest[:8]}"

    class Wide:
        """The same model with more before the attack, less after it, and another rate on its label."""

        name, digest = "wide 2", "feedbeef" * 8
        sample_rate, samples_before, samples_after = 22050, 600, 2000
        rule, has_presence = classifier.rule, True

        def score(self, audio, available):
            assert audio.shape[1:] == (2600,)
            padded = np.zeros((len(audio), classifier.samples_before + classifier.samples_after), dtype=np.float32)
            padded[:, :2600] = audio
            return classifier.score(padded, available)

    fitted = fitted_kit(kit, Wide())
    assert fitted.model == "wide 2 feedbeef"
    assert fitted.pads == kit.pads
    assert [tap.pad for tap in fitted.taps] == [tap.pad for tap in kit.taps]
    for tap in fitted.taps:
        # the attack is where it was: nothing much before it, the loudest right behind
        assert np.abs(tap.audio[:590]).max() < 0.05 * np.abs(tap.audio).max()
        assert np.abs(tap.audio[598:700]).max() > 0.5 * np.abs(tap.audio).max()
    learned_kit(kit, Wide())
    assert fitted_kit(kit, classifier) == kit
