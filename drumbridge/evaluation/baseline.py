"""A classical baseline: a random forest on hand-made features, trained and measured on the same split.

Conventions: features are means and deviations of librosa's over the first second of a one-shot (MFCC,
spectral shape, level envelope), as tools for sorting samples use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from drumbridge.core.labels import to_eleven, to_five

from .one_shots import Answers, Item, scores_of_answers

_RATE = 22050


def features(item: Item) -> np.ndarray:
    """Return the features of one file, float32, shape (d,)."""
    import librosa
    import soundfile
    import soxr

    audio, rate = soundfile.read(item.path, dtype="float32", always_2d=True)
    audio = soxr.resample(audio.mean(1), rate, _RATE)[:_RATE]
    audio = np.pad(audio, (0, max(0, 2048 - len(audio))))
    spectrum = np.abs(librosa.stft(audio, n_fft=1024, hop_length=256))
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=spectrum**2, sr=_RATE, n_mels=40))
    rows = [
        *librosa.feature.mfcc(S=mel, n_mfcc=16),
        *librosa.feature.spectral_centroid(S=spectrum, sr=_RATE),
        *librosa.feature.spectral_bandwidth(S=spectrum, sr=_RATE),
        *librosa.feature.spectral_rolloff(S=spectrum, sr=_RATE),
        *librosa.feature.spectral_flatness(S=spectrum),
        *librosa.feature.zero_crossing_rate(audio, frame_length=1024, hop_length=256),
    ]
    level = np.sqrt((spectrum**2).mean(0))
    level = np.pad(level, (0, max(0, 87 - len(level))))[:87] / (level.max() + 1e-9)
    shape = [level[a:b].mean() for a, b in ((0, 2), (2, 4), (4, 8), (8, 16), (16, 32), (32, 87))]
    return np.array([f(row) for row in rows for f in (np.mean, np.std)] + shape + [len(audio) / _RATE], np.float32)


def evaluate_forest(train: Sequence[Item], test: Sequence[Item], *, seed: int = 0) -> dict[str, Any]:
    """Train a forest of 400 trees and return its scores, as `scores_of_answers` gives them."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(400, class_weight="balanced_subsample", random_state=seed, n_jobs=2)
    forest.fit(np.stack([features(item) for item in train]), [to_eleven(item.label) for item in train])
    probabilities = forest.predict_proba(np.stack([features(item) for item in test]))
    groups = [str(c) for c in forest.classes_]
    five = [to_five(_member(group)) for group in groups]
    drums = probabilities * np.array([name != "other" for name in five])
    answers = Answers(
        [groups[k] for k in probabilities.argmax(1)], probabilities.max(1), [five[k] for k in drums.argmax(1)]
    )
    return scores_of_answers(test, answers)


def _member(group: str) -> str:
    from drumbridge.core.labels import LABELS

    return next(label.name for label in LABELS if label.group == group)
