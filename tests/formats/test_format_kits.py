"""Kits on disk: what is saved is what is loaded, names never leave the folder, and damage is one clear error."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drumbridge.core.kit import Kit, Tap
from drumbridge.errors import KitError
from drumbridge.formats.kits import KitStore

EMPTY = Kit("desk", "small 1 0123abcd", 16000, 4, 12)


def a_kit(n_taps: int = 3, name: str = "desk") -> Kit:
    kit = Kit(name, "small 1 0123abcd", 16000, 4, 12).with_pad("table", 60, 0x00FF80).with_pad("Mund ü 鼓")
    for seed in range(n_taps):
        audio = np.random.default_rng(seed).normal(size=16).astype(np.float32)
        kit = kit.with_tap(Tap(seed % 2, audio, 1 + seed % 12))
    return kit


@pytest.fixture
def store(tmp_path) -> KitStore:
    return KitStore(tmp_path / "kits")


@given(st.integers(0, 9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_saved_is_what_is_loaded(store, n_taps):
    kit = a_kit(n_taps)
    store.save(kit)
    assert store.load("Desk") == kit
    assert store.names() == ["desk"]
    assert [path.name for path in store.folder.iterdir()] == ["desk.npz"]  # nothing half written beside it


def test_kits_are_renamed_and_deleted(store):
    store.save(a_kit())
    store.save(a_kit(name="other"))
    with pytest.raises(KitError, match="is a kit 'other' already"):
        store.rename("desk", "other")
    store.rename("desk", "Kitchen 2")
    assert store.names() == ["kitchen 2", "other"]
    assert store.load("kitchen 2").taps == a_kit().taps
    store.delete("kitchen 2")
    for gone in (store.load, store.delete, lambda name: store.rename(name, "x")):
        with pytest.raises(KitError, match="There is no kit 'kitchen 2'"):
            gone("kitchen 2")


@pytest.mark.parametrize("name", ["", "../desk", "a/b", "a\\b", ".hidden", "con", "x" * 41, "a\0b", "a:b", "~"])
def test_a_name_is_never_a_path(store, name):
    for use in (store.load, store.delete, store.has, lambda name: store.rename(name, "fine")):
        with pytest.raises(KitError, match="cannot be called"):
            use(name)
    assert not store.folder.exists()


def repacked(content: bytes, **changes: object) -> bytes:
    """Return a kit's file with members replaced: a function of the old content, bytes, or None for none."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = changes.get(name.split(".")[0], old.read(name))
            if change is not None:
                new.writestr(name, change(old.read(name)) if callable(change) else change)
    return out.getvalue()


def table(**changes: object):
    return lambda old: json.dumps(json.loads(old) | changes)


def pickled() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return out.getvalue()


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


DAMAGE = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "no zip": lambda content: b"RIFF" + content[4:],
    "no table": lambda content: repacked(content, kit=None),
    "no taps": lambda content: repacked(content, taps=None),
    "no json": lambda content: repacked(content, kit=b"{"),
    "a list": lambda content: repacked(content, kit=b"[]"),
    "another version": lambda content: repacked(content, kit=table(drumbridge_kit=2)),
    "no pads": lambda content: repacked(content, kit=table(pads=None)),
    "pads of nothing": lambda content: repacked(content, kit=table(pads=[{}])),
    "twice the same pad": lambda content: repacked(
        content, kit=table(pads=[{"number": k, "name": "table", "note": 60, "colour": "#ffffff"} for k in (0, 1)])
    ),
    "a tap of no pad": lambda content: repacked(content, kit=table(taps=[{"pad": 9, "available": 1}] * 3)),
    "too few taps": lambda content: repacked(content, kit=table(taps=[])),
    "a rate that cannot be": lambda content: repacked(content, kit=table(sample_rate=0)),
    "a length that cannot be": lambda content: repacked(content, kit=table(samples_after=1 << 40)),
    "a pickle": lambda content: repacked(content, taps=pickled()),
    "no audio": lambda content: repacked(content, taps=npy(np.zeros((3, 16), dtype=np.int16))),
    "not finite": lambda content: repacked(content, taps=npy(np.full((3, 16), np.nan, dtype=np.float32))),
    "another length": lambda content: repacked(content, taps=npy(np.zeros((3, 15), dtype=np.float32))),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_one_clear_error_and_the_file_is_left_alone(store, how):
    store.save(a_kit())
    path = store.folder / "desk.npz"
    damaged = DAMAGE[how](path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(KitError, match=r"desk\.npz cannot be used") as caught:
        store.load("desk")
    assert caught.value.code == "kit.file"
    assert path.read_bytes() == damaged


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_flipped_byte_gets_past(store, data):
    store.save(a_kit())
    path = store.folder / "desk.npz"
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        kit = store.load("desk")
    except KitError as error:
        assert error.code == "kit.file"  # noqa: PT017 (either is right: not every byte of a zip file matters)
    else:
        assert kit == a_kit()


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KitError, match="cannot be used"):
        KitStore(Path(tmp_path / "file") / "kits").save(EMPTY)
