"""JSON Lines and CSV: what is written reads back as what was heard."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.events import Classification, Hit, LabelConfidence
from drumbridge.core.labels import LABELS
from drumbridge.formats import csv as csv_format
from drumbridge.formats import json as json_format

unit = st.floats(0, 1)
label_lists = st.lists(
    st.builds(LabelConfidence, st.sampled_from([label.name for label in LABELS]), unit),
    max_size=4,
    unique_by=lambda entry: entry.label,
).map(lambda entries: tuple(sorted(entries, key=lambda entry: -entry.confidence)))
hits = st.builds(
    Hit,
    index=st.integers(0, 10**6),
    position=st.integers(0, 10**10),
    velocity=st.integers(1, 127),
    level_db=st.floats(-120, 20),
    labels=label_lists,
    confidence=unit,
)
classifications = st.builds(
    Classification,
    ranking=label_lists.filter(len),
    unsure=st.booleans(),
    velocity=st.integers(1, 127),
    level_db=st.floats(-120, 20),
    embedding=st.just(()),
    model=st.just("m"),
)
rates = st.integers(8000, 192_000)
paths = st.text(st.characters(exclude_characters="\0\r"), min_size=1)  # Python's csv does not quote a lone \r


@given(found=st.lists(hits, max_size=5), rate=rates)
def test_hits_as_json_lines(found, rate):
    lines = [json_format.to_line(json_format.hit_to_object(hit, rate)) for hit in found]
    for line, hit in zip(lines, found, strict=True):
        assert "\n" not in line
        read = json.loads(line)
        assert list(read) == ["index", "position", "position_s", "velocity", "labels"]
        assert (read["index"], read["position"], read["velocity"]) == (hit.index, hit.position, hit.velocity)
        assert round(read["position_s"] * rate) == pytest.approx(hit.position, abs=1)
        assert list(read["labels"]) == [entry.label for entry in hit.labels]
        assert list(read["labels"].values()) == pytest.approx([e.confidence for e in hit.labels], abs=1e-4)


@given(path=paths, result=classifications)
def test_a_classified_file_as_json(path, result):
    line = json_format.to_line(json_format.classification_to_object(path, result))
    assert line.isascii()
    assert "\n" not in line
    read = json.loads(line)
    assert list(read) == ["path", "label", "confidence", "unsure", "scores"]
    assert (read["path"], read["label"], read["unsure"]) == (path, result.label, result.unsure)
    assert read["confidence"] == pytest.approx(result.confidence, abs=1e-4)
    assert list(read["scores"]) == [entry.label for entry in result.ranking]


@given(found=st.lists(hits, max_size=5), rate=rates)
def test_hits_as_csv(found, rate):
    file = io.StringIO(newline="")
    csv_format.write_hits(file, found, rate)
    rows = list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))
    assert len(rows) == len(found)
    for row, hit in zip(rows, found, strict=True):
        assert (int(row["index"]), int(row["position"]), int(row["velocity"])) == (
            hit.index,
            hit.position,
            hit.velocity,
        )
        assert row["label"] == hit.label
        assert [entry.partition(":")[0] for entry in row["labels"].split()] == [entry.label for entry in hit.labels]


@given(st.lists(st.tuples(paths, classifications), max_size=5))
def test_classified_files_as_csv(results):
    file = io.StringIO(newline="")
    csv_format.write_classifications(file, results)
    rows = list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))
    assert [(row["path"], row["label"]) for row in rows] == [(path, result.label) for path, result in results]


def test_a_transcription_without_hits_is_a_header():
    file = io.StringIO(newline="")
    csv_format.write_hits(file, [], 44100)
    assert file.getvalue() == "index,position,position_s,velocity,label,confidence,labels\n"
