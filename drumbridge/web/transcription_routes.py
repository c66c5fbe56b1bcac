"""The hits of a sound for the page: where they are, what they may be, how the sound looks, and files to take along.

Conventions: positions are samples of the file. ``hits`` and the files hold what the library knows, with corrections;
``scores`` hears a part of the file anew (60 s at most), because the library does not keep every label's probability of
every hit: a part gives the hits that the whole file has there. ``peaks`` is int16 little-endian, a pair for a column.
"""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from drumbridge.core.events import Hit, Transcription
from drumbridge.engine.known_transcription import known_transcription
from drumbridge.engine.permissions import check_may_hear, playable_file, sound_with_id
from drumbridge.engine.waveform import Waveforms
from drumbridge.errors import SettingsError
from drumbridge.formats.csv import write_hits
from drumbridge.formats.json import hit_to_object, to_line
from drumbridge.formats.midi import transcription_to_midi
from drumbridge.library.sounds import Sound, hits_of

from .house import House
from .messages import INT64, Json, sound_number, whole_number

_MOST_COLUMNS: Final = 8192
_HEARD_AT_ONCE_S: Final = 60.0
_KEPT: Final = 64  # parts that were heard
_TYPES: Final = {"mid": "audio/midi", "csv": "text/csv; charset=utf-8", "json": "application/json"}


def routes(house: House) -> list[BaseRoute]:
    """Return the routes of this module."""
    waveforms = Waveforms()
    heard = _HeardParts(house)

    def hits(request: Request) -> Response:
        sound, transcription, corrected = _known(house, request)
        found = [
            {
                "index": hit.index, "position": hit.position, "velocity": hit.velocity, "unsure": not hit.labels,
                "labels": [[entry.label, entry.confidence] for entry in hit.labels],
                "guess": hit.guess and hit.guess.label, "corrected": hit.index in corrected,
            }
            for hit in transcription.hits
        ]  # fmt: skip
        colours = {entry.label: f"#{entry.colour:06x}" for hit in transcription.hits for entry in hit.labels}
        return Json({
            "id": sound.id, "name": os.path.basename(sound.path), "path": sound.path, "kind": sound.kind,
            "sample_rate": sound.sample_rate, "n_samples": transcription.n_samples, "duration_s": sound.duration_s,
            "warning": sound.warning, "hits": found, "colours": colours,
        })  # fmt: skip

    def scores(request: Request) -> Response:
        start, end = _part(request)
        with house.reading() as library:
            sound = sound_with_id(library, sound_number(request))
        return Json(heard.scores(sound, start, end))

    def peaks(request: Request) -> Response:
        start, end = _part(request)
        n = whole_number(request, "columns", 1024, _MOST_COLUMNS) or 0
        with house.reading() as library:
            path = playable_file(library, sound_number(request))
        content = waveforms.columns(path, start, end, n).astype("<i2").tobytes()
        return Response(content, headers={"content-type": "application/octet-stream"})

    def taken_along(request: Request) -> Response:
        suffix = request.path_params["suffix"]
        if suffix not in _TYPES:
            raise SettingsError(
                "settings.query", f"A transcription is had as {', '.join(_TYPES)}, not as {suffix!r:.20}."
            )
        sound, transcription, _ = _known(house, request)
        name = f"{os.path.splitext(os.path.basename(sound.path))[0]}.{suffix}"
        plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_. ") else "_" for sign in name)
        written = quote(os.fsencode(name))
        disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{written}"
        content = _written(transcription, suffix)
        return Response(content, headers={"content-type": _TYPES[suffix], "content-disposition": disposition})

    return [
        Route("/api/sounds/{id:int}/hits", hits),
        Route("/api/sounds/{id:int}/scores", scores),
        Route("/api/sounds/{id:int}/peaks", peaks),
        Route("/api/sounds/{id:int}/transcription.{suffix}", taken_along),
    ]


class _HeardParts:
    """Parts of files that were heard with every label's probability, the last few kept."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()
        self._lock = Lock()  # one at a time: a page asks quicker than anything can be heard

    def scores(self, sound: Sound, start: int, end: int) -> dict[str, Any]:
        """Return the hits of a part and the probabilities of all labels of each."""
        path = check_may_hear(Path(sound.path))
        rate = sound.sample_rate
        if not rate or end - start > _HEARD_AT_ONCE_S * rate:
            raise SettingsError("settings.query", f"At most {_HEARD_AT_ONCE_S:.0f} s are heard at once.")
        status = os.stat(path)
        key = (sound.path, status.st_size, status.st_mtime_ns, start, end)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._hear(path, start / rate, end / rate)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _hear(self, path: Path, start_s: float, end_s: float) -> dict[str, Any]:
        classifier = self._house.engine.load_hit_model()
        transcription = self._house.engine.transcribe(path, start_s=start_s, end_s=end_s)
        return {"labels": list(classifier.rule.labels), "hits": [_scored(hit) for hit in transcription.hits]}


def _scored(hit: Hit) -> dict[str, Any]:
    return {"position": hit.position, "scores": [round(p, 4) for p in hit.scores]}


def _known(house: House, request: Request) -> tuple[Sound, Transcription, set[int]]:
    """Return a sound, its hits, and the indices of those that a person has corrected."""
    with house.reading() as library:
        sound = sound_with_id(library, sound_number(request))
        transcription = known_transcription(library, sound)
        corrected = {hit.index for hit in hits_of(library, sound) if hit.corrected} | (
            {-1} if sound.corrected else set()
        )
    return sound, transcription, corrected


def _part(request: Request) -> tuple[int, int]:
    """Return the part of a file that a request asks about, samples."""
    start = whole_number(request, "start", 0) or 0
    end = whole_number(request, "end", None)
    if end is None or not start < end < INT64:
        raise SettingsError("settings.query", "start and end are samples of the file, and end is the later one.")
    return start, end


def _written(transcription: Transcription, suffix: str) -> bytes:
    if suffix == "mid":
        binary = io.BytesIO()
        transcription_to_midi(transcription).save(file=binary)
        return binary.getvalue()
    if suffix == "csv":
        text = io.StringIO(newline="")
        write_hits(text, transcription.hits, transcription.sample_rate)
        return text.getvalue().encode()
    lines = [to_line(hit_to_object(hit, transcription.sample_rate)) for hit in transcription.hits]
    return "".join(f"{line}\n" for line in lines).encode()
