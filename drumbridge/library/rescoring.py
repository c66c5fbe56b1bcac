"""What a personal head says of results that are stored: rows for what it calls otherwise than the model.

Conventions: as `heads`. The hits of a loop are numbered from 0, in the order of their evidence.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from drumbridge.core.events import LOOP, ONE_SHOT
from drumbridge.core.hit_head import HitHead, called

from .embeddings import unit_vectors
from .heard import loop_labels, stored_labels
from .hit_evidence import hit_evidence

if TYPE_CHECKING:
    from .heads import KeptHead

_ROWS = 2000


def judge_results(connection: sqlite3.Connection, kept: KeptHead, last: int) -> None:
    """Judge the results after one by a head, and write down where it differs.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    kept : KeptHead
    last : int
        Number of a result.
    """
    if ONE_SHOT in kept.kinds:
        query = (
            "SELECT results.id, label, confidence, ranking, vector FROM results"
            " JOIN hearings ON hearings.id = results.hearing_id JOIN embeddings ON result_id = results.id"
            " WHERE results.id > ? AND model_hash = ? AND kind = ? ORDER BY results.id LIMIT ?"
        )
        for rows in _pages(connection, query, last, (kept.model_hash, ONE_SHOT, _ROWS)):
            connection.executemany(
                "INSERT OR REPLACE INTO rescored VALUES (?, ?, ?, ?, ?)",
                [changed for row in rows for changed in _one_shot(kept, *row)],
            )
    if LOOP in kept.kinds:
        head = HitHead(kept.head, kept.rule)
        query = (
            "SELECT results.id FROM results JOIN hearings ON hearings.id = results.hearing_id"
            " JOIN hit_evidence ON result_id = results.id WHERE results.id > ? AND model_hash = ?"
            " ORDER BY results.id LIMIT ?"
        )
        for rows in _pages(connection, query, last, (kept.model_hash, _ROWS)):
            for (result_id,) in rows:
                _loop(connection, head, len(kept.rule.labels), result_id)


def _pages(
    connection: sqlite3.Connection, query: str, last: int, values: tuple[Any, ...]
) -> Iterator[list[tuple[Any, ...]]]:
    while rows := connection.execute(query, (last, *values)).fetchall():
        yield rows
        last = rows[-1][0]


def _one_shot(
    kept: KeptHead, result_id: int, label: str, confidence: float, ranking: str, vector: bytes
) -> Iterator[tuple[Any, ...]]:
    """Yield the row of a sound that the head calls otherwise, or is surer of."""
    heard = [(name, float(p)) for name, p in json.loads(ranking)]
    heard[0] = (label, confidence)
    judged = kept.head.judge(unit_vectors(vector, 1)[0], heard)
    name, sure = judged[0][0], round(judged[0][1], 6)
    if (name, sure) != (label, round(confidence, 6)):
        listed = json.dumps([[other, round(p, 4)] for other, p in judged])
        yield result_id, name, sure, int(sure < kept.unsure_below), listed


def _loop(connection: sqlite3.Connection, head: HitHead, n_labels: int, result_id: int) -> None:
    """Write the rows of the hits that the head calls otherwise, and that of their loop."""
    vectors, odds = hit_evidence(connection, result_id, n_labels)
    judged = {k: answer for k in range(len(odds)) if (answer := head.judge(vectors[k], odds[k])) is not None}
    if not judged:
        return
    rows = connection.execute("SELECT labels FROM hits WHERE result_id = ? ORDER BY hit_index", (result_id,))
    labels = [json.loads(listed) for (listed,) in rows]
    for k, answer in judged.items():
        listed = stored_labels(answer.labels)
        labels[k] = json.loads(listed)
        connection.execute(
            "INSERT OR REPLACE INTO rescored_hits VALUES (?, ?, ?, ?, ?)",
            (result_id, k, called(answer.labels), round(answer.confidence, 6), listed),
        )
    connection.execute("INSERT OR REPLACE INTO rescored VALUES (?, ?, ?, ?, ?)", (result_id, *loop_labels(labels)))
