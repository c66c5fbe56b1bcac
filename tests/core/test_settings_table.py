"""The table of live settings: what fits comes out, what does not is named, and a change in mid-stream loses nothing."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strokes import CUTS, LevelClassifier, cut
from test_early_answers import assert_one_last_word, noisy
from test_transcriber import assert_same, transcribe

from drumbridge.core.labels import BY_NAME
from drumbridge.core.settings_table import SETTINGS, check_setting, default_values, find_setting
from drumbridge.core.transcriber import Transcriber, TranscriberSettings
from drumbridge.core.velocity import VelocitySettings
from drumbridge.errors import SettingsError

ROWS = st.sampled_from(SETTINGS)
LABEL = st.sampled_from(sorted(BY_NAME))


def fitting(row) -> st.SearchStrategy:
    if row.choices:
        return st.sampled_from(row.choices)
    whole = st.integers(math.ceil(row.lowest), math.floor(row.highest))
    return whole if row.type == "i" else st.floats(row.lowest, row.highest) | whole


@given(ROWS, LABEL, st.data())
def test_what_fits_comes_out_in_its_type_and_once_checked_stays(row, label, data) -> None:
    name = row.name.replace("LABEL", label)
    value = data.draw(fitting(row))
    checked = check_setting(name, value)
    assert checked == value
    assert type(checked) is {"f": float, "i": int, "s": str}[row.type]
    assert check_setting(name, checked) == checked
    TranscriberSettings.of({name: value})


@given(ROWS, LABEL, st.data())
def test_what_does_not_fit_is_named_with_what_would(row, label, data) -> None:
    name = row.name.replace("LABEL", label)
    unfit = [None, b"1", True, float("nan"), math.inf, (1.0,)]
    unfit += [1.5, 0, "steep", "SOFT"] if row.choices else ["soft", row.lowest - 0.5, row.highest + 0.5]
    value = data.draw(st.sampled_from([*unfit, 60.5] if row.type == "i" else unfit))
    with pytest.raises(SettingsError, match=f"{name} must be .*{row.range[:5]}") as caught:
        check_setting(name, value)
    assert caught.value.code == "settings." + row.name.partition(".")[0]


@pytest.mark.parametrize("name", ["", "sensitivty", "retrigger_ms.", "retrigger_ms.bell", "sensitivity.kick", "."])
def test_an_unknown_name_is_told(name: str) -> None:
    with pytest.raises(SettingsError, match="There is no") as caught:
        find_setting(name)
    assert caught.value.code == "settings.name"


def test_a_slip_gets_a_hint() -> None:
    with pytest.raises(SettingsError, match="did you mean sensitivity"):
        find_setting("sensitivty")
    with pytest.raises(SettingsError, match="did you mean snare"):
        find_setting("retrigger_ms.snre")


def test_who_sets_nothing_gets_the_defaults_of_a_transcriber() -> None:
    assert TranscriberSettings.of({}) == TranscriberSettings.of(default_values()) == TranscriberSettings(early_ms=10.0)
    assert TranscriberSettings.of({"early_ms": 0}) == TranscriberSettings()
    assert TranscriberSettings().velocity.full_db is None


def test_every_setting_reaches_the_transcriber() -> None:
    values = {"early_ms": 20, "sensitivity": 2, "noise_gate_db": -40, "velocity_curve": "fixed", "fixed_velocity": 90}
    values |= {"velocity_full_db": -6}
    masks = {"retrigger_ms": 50, "retrigger_ms.kick": 0, "retrigger_ms.snare": 70}
    chosen = TranscriberSettings.of(values | masks)
    expected = {label: 50.0 for label in BY_NAME if label != "kick"} | {"snare": 70.0}
    assert chosen == TranscriberSettings(
        early_ms=20.0,
        sensitivity=2.0,
        noise_gate_db=-40.0,
        retrigger_ms=expected,
        velocity=VelocitySettings(curve="fixed", fixed_velocity=90, full_db=-6.0),
    )


CHANGES = st.lists(
    st.builds(
        TranscriberSettings,
        sensitivity=st.sampled_from([0.3, 1.0, 3.0]),
        noise_gate_db=st.sampled_from([None, -20.0]),
        retrigger_ms=st.sampled_from([{}, {"kick": 150.0, "closed_hat": 50.0}]),
        velocity=st.sampled_from(
            [VelocitySettings(), VelocitySettings(curve="fixed", fixed_velocity=77), VelocitySettings(full_db=-6.0)]
        ),
    ),
    min_size=1,
    max_size=3,
)
EARLY_MS = st.sampled_from([None, 10.0])


def fresh(early_ms: float | None, **chosen) -> Transcriber:
    return Transcriber(LevelClassifier(has_presence=True), settings=TranscriberSettings(early_ms=early_ms, **chosen))


def hear_with_changes(transcriber: Transcriber, audio, changes, sizes) -> list:
    """Change the settings at even distances; cut what is between in blocks."""
    length = len(audio) // (len(changes) + 1)
    hits = []
    for k, change in enumerate(changes):
        hits += [
            hit for block in cut(audio[k * length : (k + 1) * length], sizes) for hit in transcriber.process(block)
        ]
        transcriber.change(change)
    return hits + transcribe(transcriber, audio[len(changes) * length :], sizes)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000), sizes=CUTS, changes=CHANGES, early_ms=EARLY_MS)
def test_a_change_in_mid_stream_holds_from_there_whatever_the_cutting(seed, sizes, changes, early_ms) -> None:
    audio = noisy(seed)
    whole = hear_with_changes(fresh(early_ms), audio, changes, [len(audio)])
    assert_same(hear_with_changes(fresh(early_ms), audio, changes, sizes), whole)
    assert_one_last_word(whole)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), changes=CHANGES, early_ms=EARLY_MS)
def test_a_change_is_as_if_the_settings_had_been_so_from_the_start(seed, changes, early_ms) -> None:
    audio = noisy(seed)
    last = changes[-1]
    chosen = {name: getattr(last, name) for name in ("sensitivity", "noise_gate_db", "retrigger_ms", "velocity")}
    changed = fresh(early_ms)
    for change in changes:
        changed.change(change)
    assert_same(transcribe(changed, audio, [64]), transcribe(fresh(early_ms, **chosen), audio, [64]))


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), early_ms=EARLY_MS)
def test_a_change_to_what_held_already_changes_nothing(seed, early_ms) -> None:
    audio = noisy(seed)
    same = TranscriberSettings(early_ms=early_ms)
    assert_same(hear_with_changes(fresh(early_ms), audio, [same] * 3, [64]), transcribe(fresh(early_ms), audio, [64]))
