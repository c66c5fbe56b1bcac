"""A split keeps kits, near-duplicates and machines together."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from drumbridge.errors import SettingsError
from drumbridge.training.one_shots import OneShot, fold_of_groups, groups_of_kits, read_manifest

rows_strategy = st.lists(
    st.builds(
        OneShot,
        path=st.just(Path("x.flac")),
        label=st.sampled_from(["kick", "snare"]),
        source=st.sampled_from(["a", "b", "c"]),
        kit=st.sampled_from(["one", "two", "three", "my-808", "tr808", "linn"]),
        licence=st.just("CC0"),
        cluster=st.sampled_from(["", "", "", "7", "8"]),
    ),
    min_size=1,
    max_size=40,
)


@given(rows_strategy, st.integers(2, 8), st.integers(0, 5))
def test_nothing_alike_stands_on_two_sides(rows: list[OneShot], folds: int, seed: int) -> None:
    fold = fold_of_groups(groups_of_kits(rows), folds, seed)
    for key in (lambda r: (r.source, r.kit), lambda r: r.cluster or id(r), lambda r: "808" in r.kit or id(r)):
        sides: dict[object, set[int]] = {}
        for row, side in zip(rows, fold, strict=True):
            sides.setdefault(key(row), set()).add(int(side))
        assert all(len(side) == 1 for side in sides.values())


def test_the_real_manifest_splits_evenly_enough(data_dir: Path) -> None:
    rows = read_manifest(data_dir / "oneshots", "train")
    fold = fold_of_groups(groups_of_kits(rows), 8, 1)
    sizes = [(fold == k).sum() for k in range(8)]
    assert max(sizes) < 0.25 * len(rows)
    assert not any("check" in row.path.relative_to(data_dir).parts for row in rows)


def test_a_missing_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no manifest\.csv"):
        read_manifest(tmp_path, "train")
