"""What the clips of a DAW are, each from the part of its file that it plays.

Conventions: a part is (start, end) in seconds of the file, None for all of it. A clip that plays a short file whole, in
which less than two strokes are heard, is asked about as a one-shot, which is surer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from drumbridge.audio.files import open_audio
from drumbridge.core.verdict import Verdict, verdict_of_hits, verdict_of_sound

from .engine import Engine

ONE_SHOT_S: Final = 6.0  # a longer file is no one-shot
_SAME_S: Final = 0.02  # nearer to an end of the file than this is there: DAWs round


def hear_clip(
    engine: Engine, path: Path, part: tuple[float, float] | None = None, cancelled: Callable[[], bool] | None = None
) -> Verdict:
    """Return what a clip is.

    Raises
    ------
    AudioError
        As `Engine.transcribe` and `Engine.classify`.
    JobError
        ``job.cancelled``.
    ModelError
        As `Engine.load_hit_model`.
    """
    with open_audio(path) as file:
        duration_s = None if file.n_samples is None else file.n_samples / file.sample_rate
    start_s, end_s = 0.0, None
    if part is not None:
        start_s = max(0.0, part[0]) if part[0] >= _SAME_S else 0.0
        end_s = None if duration_s is not None and part[1] > duration_s - _SAME_S else part[1]
    hits = engine.transcribe(path, start_s=start_s, end_s=end_s, cancelled=cancelled).hits
    is_whole = start_s == 0 and end_s is None
    if len(hits) < 2 and is_whole and duration_s is not None and duration_s <= ONE_SHOT_S:
        return verdict_of_sound(engine.classify(path))
    return verdict_of_hits(hits)
