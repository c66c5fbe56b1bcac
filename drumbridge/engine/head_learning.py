"""From the corrections of a library to a personal head: which sounds teach it, whether it is better, whether it counts.

Conventions: corrected and confirmed one-shots and hits of loops teach (a confirmed one has the label that was heard),
and as many that were left alone, which should stay as they are. What is known of a hit is what the scan heard of it, by
the same excerpt at the same place, so nothing is heard for learning. A head speaks only of the kind, one-shots or hits,
that it was found better for. Nothing is taken into use that was not asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from drumbridge.core.events import LOOP, ONE_SHOT
from drumbridge.errors import LibraryError
from drumbridge.inference.registry import model_hash_of
from drumbridge.library.corrections import WHOLE
from drumbridge.library.heads import KeptHead, keep_head, waiting_head
from drumbridge.library.store import Library

if TYPE_CHECKING:
    import sqlite3

    from drumbridge.core.decision import DecisionRule
    from drumbridge.core.head_trial import HeadTrial, Judged, JudgedSounds
    from drumbridge.core.hit_head import JudgedHits
    from drumbridge.inference.classifier import OnnxClassifier

LEAST_CORRECTED: Final = 20  # one-shots unlike each other, or hits
LEAST_LOOPS: Final = 5  # in which hits were corrected
_MOST_JUDGED = 2000  # of a kind
_LEFT_ALONE = 500  # of a kind
_LEFT_ALONE_OF_A_LOOP = 8
_ONCE = "GROUP BY contents.hash ORDER BY contents.hash"


class Lesson(NamedTuple):
    """What a library teaches a head.

    Attributes
    ----------
    judged : Judged
    confidences : dict of str to float
        By kind (`ONE_SHOT`, `LOOP`), mean confidence of the model in the library's one-shots, and in the hits of loops.
    n_corrected : int
        Corrected one-shots unlike each other.
    n_corrected_hits, n_corrected_loops : int
        Corrected hits, and loops that hold some.
    unused : int
        Corrections that teach nothing, because this model, or this drumbridge, has not heard them.
    """

    judged: Judged
    confidences: dict[str, float]
    n_corrected: int
    n_corrected_hits: int
    n_corrected_loops: int
    unused: int

    def enough(self) -> tuple[str, ...]:
        """Return the kinds of which enough was corrected to tell whether a head is better."""
        of_hits = self.n_corrected_hits >= LEAST_CORRECTED and self.n_corrected_loops >= LEAST_LOOPS
        return (ONE_SHOT,) * (self.n_corrected >= LEAST_CORRECTED) + (LOOP,) * of_hits


class LearnedHead(NamedTuple):
    """A lesson, what the trials found by kind, and the head that now waits; None where it was not better."""

    lesson: Lesson
    trials: dict[str, HeadTrial]
    waiting: KeptHead | None


def learn_from_corrections(library: Library, classifier: OnnxClassifier) -> LearnedHead:
    """Learn a head, try it, and keep it for the kinds of sounds for which it is better.

    Raises
    ------
    LibraryError
        ``library.too_few_corrections``: says how many are missing.
    """
    from drumbridge.core.head_trial import learn_head, try_head

    lesson = lesson_of(library, model_hash_of(classifier.path), classifier.rule)
    if not lesson.enough():
        raise LibraryError("library.too_few_corrections", _too_few(lesson, classifier.name))
    trials = try_head(lesson.judged, lesson.confidences)
    kinds = [kind for kind in lesson.enough() if trials[kind].better]
    if not kinds:
        return LearnedHead(lesson, trials, None)
    keep_head(
        library, learn_head(lesson.judged), model_hash=model_hash_of(classifier.path), model=classifier.name,
        rule=classifier.rule, kinds=kinds, trial={kind: trial._asdict() for kind, trial in trials.items()},
    )  # fmt: skip
    return LearnedHead(lesson, trials, waiting_head(library))


def lesson_of(library: Library, model_hash: bytes, rule: DecisionRule) -> Lesson:
    """Return what the corrections of a library teach a head of a model."""
    from drumbridge.core.head_trial import Judged, independent_groups
    from drumbridge.core.hit_head import called

    with library.explaining() as connection:
        sounds, confidence = _one_shots(connection, model_hash)
        hits, hit_confidence = _hits(connection, model_hash, rule)
        total = connection.execute("SELECT count(*) FROM corrections").fetchone()[0]
    corrected = [
        k
        for k, (truth, ranking) in enumerate(zip(sounds.truths, sounds.rankings, strict=True))
        if truth is not None and truth != ranking[0][0]
    ]
    corrected_hits = [
        file
        for truth, file, labels in zip(hits.truths, hits.files, hits.heard(), strict=True)
        if truth is not None and truth != called(labels)
    ]
    judged = sum(truth is not None for truth in (*sounds.truths, *hits.truths))
    return Lesson(
        Judged(sounds, hits),
        {ONE_SHOT: confidence, LOOP: hit_confidence},
        n_corrected=len(set(independent_groups(sounds.vectors[corrected]).tolist())) if corrected else 0,
        n_corrected_hits=len(corrected_hits),
        n_corrected_loops=len(set(corrected_hits)),
        unused=total - judged,
    )


def _one_shots(connection: sqlite3.Connection, model_hash: bytes) -> tuple[JudgedSounds, float]:
    """Return the one-shots that teach, and the mean confidence of all that the model heard."""
    import numpy as np

    from drumbridge.core.head_trial import JudgedSounds
    from drumbridge.library.embeddings import unit_vectors

    of_model = (
        "FROM contents JOIN results ON results.content_id = contents.id"
        " JOIN hearings ON hearings.id = results.hearing_id"
        " JOIN embeddings ON embeddings.result_id = results.id"
        f" LEFT JOIN corrections ON corrections.content_hash = contents.hash AND position = {WHOLE}"
        " WHERE model_hash = ? AND kind = 'one_shot'"
    )
    # The columns of a group are those of its latest result: SQLite does so for max().
    columns = f"SELECT corrections.label, results.label, confidence, ranking, vector, max(results.id) {of_model}"
    judged = connection.execute(
        f"{columns} AND corrections.label IS NOT NULL {_ONCE} LIMIT {_MOST_JUDGED}", (model_hash,)
    ).fetchall()
    # In the order of the hashes, which is no order of anything that is heard.
    left_alone = connection.execute(
        f"{columns} AND corrections.label IS NULL AND NOT unsure {_ONCE} LIMIT {min(_LEFT_ALONE, len(judged))}",
        (model_hash,),
    ).fetchall()
    confidence = connection.execute(f"SELECT avg(confidence) {of_model}", (model_hash,)).fetchone()[0]
    rows = judged + left_alone
    rankings = [((row[1], row[2]), *((label, p) for label, p in json.loads(row[3])[1:])) for row in rows]
    vectors = np.stack([unit_vectors(row[4], 1)[0] for row in rows]) if rows else np.zeros((0, 1), np.float32)
    return JudgedSounds(vectors, list(rankings), [row[0] for row in rows]), float(confidence or 0.0)


def _hits(connection: sqlite3.Connection, model_hash: bytes, rule: DecisionRule) -> tuple[JudgedHits, float]:
    """Return the hits of loops that teach, and the mean confidence of all that the model is sure of."""
    import numpy as np

    from drumbridge.core.hit_head import JudgedHits
    from drumbridge.library.hit_evidence import hit_evidence

    loops = (
        "SELECT contents.hash, max(results.id) FROM contents JOIN results ON results.content_id = contents.id"
        " JOIN hearings ON hearings.id = results.hearing_id"
        " JOIN hit_evidence ON hit_evidence.result_id = results.id WHERE model_hash = ?"
    )
    has_corrections = "SELECT 1 FROM corrections WHERE content_hash = contents.hash AND position >= 0"
    vectors: list[np.ndarray] = []
    odds: list[np.ndarray] = []
    truths: list[str | None] = []
    files: list[int] = []

    def take(result_id: int, file: int, chosen: list[tuple[int, str | None]]) -> None:
        evidence = hit_evidence(connection, result_id, len(rule.labels))
        for k, truth in chosen:
            vectors.append(evidence.vectors[k])
            odds.append(evidence.odds[k])
            truths.append(truth)
            files.append(file)

    for content, result_id in connection.execute(f"{loops} AND EXISTS ({has_corrections}) {_ONCE}", (model_hash,)):
        said = connection.execute(
            "SELECT hit_index, corrections.label FROM hits JOIN corrections ON content_hash = ?"
            " AND corrections.position = hits.position WHERE result_id = ? ORDER BY hit_index",
            (content, result_id),
        ).fetchall()
        take(result_id, result_id, said[: _MOST_JUDGED - len(truths)])
        if len(truths) >= _MOST_JUDGED:
            break
    wanted = len(truths) + min(_LEFT_ALONE, len(truths))
    for _, result_id in connection.execute(f"{loops} AND NOT EXISTS ({has_corrections}) {_ONCE}", (model_hash,)):
        if len(truths) >= wanted:
            break
        few = connection.execute(
            "SELECT hit_index FROM hits WHERE result_id = ? AND label != 'unsure' ORDER BY hit_index", (result_id,)
        ).fetchall()
        few = few[:: max(1, len(few) // _LEFT_ALONE_OF_A_LOOP)]
        take(result_id, result_id, [(row[0], None) for row in few[: wanted - len(truths)]])
    confidence = connection.execute(
        "SELECT avg(hits.confidence) FROM hits JOIN results ON results.id = result_id JOIN hearings"
        " ON hearings.id = hearing_id WHERE model_hash = ? AND hits.label != 'unsure'",
        (model_hash,),
    ).fetchone()[0]
    hits = JudgedHits(
        np.stack(vectors) if vectors else np.zeros((0, 1), np.float32),
        np.stack(odds) if odds else np.zeros((0, len(rule.labels)), np.float16),
        truths, files, rule,
    )  # fmt: skip
    return hits, float(confidence or 0.0)


def _too_few(lesson: Lesson, model: str) -> str:
    said = (
        f"{lesson.n_corrected} corrected one-shots unlike each other: learning takes {LEAST_CORRECTED}, so"
        f" {LEAST_CORRECTED - lesson.n_corrected} more"
    )
    if lesson.n_corrected_hits:
        said += (
            f"; or {LEAST_CORRECTED} corrected hits in {LEAST_LOOPS} loops, and there are {lesson.n_corrected_hits} in"
            f" {lesson.n_corrected_loops}"
        )
    return said + (
        f". {lesson.unused} more teach nothing: not heard with {model} yet, or by an older drumbridge; scan again."
        if lesson.unused
        else "."
    )
