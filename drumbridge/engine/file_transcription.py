"""A file, or a part of it, through the transcriber.

Conventions: positions count from the start of the file, also for a part. A part is heard from 1 s before its
start, so that a sound ringing there is no onset, and past its end, so that its last hits are decided on the
same audio as in the whole file.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable

from drumbridge.audio.files import BLOCK_LENGTH, AudioFile, open_audio
from drumbridge.audio.resampling import resampler_between
from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Hit, Transcription
from drumbridge.core.hit_head import HitHead
from drumbridge.core.kit import Kit
from drumbridge.core.transcriber import Transcriber, TranscriberSettings
from drumbridge.errors import AudioError

from .cancellation import check_cancelled
from .kit_learning import learned_kit

_LEAD_S = 1.0
_LONGEST_S = 1e9  # no file is longer; keeps absurd numbers of seconds from overflowing


def transcribe_file(
    path: str | os.PathLike[str],
    classifier: Classifier,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    settings: TranscriberSettings | None = None,
    kit: Kit | None = None,
    head: HitHead | None = None,
    keep_excerpts: bool = False,
    keep_embeddings: bool = False,
    on_hits: Callable[[list[Hit], int], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Transcription:
    """Find and name the hits of a file; see `Engine.transcribe`, which this is with its model loaded.

    With `keep_excerpts` and `keep_embeddings` each hit carries what was heard of it, and what the model made of that.
    """
    check_cancelled(cancelled)
    with open_audio(path) as file:
        start, end = _part(file, start_s, end_s)
        resampler = resampler_between(file.sample_rate, classifier.sample_rate)
        learned = None if kit is None else learned_kit(kit, classifier, settings)
        transcriber = Transcriber(
            classifier, source_rate=file.sample_rate, resampler=resampler, settings=settings, kit=learned, head=head
        )
        transcriber.keep_excerpts, transcriber.keep_embeddings = keep_excerpts, keep_embeddings
        origin = max(0, start - round(_LEAD_S * file.sample_rate))
        heard_to = None
        if end is not None:
            heard_to = end + transcriber.latency()
        kept: list[Hit] = []

        def keep(hits: list[Hit]) -> None:
            new: list[Hit] = []
            for hit in hits:
                position = hit.position + origin
                if start <= position and (end is None or position < end):
                    new.append(dataclasses.replace(hit, index=len(kept) + len(new), position=position))
            kept.extend(new)
            if new and on_hits is not None:
                on_hits(new, file.sample_rate)

        done = origin
        last = end if end is not None else file.n_samples
        for block in file.blocks(BLOCK_LENGTH, origin, heard_to):
            keep(transcriber.process(block))
            done += len(block)
            if on_progress is not None and done > start:
                on_progress(min(done, last or done) - start, (last or start) - start)
            check_cancelled(cancelled)
        keep(transcriber.flush())
        if done <= start:
            raise AudioError("audio.no_samples", f"{file.path} has no audio that can be read there.")
        stop = min(done, end) if end is not None else done
        return Transcription(tuple(kept), file.sample_rate, stop - start, classifier.name, file.warning)


def _part(file: AudioFile, start_s: float, end_s: float | None) -> tuple[int, int | None]:
    """Return a part as samples of the file, `None` for its end."""
    if not (math.isfinite(start_s) and (end_s is None or math.isfinite(end_s))):
        raise AudioError("audio.range", "The start and the end of the part must be numbers of seconds.")
    if start_s < 0:
        raise AudioError("audio.range", f"The part starts at {start_s:g} s, before the file does.")
    if end_s is not None and end_s <= start_s:
        raise AudioError("audio.range", f"The part ends at {end_s:g} s, which is not after its start at {start_s:g} s.")
    start = round(min(start_s, _LONGEST_S) * file.sample_rate)
    end = None if end_s is None else max(start + 1, round(min(end_s, _LONGEST_S) * file.sample_rate))
    if file.n_samples is not None:
        length_s = file.n_samples / file.sample_rate
        if start >= file.n_samples:
            raise AudioError(
                "audio.range", f"The part starts at {start_s:g} s but {file.path} ends at {length_s:.3f} s."
            )
        end = None if end is None else min(end, file.n_samples)
    return start, end
