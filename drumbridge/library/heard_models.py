"""Which models the sounds of a library were heard with: sounds of different models have no map in common.

Conventions: a model that heard in several ways (`--kind`, an older drumbridge) is one, since its embeddings compare.
"""

from __future__ import annotations

from typing import NamedTuple

from .store import Library


class HeardModel(NamedTuple):
    """One model that files which are there were heard with.

    Attributes
    ----------
    hash : bytes
    name : str
        For people.
    hearings : tuple of int
        Its ways of hearing; first the one with the axes of its map.
    n : int
        How many files.
    """

    hash: bytes
    name: str
    hearings: tuple[int, ...]
    n: int


def heard_models(library: Library) -> list[HeardModel]:
    """Return the models, the one with the most files first."""
    query = (
        "SELECT model_hash, model, hearings.id, n FROM hearings JOIN (SELECT hearing_id, count(*) AS n FROM files"
        " WHERE NOT vanished AND error_code IS NULL AND content_id IS NOT NULL GROUP BY hearing_id)"
        " ON hearing_id = hearings.id ORDER BY map_sounds DESC, n DESC, hearings.id"
    )
    models: dict[bytes, HeardModel] = {}
    with library.explaining() as connection:
        for model_hash, name, hearing_id, n in connection.execute(query):
            known = models.get(model_hash, HeardModel(model_hash, name, (), 0))
            models[model_hash] = known._replace(hearings=(*known.hearings, hearing_id), n=known.n + n)
    return sorted(models.values(), key=lambda model: (-model.n, model.hearings))
