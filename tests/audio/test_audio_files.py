"""Audio files: any way of reading gives the same samples; damage is named, or read around and said."""

import os
import stat
import struct
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.audio.files import open_audio
from drumbridge.errors import AudioError

RATE = 44100
FORMATS = ["wav", "aiff", "flac", "ogg", "mp3"]


def noise(n, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (n, channels)).astype(np.float32)


def read(path, *arguments):
    with open_audio(path) as file:
        return np.concatenate(list(file.blocks(*arguments)))


def wav(rate, n=400, *, claimed=None):
    content = bytes(2 * n)
    length = len(content) if claimed is None else claimed
    header = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate & 0xFFFFFFFF, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", 36 + length) + b"WAVEfmt " + header + b"data" + struct.pack("<I", length) + content
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One file per format, two channels, and all of its samples."""
    folder = tmp_path_factory.mktemp("formats")
    found = {}
    for kind in FORMATS:
        path = folder / f"a.{kind}"
        soundfile.write(path, noise(30_000, 2), RATE)
        found[kind] = path, read(path)
    return found


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=20, deadline=None)
@given(start=st.integers(0, 29_999), length=st.integers(1, 30_000), block_length=st.integers(500, 40_000))
def test_any_blocks_of_any_part_are_the_samples_of_the_whole(files, kind, start, length, block_length):
    path, whole = files[kind]
    with open_audio(path) as file:
        blocks = list(file.blocks(block_length, start, start + length))
    assert all(len(block) == block_length for block in blocks[:-1])
    assert all(block.dtype == np.float32 and block.shape[1] == 2 for block in blocks)
    # a lossy decoder that was told to jump agrees with one that was not to the last bits of 24
    np.testing.assert_allclose(np.concatenate(blocks), whole[start : start + length], atol=2**-22)


def test_two_readings_of_an_open_file_are_equal(files):
    with open_audio(files["flac"][0]) as file:
        first, second = (np.concatenate(list(file.blocks(7000))) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("channels", [1, 2, 6, 16])
@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000, 192000])
def test_rates_and_channels(tmp_path, rate, channels):
    audio = noise(1000, channels)
    soundfile.write(tmp_path / "a.wav", audio, rate, subtype="FLOAT")
    with open_audio(tmp_path / "a.wav") as file:
        assert (file.sample_rate, file.channels, file.n_samples, file.warning) == (rate, channels, 1000, "")
        assert np.array_equal(np.concatenate(list(file.blocks(300))), audio)


def test_missing(tmp_path):
    with pytest.raises(AudioError, match=r"no file .*nowhere\.wav") as caught:
        open_audio(tmp_path / "nowhere.wav")
    assert caught.value.code == "audio.not_found"


def test_directory(tmp_path):
    with pytest.raises(AudioError, match="is a folder") as caught:
        open_audio(tmp_path)
    assert caught.value.code == "audio.is_directory"


def test_too_long_a_name(tmp_path):
    with pytest.raises(AudioError, match="too long") as caught:
        open_audio(tmp_path / ("x" * 1000))
    assert caught.value.code == "audio.not_found"


def test_impossible_name():
    with pytest.raises(AudioError, match="cannot be a path") as caught:
        open_audio("a\0b.wav")
    assert caught.value.code == "audio.path"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="pipe or a device") as caught:
        open_audio(tmp_path / "pipe.wav")
    assert caught.value.code == "audio.not_a_file"


def test_a_link_to_itself(tmp_path):
    (tmp_path / "a.wav").symlink_to(tmp_path / "a.wav")
    with pytest.raises(AudioError, match="leads back to itself"):
        open_audio(tmp_path / "a.wav")


def test_empty(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(AudioError, match="0 bytes") as caught:
        open_audio(tmp_path / "a.wav")
    assert caught.value.code == "audio.empty"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind root")
def test_unreadable(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(100), RATE)
    path.chmod(stat.S_IWUSR)
    with pytest.raises(AudioError, match="check its permissions") as caught:
        open_audio(path)
    assert caught.value.code == "audio.permission"


def test_permission_is_told_from_other_failures(tmp_path, monkeypatch):
    # As root no file is unreadable, so the system's answer is given here.
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(100), RATE)

    def refuse(*arguments, **named):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(soundfile, "SoundFile", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(AudioError, match="check its permissions") as caught:
        open_audio(path)
    assert caught.value.code == "audio.permission"


@pytest.mark.parametrize("name", ["words.wav", "words.flac", "words.mp3", "words.raw"])
def test_text_renamed(tmp_path, name):
    (tmp_path / name).write_text("this is not a drum\n" * 50)
    with pytest.raises(AudioError, match="a text") as caught:
        open_audio(tmp_path / name)
    assert caught.value.code == "audio.not_audio"


@settings(max_examples=100, deadline=None)
@given(
    content=st.binary(min_size=1, max_size=300), head=st.sampled_from([b"", b"RIFF", wav(RATE)[:44], b"fLaC", b"OggS"])
)
def test_random_bytes_are_refused_or_read_but_never_crash(tmp_path_factory, content, head):
    path = tmp_path_factory.getbasetemp() / "random.wav"
    path.write_bytes(head + content)
    try:
        with open_audio(path) as file:
            for block in file.blocks(1000):
                assert np.isfinite(block).all()
    except AudioError as error:
        assert error.code.startswith("audio.")  # noqa: PT017


@pytest.mark.parametrize("rate", [0, 1, 7999, 192_001, 3_000_000_000])
def test_rates_that_cannot_be(tmp_path, rate):
    (tmp_path / "a.wav").write_bytes(wav(rate))
    with pytest.raises(AudioError, match=f"rate of {rate} Hz") as caught:
        open_audio(tmp_path / "a.wav")
    assert caught.value.code == "audio.rate"


def test_a_header_without_audio(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(RATE, 0))
    with pytest.raises(AudioError, match="no audio in it") as caught:
        open_audio(tmp_path / "a.wav")
    assert caught.value.code == "audio.no_samples"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 999, 1000, 2999])
def test_the_first_sample_that_is_no_number_is_named(tmp_path, value, position):
    audio = noise(3000, 2)
    audio[position:, 1] = value
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=rf"holds {value} at sample {position} ") as caught:
        read(tmp_path / "a.wav", 1000)
    assert caught.value.code == "audio.not_finite"


def test_damage_outside_the_part_that_is_read_does_no_harm(tmp_path):
    audio = noise(3000)
    audio[10] = np.nan
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    assert np.array_equal(read(tmp_path / "a.wav", 500, 11, 3000), audio[11:])


def test_loud_floats_are_kept_and_absurd_ones_named(tmp_path):
    audio = noise(100)
    audio[50] = 40.0  # +32 dBFS: somebody's master bus
    soundfile.write(tmp_path / "loud.wav", audio, RATE, subtype="FLOAT")
    assert read(tmp_path / "loud.wav")[50, 0] == 40.0
    audio[70] = -1e30
    soundfile.write(tmp_path / "absurd.wav", audio, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"-1e\+30 at sample 70 ") as caught:
        read(tmp_path / "absurd.wav")
    assert caught.value.code == "audio.too_loud"


@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "mp3"])
def test_a_truncated_file_gives_what_is_there_and_says_so(tmp_path, files, kind):
    path, whole = files[kind]
    content = path.read_bytes()
    cut = tmp_path / f"cut.{kind}"
    cut.write_bytes(content[: len(content) // 2])
    with open_audio(cut) as file:
        audio = np.concatenate(list(file.blocks(4096)))
        assert "cut short" in file.warning
    assert 0.25 * len(whole) < len(audio) < 0.6 * len(whole)
    np.testing.assert_allclose(audio, whole[: len(audio)], atol=2**-15)


@pytest.mark.parametrize("kind", ["W64", "RF64", "AU"])
def test_a_missing_end_is_seen_in_rarer_headers_too(tmp_path, kind):
    path = tmp_path / "a"
    soundfile.write(path, noise(8000), RATE, format=kind)
    with open_audio(path) as file:
        assert sum(len(block) for block in file.blocks()) == 8000
        assert file.warning == ""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with open_audio(path) as file:
        assert 3900 < sum(len(block) for block in file.blocks()) < 4000
        assert "cut short" in file.warning


@pytest.mark.skipif(sys.platform == "win32", reason="longer than paths are there")
def test_a_path_longer_than_libsndfile_takes(tmp_path):
    folder = tmp_path.joinpath(*["ä" * 100] * 6)
    folder.mkdir(parents=True)
    soundfile.write(tmp_path / "a.wav", noise(100), RATE)
    (tmp_path / "a.wav").rename(folder / "a.wav")
    assert len(os.fsencode(folder)) > 1200
    assert len(read(folder / "a.wav")) == 100


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_name_that_is_not_text(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(100), RATE)
    os.rename(os.fsencode(tmp_path / "a.wav"), os.fsencode(tmp_path) + b"/\xfc.wav")
    assert len(read(tmp_path / os.fsdecode(b"\xfc.wav"))) == 100


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files cannot be counted here")
def test_nothing_is_left_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    soundfile.write(tmp_path / "good.wav", noise(100), RATE)
    (tmp_path / "bad.wav").write_bytes(b"RIFF" + bytes(100))
    (tmp_path / "rate.wav").write_bytes(wav(1))
    for _ in range(5):
        with open_audio(tmp_path / "good.wav") as file:
            list(file.blocks())
        for name in ("bad.wav", "rate.wav"):
            with pytest.raises(AudioError):
                open_audio(tmp_path / name)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("kind", FORMATS)
def test_a_whole_file_has_no_warning(files, kind):
    with open_audio(files[kind][0]) as file:
        assert sum(len(block) for block in file.blocks(4096)) == file.n_samples
        assert file.warning == ""


@pytest.mark.parametrize("claimed", [0xFFFFFFFF, 0xFFFFFFD0])
def test_a_stream_without_a_length_has_no_warning(tmp_path, claimed):
    # what a recorder writes that cannot go back to its header
    path = tmp_path / "a.wav"
    content = bytearray(wav(RATE, 400))
    content[4:8] = content[40:44] = struct.pack("<I", claimed)
    path.write_bytes(content)
    with open_audio(path) as file:
        assert sum(len(block) for block in file.blocks(4096)) == 400
        assert file.warning == ""


def test_a_file_that_vanishes_while_a_decoder_fails_is_named(tmp_path, files, monkeypatch):
    path = tmp_path / "a.flac"
    content = files["flac"][0].read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with open_audio(path) as file:
        path.unlink()
        with pytest.raises(AudioError, match="went away") as caught:
            list(file.blocks(4096))
    assert caught.value.code == "audio.vanished"
