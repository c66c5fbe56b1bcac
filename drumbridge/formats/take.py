"""A take as JSON: what was heard in a recorded stream, beside its WAV and MIDI files.

Conventions: positions are samples of the WAV file, from 0; the hits are those of `formats.json`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from drumbridge.core.events import Transcription

from .json import hit_to_object

VERSION = 1


def write_take(
    path: str | os.PathLike[str],
    transcription: Transcription,
    *,
    audio: str,
    channels: int,
    started: str,
    gaps: Iterable[tuple[int, int, str]] = (),
) -> None:
    """Write the JSON file of a take, which must not exist.

    Parameters
    ----------
    path : path-like
    transcription : Transcription
        Its hits, final ones.
    audio : str
        Name of the WAV file.
    channels : int
    started : str
        When, ISO 8601.
    gaps : iterable of (int, int, str)
        Position, length and reason of the audio that is missing and silence in the file.

    Raises
    ------
    OSError
        The file exists already or cannot be written.
    """
    content: dict[str, Any] = {
        "drumbridge_take": VERSION,
        "audio": audio,
        "started": started,
        "sample_rate": transcription.sample_rate,
        "channels": channels,
        "n_samples": transcription.n_samples,
        "model": transcription.model,
        "gaps": [{"position": position, "length": length, "reason": reason} for position, length, reason in gaps],
        "hits": [hit_to_object(hit, transcription.sample_rate) for hit in transcription.hits],
    }
    with open(path, "x", encoding="ascii") as file:
        json.dump(content, file, indent=1, allow_nan=False)
        file.write("\n")
