"""The tables of the library, as the steps that lead to them.

Conventions: `MIGRATIONS[k]` leads from version k of the schema to k + 1, each in one transaction. Paths are blobs
(`os.fsencode`), embeddings little-endian float16. No row holds a time or a count of runs, so that the same sounds give
the same rows, whatever happened on the way. What was heard hangs on the contents of a file (`contents`) and on how it
was heard (`hearings`: model and settings); `files` says which file has which contents.
"""

from __future__ import annotations

_VERSION_1 = """
CREATE TABLE hearings (
    id INTEGER PRIMARY KEY,
    model_hash BLOB NOT NULL,
    settings TEXT NOT NULL,
    model TEXT NOT NULL,            -- name and version, for people
    map_axes BLOB,                  -- float32: mean (d), axes (d, 2); see core.placement
    map_sounds INTEGER NOT NULL DEFAULT 0,  -- how many sounds the axes were found on
    UNIQUE (model_hash, settings)
);
CREATE TABLE contents (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL           -- bytes
);
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    device INTEGER NOT NULL,
    content_id INTEGER REFERENCES contents,   -- null: could not be read
    hearing_id INTEGER REFERENCES hearings,   -- how it was heard last; null: not yet, or to be tried again
    error_code TEXT,
    error_message TEXT,
    vanished INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX files_by_identity ON files (inode, size, mtime_ns);
CREATE INDEX files_by_content ON files (content_id);
CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    content_id INTEGER NOT NULL REFERENCES contents,
    hearing_id INTEGER NOT NULL REFERENCES hearings,
    kind TEXT NOT NULL,             -- one_shot or loop
    duration_s REAL NOT NULL,
    sample_rate INTEGER NOT NULL,
    label TEXT NOT NULL,            -- of a loop: its commonest
    confidence REAL NOT NULL,
    unsure INTEGER NOT NULL,
    velocity INTEGER NOT NULL,
    level_db REAL NOT NULL,
    ranking TEXT NOT NULL,          -- JSON: [[label, probability], ...], the best ones
    n_hits INTEGER NOT NULL,
    warning TEXT NOT NULL,
    x REAL,                         -- place on the map; null until placed, and for a loop
    y REAL,
    UNIQUE (content_id, hearing_id)
);
CREATE INDEX results_unplaced ON results (hearing_id) WHERE x IS NULL AND kind = 'one_shot';
CREATE TABLE embeddings (
    result_id INTEGER PRIMARY KEY REFERENCES results,
    hearing_id INTEGER NOT NULL,
    vector BLOB NOT NULL
);
CREATE TABLE hits (
    result_id INTEGER NOT NULL REFERENCES results,
    hit_index INTEGER NOT NULL,
    position INTEGER NOT NULL,
    velocity INTEGER NOT NULL,
    level_db REAL NOT NULL,
    label TEXT NOT NULL,
    confidence REAL NOT NULL,
    labels TEXT NOT NULL,           -- JSON: [[label, probability], ...]
    PRIMARY KEY (result_id, hit_index)
) WITHOUT ROWID;
CREATE TABLE corrections (
    content_hash BLOB NOT NULL,
    position INTEGER NOT NULL,      -- sample of the attack in a loop; -1: the whole file
    label TEXT NOT NULL,
    PRIMARY KEY (content_hash, position)
) WITHOUT ROWID;
CREATE VIEW sounds AS               -- what every reader reads: the latest answer, unless a person knows better
SELECT
    files.id AS id, files.path AS path, files.size AS size, files.vanished AS vanished,
    files.error_code AS error_code, files.error_message AS error_message,
    contents.hash AS content_hash, results.id AS result_id, results.hearing_id AS hearing_id,
    results.kind AS kind, results.duration_s AS duration_s, results.sample_rate AS sample_rate,
    coalesce(corrections.label, results.label) AS label,
    CASE WHEN corrections.label IS NULL THEN results.confidence ELSE 1.0 END AS confidence,
    CASE WHEN corrections.label IS NULL THEN results.unsure ELSE 0 END AS unsure,
    corrections.label IS NOT NULL AS corrected,
    results.label AS heard_label, results.confidence AS heard_confidence,
    results.velocity AS velocity, results.level_db AS level_db, results.ranking AS ranking,
    results.n_hits AS n_hits, results.warning AS warning, results.x AS x, results.y AS y
FROM files
LEFT JOIN contents ON contents.id = files.content_id
LEFT JOIN results ON results.content_id = files.content_id AND results.hearing_id = files.hearing_id
LEFT JOIN corrections ON corrections.content_hash = contents.hash AND corrections.position = -1;
CREATE VIEW heard_hits AS
SELECT
    hits.result_id AS result_id, hits.hit_index AS hit_index, hits.position AS position,
    hits.velocity AS velocity, hits.level_db AS level_db,
    coalesce(corrections.label, hits.label) AS label,
    CASE WHEN corrections.label IS NULL THEN hits.confidence ELSE 1.0 END AS confidence,
    corrections.label IS NOT NULL AS corrected, hits.labels AS labels
FROM hits
JOIN results ON results.id = hits.result_id
JOIN contents ON contents.id = results.content_id
LEFT JOIN corrections ON corrections.content_hash = contents.hash AND corrections.position = hits.position;
"""

# A personal head (core.personal_head) and what it calls otherwise than the model: `results` stay as they were heard.
_VERSION_2 = """
CREATE TABLE heads (
    id INTEGER PRIMARY KEY,
    format INTEGER NOT NULL,
    model_hash BLOB NOT NULL,       -- the model whose embedding and answers it was learned on
    model TEXT NOT NULL,            -- name and version, for people
    unsure_below REAL NOT NULL,
    classes TEXT NOT NULL,          -- JSON: [label, ...]
    vectors BLOB NOT NULL,          -- float16 (n, d), of length 1
    coefficients BLOB NOT NULL,     -- float32 (n, classes)
    trial TEXT NOT NULL,            -- JSON: what the cross-validation found
    in_use INTEGER NOT NULL,
    covered INTEGER NOT NULL        -- results up to this number were judged by the head in use
);
CREATE TABLE rescored (             -- by the head in use, only where it differs
    result_id INTEGER PRIMARY KEY REFERENCES results,
    label TEXT NOT NULL,
    confidence REAL NOT NULL,
    unsure INTEGER NOT NULL,
    ranking TEXT NOT NULL
);
DROP VIEW sounds;
CREATE VIEW sounds AS               -- the latest answer, by the head in use, unless a person knows better
SELECT
    files.id AS id, files.path AS path, files.size AS size, files.vanished AS vanished,
    files.error_code AS error_code, files.error_message AS error_message,
    contents.hash AS content_hash, results.id AS result_id, results.hearing_id AS hearing_id,
    results.kind AS kind, results.duration_s AS duration_s, results.sample_rate AS sample_rate,
    coalesce(corrections.label, rescored.label, results.label) AS label,
    CASE WHEN corrections.label IS NULL THEN coalesce(rescored.confidence, results.confidence) ELSE 1.0 END
        AS confidence,
    CASE WHEN corrections.label IS NULL THEN coalesce(rescored.unsure, results.unsure) ELSE 0 END AS unsure,
    corrections.label IS NOT NULL AS corrected,
    corrections.label IS NULL AND rescored.label IS NOT NULL AND rescored.label != results.label AS personal,
    results.label AS heard_label, results.confidence AS heard_confidence,
    results.velocity AS velocity, results.level_db AS level_db,
    coalesce(rescored.ranking, results.ranking) AS ranking,
    results.n_hits AS n_hits, results.warning AS warning, results.x AS x, results.y AS y
FROM files
LEFT JOIN contents ON contents.id = files.content_id
LEFT JOIN results ON results.content_id = files.content_id AND results.hearing_id = files.hearing_id
LEFT JOIN rescored ON rescored.result_id = results.id
LEFT JOIN corrections ON corrections.content_hash = contents.hash AND corrections.position = -1;
"""

# Hits of loops can be judged by a head too: what it needs of them, and what it calls otherwise.
_VERSION_3 = """
CREATE TABLE hit_evidence (         -- see library.hit_evidence; not of loops that an older drumbridge heard
    result_id INTEGER PRIMARY KEY REFERENCES results,
    evidence BLOB NOT NULL
);
CREATE TABLE rescored_hits (        -- by the head in use, only where it differs
    result_id INTEGER NOT NULL REFERENCES results,
    hit_index INTEGER NOT NULL,
    label TEXT NOT NULL,
    confidence REAL NOT NULL,
    labels TEXT NOT NULL,
    PRIMARY KEY (result_id, hit_index)
) WITHOUT ROWID;
ALTER TABLE heads ADD COLUMN kinds TEXT NOT NULL DEFAULT '["one_shot"]';  -- JSON: what the head was found better for
ALTER TABLE heads ADD COLUMN rule TEXT NOT NULL DEFAULT '{}';  -- JSON: how the model decides the labels of a hit
DROP VIEW sounds;
CREATE VIEW sounds AS               -- the latest answer, by the head in use, unless a person knows better
SELECT
    files.id AS id, files.path AS path, files.size AS size, files.vanished AS vanished,
    files.error_code AS error_code, files.error_message AS error_message,
    contents.hash AS content_hash, results.id AS result_id, results.hearing_id AS hearing_id,
    results.kind AS kind, results.duration_s AS duration_s, results.sample_rate AS sample_rate,
    coalesce(corrections.label, rescored.label, results.label) AS label,
    CASE WHEN corrections.label IS NULL THEN coalesce(rescored.confidence, results.confidence) ELSE 1.0 END
        AS confidence,
    CASE WHEN corrections.label IS NULL THEN coalesce(rescored.unsure, results.unsure) ELSE 0 END AS unsure,
    corrections.label IS NOT NULL AS corrected,
    corrections.label IS NULL AND rescored.label IS NOT NULL
        AND (rescored.label != results.label OR results.kind = 'loop') AS personal,
    results.label AS heard_label, results.confidence AS heard_confidence,
    results.velocity AS velocity, results.level_db AS level_db,
    coalesce(rescored.ranking, results.ranking) AS ranking,
    results.n_hits AS n_hits, results.warning AS warning, results.x AS x, results.y AS y
FROM files
LEFT JOIN contents ON contents.id = files.content_id
LEFT JOIN results ON results.content_id = files.content_id AND results.hearing_id = files.hearing_id
LEFT JOIN rescored ON rescored.result_id = results.id
LEFT JOIN corrections ON corrections.content_hash = contents.hash AND corrections.position = -1;
DROP VIEW heard_hits;
CREATE VIEW heard_hits AS
SELECT
    hits.result_id AS result_id, hits.hit_index AS hit_index, hits.position AS position,
    hits.velocity AS velocity, hits.level_db AS level_db,
    coalesce(corrections.label, rescored_hits.label, hits.label) AS label,
    CASE WHEN corrections.label IS NULL THEN coalesce(rescored_hits.confidence, hits.confidence) ELSE 1.0 END
        AS confidence,
    corrections.label IS NOT NULL AS corrected, coalesce(rescored_hits.labels, hits.labels) AS labels
FROM hits
JOIN results ON results.id = hits.result_id
JOIN contents ON contents.id = results.content_id
LEFT JOIN rescored_hits ON rescored_hits.result_id = hits.result_id AND rescored_hits.hit_index = hits.hit_index
LEFT JOIN corrections ON corrections.content_hash = contents.hash AND corrections.position = hits.position;
"""

MIGRATIONS: list[str] = [_VERSION_1, _VERSION_2, _VERSION_3]
