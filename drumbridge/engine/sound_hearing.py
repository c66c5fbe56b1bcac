"""Hearing many files of unknown kind: one-shots classified together, loops transcribed, each by itself if it fails.

Conventions: paths are bytes; a file's contents are known by the BLAKE2b hash (16 bytes) of all its bytes. `hash_files`
and `hear_files_remotely` take and return plain values, so that they can run in another process, or on another machine
that sees the same files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from drumbridge.errors import AudioError, DrumbridgeError, ModelError

if TYPE_CHECKING:
    from drumbridge.inference.classifier import OnnxClassifier
    from drumbridge.library.heard import HeardSound

HEARING_VERSION: Final = 3  # counts changes of the way files are read and named; one makes a scan hear everything again
AUTO: Final = "auto"

_PIECE = 1 << 20

# What may be otherwise next time although the file is the same.
_PASSING = {"audio.not_found", "audio.permission", "audio.vanished", "audio.not_a_file", "audio.is_directory"}


def may_pass(error: DrumbridgeError) -> bool:
    """Whether a file with this error is worth another try although it has not changed."""
    return error.code in _PASSING


def content_hash(path: bytes) -> bytes:
    """Return the hash of all bytes of a file.

    Raises
    ------
    AudioError
        ``audio.not_found``, ``audio.permission``: it cannot be read.
    """
    hashed = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb", buffering=0) as file:
            while piece := file.read(_PIECE):
                hashed.update(piece)
    except OSError as error:
        name = os.fsdecode(path)
        if isinstance(error, FileNotFoundError):
            raise AudioError("audio.not_found", f"{name} went away since it was listed.") from error
        raise AudioError("audio.permission", f"{name} cannot be read: {error.strerror}.") from error
    return hashed.digest()


def hash_files(paths: list[bytes]) -> list[bytes | DrumbridgeError]:
    """Hash some files; what is wrong with one does not touch the others."""
    hashes: list[bytes | DrumbridgeError] = []
    for path in paths:
        try:
            hashes.append(content_hash(path))
        except DrumbridgeError as error:
            hashes.append(error)
    return hashes


def hear_files(
    paths: list[bytes], classifier: OnnxClassifier, kind: str = AUTO, cancelled: Callable[[], bool] | None = None
) -> list[HeardSound | DrumbridgeError]:
    """Hear some files; one result each, in order.

    Parameters
    ----------
    paths : list of bytes
    classifier : OnnxClassifier
    kind : str
        "one_shot", "loop", or "auto": told by `drumbridge.core.sound_kind`.
    cancelled : callable, optional

    Raises
    ------
    JobError
        ``job.cancelled``.
    ModelError
        ``model.run``; ``model.segmentation``: loops are asked for, of a model that names whole files.
    """
    from drumbridge.core.events import LOOP, ONE_SHOT
    from drumbridge.core.sound_kind import sound_kind
    from drumbridge.library.heard import KEPT_LABELS, heard_loop, heard_one_shot

    from .cancellation import check_cancelled
    from .classification import classifications
    from .file_transcription import transcribe_file
    from .hit_models import check_hears_hits
    from .one_shot import OneShot, one_shot_of, read_beginning
    from .pieces import classify_recording

    if kind == LOOP:
        check_hears_hits(classifier)
    elif classifier.segmentation != "onset":
        kind = ONE_SHOT  # such a model has one answer a file

    results: dict[int, HeardSound | DrumbridgeError] = {}
    shots: dict[int, tuple[OneShot, float, int]] = {}
    for k, path in enumerate(paths):
        check_cancelled(cancelled)
        try:
            name = os.fsdecode(path)
            of_kind = kind
            if kind != LOOP:
                beginning = read_beginning(name, classifier)
                of_kind = sound_kind(beginning.audio, beginning.sample_rate) if kind == AUTO else kind
            if classifier.segmentation == "fixed":
                answer = classify_recording(name, classifier, cancelled)
                results[k] = heard_one_shot(answer, beginning.duration_s, beginning.sample_rate)
            elif of_kind == LOOP:
                heard = transcribe_file(name, classifier, keep_embeddings=True, cancelled=cancelled)
                results[k] = heard_loop(heard)
            else:
                shots[k] = (one_shot_of(beginning, classifier), beginning.duration_s, beginning.sample_rate)
        except AudioError as error:
            results[k] = error
    if shots:
        answers = classifications([shot for shot, _, _ in shots.values()], classifier, at_most=KEPT_LABELS)
        for (k, (_, duration_s, sample_rate)), answer in zip(shots.items(), answers, strict=True):
            results[k] = heard_one_shot(answer, duration_s, sample_rate)
    return [results[k] for k in range(len(paths))]


def hear_files_remotely(
    paths: list[bytes], model: str, model_hash: bytes, kind: str
) -> list[HeardSound | DrumbridgeError]:
    """Hear some files in a process that has only this package, and the same files, in common with the one that asks.

    Raises
    ------
    ModelError
        ``model.differs``: the model of that name is another one there.
    """
    return hear_files(paths, _model(model, model_hash), kind)


@lru_cache(maxsize=2)
def _model(model: str, model_hash: bytes) -> OnnxClassifier:
    from drumbridge.inference.registry import load_model, model_hash_of, model_path

    if model_hash_of(model_path(model)) != model_hash:
        raise ModelError("model.differs", f"The model {model} of a worker is another one than here: install the same.")
    return load_model(model)
