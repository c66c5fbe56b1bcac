"""From files to classifications: one-shots several in one run of the model, recordings piece by piece."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drumbridge.core.events import Classification, Stage
from drumbridge.core.learned_kit import KNOWN_FROM, LearnedKit
from drumbridge.errors import DrumbridgeError, JobError, SettingsError
from drumbridge.inference.classifier import OnnxClassifier

from .cancellation import check_cancelled
from .one_shot import OneShot, read_one_shot
from .pieces import classify_recording


def classifications(
    shots: list[OneShot], classifier: OnnxClassifier, kit: LearnedKit | None = None, *, at_most: int | None = None
) -> list[Classification]:
    """Classify one-shots that have been read, by a kit's pads if there is one; each gets at most so many labels."""
    rule = classifier.rule
    excerpts = [shot.excerpt for shot in shots]
    available = [shot.available for shot in shots]
    if len(shots) == 1 or max(available) < classifier.samples_after:
        # A runtime multiplies one row in another order than several, and a model may take a short way where all is
        # short. With silence beside it an answer is the same, to the bit, whatever else is asked.
        excerpts.append(np.zeros_like(excerpts[0]))
        available.append(classifier.samples_after)
    output = classifier.score(np.stack(excerpts), np.array(available, dtype=np.int64))
    results = []
    as_one_shots, as_hits = rule.one_shot_probabilities(output.scores), rule.hit_probabilities(output.scores)
    for shot, as_one_shot, as_hit, embedding in zip(shots, as_one_shots, as_hits, output.embedding, strict=False):
        if kit is None:
            ranking = rule.one_shot_ranking(as_one_shot, at_most)
            unsure = ranking[0].confidence < rule.unsure_below
        else:
            ranking, known = kit.ranking(Stage.FINAL, embedding, as_hit)
            unsure = known < KNOWN_FROM
        results.append(
            Classification(
                ranking=ranking,
                unsure=unsure,
                velocity=shot.velocity,
                level_db=shot.level_db,
                embedding=tuple(embedding.tolist()),
                model=classifier.name,
                warning=shot.warning,
            )
        )
    return results


def classify_files(
    paths: list[str],
    classifier: OnnxClassifier,
    after_ms: float | None,
    cancelled: Callable[[], bool] | None,
    kit: LearnedKit | None = None,
) -> list[tuple[str, Classification | DrumbridgeError]]:
    """Read and classify some files together; what is wrong with one does not touch the others.

    Raises
    ------
    SettingsError
        ``settings.after_ms``: a decision time, with a model that hears recordings and no attacks.
    """
    in_pieces = classifier.segmentation == "fixed"
    if in_pieces and after_ms is not None:
        raise SettingsError(
            "settings.after_ms", f"{classifier.name} hears whole recordings, so it has no time after the attack."
        )
    results: dict[int, Classification | DrumbridgeError] = {}
    shots: dict[int, OneShot] = {}
    for k, path in enumerate(paths):
        check_cancelled(cancelled)
        try:
            if in_pieces:
                results[k] = classify_recording(path, classifier, cancelled)
            else:
                shots[k] = read_one_shot(path, classifier, after_ms)
        except JobError:
            raise
        except DrumbridgeError as error:
            results[k] = error
    if shots:
        results.update(zip(shots, classifications(list(shots.values()), classifier, kit), strict=True))
    return [(path, results[k]) for k, path in enumerate(paths)]
