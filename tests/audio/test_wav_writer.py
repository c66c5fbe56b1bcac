"""WAV files that grow: what was written is read, also from a file that nobody closed."""

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.audio.files import open_audio
from drumbridge.audio.wav_writer import EVERY_S, WavWriter

RATE = 8000
PIECES = st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=15)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("wav")


def written(writer: WavWriter, pieces, channels: int) -> np.ndarray:
    """Write noise and silence; return all of it."""
    rng = np.random.default_rng(1)
    blocks = [np.zeros((0, channels), np.float32)]
    for n, sounds in pieces:
        block = rng.uniform(-2, 2, (n, channels)).astype(np.float32) * sounds
        blocks.append(block)
        if sounds:
            writer.write(block)
        else:
            writer.silence(n)
    return np.concatenate(blocks)


@given(pieces=PIECES, channels=st.sampled_from([1, 2, 3, 64]), largest=st.sampled_from([0xFFFFFFFF, 20000]))
def test_what_was_written_is_read_and_nearly_all_of_it_before_the_end(folder, pieces, channels, largest):
    path, copy = folder / "a.wav", folder / "copy.wav"
    path.unlink(missing_ok=True)
    writer = WavWriter(path, RATE, channels, largest=largest)
    expected = written(writer, pieces, channels)
    shutil.copy(path, copy)
    heard, rate = soundfile.read(copy, dtype="float32", always_2d=True)
    assert rate == RATE
    assert len(expected) - EVERY_S * RATE < len(heard) <= len(expected)
    assert (heard == expected[: len(heard)]).all()
    writer.close()
    whole = soundfile.read(path, dtype="float32", always_2d=True)[0]
    assert whole.shape == expected.shape
    assert (whole == expected).all()
    large = path.stat().st_size - 8 > largest
    assert soundfile.info(path).format == ("RF64" if large else "WAV")
    assert soundfile.info(path).subtype == "FLOAT"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere it may really take 4 GB")
def test_more_than_4_gb_are_read(tmp_path):
    path = tmp_path / "long.wav"
    writer = WavWriter(path, RATE, 64)
    writer.silence(17 << 20)
    writer.write(np.full((1, 64), 0.5, np.float32))
    writer.close()
    if os.stat(path).st_blocks * 512 > 1 << 20:
        pytest.skip("this file system has no holes")
    with soundfile.SoundFile(path) as file:
        assert file.frames == (17 << 20) + 1
        file.seek(17 << 20)
        assert (file.read() == 0.5).all()


def test_a_file_that_exists_is_not_touched(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        WavWriter(path, RATE, 1)
    assert path.read_bytes() == b"precious"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_program_that_is_killed_leaves_a_file_without_a_warning(tmp_path):
    code = (
        "import sys, numpy as np; from drumbridge.audio.wav_writer import WavWriter\n"
        "writer = WavWriter(sys.argv[1], 8000, 1)\n"
        "while True:\n"
        "    writer.write(np.full((100, 1), 0.5, np.float32))\n"
        "    print(writer.n_samples, flush=True)\n"
    )
    path = tmp_path / "killed.wav"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    written_so_far = 0
    while written_so_far < 20000:
        written_so_far = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    with open_audio(path) as file:
        heard = np.concatenate(list(file.blocks(4096)))
        assert len(heard) > written_so_far - RATE
        assert (heard == 0.5).all()
        assert file.warning == ""
