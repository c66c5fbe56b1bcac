"""The label table against the data's own grouping, and against what OSC and MIDI can carry."""

import json

import pytest

from drumbridge.core import labels


def test_names_are_unique_and_values_in_range() -> None:
    assert len(labels.BY_NAME) == len(labels.LABELS) == 28
    for label in labels.LABELS:
        assert 0 <= label.gm_note <= 127
        assert 0 <= label.colour <= 0xFFFFFF


def test_notes_and_colours_tell_all_labels_apart() -> None:
    assert len({label.gm_note for label in labels.LABELS}) == len(labels.LABELS)
    assert len({label.colour for label in labels.LABELS}) == len(labels.LABELS)


def test_generic_names_are_labels_of_their_group() -> None:
    for group, name in labels.GENERIC.items():
        assert labels.to_eleven(name) == group


@pytest.mark.parametrize(
    ("partition", "function"),
    [
        ("eleven", labels.to_eleven),
        ("five", labels.to_five),
        ("transcription_five", labels.to_transcription_five),
    ],
)
def test_groups_are_those_of_the_data(data_dir, partition, function) -> None:
    table = json.loads((data_dir / "groups.json").read_text())["groups"][partition]
    assert {name: function(name) for name in labels.BY_NAME} == {name: table.get(name) for name in labels.BY_NAME}
