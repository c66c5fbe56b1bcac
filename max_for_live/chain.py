"""What both devices have in common: the way to the server, and from a hit to a note through Max's own objects.

Conventions: hits never pass js. A hit's nine numbers are taken apart right to left, so that all of them lie ready when
the last one, the number of the stream, decides: is it ours, and is it of the stage that is played? Behind the labels
stand "unsure" and, with a kit, the kit's pads, which are shown as "pad". Everything else that the server says goes to
js in the order in which it came (`deferlow`; js alone could turn it round).
"""

from __future__ import annotations

from typing import Final

from drumbridge.core.labels import LABELS

from .patcher import Object

REPLIES: Final = {
    "done": "/drumbridge/done",
    "fail": "/drumbridge/fail",
    "hit": "/drumbridge/hit",
    "scores": "/drumbridge/scores",
    "progress": "/drumbridge/progress",
    "warning": "/drumbridge/warning",
    "status_value": "/drumbridge/status/value",
    "status_stream": "/drumbridge/status/stream",
    "gap": "/drumbridge/gap",
}
FIRST_PORT: Final = 24000  # of those that devices listen on; js chooses


def js_box(script: str) -> Object:
    """Return the js of a device: outlet 0 goes to the server, outlet 1 to `control`."""
    saved = {"saved_object_attributes": {"filename": script, "parameter_enable": 0}}
    return Object("js", f"js {script}", 2, saved)


def objects(server_port: int, control: tuple[str, ...], silent: int) -> tuple[Object, ...]:
    """Return the common boxes.

    `control` are the words of js's outlet 1, in the order of the outlets of its route; `silent` is the note that is
    none.
    """
    return (
        Object("device", "live.thisdevice"),
        Object("begin", "trigger b b"),
        Object("init", "message init"),
        Object("server", f"udpsend 127.0.0.1 {server_port}"),
        Object("receive", f"udpreceive {FIRST_PORT}"),
        Object("hits", "route /drumbridge/live/hit"),
        Object("later", "deferlow"),
        Object("replies", "route " + " ".join(REPLIES.values())),
        *(Object(f"reply_{name}", f"prepend {name}") for name in REPLIES),
        Object("parts", "unpack 0 0 0 0 0 0 0 0 0."),
        Object("is_stage", "== 0"),
        Object("is_stream", "== 0"),
        Object("both", "&&"),
        Object("yes", "select 1"),
        Object("fire", "trigger b b b"),
        Object("note_kept", "int"),
        Object("audible", f"select {silent}"),
        Object("label_kept", "int"),
        Object("known_label", f"minimum {len(LABELS) + 1}"),
        Object("confidence_kept", "float"),
        Object("percent", "* 100."),
        Object("notes", "makenote 100 50"),
        Object("note_list", "pack 0 0"),
        Object("midi", "midiformat"),
        Object("midi_in", "midiin"),
        Object("midi_out", "midiout"),
        Object("control", "route " + " ".join(control)),
        Object("set_status", "prepend set"),
        Object("set_model", "prepend set"),
        Object("set_reply_port", "prepend port"),
        Object("set_server_port", "prepend port"),
    )


def wires(control: tuple[str, ...], targets: dict[str, str]) -> str:
    """Return the common wires; `targets` says where each word of `control` goes, as ``box inlet``."""
    lines = [f"control {control.index(word)} > {target}" for word, target in targets.items()]
    lines += [f"replies {k} > reply_{name} 0\nreply_{name} 0 > js 0" for k, name in enumerate(REPLIES)]
    return _WIRES + "\n".join(lines)


TARGETS: Final = {
    "status": "set_status 0",
    "connection": "connection 0",
    "model": "set_model 0",
    "reply_port": "set_reply_port 0",
    "server_port": "set_server_port 0",
    "stream": "is_stream 1",
    "stage": "is_stage 1",
}

_WIRES = """
device 0 > begin 0
begin 0 > init 0
init 0 > js 0
js 0 > server 0
js 1 > control 0
receive 0 > hits 0
hits 0 > parts 0
hits 1 > later 0
later 0 > replies 0
parts 8 > confidence_kept 1
parts 7 > label_kept 1
parts 6 > notes 2
parts 5 > notes 1
parts 2 > is_stage 0
parts 0 > is_stream 0
is_stage 0 > both 1
is_stream 0 > both 0
both 0 > yes 0
yes 0 > fire 0
fire 2 > note_kept 0
fire 1 > label_kept 0
fire 0 > confidence_kept 0
label_kept 0 > known_label 0
known_label 0 > last_hit 0
note_kept 0 > audible 0
audible 1 > notes 0
confidence_kept 0 > percent 0
percent 0 > confidence 0
notes 0 > note_list 0
notes 1 > note_list 1
note_list 0 > midi 0
midi 0 > midi_out 0
set_status 0 > status 0
set_model 0 > model 0
set_reply_port 0 > receive 0
set_server_port 0 > server 0
"""
