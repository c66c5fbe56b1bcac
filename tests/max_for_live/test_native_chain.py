"""Which hits play which notes in each device, as a law over all hits."""

import pytest
from graph import GRAPHS
from hypothesis import given
from hypothesis import strategies as st
from max_machine import Machine

from drumbridge.core.labels import LABELS, UNSURE_INDEX

hits = st.tuples(
    st.integers(1, 4), st.integers(0, 100), st.integers(0, 2), st.integers(0, 2**31 - 1), st.integers(-1, 127),
    st.integers(1, 127), st.integers(1, 200), st.integers(0, UNSURE_INDEX + 6), st.floats(0, 1),
)  # fmt: skip
names = pytest.mark.parametrize("name", list(GRAPHS))
backwards = pytest.mark.parametrize("backwards", [False, True])


def machine(name: str, stream: int, stage: int, backwards: bool, notes: dict[int, int] | None = None) -> Machine:
    """Return a device as it is after loading: number boxes have spoken, js has set stream and stage."""
    graph = GRAPHS[name]
    made = Machine(graph, backwards)
    for box_id in graph.named("live.numbox"):
        box = graph.boxes[box_id]
        if box["varname"].startswith("note_"):
            initial = box["saved_attribute_attributes"]["valueof"]["parameter_initial"][0]
            made.take(box_id, 0, (notes or {}).get(initial, initial))
    (control,) = [box for box in graph.named("route") if graph.text(box).startswith("route status")]
    made.take(control, 0, "stream", stream)
    made.take(control, 0, "stage", stage)
    return made


def play(made: Machine, hit: tuple) -> list[tuple]:
    (receive,) = made._graph.named("udpreceive")
    before = len(made.played)
    made.out(receive, 0, "/drumbridge/live/hit", *hit)
    return made.played[before:]


@backwards
@given(st.lists(hits, max_size=20), st.integers(1, 4), st.integers(0, 1))
def test_drumbridge_plays_the_notes_of_its_stream_and_stage(backwards, some, stream, stage):
    made = machine("DrumBridge", stream, stage, backwards)
    for hit in some:
        ours = hit[0] == stream and hit[2] == stage and hit[4] >= 0
        assert play(made, hit) == ([(hit[4], hit[5], hit[6])] if ours else [])
        if ours:
            assert made.shown["last_hit"] == min(hit[7], UNSURE_INDEX + 1)
            assert made.shown["confidence"] == pytest.approx(100 * hit[8])


@backwards
@given(st.lists(hits, max_size=20), st.dictionaries(st.sampled_from([x.gm_note for x in LABELS]), st.integers(0, 127)))
def test_pads_plays_the_notes_that_were_chosen(backwards, some, chosen):
    made = machine("DrumBridge Pads", 1, 0, backwards, chosen)
    own = {label.gm_note: label.gm_note for label in LABELS} | chosen
    for hit in some:
        note = hit[4] if hit[7] > UNSURE_INDEX else own.get(hit[4], 0)  # the pads of a kit have notes of their own
        ours = hit[0] == 1 and hit[2] == 0 and note > 0
        assert play(made, hit) == ([(note, hit[5], hit[6])] if ours else [])


@names
def test_before_a_stream_is_known_nothing_plays(name):
    made = machine(name, 0, 0, False)
    assert play(made, (1, 0, 0, 0, 36, 100, 50, 0, 0.9)) == []


def test_a_learnt_note_plays():
    name = "DrumBridge Pads"
    made = machine(name, 1, 0, False)
    (control,) = [box for box in GRAPHS[name].named("route") if GRAPHS[name].text(box).startswith("route status")]
    made.take(control, 0, "note", 0, 60)  # what js says of the first label, kick
    assert play(made, (1, 0, 0, 0, 36, 100, 50, 0, 0.9)) == [(60, 100, 50)]
