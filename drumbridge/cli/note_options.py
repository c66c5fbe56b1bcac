"""Options for notes that are played, for every verb that hears live audio.

Conventions: nothing plays unless asked for. A port that cannot be opened ends the verb with one line.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from drumbridge.errors import SettingsError
from drumbridge.ports import LOOPBACK, REASTREAM_PORT

from .quiet import quiet_libraries

if TYPE_CHECKING:
    from drumbridge.engine.note_outputs import NoteOutputs


def add_note_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for a MIDI port, for REAPER's virtual keyboard and for ReaStream."""
    group = parser.add_argument_group("notes that are played")
    group.add_argument(
        "--midi",
        metavar="PORT",
        help="play hits on a MIDI port: its name or part of it (drumbridge midi lists them); virtual makes one",
    )
    group.add_argument("--midi-channel", type=int, metavar="N", help="1 to 16 (default: 10, where drums are)")
    group.add_argument(
        "--reaper-notes",
        metavar="[HOST:]PORT",
        help="play hits on REAPER's virtual MIDI keyboard, at the UDP port of an OSC control surface there",
    )
    group.add_argument(
        "--reastream-notes",
        metavar="NAME[@HOST[:PORT]]",
        help="play hits on the ReaStream of that identifier that receives in REAPER (default: here, port 58710)",
    )
    group.add_argument(
        "--play",
        choices=("early", "final"),
        default="early",
        help="strike as soon as a hit is heard, or when it is sure (default: %(default)s)",
    )
    group.add_argument(
        "--every-label", action="store_true", help="a note for each drum of a hit, not just the strongest"
    )


def start_notes(args: argparse.Namespace, outputs: NoteOutputs) -> list[str]:
    """Play where the options say; return the names of where.

    Raises
    ------
    ServerError, SettingsError
        A port cannot be opened, or an option is out of its range.
    """
    from drumbridge.core.events import Stage
    from drumbridge.daw.reastream_notes import ReaStreamNotes
    from drumbridge.formats.midi_ports import DRUMS, find_output, open_output
    from drumbridge.osc.virtual_keyboard import VirtualKeyboard

    stage = Stage.EARLY if args.play == "early" else Stage.FINAL
    names = []
    if args.midi is not None:
        channel = DRUMS if args.midi_channel is None else args.midi_channel
        with quiet_libraries():
            port = find_output(args.midi)
            opened = open_output(port, channel)
        names.append(outputs.start("midi", port, lambda: opened, stage=stage, every_label=args.every_label))
    if args.reaper_notes is not None:
        host, _, number = args.reaper_notes.rpartition(":")
        if not number.isdecimal():
            raise SettingsError("settings.port", f"{args.reaper_notes!r} is no port like 8000 or 192.168.0.7:8000.")
        keyboard = VirtualKeyboard(int(number), host=host.strip("[]") or LOOPBACK)
        names.append(outputs.start("vkb", number, lambda: keyboard, stage=stage, every_label=args.every_label))
    if args.reastream_notes is not None:
        identifier, host, udp_port = reastream_target(args.reastream_notes)
        channel = DRUMS if args.midi_channel is None else args.midi_channel
        notes = ReaStreamNotes(identifier, channel, host, udp_port)
        names.append(outputs.start("reastream", identifier, lambda: notes, stage=stage, every_label=args.every_label))
    return names


def reastream_target(text: str) -> tuple[str, str, int]:
    """Return identifier, host and port of NAME[@HOST[:PORT]].

    Raises
    ------
    SettingsError
        ``settings.port``.
    """
    identifier, _, where = text.rpartition("@") if "@" in text else (text, "", "")
    host, colon, number = where.rpartition(":") if ":" in where and not where.endswith("]") else (where, "", "")
    if colon and not number.isdecimal():
        raise SettingsError("settings.port", f"{text!r} is not like drums, drums@127.0.0.2 or drums@127.0.0.2:58710.")
    return identifier, host.strip("[]") or LOOPBACK, int(number) if colon else REASTREAM_PORT
