"""The requests that are jobs: classify, transcribe, scan, correct, devices.

Conventions: each takes the engine, its job, a way to reply and the arguments after req, runs in a
job's thread, stops soon after the job is cancelled, and returns the arguments of done after req.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drumbridge.core.events import LOOP, Classification, Hit, LabelConfidence
from drumbridge.core.labels import UNSURE
from drumbridge.engine.jobs import Job
from drumbridge.errors import JobError
from drumbridge.osc.addresses import PREFIX
from drumbridge.osc.input_addresses import DEVICES_VALUE
from drumbridge.osc.replies import clipped, replies, reply
from drumbridge.osc.wire import Message

if TYPE_CHECKING:
    from drumbridge.core.kit import Kit
    from drumbridge.engine.engine import Engine
    from drumbridge.library.listing import Counts
    from drumbridge.library.sounds import Sound

Send = Callable[[Message], None]

TO_THE_END: Final = -1.0  # as the end of a part
_PROGRESS_EVERY_S: Final = 0.1
_LABELS_OF_A_FILE: Final = 5  # the best ones of each file of a scan; classify tells all


def classify(engine: Engine, job: Job, send: Send, path: str, model: str | None = None, kit: str = "") -> Sequence[Any]:
    """Send all scores of a one-shot; done with the answer."""
    answer = engine.classify(_path(path), model=_model(model), kit=_kit(engine, kit))
    for message in replies(PREFIX + "scores", job.req, _rows(answer.ranking)):
        send(message)
    _warn(job, send, answer.warning)
    return _verdict(answer)


def transcribe(
    engine: Engine, job: Job, send: Send, path: str, start_s: float = 0.0, end_s: float = TO_THE_END, kit: str = ""
) -> Sequence[Any]:
    """Send the hits of a file as they are found, and how far it is; done with their number."""
    n = 0
    file = _path(path)
    next_s = time.monotonic() + _PROGRESS_EVERY_S

    def on_hits(hits: list[Hit], sample_rate: int) -> None:
        nonlocal n
        for hit in hits:
            labels = hit.labels or (LabelConfidence(UNSURE, hit.confidence),)
            values = [value for row in _rows(labels) for value in row]
            send(reply(PREFIX + "hit", job.req, int(hit.index), hit.position / sample_rate, int(hit.velocity), *values))
            n += 1

    def on_progress(done: int, total: int) -> None:
        nonlocal next_s
        if time.monotonic() >= next_s and total > 0:
            # Thousandths, because a count of samples may exceed an int32.
            send(reply(PREFIX + "progress", job.req, 1000 * done // total, 1000))
            next_s = time.monotonic() + _PROGRESS_EVERY_S

    transcription = engine.transcribe(
        file,
        start_s=start_s,
        end_s=None if end_s == TO_THE_END else end_s,
        kit=_kit(engine, kit),
        on_hits=on_hits,
        on_progress=on_progress,
        cancelled=job.cancelled,
    )
    engine.recent_hits.remember(job.client_id, str(file), tuple(hit.position for hit in transcription.hits))
    _warn(job, send, transcription.warning)
    return (n,)


def scan(engine: Engine, job: Job, send: Send, folder: str, kind: str = "auto") -> Sequence[Any]:
    """Send what every audio file below a folder is; done with how many were, and were not, heard."""
    n_ok = n_failed = total = 0

    def on_counts(counts: Counts) -> None:
        nonlocal total
        total = counts.listed
        send(reply(PREFIX + "progress", job.req, 0, total))

    for sound in engine.scan(_path(folder), kind=kind, on_counts=on_counts, cancelled=job.cancelled):
        if sound.error_code:
            n_failed += 1
            send(reply(PREFIX + "file/fail", job.req, sound.path, sound.error_code, clipped(sound.error_message)))
        else:
            n_ok += 1
            _warn(job, send, sound.warning)
            send(reply(PREFIX + "file", job.req, sound.path, *_best(sound)))
            if sound.kind == LOOP:
                send(reply(PREFIX + "file/loop", job.req, sound.path, sound.n_hits, float(sound.duration_s)))
        send(reply(PREFIX + "progress", job.req, n_ok + n_failed, total))
        _stop_if_cancelled(job)
    return n_ok, n_failed


def devices(engine: Engine, job: Job, send: Send) -> Sequence[Any]:
    """Send all audio inputs."""
    from drumbridge.audio.capture import PortAudioInputs  # loads numpy: not before it is asked for

    rows = [
        (device.index, device.name, device.host, device.channels, device.sample_rate, int(device.is_default))
        for device in PortAudioInputs().inputs()
    ]
    for message in replies(DEVICES_VALUE, job.req, rows):
        send(message)
    return ()


def correct(engine: Engine, job: Job, send: Send, path: str, index: int, label: str) -> Sequence[Any]:
    """Write a correction into the library; done with the label that counts now."""
    file = _path(path)
    position = engine.recent_hits.position(job.client_id, str(file), index)
    return engine.correct(file, index, label, position=position)


def _best(sound: Sound) -> list[Any]:
    """Return the verdict on a sound and what else it may be, as the arguments of a reply."""
    verdict = (UNSURE if sound.unsure else sound.label, float(sound.confidence))
    others = [(label, float(p)) for label, p in sound.ranking if label != verdict[0]]
    return [value for row in [verdict, *others][:_LABELS_OF_A_FILE] for value in row]


def _path(text: str) -> Path:
    from drumbridge.audio.paths import path_from_daw  # loads soundfile: not before the first request

    return path_from_daw(text)


def _model(name_or_path: str | None) -> str | None:
    """Return the name of a model as it is, and a path, which has a suffix, as a path on this machine."""
    return str(_path(name_or_path)) if name_or_path and "." in name_or_path else name_or_path


def _kit(engine: Engine, name: str) -> Kit | None:
    return engine.kits.load(name) if name else None


def _rows(ranking: Iterable[LabelConfidence]) -> list[tuple[str, float]]:
    return [(entry.label, float(entry.confidence)) for entry in ranking]


def _verdict(answer: Classification) -> tuple[str, float]:
    return (UNSURE if answer.unsure else answer.label), float(answer.confidence)


def _warn(job: Job, send: Send, warning: str) -> None:
    if warning:
        send(reply(PREFIX + "warning", job.req, clipped(warning)))


def _stop_if_cancelled(job: Job) -> None:
    if job.cancelled():
        raise JobError("job.cancelled", "The job was cancelled.")
