"""From the corrections of a library to a personal head: which sounds teach it, whether it is better, whether it counts.

Conventions: corrected and confirmed one-shots teach (a confirmed one has the label that was heard), and as many that
were left alone, which should stay as they are. Hits of loops do not teach: their embeddings are not kept, and a head
speaks of whole sounds only. Nothing is taken into use that was not asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from drumbridge.core.events import Classification, LabelConfidence
from drumbridge.core.labels import BY_NAME
from drumbridge.core.own_labels import own_pads
from drumbridge.errors import LibraryError
from drumbridge.inference.registry import model_hash_of
from drumbridge.library.corrections import WHOLE
from drumbridge.library.heads import KeptHead, head_in_use, keep_head, waiting_head
from drumbridge.library.location import library_path
from drumbridge.library.store import Library

if TYPE_CHECKING:
    import os

    from drumbridge.core.head_trial import HeadTrial, JudgedSounds
    from drumbridge.inference.classifier import OnnxClassifier

LEAST_CORRECTED: Final = 20  # sounds unlike each other
_MOST_JUDGED = 2000
_LEFT_ALONE = 500
_ONCE = "GROUP BY contents.hash ORDER BY contents.hash"


class Lesson(NamedTuple):
    """What a library teaches a head.

    Attributes
    ----------
    sounds : JudgedSounds
    confidence : float
        Mean confidence of the model in the library's one-shots.
    n_corrected : int
        Corrected sounds unlike each other.
    unused : int
        Corrections that teach nothing: hits of loops, and sounds that this model has not heard.
    """

    sounds: JudgedSounds
    confidence: float
    n_corrected: int
    unused: int


class LearnedHead(NamedTuple):
    """A lesson, what the trial found, and the head that now waits; None where it was not better."""

    lesson: Lesson
    trial: HeadTrial
    waiting: KeptHead | None


def learn_from_corrections(library: Library, classifier: OnnxClassifier) -> LearnedHead:
    """Learn a head, try it, and keep it if it is better.

    Raises
    ------
    LibraryError
        ``library.too_few_corrections``: says how many are missing.
    """
    from drumbridge.core.head_trial import learn_head, try_head

    lesson = lesson_of(library, model_hash_of(classifier.path))
    if lesson.n_corrected < LEAST_CORRECTED:
        missing = LEAST_CORRECTED - lesson.n_corrected
        unused = f" {lesson.unused} more teach nothing: hits of loops, or not heard with {classifier.name} yet."
        raise LibraryError(
            "library.too_few_corrections",
            f"{lesson.n_corrected} corrected {_sounds(lesson.n_corrected)} unlike each other: learning takes"
            f" {LEAST_CORRECTED}, so {missing} more.{unused if lesson.unused else ''}",
        )
    trial = try_head(lesson.sounds, lesson.confidence)
    if not trial.better:
        return LearnedHead(lesson, trial, None)
    keep_head(
        library, learn_head(lesson.sounds), model_hash=model_hash_of(classifier.path), model=classifier.name,
        unsure_below=classifier.rule.unsure_below, trial=trial._asdict(),
    )  # fmt: skip
    return LearnedHead(lesson, trial, waiting_head(library))


def lesson_of(library: Library, model_hash: bytes) -> Lesson:
    """Return what the corrections of a library teach a head of a model."""
    import numpy as np

    from drumbridge.core.head_trial import JudgedSounds, independent_groups
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
    with library.explaining() as connection:
        judged = connection.execute(
            f"{columns} AND corrections.label IS NOT NULL {_ONCE} LIMIT {_MOST_JUDGED}", (model_hash,)
        ).fetchall()
        # In the order of the hashes, which is no order of anything that is heard.
        left_alone = connection.execute(
            f"{columns} AND corrections.label IS NULL AND NOT unsure {_ONCE} LIMIT {min(_LEFT_ALONE, len(judged))}",
            (model_hash,),
        ).fetchall()
        confidence = connection.execute(f"SELECT avg(confidence) {of_model}", (model_hash,)).fetchone()[0]
        total = connection.execute("SELECT count(*) FROM corrections").fetchone()[0]
    rows = judged + left_alone
    rankings = [((row[1], row[2]), *((label, p) for label, p in json.loads(row[3])[1:])) for row in rows]
    vectors = np.stack([unit_vectors(row[4], 1)[0] for row in rows]) if rows else np.zeros((0, 1), np.float32)
    corrected = [k for k, row in enumerate(judged) if row[0] != row[1]]
    return Lesson(
        JudgedSounds(vectors, list(rankings), [row[0] for row in rows]),
        float(confidence or 0.0),
        n_corrected=len(set(independent_groups(vectors[corrected]).tolist())) if corrected else 0,
        unused=total - len(judged),
    )


class PersonalEar:
    """The head that a library has in use, for sounds that are not in it.

    Parameters
    ----------
    library : path-like, optional
        See `library_path`.

    Raises
    ------
    LibraryError
        ``library.no_head``: none is in use.
    """

    def __init__(self, library: str | os.PathLike[str] | None) -> None:
        with Library(library_path(library), writing=False) as opened:
            kept = head_in_use(opened)
        if kept is None:
            raise LibraryError(
                "library.no_head",
                f"No personal head is in use in {opened.path}: drumbridge learn --from-corrections --use.",
            )
        self._kept = kept
        self._own = own_pads((*BY_NAME, *kept.head.classes))

    def check_model(self, classifier: OnnxClassifier) -> None:
        """Check that the head was learned for a model.

        Raises
        ------
        LibraryError
            ``library.head_model``.
        """
        if model_hash_of(classifier.path) != self._kept.model_hash:
            raise LibraryError(
                "library.head_model",
                f"The personal head was learned for {self._kept.model}, not for {classifier.name}:"
                " scan, and learn again.",
            )

    def heard(self, answer: Classification) -> Classification:
        """Return an answer of the model as the head has it, by the same numbers as a sound of the library."""
        import dataclasses

        from drumbridge.library.embeddings import unit_vectors
        from drumbridge.library.heard import heard_one_shot

        stored = heard_one_shot(answer, 0.0, 1)
        ranking = [(label, float(p)) for label, p in json.loads(stored.ranking)]
        ranking[0] = (stored.label, stored.confidence)
        judged = self._kept.head.judge(unit_vectors(stored.embedding, 1)[0], ranking)
        if judged[0] == ranking[0]:
            return answer
        known = {entry.label: entry for entry in answer.ranking}
        first = [
            dataclasses.replace(known[label], confidence=p)
            if label in known
            else LabelConfidence(label, p, self._own.get(label))
            for label, p in judged
        ]
        taken = {label for label, _ in judged}
        return dataclasses.replace(
            answer,
            ranking=(*first, *(entry for entry in answer.ranking if entry.label not in taken)),
            unsure=judged[0][1] < self._kept.unsure_below,
        )


def _sounds(n: int) -> str:
    return "sound" if n == 1 else "sounds"
