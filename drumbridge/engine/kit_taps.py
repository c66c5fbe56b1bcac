"""Taps from files.

Conventions: taps are what the transcriber heard, so a file gives the same taps as a stream of its audio.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from drumbridge.audio.walk import audio_files_below
from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Hit
from drumbridge.core.kit import Kit, Tap
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.errors import KitError

from .file_transcription import transcribe_file


def tap_of(hit: Hit, pad: int) -> Tap:
    """Return a hit that carries what was heard of it as a tap of a pad."""
    assert hit.excerpt is not None
    return Tap(pad, np.array(hit.excerpt.audio), max(1, int(hit.excerpt.available)))


def taps_from_folder(
    kit: Kit,
    folder: str | os.PathLike[str],
    classifier: Classifier,
    *,
    settings: TranscriberSettings | None = None,
    on_file: Callable[[Path, str, int], None] | None = None,
) -> Kit:
    """Return the kit with taps from files: a folder inside is a pad, and a file beside those a pad of its own.

    Parameters
    ----------
    kit : Kit
        For this model.
    folder : path-like
        Every hit in every file is a tap; a pad is called like its folder or, without suffix, its file.
    classifier : Classifier
    settings : TranscriberSettings, optional
        Without early answers.
    on_file : callable, optional
        Called with (path, pad, taps) after every file.

    Raises
    ------
    AudioError
        A file cannot be read, or there is none.
    KitError
        ``kit.no_hits``: no stroke is heard in a file; or as `Kit.with_tap`.
    """
    root = Path(os.path.abspath(folder))
    paths = sorted(Path(os.fsdecode(entry.path)) for entry in audio_files_below(root))
    if not paths:
        raise KitError("kit.no_hits", f"There are no audio files in {root}: give each pad a folder of its strokes.")
    for path in paths:
        inside = path.relative_to(root).parts
        pad = inside[0] if len(inside) > 1 else path.stem
        hits = heard_hits(path, classifier, settings)
        if not hits:
            raise KitError("kit.no_hits", f"No stroke is heard in {path}: it may be too soft, or not percussive.")
        kit = kit.with_pad(pad)
        for hit in hits:
            kit = kit.with_tap(tap_of(hit, kit.find(pad).number))
        if on_file is not None:
            on_file(path, pad, len(hits))
    return kit


def taps_from_recording(
    kit: Kit,
    path: str | os.PathLike[str],
    pads: Sequence[str],
    per_pad: int,
    classifier: Classifier,
    *,
    settings: TranscriberSettings | None = None,
) -> Kit:
    """Return the kit with the hits of one recording as taps: `per_pad` strokes of the first pad, then of the next.

    Raises
    ------
    AudioError
        The file cannot be read.
    KitError
        ``kit.count``: another number of strokes is heard than was to be played; or as `Kit.with_tap`.
    """
    hits = heard_hits(path, classifier, settings)
    if len(hits) != len(pads) * per_pad:
        raise KitError(
            "kit.count",
            f"{len(hits)} strokes are heard in {os.fspath(path)}, and {per_pad} for each of {len(pads)} pads would be "
            f"{len(pads) * per_pad}: see what `drumbridge transcribe` hears there; a noise gate or another sensitivity "
            "may help.",
        )
    for k, hit in enumerate(hits):
        kit = kit.with_pad(pads[k // per_pad])
        kit = kit.with_tap(tap_of(hit, kit.find(pads[k // per_pad]).number))
    return kit


def heard_hits(
    path: str | os.PathLike[str], classifier: Classifier, settings: TranscriberSettings | None = None
) -> tuple[Hit, ...]:
    """Return the hits of a file with what was heard of them."""
    return transcribe_file(path, classifier, settings=settings, keep_excerpts=True).hits
