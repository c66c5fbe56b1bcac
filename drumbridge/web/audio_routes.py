"""``GET /api/sounds/{id}/audio``: a sound of the library as a WAV that every browser plays, whole or a range of it.

Conventions: 16 bits, one channel or two, at the file's own rate, whatever the file is: AIFF, 24 bits, 192 kHz. It is
made while it is sent, and a range is decoded from where it begins, so an hour costs no more than a second. What a file
promises and does not have (it was cut short) is silence, for the length has been told by then. ``start`` and ``end``
are samples of the file: a piece of it, as a WAV of its own.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from drumbridge.audio.files import open_audio
from drumbridge.engine.permissions import playable_file
from drumbridge.errors import DrumbridgeError, SettingsError

from .house import House
from .messages import sound_number, whole_number

_HEADER: Final = struct.Struct("<4sI4s 4sIHHIIHH 4sI")
_PCM: Final = 1
_MOST_BYTES: Final = 0xFFFFFFFF - _HEADER.size  # what the header of a WAV can tell
_RANGE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


class PlayableWav(NamedTuple):
    """A part of a file as a WAV that is not there yet."""

    path: Path
    sample_rate: int
    channels: int
    start: int  # sample of the file
    n_samples: int

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return _HEADER.size + self.n_samples * self.frame

    @property
    def frame(self) -> int:
        """Bytes of one sample of all channels."""
        return 2 * self.channels

    def header(self) -> bytes:
        """Return the bytes before the first sample."""
        data = self.n_samples * self.frame
        return _HEADER.pack(
            *(b"RIFF", data + _HEADER.size - 8, b"WAVE", b"fmt ", 16, _PCM, self.channels, self.sample_rate),
            *(self.sample_rate * self.frame, self.frame, 16, b"data", data),
        )

    def chunks(self, first: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `first` up to but not including `stop`."""
        if first < _HEADER.size:
            yield self.header()[first:stop]
        position = max(first, _HEADER.size)
        if position >= stop:
            return
        skipped, wanted = (position - _HEADER.size) % self.frame, stop - position
        for chunk in self._audio((position - _HEADER.size) // self.frame):
            part = chunk[skipped : skipped + wanted]
            skipped = 0
            wanted -= len(part)
            yield part
            if not wanted:
                return
        yield bytes(wanted)

    def _audio(self, offset: int) -> Iterator[bytes]:
        try:
            with open_audio(self.path) as file:
                for block in file.blocks(start=self.start + offset, stop=self.start + self.n_samples):
                    yield to_pcm(block, self.channels)
        except DrumbridgeError:  # damage in the middle, or the file went away: what is missing is silence
            return


def to_pcm(block: np.ndarray, channels: int) -> bytes:
    """Return float32 (n, any number) as 16-bit samples of one channel or two; more than two are mixed to one."""
    audio = block if block.shape[1] == channels else block.mean(axis=1, keepdims=True)
    return (32767 * audio.clip(-1, 1)).round().astype("<i2").tobytes()


def playable_wav(path: Path, start: int = 0, end: int | None = None) -> PlayableWav:
    """Return a file, or a part of it, as a WAV.

    Raises
    ------
    AudioError
        As `open_audio`.
    SettingsError
        ``settings.query``: a part that is not in the file.
    """
    with open_audio(path) as file:
        n = file.n_samples
        if n is None:  # a stream that does not tell its length
            n = sum(len(block) for block in file.blocks())
        channels = file.channels if file.channels <= 2 else 1
        stop = n if end is None else min(end, n)
        if start >= stop:
            raise SettingsError("settings.query", f"There is nothing from {start} to {stop}: the file has {n} samples.")
        length = min(stop - start, _MOST_BYTES // (2 * channels))
        return PlayableWav(path, file.sample_rate, channels, start, length)


def routes(house: House) -> list[BaseRoute]:
    """Return the routes of this module."""

    def audio(request: Request) -> Response:
        with house.reading() as library:
            path = playable_file(library, sound_number(request))
        start, end = whole_number(request, "start", 0) or 0, whole_number(request, "end", None)
        return _answer(request, playable_wav(path, start, end))

    return [Route("/api/sounds/{id:int}/audio", audio)]


def _answer(request: Request, wav: PlayableWav) -> Response:
    status = os.stat(wav.path)
    tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}-{wav.start:x}-{wav.n_samples:x}"'
    headers = {"accept-ranges": "bytes", "etag": tag, "content-type": "audio/wav"}
    wanted = request.headers.get("range", "")
    if request.headers.get("if-range", tag) != tag:
        wanted = ""  # the file has changed since
    part = range_of(wanted, wav.size)
    if part is None:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{wav.size}"})
    first, stop, code = part
    if code == 206:
        headers["content-range"] = f"bytes {first}-{stop - 1}/{wav.size}"
    headers["content-length"] = str(stop - first)
    if request.method == "HEAD":
        return Response(status_code=code, headers=headers)
    return StreamingResponse(wav.chunks(first, stop), code, headers)


def range_of(text: str, size: int) -> tuple[int, int, int] | None:
    """Return what a ``Range`` header asks for as (first, stop, status), None for what is not in there (RFC 9110).

    Several ranges, other units and what makes no sense are no range: all is sent, with status 200.
    """
    match = _RANGE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return 0, size, 200
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, size, 206) if length else None
    first, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    if match[2] and int(match[2]) < first:
        return 0, size, 200
    return (first, stop, 206) if first < size else None
