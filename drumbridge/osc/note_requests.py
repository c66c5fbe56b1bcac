"""What the server does to play notes.

Conventions: opening a port takes a while on some systems, so each of these is a job: it takes the outputs, its job, a
way to reply and the arguments after req, runs in a job's thread and returns the arguments of done after req.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from drumbridge.core.events import Stage
from drumbridge.engine.jobs import Job
from drumbridge.engine.note_outputs import NoteOutputs
from drumbridge.errors import SettingsError
from drumbridge.formats.midi_ports import DRUMS, find_output, open_output, output_names
from drumbridge.osc.note_addresses import MIDI_PORT, MIDI_PORTS, MIDI_START, MIDI_STOP, VKB_START, VKB_STOP
from drumbridge.osc.replies import replies
from drumbridge.osc.rows import Handler
from drumbridge.osc.virtual_keyboard import VirtualKeyboard
from drumbridge.osc.wire import Message
from drumbridge.ports import LOOPBACK

if TYPE_CHECKING:
    from drumbridge.osc.handlers import Bridge

Send = Callable[[Message], None]

MIDI = "midi"
KEYBOARD = "vkb"


def midi_ports(outputs: NoteOutputs, job: Job, send: Send) -> Sequence[Any]:
    """Send the names of all MIDI outputs."""
    for message in replies(MIDI_PORT, job.req, ((name,) for name in output_names())):
        send(message)
    return ()


def start_midi(
    outputs: NoteOutputs, job: Job, send: Send, port: str, channel: int = DRUMS, stage: int = 0, labels: int = 1
) -> Sequence[Any]:
    """Play on a MIDI port; done with its name."""
    how = how_to_play(stage, labels)
    name = find_output(port)
    return (outputs.start(MIDI, name, lambda: open_output(name, channel), **how),)


def stop_midi(outputs: NoteOutputs, job: Job, send: Send, port: str = "") -> Sequence[Any]:
    """Play no more on a MIDI port, or on any; done with how many ended."""
    return (outputs.stop(MIDI, port),)


def start_keyboard(
    outputs: NoteOutputs,
    job: Job,
    send: Send,
    port: int,
    channel: int = 0,
    stage: int = 0,
    labels: int = 1,
    host: str = LOOPBACK,
) -> Sequence[Any]:
    """Play on REAPER's virtual keyboard; done with its name."""
    how = how_to_play(stage, labels)
    return (outputs.start(KEYBOARD, str(port), lambda: VirtualKeyboard(port, channel, host), **how),)


def stop_keyboard(outputs: NoteOutputs, job: Job, send: Send, port: int | None = None) -> Sequence[Any]:
    """Play no more on a virtual keyboard, or on any; done with how many ended."""
    return (outputs.stop(KEYBOARD, "" if port is None else str(port)),)


def how_to_play(stage: int, labels: int) -> dict[str, Any]:
    """Return the settings of a player from the arguments of a request.

    Raises
    ------
    SettingsError
        ``settings.stage`` or ``settings.labels``.
    """
    if stage not in (Stage.EARLY, Stage.FINAL):
        raise SettingsError("settings.stage", f"stage is 0 (early) or 1 (final), not {stage}.")
    if labels not in (1, 2):
        raise SettingsError("settings.labels", f"labels is 1 (the strongest) or 2 (each), not {labels}.")
    return {"stage": Stage(stage), "every_label": labels == 2}


def handlers(bridge: Bridge) -> dict[str, Handler]:
    """Return what answers the requests of this module, by address."""
    outputs = bridge.live.outputs

    def queued(work: Callable[..., Sequence[Any]]) -> Handler:
        return partial(bridge.queue, lambda engine, job, send, *arguments: work(outputs, job, send, *arguments))

    return {
        MIDI_PORTS: queued(midi_ports),
        MIDI_START: queued(start_midi),
        MIDI_STOP: queued(stop_midi),
        VKB_START: queued(start_keyboard),
        VKB_STOP: queued(stop_keyboard),
    }
