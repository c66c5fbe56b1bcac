"""Audio files as blocks: whatever libsndfile reads (WAV, AIFF, FLAC, OGG, MP3), of any length, in bounded memory.

Conventions: a block is float32 of shape (n, channels), full scale +-1; positions and lengths are in
samples of the file. Float files may be louder than full scale, up to +120 dBFS; what is beyond that,
or is no number, is damage and raises. A file that ends early (truncated, lost sync) is read as far as
it goes, and `AudioFile.warning` then says so.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from drumbridge.errors import AudioError

from .damage import MAX_RATE_HZ, MIN_RATE_HZ, bad_rate, end_is_missing, refusal, unreachable

MAX_MAGNITUDE = 1e6  # +120 dBFS: beyond it a "sample" is damage, and its square would not fit float32
BLOCK_LENGTH = 65_536

_UNKNOWN_LENGTH = 2**62  # libsndfile says 2**63 - 1 where a stream does not tell its length
_TRUNCATED_MARK = "should be"  # how libsndfile's log puts a chunk longer than its file
_TOLERATED_SHORTAGE_S = 0.1  # MP3 and OGG headers estimate their length


class AudioFile:
    """An open audio file. Use `open_audio`, and as a context manager.

    Attributes
    ----------
    path : Path
    sample_rate : int
        Hz, 8000..192000.
    channels : int
    n_samples : int or None
        Length by the header, samples per channel; the file may end earlier. None when it does not tell.
    warning : str
        Empty, or one sentence about damage that was read around; complete once the blocks are.
    """

    def __init__(self, path: Path, sound: Any, opened: contextlib.ExitStack) -> None:
        self.path = path
        self.sample_rate: int = sound.samplerate
        self.channels: int = sound.channels
        self.n_samples: int | None = sound.frames if 0 <= sound.frames < _UNKNOWN_LENGTH else None
        self.warning = ""
        self._sound = sound
        self._opened = opened
        if _TRUNCATED_MARK in sound.extra_info and end_is_missing(path):
            self._warn_truncated(self.n_samples or 0)

    def __enter__(self) -> AudioFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def blocks(self, block_length: int = BLOCK_LENGTH, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """Read the file, or the part from `start` to `stop`, block by block.

        Parameters
        ----------
        block_length : int
            Samples per block, at least 1; the last block may be shorter.
        start, stop : int, optional
            Samples of the file, `stop` not included.

        Yields
        ------
        ndarray, float32, shape (n, channels)
            A new array each time, all finite.

        Raises
        ------
        AudioError
            ``audio.not_finite``, ``audio.too_loud``: a sample that is no sound, with its position.
            ``audio.vanished``: the file went away while it was read.
        """
        import soundfile

        end = min((n for n in (stop, self.n_samples) if n is not None), default=None)
        position = start
        if start or self._sound.tell():
            self._sound.seek(start if end is None else min(start, end))
        while end is None or position < end:
            wanted = block_length if end is None else min(block_length, end - position)
            block = np.empty((wanted, self.channels), dtype=np.float32)
            before = self._sound.tell()
            broken = False
            try:
                n = len(self._sound.read(out=block))
            except (soundfile.LibsndfileError, OSError) as error:
                if not self.path.exists():
                    raise AudioError("audio.vanished", f"{self.path} went away while it was read.") from error
                # The decoder stopped inside this block; what it gave up to there is sound.
                n, broken = min(max(0, self._sound.tell() - before), wanted), True
            if n:
                self._check(block[:n], position)
                yield block[:n]
                position += n
            if broken or n < wanted:
                self._note_end(position, broken)
                return

    def _check(self, block: np.ndarray, position: int) -> None:
        """Raise for the first sample that cannot be sound; `position` is that of the block."""
        if block.min() >= -MAX_MAGNITUDE and block.max() <= MAX_MAGNITUDE:  # false also for NaN
            return
        with np.errstate(invalid="ignore"):
            bad = ~(np.abs(block) <= MAX_MAGNITUDE)
        index, channel = (int(i) for i in np.argwhere(bad)[0])
        value = float(block[index, channel])
        where = f"at sample {position + index} ({(position + index) / self.sample_rate:.3f} s)"
        if np.isfinite(value):
            raise AudioError(
                "audio.too_loud",
                f"{self.path.name} holds the value {value:.3g} {where} where full scale is 1: it is probably damaged.",
            )
        raise AudioError(
            "audio.not_finite",
            f"{self.path.name} holds {value} {where}: a plug-in has probably written it; bounce the file again.",
        )

    def _note_end(self, position: int, broken: bool) -> None:
        missing = (self.n_samples or position) - position
        if broken or missing > _TOLERATED_SHORTAGE_S * self.sample_rate:
            self._warn_truncated(position)

    def _warn_truncated(self, position: int) -> None:
        self.warning = self.warning or (
            f"{self.path.name} is cut short or damaged: it was read up to {position / self.sample_rate:.3f} s."
        )


def open_audio(path: str | os.PathLike[str]) -> AudioFile:
    """Open an audio file for reading.

    Raises
    ------
    AudioError
        ``audio.not_found``, ``audio.is_directory``, ``audio.not_a_file`` (pipes and devices),
        ``audio.permission``, ``audio.empty`` (no bytes), ``audio.not_audio``, ``audio.no_samples``
        or ``audio.rate`` (outside 8 kHz..192 kHz).
    """
    path = Path(path)
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise unreachable(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise AudioError("audio.is_directory", f"{path} is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise AudioError("audio.not_a_file", f"{path} is a pipe or a device, not a file.")
    if status.st_size == 0:
        raise AudioError("audio.empty", f"{path} is empty (0 bytes): it was probably never written to its end.")

    import soundfile  # here, so that starting up costs nothing

    with contextlib.ExitStack() as opened:
        try:
            source: str | int = os.fspath(path)
            if os.name != "nt":
                # By its descriptor, for libsndfile takes no names above 1024 bytes and none that are not UTF-8.
                source = opened.enter_context(open(path, "rb", buffering=0)).fileno()
            sound = opened.enter_context(soundfile.SoundFile(source, closefd=False))
        except (soundfile.LibsndfileError, TypeError, OSError, ValueError) as error:
            # TypeError: a headerless .raw, of which nobody can know the rate.
            raise refusal(path, error) from error
        if not MIN_RATE_HZ <= sound.samplerate <= MAX_RATE_HZ:
            raise bad_rate(path, sound.samplerate)
        if sound.frames == 0:
            raise AudioError(
                "audio.no_samples",
                f"{path} has a header but no audio in it, or was never finished by the program that recorded it.",
            )
        return AudioFile(path, sound, opened.pop_all())
