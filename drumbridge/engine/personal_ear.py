"""The head that a library has in use, for sounds that are not in it: files that are classified, hits of recordings.

Conventions: what is heard is judged by the same numbers as what is stored, so a file is called alike in the library and
beside it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from drumbridge.core.events import LOOP, ONE_SHOT, Classification, LabelConfidence
from drumbridge.core.labels import BY_NAME
from drumbridge.core.own_labels import own_pads
from drumbridge.errors import LibraryError
from drumbridge.inference.registry import model_hash_of
from drumbridge.library.heads import head_in_use
from drumbridge.library.location import library_path
from drumbridge.library.store import Library

if TYPE_CHECKING:
    import os

    from drumbridge.core.hit_head import HitHead
    from drumbridge.inference.classifier import OnnxClassifier


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

    def of_hits(self) -> HitHead | None:
        """Return what judges hits of recordings; None where the head does not speak of them."""
        from drumbridge.core.hit_head import HitHead

        return HitHead(self._kept.head, self._kept.rule) if LOOP in self._kept.kinds else None

    def heard(self, answer: Classification) -> Classification:
        """Return an answer of the model as the head has it, by the same numbers as a sound of the library."""
        import dataclasses

        from drumbridge.library.embeddings import unit_vectors
        from drumbridge.library.heard import heard_one_shot

        if ONE_SHOT not in self._kept.kinds:
            return answer
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
