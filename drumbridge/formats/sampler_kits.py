"""A drum kit for samplers: SFZ, Hydrogen, and a script that builds it of REAPER's ReaSamplOmatic5000.

Conventions: a pad is a General MIDI note with one or more sounds, which take turns. Paths in SFZ and Hydrogen are
relative to the kit, with forward slashes. SFZ: opcodes of version 1 (sample, key, loop_mode, seq_length, seq_position);
group and off_by let a closed hat end an open one. Hydrogen: its drumkit.xsd. REAPER keeps the state of its sampler in
a binary form that is not documented; the script uses the functions that are (TrackFX_SetNamedConfigParm). An Ableton
drum rack (.adg) is not written: its format is not documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

_HATS = {42, 44, 46}  # closed, pedal and open: one ends the other


class Pad(NamedTuple):
    """One key of a kit and the files that it plays in turn."""

    name: str
    note: int
    paths: tuple[str, ...]


def kit_to_sfz(pads: Iterable[Pad]) -> str:
    """Return a kit as SFZ."""
    lines = ["// made by drumbridge", "<global> loop_mode=one_shot ampeg_release=0.1"]
    for pad in pads:
        choke = " group=1 off_by=1" if pad.note in _HATS else ""
        turns = f" seq_length={len(pad.paths)}" if len(pad.paths) > 1 else ""
        lines.append(f"\n// {pad.name}\n<group> key={pad.note}{choke}{turns}")
        for k, path in enumerate(pad.paths, start=1):
            turn = f"seq_position={k} " if turns else ""
            lines.append(f"<region> {turn}sample={_forward(path)}")
    return "\n".join(lines) + "\n"


def kit_to_hydrogen(pads: Iterable[Pad], name: str) -> str:
    """Return a kit as the drumkit.xml of Hydrogen, which stands in one folder with its sounds."""
    instruments = "".join(_instrument(k, pad) for k, pad in enumerate(pads))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<drumkit_info xmlns="http://www.hydrogen-music.org/drumkit">\n'
        f" <name>{escape(name)}</name>\n <author>drumbridge</author>\n"
        " <info>Chosen by drumbridge from your samples</info>\n <license>undefined license</license>\n"
        " <image></image>\n <imageLicense></imageLicense>\n"
        " <componentList>\n  <drumkitComponent>\n   <id>0</id>\n   <name>Main</name>\n   <volume>1</volume>\n"
        "  </drumkitComponent>\n </componentList>\n"
        f" <instrumentList>\n{instruments} </instrumentList>\n</drumkit_info>\n"
    )


def _instrument(number: int, pad: Pad) -> str:
    mute_group = 1 if pad.note in _HATS else -1
    values: Sequence[tuple[str, object]] = (
        ("id", number), ("name", escape(pad.name)), ("volume", 1), ("isMuted", "false"), ("isSoloed", "false"),
        ("pan_L", 1), ("pan_R", 1), ("pitchOffset", 0),
        ("randomPitchFactor", 0), ("gain", 1), ("applyVelocity", "true"), ("filterActive", "false"),
        ("filterCutoff", 1), ("filterResonance", 0), ("Attack", 0), ("Decay", 0), ("Sustain", 1), ("Release", 1000),
        ("muteGroup", mute_group), ("midiOutChannel", -1), ("midiOutNote", pad.note), ("isStopNote", "false"),
        ("sampleSelectionAlgo", "ROUND_ROBIN"), ("isHihat", -1), ("lower_cc", 0), ("higher_cc", 127),
        ("FX1Level", 0), ("FX2Level", 0), ("FX3Level", 0), ("FX4Level", 0),
    )  # fmt: skip
    fields = "".join(f"   <{key}>{value}</{key}>\n" for key, value in values)
    layers = "".join(
        f"    <layer>\n     <filename>{escape(_forward(path))}</filename>\n     <min>0</min>\n     <max>1</max>\n"
        "     <gain>1</gain>\n     <pitch>0</pitch>\n    </layer>\n"
        for path in pad.paths
    )
    component = (
        f"   <instrumentComponent>\n    <component_id>0</component_id>\n    <gain>1</gain>\n{layers}"
        "   </instrumentComponent>\n"
    )
    return f"  <instrument>\n{fields}{component}  </instrument>\n"


def kit_to_reaper_script(pads: Iterable[Pad], name: str) -> str:
    """Return a ReaScript in Lua that adds a track which plays the kit; paths are relative to the script."""
    rows = ",\n".join(
        f"  {{ name = {_lua(pad.name)}, note = {pad.note}, files = {{ {', '.join(map(_lua, pad.paths))} }} }}"
        for pad in pads
    )
    return f"""-- Made by drumbridge: adds a track that plays this kit with one ReaSamplOmatic5000 for each pad.
-- In REAPER: Actions > Show action list > New action > Load ReaScript, then run it.

local pads = {{
{rows}
}}

local here = debug.getinfo(1, "S").source:match("^@?(.*)[/\\\\]") or "."

local function set(track, fx, wanted, value)
  for k = 0, reaper.TrackFX_GetNumParams(track, fx) - 1 do
    local _, name = reaper.TrackFX_GetParamName(track, fx, k)
    if name == wanted then reaper.TrackFX_SetParamNormalized(track, fx, k, value) end
  end
end

reaper.Undo_BeginBlock()
local index = reaper.CountTracks(0)
reaper.InsertTrackAtIndex(index, true)
local track = reaper.GetTrack(0, index)
reaper.GetSetMediaTrackInfo_String(track, "P_NAME", {_lua(name)}, true)
for _, pad in ipairs(pads) do
  local fx = reaper.TrackFX_AddByName(track, "ReaSamplOmatic5000 (Cockos)", false, -1)
  if fx < 0 then
    reaper.ShowMessageBox("REAPER's ReaSamplOmatic5000 is not installed.", "drumbridge", 0)
    break
  end
  for k, file in ipairs(pad.files) do
    reaper.TrackFX_SetNamedConfigParm(track, fx, "FILE" .. (k - 1), here .. "/" .. file)
  end
  reaper.TrackFX_SetNamedConfigParm(track, fx, "DONE", "")
  set(track, fx, "Note range start", pad.note / 127)
  set(track, fx, "Note range end", pad.note / 127)
  set(track, fx, "Obey note-offs", 0)
  reaper.TrackFX_SetNamedConfigParm(track, fx, "renamed_name", pad.name)
end
reaper.Undo_EndBlock("drumbridge: add a drum kit", -1)
"""


def _forward(path: str) -> str:
    return path.replace("\\", "/")


def _lua(text: str) -> str:
    """Return a string of Lua that holds a text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
