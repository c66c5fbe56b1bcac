"""What a person should listen to first: the sounds and hits of which the model was least certain.

Conventions: what was corrected is certain. The same contents under several paths are one sound. One-shots and hits of
loops are ordered together, by the confidence of their label.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .corrections import WHOLE
from .store import Library


class Uncertain(NamedTuple):
    """A file, and in a loop the index of a hit; `WHOLE` for a one-shot."""

    sound_id: int
    hit_index: int
    confidence: float


def least_certain(library: Library, limit: int, where: str = "1", values: Sequence[Any] = ()) -> list[Uncertain]:
    """Return what is least certain, the most uncertain first.

    Parameters
    ----------
    library : Library
    limit : int
    where : str
        Condition on the view ``sounds``, as `search.conditions` gives it, and its values.
    """
    there = f"({where}) AND NOT vanished AND error_code IS NULL"
    one_shots = (
        f"SELECT min(id), {WHOLE}, confidence FROM sounds WHERE kind = 'one_shot' AND NOT corrected AND {there}"
        " GROUP BY content_hash ORDER BY confidence, 1 LIMIT ?"
    )
    hits = (
        "SELECT loops.id, hit_index, heard_hits.confidence FROM"
        f" (SELECT min(id) AS id, result_id FROM sounds WHERE kind = 'loop' AND {there} GROUP BY result_id) AS loops"
        " JOIN heard_hits USING (result_id) WHERE NOT heard_hits.corrected ORDER BY heard_hits.confidence, 1, 2 LIMIT ?"
    )
    found: list[Uncertain] = []
    with library.explaining() as connection:
        for query in (one_shots, hits):
            found += [Uncertain(*row) for row in connection.execute(query, [*values, limit])]
    return sorted(found, key=lambda entry: (entry.confidence, entry.sound_id, entry.hit_index))[:limit]


def how_many_left(library: Library, where: str = "1", values: Sequence[Any] = ()) -> int:
    """Return how many sounds and hits nobody has corrected; the other parameters as above."""
    there = f"({where}) AND NOT vanished AND error_code IS NULL"
    query = (
        "SELECT (SELECT count(DISTINCT content_hash) FROM sounds"
        f" WHERE kind = 'one_shot' AND NOT corrected AND {there})"
        f" + (SELECT count(*) FROM (SELECT DISTINCT result_id FROM sounds WHERE kind = 'loop' AND {there})"
        " JOIN heard_hits USING (result_id) WHERE NOT heard_hits.corrected)"
    )
    with library.explaining() as connection:
        return int(connection.execute(query, [*values, *values]).fetchone()[0])
