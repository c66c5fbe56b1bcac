"""No group crowds out the rest, and a person's word on a label counts."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from drumbridge.errors import SettingsError
from drumbridge.training.label_audit import corrected, doubts
from drumbridge.training.objective import INDEX, MODEL_LABELS
from drumbridge.training.one_shots import OneShot, read_manifest
from drumbridge.training.sampling import sampling_weights


def rows_of(counts: dict[str, int]) -> list[OneShot]:
    return [
        OneShot(Path("train/ours/kit") / f"{label}{k}.flac", label, "ours", f"kit{k % 3}", "MIT", "")
        for label, n in counts.items()
        for k in range(n)
    ]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 40))
def test_groups_are_drawn_by_the_root_of_their_files(kicks: int, others: int, claves: int) -> None:
    rows = rows_of({"kick": kicks, "other": others, "clave": claves, "conga": 5})
    weight = sampling_weights(rows)
    shares = {
        name: weight[[row.label in labels for row in rows]].sum()
        for name, labels in {"kick": {"kick"}, "other": {"other"}, "percussion": {"clave", "conga"}}.items()
    }
    assert shares["other"] / shares["kick"] == pytest.approx((others / kicks) ** 0.5)
    assert shares["percussion"] / shares["kick"] == pytest.approx(((claves + 5) / kicks) ** 0.5)


def test_corrections_relabel_and_drop(tmp_path: Path) -> None:
    rows = rows_of({"kick": 2, "snare": 1})
    corrections = tmp_path / "corrections.csv"
    corrections.write_text(
        "path,label,reason\nours/kit/kick0.flac,snare,it rattles\nours/kit/kick1.flac,,silence\n", encoding="utf-8"
    )
    after = corrected(rows, Path("train"), corrections)
    assert [(row.path.name, row.label) for row in after] == [("kick0.flac", "snare"), ("snare0.flac", "snare")]


def test_the_shipped_corrections_are_of_files_that_exist(data_dir: Path) -> None:
    rows = read_manifest(data_dir / "oneshots", "train")
    after = corrected(rows, data_dir / "oneshots")
    assert all(row.label in INDEX or row.label in {"tom", "cymbal"} for row in after)
    from drumbridge.training.label_audit import CORRECTIONS

    listed = len(CORRECTIONS.read_text(encoding="utf-8").splitlines()) - 1
    same = {row.path: row.label for row in rows}
    changed = sum(same[row.path] != row.label for row in after) + len(rows) - len(after)
    assert changed == listed


def test_only_what_is_surely_something_else_is_doubted() -> None:
    rows = rows_of({"kick": 3})
    scores = np.zeros((3, len(MODEL_LABELS)), np.float32)
    scores[0, INDEX["kick"]] = 12.0
    scores[1, INDEX["snare"]] = 12.0
    (found,) = doubts(rows, scores, 1.0)
    assert (found["path"], found["label"], found["heard_as"]) == ("train/ours/kit/kick1.flac", "kick", "snare")


def test_an_unknown_split_is_said(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path,label,split\n")
    with pytest.raises(SettingsError, match="lists no one-shots"):
        read_manifest(tmp_path, "train")
