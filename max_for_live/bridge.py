"""DrumBridge, the audio effect, as tables.

Conventions: as for `patcher`. Audio passes from plugin~ to plugout~ and nothing stands between; the tap is a second
wire.
"""

from __future__ import annotations

from typing import Final

from drumbridge.core.labels import LABELS

from . import chain
from .container import AUDIO_EFFECT
from .patcher import AUTOMATED, STORED, Control, Object

KIND: Final = AUDIO_EFFECT
NAME: Final = "DrumBridge"
SCRIPT: Final = "drumbridge_device.js"
LAUNCHER: Final = "drumbridge_launch.js"
PARTS: Final = (
    *("values", "server", "launching", "warp", "clips", "verdict", "notes", "colouring", "slices", "live_mode"),
    "bridge",
)
WIDTH: Final = 684
SERVER_PORT: Final = 23786

_COLOURED = (*(label.name for label in LABELS), "unsure", "drums")
_SHOWN = (*_COLOURED[:-1], "pad", "drums")
_CONTROL = ("status", "connection", "model", "reply_port", "server_port", "stream", "stage", "launcher", "verdict",
            "confidence", "swatch", "colours", "targets", "routes", "tap_port", "tap")  # fmt: skip
_TARGETS = chain.TARGETS | {
    "launcher": "node 0", "verdict": "last_hit 0", "confidence": "confidence 0", "swatch": "set_swatch 0",
    "colours": "stored 0", "targets": "targets 0", "routes": "routes 0", "tap_port": "set_tap_port 0",
    "tap": "tap_clock 0",
}  # fmt: skip

_STORED_COLOURS = {
    "varname": "stored_colours",
    "parameter_enable": 1,
    "saved_object_attributes": {"parameter_enable": 1},
    "saved_attribute_attributes": {
        "valueof": {
            "parameter_longname": "Class colours", "parameter_shortname": "Class colours", "parameter_type": 3,
            "parameter_invisible": STORED, "parameter_info": "The colour of each class, kept with the set.",
        }
    },
}  # fmt: skip
_NODE = {
    "saved_object_attributes": {"autostart": 0, "defer": 0, "node_bin_path": "", "npm_bin_path": "", "watch": 0},
    "textfile": {"filename": LAUNCHER, "flags": 0, "embed": 0, "autowatch": 1},
}

OBJECTS: Final = (
    *chain.objects(SERVER_PORT, _CONTROL, silent=-1),
    chain.js_box(SCRIPT),
    Object("input", "plugin~"),
    Object("output", "plugout~"),
    Object("dsp", "dspstate~"),
    Object("rate", "prepend sample_rate"),
    Object("tap_clock", "metro 5"),
    Object("tap", "jit.catch~ 2 @mode 0"),
    Object("net", "jit.net.send @ip 127.0.0.1 @port 7474"),
    Object("set_tap_port", "prepend port"),
    Object("node", f"node.script {LAUNCHER} @autostart 0", attributes=_NODE),
    Object("node_says", "route node_ready node_launched node_not_found node_ended"),
    Object("node_ready", "message node_ready"),
    Object("node_launched", "message node_launched"),
    Object("node_not_found", "message node_not_found"),
    Object("node_ended", "message node_ended"),
    Object("stored", "pattr stored_colours", attributes=_STORED_COLOURS),
    Object("restored", "prepend stored_colours"),
    Object("set_swatch", "prepend bgcolor"),
)

WIRES: Final = (
    chain.wires(_CONTROL, _TARGETS)
    + """
begin 1 > dsp 0
dsp 1 > rate 0
rate 0 > js 0
input 0 > output 0
input 1 > output 1
input 0 > level_left 0
input 1 > level_right 0
input 0 > tap 0
input 1 > tap 1
tap_clock 0 > tap 0
tap 0 > net 0
set_tap_port 0 > net 0
parts 4 > note_kept 1
node 0 > node_says 0
node_says 0 > node_ready 0
node_says 1 > node_launched 0
node_says 2 > node_not_found 0
node_says 3 > node_ended 0
node_ready 0 > js 0
node_launched 0 > js 0
node_not_found 0 > js 0
node_ended 0 > js 0
stored 0 > restored 0
restored 0 > js 0
set_swatch 0 > swatch 0
"""
)

CONTROLS: Final = (
    # the state
    Control("title", "label", (8, 5, 68, 16), "DrumBridge"),
    Control("connection", "menu", (78, 5, 58, 15), info="Whether the drumbridge server answers.",
            long_name="Connection", values=("offline", "online"), initial=0, attributes={"ignoreclick": 1}),
    Control("model_title", "label", (8, 24, 40, 16), "Model"),
    Control("model", "label", (48, 24, 88, 16), "-", info="The model that the server listens with."),
    Control("hit_title", "label", (8, 42, 60, 16), "Last hit"),
    Control("last_hit", "menu", (8, 59, 80, 15), info="What was heard last: by live mode or in a clip.",
            long_name="Last hit", values=_SHOWN, initial=len(LABELS), attributes={"ignoreclick": 1}),
    Control("confidence", "number", (92, 59, 44, 15), info="How sure it is: the probability of the last hit.",
            long_name="Confidence", range=(0, 100), unit=5, initial=0, attributes={"ignoreclick": 1}),
    Control("level_title", "label", (8, 77, 60, 16), "Level"),
    Control("level_left", "meter", (8, 94, 128, 6), info="The level of what comes in, left."),
    Control("level_right", "meter", (8, 102, 128, 6), info="The level of what comes in, right."),
    Control("start_server", "toggle", (8, 115, 62, 15), "Start",
            info="Starts drumbridge by itself when it is not running.",
            long_name="Start server", visible=STORED, sends="start_server", initial=1),
    Control("server_port", "number", (78, 115, 58, 15), info="The port of the server: 23786 unless you chose another.",
            long_name="Server port", visible=STORED, sends="server_port", range=(1024, 65535), initial=SERVER_PORT),
    Control("line_1", "line", (144, 6, 2, 132)),
    # clips
    Control("clips_title", "label", (154, 5, 100, 16), "Clips"),
    Control("scope", "menu", (154, 24, 140, 15), info="Which clips are coloured and named.", long_name="Clips",
            visible=STORED, sends="scope", initial=0,
            values=("This clip", "Session of this track", "Arrangement of track", "All tracks")),
    Control("colour_on", "toggle", (154, 43, 68, 15), "Colour", info="Clips take the colour of what they are.",
            long_name="Set colour", visible=STORED, sends="colour_on", initial=1),
    Control("name_on", "toggle", (226, 43, 68, 15), "Name", info="Clips take the name of what they are.",
            long_name="Set name", visible=STORED, sends="name_on", initial=1),
    Control("dry_run", "toggle", (154, 62, 52, 15), "Dry run", info="Only looks and tells: nothing is changed.",
            long_name="Dry run", visible=STORED, sends="dry_run", initial=0),
    Control("minimum_title", "label", (208, 62, 44, 16), "at least"),
    Control("minimum", "number", (254, 62, 40, 15),
            info="Below this confidence a clip counts as unsure: it takes the colour of unsure and a question mark.",
            long_name="Minimum confidence", visible=AUTOMATED, sends="minimum_confidence", range=(0, 100), unit=5,
            initial=50),
    Control("colour_clips", "button", (154, 84, 140, 22), "Colour clips",
            info="Listens to the clips and gives each its colour and name.", long_name="Colour clips",
            sends="colour_clips"),
    Control("undo", "button", (154, 115, 68, 15), "Undo", info="Gives the clips back the colours and names they had.",
            long_name="Undo colours", sends="undo_colours"),
    Control("stop", "button", (226, 115, 68, 15), "Stop", info="Stops the work that is going on.",
            long_name="Stop work", sends="stop_work"),
    Control("line_2", "line", (302, 6, 2, 132)),
    # colours
    Control("colours_title", "label", (312, 5, 100, 16), "Class and colour"),
    Control("colour_class", "menu", (312, 24, 104, 15), info="The class whose colour is shown below.",
            long_name="Colour of class", visible=STORED, sends="colour_class", values=_COLOURED, initial=0),
    Control("swatch", "swatch", (312, 43, 104, 34), info="The colour that clips of this class take."),
    Control("take_colour", "button", (312, 84, 104, 22), "Take from clip",
            info="Takes the colour of the selected clip for this class.", long_name="Take colour",
            sends="take_colour"),
    Control("reset_colours", "button", (312, 115, 104, 15), "Reset all", info="Gives every class its first colour.",
            long_name="Reset colours", sends="reset_colours"),
    Control("line_3", "line", (424, 6, 2, 132)),
    # hits of the selected clip
    Control("hits_title", "label", (434, 5, 110, 16), "Hits to track"),
    Control("targets", "list", (434, 24, 108, 16),
            info="The MIDI track that takes the new clip or holds the Simpler.", sends="target_track"),
    Control("to_midi", "button", (434, 52, 108, 22), "To MIDI clip",
            info="Writes the hits of the selected audio clip as notes into a new MIDI clip on that track.",
            long_name="To MIDI clip", sends="to_midi"),
    Control("slice", "button", (434, 84, 108, 22), "Slice Simpler",
            info="Sets the slices of the first Simpler on that track from the hits in its sample.",
            long_name="Slice Simpler", sends="slice_simpler"),
    Control("refresh", "button", (434, 115, 108, 15), "Refresh tracks",
            info="Reads the list of tracks again.", long_name="Refresh tracks", sends="refresh_tracks"),
    Control("line_4", "line", (550, 6, 2, 132)),
    # live
    Control("live_title", "label", (560, 5, 110, 16), "Live"),
    Control("live", "toggle", (560, 24, 114, 22), "Listen", info="Listens to this track and plays what it hears.",
            long_name="Listen live", visible=AUTOMATED, sends="live_on", initial=0),
    Control("stage", "menu", (560, 52, 114, 15),
            info="Fast plays some 10 ms after the stroke on a first guess; Sure waits until all of the sound is known.",
            long_name="Answer", visible=STORED, sends="play_stage", values=("Fast", "Sure"), initial=0),
    Control("routes_title", "label", (560, 70, 114, 16), "Notes to"),
    Control("routes", "list", (560, 87, 114, 16),
            info="The MIDI track that plays what is heard: choose the one with your Drum Rack.", sends="route_to"),
    Control("bus_title", "label", (560, 115, 40, 16), "Bus"),
    Control("bus", "menu", (604, 115, 70, 15),
            info="The bus that DrumBridge Pads can follow. Own: nobody follows.", long_name="Bus", visible=STORED,
            sends="bus", values=("Own", *map(str, range(1, 17))), initial=0),
    # what is going on
    Control("lcd", "lcd", (6, 144, 672, 20)),
    Control("status", "label", (10, 146, 664, 16), "Looking for drumbridge on this machine ...",
            info="What is going on, and what to do when something does not work."),
)  # fmt: skip
