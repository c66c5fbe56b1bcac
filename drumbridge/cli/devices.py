"""`drumbridge devices`: the audio inputs that `drumbridge listen` can listen to.

Conventions: one row for each input; the one that is taken when none is named has a star.
"""

from __future__ import annotations

import argparse
import dataclasses


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("--json", action="store_true", help="print a JSON object for each input, one a line")


def run(args: argparse.Namespace) -> int:
    """List the inputs."""
    from drumbridge.audio.capture import PortAudioInputs
    from drumbridge.audio.devices import find_input
    from drumbridge.formats.json import to_line

    from .terminal import heading, note, stdout_console, stdout_is_terminal

    devices = PortAudioInputs().inputs()
    chosen = find_input(devices) if devices else None
    if not devices:
        note("there is no audio input here: connect one, or start your sound server.")
    if args.json:
        for device in devices:
            print(to_line(dataclasses.asdict(device) | {"is_default": device == chosen}))
        return 0
    if not stdout_is_terminal():
        for device in devices:
            print(f"{device.index}\t{device.name}\t{device.host}\t{device.channels}\t{device.sample_rate}")
        return 0
    width = max([len(device.name) for device in devices], default=0)
    if devices:
        stdout_console().print(heading(f"   index  {'name':{width}}  channels  rate Hz  host API"))
    for device in devices:
        star = "*" if device == chosen else " "
        facts = f"{device.channels:8}  {device.sample_rate:7}  {device.host}"
        stdout_console().print(f" {star} {device.index:5}  {device.name:{width}}  {facts}", markup=False)
    if devices:
        note("drumbridge listen takes the one with the star unless you name another: its index, or a part of its name.")
    return 0
