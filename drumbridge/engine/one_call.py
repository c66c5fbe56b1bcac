"""`drumbridge.classify` and `drumbridge.transcribe`: one call, one engine that is shared and kept."""

from __future__ import annotations

import os
from functools import cache

from drumbridge.core.events import Classification, Transcription

from .engine import Engine


def classify(
    path: str | os.PathLike[str], *, model: str | None = None, after_ms: float | None = None
) -> Classification:
    """Say what a one-shot is; see `Engine.classify`."""
    return _engine().classify(path, model=model, after_ms=after_ms)


def transcribe(
    path: str | os.PathLike[str], *, start_s: float = 0.0, end_s: float | None = None, model: str | None = None
) -> Transcription:
    """Find and name the hits of a file; see `Engine.transcribe`."""
    return _engine().transcribe(path, start_s=start_s, end_s=end_s, model=model)


@cache
def _engine() -> Engine:
    return Engine()
