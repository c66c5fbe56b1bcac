"""The rows of the table of addresses that belong to notes that are played: MIDI ports and REAPER's virtual keyboard.

Conventions: as for `drumbridge.osc.addresses`.
"""

from __future__ import annotations

from typing import Final

from drumbridge.osc.rows import PREFIX, REQ, Argument, Reply, Request

MIDI_PORTS: Final = PREFIX + "midi/ports"
MIDI_START: Final = PREFIX + "midi/start"
MIDI_STOP: Final = PREFIX + "midi/stop"
MIDI_PORT: Final = PREFIX + "midi/port"
VKB_START: Final = PREFIX + "vkb/start"
VKB_STOP: Final = PREFIX + "vkb/stop"

STAGE = Argument("stage", "i", "0: play early hits (the default); 1: final ones only", optional=True)
LABELS = Argument(
    "labels", "i", "1: a note for a hit's strongest label (the default); 2: one for each of its labels", optional=True
)
_N = Argument("n", "i", "how many ended")

NOTE_REQUESTS: Final[tuple[Request, ...]] = (
    Request(MIDI_PORTS, (REQ,), "Asks which MIDI outputs the server's machine has.", replies=(MIDI_PORT,)),
    Request(
        MIDI_START,
        (
            REQ,
            Argument("port", "s", 'name of a MIDI output, or a part of it that no other has; "virtual" makes one'),
            Argument("channel", "i", "1..16; 10, where drums are, unless given", optional=True),
            STAGE,
            LABELS,
        ),
        "Plays the hits of all streams on a MIDI port, until it is stopped, whoever started it. A hit is struck once: "
        "what is final later does not strike again, what is withdrawn is let go. Again: with other settings.",
        done=(Argument("name", "s", "of the port"),),
    ),
    Request(
        MIDI_STOP,
        (REQ, Argument("port", "s", "as in start; all of them by default", optional=True)),
        "Lets all notes of a MIDI port go and closes it.",
        done=(_N,),
    ),
    Request(
        VKB_START,
        (
            REQ,
            Argument("port", "i", "UDP port of an OSC control surface in REAPER"),
            Argument("channel", "i", "0..15, as in the address; 0 unless given", optional=True),
            STAGE,
            LABELS,
            Argument("host", "s", "address of REAPER's machine, as numbers; 127.0.0.1 unless given", optional=True),
        ),
        "Plays the hits of all streams on REAPER's virtual MIDI keyboard, as `/vkb_midi/<channel>/note/<note> velocity`"
        " (velocity 0 lets go), until it is stopped.",
        done=(Argument("name", "s", "of where it plays"),),
    ),
    Request(
        VKB_STOP,
        (REQ, Argument("port", "i", "as in start; all of them by default", optional=True)),
        "Lets all notes of a virtual keyboard go.",
        done=(_N,),
    ),
)

NOTE_REPLIES: Final[tuple[Reply, ...]] = (
    Reply(MIDI_PORT, (REQ,), "Names of MIDI outputs.", (Argument("port", "s", ""),)),
)

NOTE_STATUS_KEYS: Final[tuple[Argument, ...]] = (
    Argument("notes_lost", "i", "notes that were not played: a port failed, or was far behind"),
)

NOTE_CODES: Final[dict[str, str]] = {
    "device.no_rtmidi": "MIDI ports need the package python-rtmidi, which is not installed.",
    "device.no_midi": "The machine has no MIDI system that works.",
    "device.midi_port": "There is no such MIDI port, or it cannot be opened.",
    "device.not_playing": "Nothing plays on a port of that name.",
}
