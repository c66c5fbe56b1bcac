"""The manifest: what is written is read back; whatever is wrong is refused in one sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import LABELS, manifest

from drumbridge.core.labels import LABELS as TABLE
from drumbridge.errors import ModelError
from drumbridge.inference.manifest import parse_manifest

label_lists = st.lists(st.sampled_from([label.name for label in TABLE]), min_size=1, unique=True)
unit = st.floats(0, 1)


@given(data=st.data(), labels=label_lists, name=st.text(min_size=1).filter(str.strip), before=st.integers(0, 48000))
def test_round_trip(data, labels, name, before):
    thresholds = {label: data.draw(unit) for label in labels}
    raw = manifest(name=name, labels=labels, thresholds=thresholds, samples_before=before)
    read = parse_manifest(json.dumps(raw))
    assert parse_manifest(read.to_json()) == read
    assert read.labels == tuple(labels)
    assert read.rule().thresholds == tuple(thresholds[label] for label in labels)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format_version": 2}, "format_version is 2"),
        ({"format_version": None}, "format_version is None"),
        ({"format_version": True}, "format_version should be int"),
        ({"name": None}, "name is missing"),
        ({"name": " "}, "name is empty"),
        ({"version": ""}, "version is empty"),
        ({"licence": 3}, "licence should be str"),
        ({"sample_rate": 44100.0}, "sample_rate should be int"),
        ({"sample_rate": True}, "sample_rate should be int"),
        ({"sample_rate": 4000}, "sample_rate 4000 is outside"),
        ({"samples_before": -1}, "excerpt's length"),
        ({"samples_before": 10**9}, "excerpt's length"),
        ({"samples_after": 0}, "excerpt's length"),
        ({"samples_after": 10**9}, "excerpt's length"),
        ({"labels": []}, "labels should be names"),
        ({"labels": ["kick", 3]}, "labels should be names"),
        ({"labels": ["kick", "kick"]}, "a label stands twice"),
        ({"labels": ["kick", "unsure"], "thresholds": {"kick": 0.5, "unsure": 0.5}}, "'unsure' can't be a label"),
        ({"labels": ["kick", "a\nb"], "thresholds": {"kick": 0.5, "a\nb": 0.5}}, "can't be a label"),
        ({"labels": ["kick", "x" * 65], "thresholds": {"kick": 0.5, "x" * 65: 0.5}}, "can't be a label"),
        ({"segmentation": "fixed"}, "samples_before should be 0"),
        ({"labels": ["kick", "snare"]}, "do not name the same labels"),
        ({"thresholds": {"kick": 0.5}}, "do not name the same labels"),
        ({"thresholds": dict.fromkeys(LABELS, 1.5)}, "a threshold is outside"),
        ({"thresholds": dict.fromkeys(LABELS, float("nan"))}, "should hold numbers"),
        ({"thresholds": dict.fromkeys(LABELS, "high")}, "should hold numbers"),
        ({"thresholds": dict.fromkeys(LABELS, True)}, "should hold numbers"),
        ({"early_frames": [128, 0]}, "early_frames should be"),
        ({"early_frames": [0, 1.5]}, "early_frames should be"),
        ({"early_frames": [0, 10**9]}, "early_frames should be"),
        ({"early_lead": -1}, "early_lead is outside"),
        ({"early_lead": 10**9}, "early_lead is outside"),
        ({"calibration": {"temperature": 0}}, "temperature is not above 0"),
        ({"calibration": {"temperature": float("nan")}}, "should hold numbers"),
        ({"calibration": {"hit_bias": float("inf")}}, "should hold numbers"),
        ({"calibration": {"labels": 1}}, "unknown calibration 'labels'"),
        ({"activation": "relu"}, "activation is 'relu'"),
        ({"segmentation": "bars"}, "segmentation is 'bars'"),
        ({"weights": "http://"}, "unknown field 'weights'"),
        ({"training_data": ["a cd"]}, "training_data should be"),
    ],
)
def test_what_is_wrong_is_said(changes, why):
    with pytest.raises(ModelError) as caught:
        parse_manifest(json.dumps(manifest(**changes)), source="m.onnx")
    assert caught.value.code == "model.manifest"
    assert "m.onnx" in str(caught.value)
    assert why in str(caught.value)


@pytest.mark.parametrize("label", ["theremin", "Kick 2", "große Trommel", "太鼓", "x" * 64])
def test_a_users_own_labels_are_labels(label):
    assert parse_manifest(json.dumps(manifest(labels=[label], thresholds={label: 0.5}))).labels == (label,)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '"kick"'])
def test_what_is_no_object(text):
    with pytest.raises(ModelError, match="it is not") as caught:
        parse_manifest(text)
    assert caught.value.code == "model.manifest"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(key=st.sampled_from(sorted(manifest())), value=json_values)
def test_any_value_anywhere_is_read_or_refused(key, value):
    try:
        parse_manifest(json.dumps({**manifest(), key: value}))
    except ModelError as error:
        assert error.code == "model.manifest"  # noqa: PT017
