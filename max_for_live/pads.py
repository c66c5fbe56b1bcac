"""DrumBridge Pads, the MIDI effect, as tables: plays what a bus hears, with a note of one's own for each class.

Conventions: as for `patcher`. The notes lie in a Max table, filled by the number boxes, under the General MIDI notes of
the classes, so that the best guess of an unsure hit plays the note chosen for it; note 0 is silence. The pads of a kit
have notes of their own and pass the table by.
"""

from __future__ import annotations

from typing import Final

from drumbridge.core.labels import LABELS

from . import chain
from .bridge import SERVER_PORT
from .container import MIDI_EFFECT
from .patcher import STORED, Control, Object

KIND: Final = MIDI_EFFECT
NAME: Final = "DrumBridge Pads"
SCRIPT: Final = "drumbridge_pads.js"
PARTS: Final = ("values", "server", "pads")
WIDTH: Final = 502

_SHOWN = (*(label.name for label in LABELS), "unsure", "pad")
_CONTROL = ("status", "connection", "model", "reply_port", "server_port", "stream", "stage", "note")
_TARGETS = chain.TARGETS | {"note": "learnt 0"}
_ROWS = 10
_ROW = 14


def _note_controls() -> list[Control]:
    controls = []
    for k, label in enumerate(LABELS):
        x, y = 148 + 118 * (k // _ROWS), 4 + _ROW * (k % _ROWS)
        text = label.name.replace("_", " ")
        controls.append(Control(f"title_{label.name}", "label", (x, y, 70, 14), text))
        info = f"The note that plays {text}. 0 is none."
        controls.append(
            Control(f"note_{label.name}", "number", (x + 70, y, 40, 13), info=info, long_name=f"Note {text}",
                    visible=STORED, range=(0, 127), initial=label.gm_note)
        )  # fmt: skip
    return controls


OBJECTS: Final = (
    *chain.objects(SERVER_PORT, _CONTROL, silent=0),
    chain.js_box(SCRIPT),
    Object("none", "select -1"),
    Object("no_note", "message 0"),
    Object("is_pad", f"> {len(LABELS)}"),
    Object("side", "+ 1"),
    Object("which", "gate 2"),
    Object("note_of", "table"),
    Object("learnt", "route " + " ".join(str(k) for k in range(len(LABELS)))),
    *(Object(f"store_{label.name}", f"prepend {label.gm_note}") for label in LABELS),
)

WIRES: Final = (
    chain.wires(_CONTROL, _TARGETS)
    + """
midi_in 0 > midi_out 0
parts 7 > is_pad 0
is_pad 0 > side 0
side 0 > which 0
parts 4 > none 0
none 0 > no_note 0
no_note 0 > note_kept 1
none 1 > which 1
which 0 > note_of 0
note_of 0 > note_kept 1
which 1 > note_kept 1
"""
    + "\n".join(
        f"learnt {k} > note_{label.name} 0\n"
        f"note_{label.name} 0 > store_{label.name} 0\n"
        f"store_{label.name} 0 > note_of 0"
        for k, label in enumerate(LABELS)
    )
)

CONTROLS: Final = (
    Control("title", "label", (8, 5, 130, 16), "DrumBridge Pads"),
    Control("connection", "menu", (8, 24, 58, 15), info="Whether the drumbridge server answers.",
            long_name="Connection", values=("offline", "online"), initial=0, attributes={"ignoreclick": 1}),
    Control("model", "label", (70, 24, 68, 16), "-", info="The model that the server listens with."),
    Control("hit_title", "label", (8, 42, 60, 16), "Last hit"),
    Control("last_hit", "menu", (8, 59, 80, 15), info="What was heard last on the bus.",
            long_name="Last hit", values=_SHOWN, initial=len(LABELS), attributes={"ignoreclick": 1}),
    Control("confidence", "number", (92, 59, 44, 15), info="How sure it is: the probability of the last hit.",
            long_name="Confidence", range=(0, 100), unit=5, initial=0, attributes={"ignoreclick": 1}),
    Control("bus_title", "label", (8, 78, 60, 16), "Bus"),
    Control("bus", "number", (92, 78, 44, 15), info="The bus of the DrumBridge that this device follows.",
            long_name="Bus", visible=STORED, sends="bus", range=(1, 16), initial=1),
    Control("stage", "menu", (8, 97, 58, 15), info="Fast plays the first guess; Sure waits for the final answer.",
            long_name="Answer", visible=STORED, sends="play_stage", values=("Fast", "Sure"), initial=0),
    Control("server_port", "number", (78, 97, 58, 15), info="The port of the server: 23786 unless you chose another.",
            long_name="Server port", visible=STORED, sends="server_port", range=(1024, 65535), initial=SERVER_PORT),
    Control("learn", "button", (8, 119, 128, 22), "Learn from rack",
            info="Reads the names of the chains of the Drum Rack behind this device and sets the notes by them.",
            long_name="Learn notes", sends="learn_notes"),
    *_note_controls(),
    Control("lcd", "lcd", (6, 146, 490, 19)),
    Control("status", "label", (10, 147, 482, 16), "Looking for drumbridge on this machine ...",
            info="What is going on, and what to do when something does not work."),
)  # fmt: skip
