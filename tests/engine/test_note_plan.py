"""Laws of the notes that are played: each strike has one end, a hit is struck once, what is withdrawn falls silent."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.events import Hit, LabelConfidence, Stage
from drumbridge.core.labels import BY_NAME
from drumbridge.core.pad import Pad
from drumbridge.engine.note_plan import Note, NotePlan, notes_of

DURATION_S = 0.05
NOTES = st.lists(st.sampled_from([36, 38, 42, 49]), min_size=1, max_size=3, unique=True)
LIVES = st.lists(
    st.tuples(
        st.sampled_from([(0, 1), (0, 2), (1,), (0,)]),  # stages; the last is cut short by the end of its stream
        st.lists(st.integers(0, 200), min_size=2, max_size=2).map(sorted),  # when, ms
        NOTES,
        st.integers(1, 127),
        st.integers(1, 2),  # stream
    ),
    max_size=20,
)


def hit(index: int, stage: int, velocity: int = 100, labels=()) -> Hit:
    sure = tuple(LabelConfidence(label, 0.9) for label in labels)
    guess = LabelConfidence("kick", 0.2)
    return Hit(index, 0, velocity, -6.0, sure, 0.9, stage=Stage(stage), guess=guess)


def words(lives) -> list[tuple[int, int, int, Hit, list[int]]]:
    """Return what is said of each hit, in order of time."""
    said = [
        (when, index, stream, hit(index, stage, velocity), notes)
        for index, (stages, times, notes, velocity, stream) in enumerate(lives)
        for stage, when in zip(stages, times, strict=False)
    ]
    return sorted(said, key=lambda word: (word[0], word[1], word[3].stage))


def play(plan: NotePlan, lives) -> list[tuple[float, Note]]:
    """Return the notes of a plan whose clock ticks every ms."""
    played = []
    said = words(lives)
    for ms in range(300):
        now_s = ms / 1000
        for when, _, stream, heard, notes in said:
            if when == ms:
                played += [(now_s, note) for note in plan.hear(stream, heard, notes, now_s)]
        played += [(now_s, note) for note in plan.due(now_s)]
        assert plan.next_s is None or plan.next_s > now_s
    return played


@given(LIVES, st.sampled_from([Stage.EARLY, Stage.FINAL]), st.integers(0, 299))
def test_every_strike_has_exactly_one_end(lives, stage, until_ms):
    plan = NotePlan(stage=stage, duration_s=DURATION_S)
    played = [(s, note) for s, note in play(plan, [life for life in lives if life[1][1] <= until_ms])]
    played += [(0.3, note) for note in plan.all_off()]
    assert plan.all_off() == plan.due(9e9) == []
    for number in {note.note for _, note in played}:
        velocities = [note.velocity for _, note in played if note.note == number]
        assert all(len(list(run)) == 1 for _, run in groupby(velocities, key=bool)), "strikes and ends alternate"
        assert velocities[0] > 0 == velocities[-1]


@given(LIVES, st.sampled_from([Stage.EARLY, Stage.FINAL]))
def test_a_hit_is_struck_once_at_its_first_word_that_counts(lives, stage):
    struck = [(s, note) for s, note in play(NotePlan(stage=stage, duration_s=DURATION_S), lives) if note.velocity]
    expected = []
    for stages, times, notes, velocity, _ in lives:
        counts = [when for said, when in zip(stages, times, strict=False) if stage is Stage.EARLY or said == 1]
        expected += [(when / 1000, Note(note, velocity)) for when in counts[:1] for note in notes]
    assert sorted(struck) == sorted(expected)


@given(LIVES)
def test_a_note_sounds_for_its_duration_unless_it_is_struck_again_or_withdrawn(lives):
    played = play(NotePlan(duration_s=DURATION_S), lives)
    withdrawn_s = {times[1] / 1000 for stages, times, *_ in lives if stages == (0, 2)}
    for number in {note.note for _, note in played}:
        of_note = [(s, note.velocity) for s, note in played if note.note == number]
        strikes = list(zip(of_note[::2], of_note[1::2], strict=True))
        for k, ((start_s, _), (end_s, _)) in enumerate(strikes):
            struck_again = k + 1 < len(strikes) and strikes[k + 1][0][0] == end_s
            assert end_s - start_s <= DURATION_S + 0.0011
            assert end_s - start_s >= DURATION_S - 0.0011 or end_s in withdrawn_s or struck_again


def test_a_withdrawn_hit_ends_its_own_strike_and_no_later_one():
    plan = NotePlan(duration_s=1.0)
    assert plan.hear(1, hit(0, 0), [36], 0.0) == [(36, 100)]
    assert plan.hear(1, hit(1, 0), [36], 0.1) == [(36, 0), (36, 100)]
    assert plan.hear(1, hit(0, 2), [36], 0.2) == []
    assert plan.hear(1, hit(1, 2), [36], 0.3) == [(36, 0)]


def test_a_final_hit_that_changed_strikes_nothing():
    plan = NotePlan()
    assert plan.hear(1, hit(0, 0), [36], 0.0) == [(36, 100)]
    assert plan.hear(1, hit(0, 1, velocity=20), [38], 0.01) == []


def test_a_stream_that_is_over_is_forgotten_and_streams_are_told_apart():
    plan = NotePlan()
    plan.hear(1, hit(0, 0), [36], 0.0)
    assert plan.hear(2, hit(0, 1), [38], 0.01) == [(38, 100)]
    plan.forget(1)
    assert plan.hear(1, hit(0, 1), [42], 0.02) == [(42, 100)]


def test_the_notes_of_a_hit():
    both = hit(0, 1, labels=("kick", "crash"))
    assert notes_of(both) == (36,)
    assert notes_of(both, every_label=True) == (36, BY_NAME["crash"].gm_note)
    unsure = Hit(0, 0, 100, -6.0, (), 0.4, guess=LabelConfidence("clap", 0.4))
    assert notes_of(unsure, every_label=True) == (BY_NAME["clap"].gm_note,)


def test_a_pad_plays_its_own_note_and_none_of_the_pads_plays_nothing():
    pad = LabelConfidence("kick", 0.9, Pad(0, "kick", 61, 0))
    assert notes_of(Hit(0, 0, 100, -6.0, (pad,), 0.9, guess=pad)) == (61,)
    assert notes_of(Hit(0, 0, 100, -6.0, (), 0.2)) == ()
    plan = NotePlan()
    assert plan.hear(1, Hit(0, 0, 100, -6.0, (), 0.2), (), 0.0) == []
    assert plan.next_s is None
