"""`drumbridge midi`: the MIDI outputs of this machine, one a line."""

from __future__ import annotations

import argparse

from .quiet import quiet_libraries


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes: nothing."""


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Print the names that --midi takes."""
    from drumbridge.formats.midi_ports import VIRTUAL, output_names

    from .terminal import note

    names = output_names()
    for name in names:
        print(name)
    if not names:
        note(f"there is no MIDI output yet; --midi {VIRTUAL} makes one, where the system can.")
    return 0
