"""The library as JSON: its state, its labels, one sound, finding, what is least certain, and corrections.

Conventions: a sound is named by its number, never by a path, and what stands after ``like:`` must be in the library:
a browser can have nothing else opened. Confidences are 0..1, times end in ``_s``, positions are samples of the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from drumbridge._version import __version__
from drumbridge.core.labels import INDEX
from drumbridge.engine.permissions import sound_with_id
from drumbridge.engine.sound_corrections import Corrected, correct_sound
from drumbridge.errors import LibraryError, SettingsError
from drumbridge.library.corrections import WHOLE
from drumbridge.library.least_certain import how_many_left, least_certain
from drumbridge.library.search import conditions, find_sounds, terms_for
from drumbridge.library.sounds import Sound, hits_of, own_labels, sounds_where
from drumbridge.library.store import Library

from .house import House
from .messages import Json, field, json_object, label_row, sound_number, whole_number

_NEAREST: Final = 50  # what like: finds
_NAMED: Final = 200  # found sounds that are sent with their names
_MOST_CORRECTIONS: Final = 20_000
_MOST_UNCERTAIN: Final = 1000


def routes(house: House) -> list[BaseRoute]:
    """Return the routes of this module."""

    def labels(request: Request) -> Response:
        own = _or_problem(lambda: house.search(lambda library: {"own": own_labels(library)}))
        return Json([label_row(label) for label in (*INDEX, *own.get("own", []))])

    def state(request: Request) -> Response:
        about = {"version": __version__, "library": os.fspath(house.library_path)}
        return Json(about | _or_problem(lambda: house.search(_state)))

    def sound(request: Request) -> Response:
        with house.reading() as library:
            return Json(_sound_object(library, sound_with_id(library, sound_number(request))))

    def find(request: Request) -> Response:
        query = request.query_params.get("q", "")
        return Json(_or_problem(lambda: house.search(lambda library: _found(library, query))))

    def uncertain(request: Request) -> Response:
        limit = whole_number(request, "limit", 100, _MOST_UNCERTAIN) or 0
        query = request.query_params.get("q", "")
        return Json(_or_problem(lambda: house.search(lambda library: _uncertain(library, limit, query))))

    async def correct(request: Request) -> Response:
        entries = field(await json_object(request), "corrections", list)
        if len(entries) > _MOST_CORRECTIONS or not all(isinstance(entry, dict) for entry in entries):
            raise SettingsError("settings.json", f"corrections are at most {_MOST_CORRECTIONS} JSON objects.")
        wanted = [(field(entry, "id", int), field(entry, "hit", int), field(entry, "label", str)) for entry in entries]
        return Json({"corrections": await run_in_threadpool(_correct, house, wanted)})

    return [
        Route("/api/labels", labels),
        Route("/api/library", state),
        Route("/api/find", find),
        Route("/api/uncertain", uncertain),
        Route("/api/correct", correct, methods=["POST"]),
        Route("/api/sounds/{id:int}", sound),
    ]


def _or_problem(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return an answer, or ``problem`` with what a person is told: half a query is no failure while it is typed, and
    a library that is not there yet is a state of the page."""
    try:
        return answer()
    except LibraryError as error:
        return {"problem": {"error": error.code, "message": error.message}}


def _state(library: Library) -> dict[str, Any]:
    """Return how much there is, and a text that changes when anything does."""
    with library.explaining() as connection:
        written = connection.execute("PRAGMA data_version").fetchone()[0]
        n, heard, failed, vanished = connection.execute(
            "SELECT count(*), sum(error_code IS NULL AND NOT vanished AND content_id IS NOT NULL),"
            " sum(error_code IS NOT NULL AND NOT vanished), sum(vanished) FROM files"
        ).fetchone()
        corrected = connection.execute("SELECT count(*) FROM corrections").fetchone()[0]
    counts = {"sounds": heard or 0, "failed": failed or 0, "vanished": vanished or 0, "corrections": corrected}
    return counts | {"state": f"{id(library)}-{written}-{n}"}


def _sound_object(library: Library, sound: Sound) -> dict[str, Any]:
    folder, name = os.path.split(sound.path)
    value: dict[str, Any] = {
        **_brief(sound), "name": name, "folder": folder, "path": sound.path,
        "duration_s": sound.duration_s, "sample_rate": sound.sample_rate, "velocity": sound.velocity,
        "level_db": sound.level_db, "ranking": sound.ranking, "warning": sound.warning, "vanished": sound.vanished,
        "error_code": sound.error_code, "error_message": sound.error_message,
    }  # fmt: skip
    if sound.content_hash:
        same = sounds_where(library, "content_hash = ? AND id != ?", [sound.content_hash, sound.id])
        value["copies"] = [copy.path for copy in same]
    if sound.n_hits:
        value["hits"] = [
            {
                "index": hit.index, "position": hit.position, "velocity": hit.velocity, "level_db": hit.level_db,
                "label": hit.label, "confidence": hit.confidence, "corrected": hit.corrected, "ranking": hit.labels,
            }
            for hit in hits_of(library, sound)
        ]  # fmt: skip
    return value


def _brief(sound: Sound) -> dict[str, Any]:
    return {
        "id": sound.id, "name": os.path.basename(sound.path), "kind": sound.kind, "label": sound.label,
        "confidence": sound.confidence, "unsure": sound.unsure, "corrected": sound.corrected,
    }  # fmt: skip


def _found(library: Library, query: str) -> dict[str, Any]:
    """Return the numbers of what a query finds, and the names of the first."""
    terms = terms_for(library, query)
    like = any(term.field == "like" for term in terms)
    ids: list[int] = []
    first: list[dict[str, Any]] = []
    for each in find_sounds(library, terms, limit=_NEAREST if like else None):
        ids.append(each.sound.id)
        if len(first) < _NAMED:
            also: dict[str, Any] = {"similarity": each.similarity} if like else {}
            if each.sound.error_message:
                also["error_message"] = each.sound.error_message
            first.append(_brief(each.sound) | also)
    return {"ids": ids, "first": first, "ordered": like}


def _uncertain(library: Library, limit: int, query: str) -> dict[str, Any]:
    """Return what a label session asks about next."""
    where, values = conditions(terms_for(library, query))
    entries = []
    hits: dict[int, tuple[Sound, list[Any]]] = {}
    for entry in least_certain(library, limit, where, values):
        if entry.sound_id not in hits:
            sound = sound_with_id(library, entry.sound_id)
            hits[sound.id] = (sound, hits_of(library, sound) if entry.hit_index != WHOLE else [])
        sound, of_sound = hits[entry.sound_id]
        value = _brief(sound) | {
            "hit": entry.hit_index, "path": sound.path, "ranking": sound.ranking, "sample_rate": sound.sample_rate,
            "duration_s": sound.duration_s,
        }  # fmt: skip
        for k, hit in enumerate(of_sound):
            if hit.index == entry.hit_index:
                following = of_sound[k + 1].position if k + 1 < len(of_sound) else None
                value |= {
                    "label": hit.label, "confidence": hit.confidence, "unsure": False, "corrected": False,
                    "ranking": hit.labels, "position": hit.position, "next_position": following,
                    "n_hits": len(of_sound),
                }  # fmt: skip
        entries.append(value)
    return {"left": how_many_left(library, where, values), "entries": entries}


def _correct(house: House, wanted: list[tuple[int, int, str]]) -> list[dict[str, Any]]:
    with house.writing() as library:
        return [
            {"id": sound_id, "hit": index} | _corrected_object(correct_sound(library, sound_id, index, label))
            for sound_id, index, label in wanted
        ]


def _corrected_object(corrected: Corrected) -> dict[str, Any]:
    return {
        "same": corrected.sound_ids, "label": corrected.label, "row": label_row(corrected.label),
        "confidence": corrected.confidence, "unsure": corrected.unsure, "corrected": corrected.corrected,
        "before": corrected.before,
    }  # fmt: skip
