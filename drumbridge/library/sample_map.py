"""The sample map's places: every new one-shot gets one at the end of a scan, and keeps it.

Conventions: each way of hearing has axes of its own (`core.placement`). They are found anew while a library is small,
where every new folder changes what there is to tell apart; from `_SETTLED` sounds on they stay, and nothing moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .store import Library

if TYPE_CHECKING:
    import numpy as np

    from drumbridge.core.placement import MapAxes

_SETTLED = 500
_AT_MOST = 20_000  # sounds that the axes are found on
_ROWS = 2000  # in memory at once


def place_new_sounds(library: Library, hearing_id: int) -> int:
    """Give a place to each sound that has none; return how many got one."""
    with library.explaining() as connection:
        unplaced = connection.execute(
            "SELECT count(*) FROM results WHERE hearing_id = ? AND x IS NULL AND kind = 'one_shot'", (hearing_id,)
        ).fetchone()[0]
    if not unplaced:
        return 0
    from drumbridge.core.placement import place

    axes, moved = _axes(library, hearing_id)
    condition = "" if moved else " AND x IS NULL"
    last = 0
    with library.transaction() as connection:
        if moved:
            connection.execute(
                "UPDATE hearings SET map_axes = ?, map_sounds = ? WHERE id = ?",
                (axes.mean.astype("<f4").tobytes() + axes.axes.astype("<f4").tobytes(), moved, hearing_id),
            )
        while rows := connection.execute(
            "SELECT id, vector FROM results JOIN embeddings ON result_id = id WHERE results.hearing_id = ?"
            f" AND id > ?{condition} ORDER BY id LIMIT {_ROWS}",
            (hearing_id, last),
        ).fetchall():
            places = place(_vectors([vector for _, vector in rows]), axes)
            connection.executemany(
                "UPDATE results SET x = ?, y = ? WHERE id = ?",
                [(float(x), float(y), row[0]) for (x, y), row in zip(places, rows, strict=True)],
            )
            last = rows[-1][0]
    return int(unplaced)


def places_now(library: Library, hearing_id: int, result_ids: Sequence[int]) -> np.ndarray:
    """Return where some sounds without a place would lie now, float32 (n, 2), and write nothing.

    A scan gives places when it ends, so that they depend on what was found and not on when somebody looked.
    """
    import numpy as np

    from drumbridge.core.placement import place

    axes, _ = _axes(library, hearing_id)
    places = np.zeros((len(result_ids), 2), dtype=np.float32)
    with library.explaining() as connection:
        for k, result_id in enumerate(result_ids):
            row = connection.execute("SELECT vector FROM embeddings WHERE result_id = ?", (result_id,)).fetchone()
            if row is not None:
                places[k] = place(_vectors([row[0]]), axes)[0]
    return places


def _axes(library: Library, hearing_id: int) -> tuple[MapAxes, int]:
    """Return the axes, and on how many sounds they were found just now, 0 if they were there."""
    import numpy as np

    from drumbridge.core.placement import MapAxes, find_axes

    with library.explaining() as connection:
        stored, n = connection.execute(
            "SELECT map_axes, map_sounds FROM hearings WHERE id = ?", (hearing_id,)
        ).fetchone()
        if n >= _SETTLED:
            values = np.frombuffer(stored, dtype="<f4").reshape(3, -1)
            return MapAxes(values[0], values[1:].reshape(-1, 2)), 0
        total = connection.execute("SELECT count(*) FROM embeddings WHERE hearing_id = ?", (hearing_id,)).fetchone()[0]
        some = "FROM embeddings WHERE hearing_id = ? AND result_id % ? = 0"
        step = max(1, -(-total // _AT_MOST))
        if connection.execute(f"SELECT 1 {some} LIMIT 1", (hearing_id, step)).fetchone() is None:
            step = 1
        rows = connection.execute(f"SELECT vector {some} ORDER BY result_id", (hearing_id, step))
        parts = iter(lambda: rows.fetchmany(_ROWS), [])
        return find_axes(_vectors([row[0] for row in part]) for part in parts), total


def _vectors(blobs: list[bytes]) -> np.ndarray:
    import numpy as np

    return np.frombuffer(b"".join(blobs), dtype="<f2").reshape(len(blobs), -1).astype(np.float32)
