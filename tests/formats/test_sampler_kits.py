"""Kits for samplers, read back with the eyes of the programs that will."""

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.formats.sampler_kits import Pad, kit_to_hydrogen, kit_to_reaper_script, kit_to_sfz

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), max_codepoint=0x2FFFF), min_size=1, max_size=12)
PADS = st.lists(
    st.builds(Pad, TEXT, st.integers(0, 127), st.lists(TEXT, min_size=1, max_size=3).map(tuple)), min_size=1, max_size=4
)
KIT = [Pad("kick", 36, ("kick 1.wav", "kick 2.wav")), Pad("open_hat", 46, ("hats\\open 1.flac",))]
NAMESPACE = "{http://www.hydrogen-music.org/drumkit}"


def test_sfz():
    assert kit_to_sfz(KIT).splitlines()[2:] == [
        "",
        "// kick",
        "<group> key=36 seq_length=2",
        "<region> seq_position=1 sample=kick 1.wav",
        "<region> seq_position=2 sample=kick 2.wav",
        "",
        "// open_hat",
        "<group> key=46 group=1 off_by=1",
        "<region> sample=hats/open 1.flac",
    ]


@given(PADS, TEXT)
def test_hydrogen_holds_every_sound(pads, name):
    root = ElementTree.fromstring(kit_to_hydrogen(pads, name).encode())
    instruments = root.findall(f"{NAMESPACE}instrumentList/{NAMESPACE}instrument")
    assert [int(each.findtext(f"{NAMESPACE}midiOutNote")) for each in instruments] == [pad.note for pad in pads]
    assert [int(each.findtext(f"{NAMESPACE}id")) for each in instruments] == list(range(len(pads)))
    for instrument, pad in zip(instruments, pads, strict=True):
        names = [layer.text for layer in instrument.iter(f"{NAMESPACE}filename")]
        assert names == [path.replace("\\", "/") for path in pad.paths]


@pytest.mark.skipif(shutil.which("h2cli") is None, reason="Hydrogen is not installed")
def test_hydrogen_takes_it(tmp_path):
    (tmp_path / "drumkit.xml").write_text(kit_to_hydrogen(KIT, "mine & yours"), encoding="utf-8")
    checked = subprocess.run(
        ["h2cli", "--check", str(tmp_path)],
        capture_output=True, text=True, timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert "INVALID" not in checked.stdout + checked.stderr
    assert "is valid" in (checked.stdout + checked.stderr).lower()


@pytest.mark.skipif(shutil.which("luac") is None, reason="Lua is not installed")
@pytest.mark.parametrize("name", ["mine", 'a "kit" \\ with [[ ]]', "鼓"])
def test_lua_takes_the_script(tmp_path, name):
    (tmp_path / "kit.lua").write_text(kit_to_reaper_script(KIT, name), encoding="utf-8")
    subprocess.run(["luac", "-p", str(tmp_path / "kit.lua")], check=True, timeout=60)


@given(PADS, TEXT)
def test_the_script_holds_every_sound_as_a_string_of_lua(pads, name):
    script = kit_to_reaper_script(pads, name)
    rows = [line for line in script.splitlines() if line.startswith("  { name = ")]
    assert len(rows) == len(pads)
    for row, pad in zip(rows, pads, strict=True):
        strings = re.findall(r'"((?:[^"\\]|\\.)*)"', row)
        plain = [re.sub(r"\\(.)", r"\1", text) for text in strings]
        assert plain == [pad.name, *pad.paths]
        assert f"note = {pad.note}," in row
