"""`drumbridge listen [DEVICE]`: hears an audio interface, and shows each hit as it comes.

Conventions: with ``--serve`` an OSC server runs beside it, whose clients are told of the same hits. Ctrl-C (or
SIGTERM, or the end of a file that is played) is the end that is meant: the last hits are told, then a summary, and the
exit code is 0.
"""

from __future__ import annotations

import argparse
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from drumbridge.audio.devices import BLOCK_SIZE, BLOCK_SIZES, parse_channels
from drumbridge.osc.addresses import DEFAULT_PORT

from .kit_options import add_kit_arguments, chosen_kit, tell_of_another_model
from .live_options import add_live_arguments, live_profiles
from .note_options import add_note_arguments, start_notes
from .quiet import quiet_libraries
from .serve import SWITCH_INTERVAL_S, make_server
from .take_options import add_take_arguments, start_take
from .terminal import note, stdout_is_terminal

if TYPE_CHECKING:
    from drumbridge.core.kit import Kit
    from drumbridge.engine.device_input import DeviceInput
    from drumbridge.engine.event_bus import EventBus
    from drumbridge.engine.inputs import Inputs
    from drumbridge.engine.live_profiles import LiveProfiles
    from drumbridge.engine.live_stream import LiveStream
    from drumbridge.engine.note_outputs import NoteOutputs
    from drumbridge.engine.takes import Takes

_ENDS_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "device",
        nargs="?",
        default="",
        metavar="DEVICE",
        help="its index, its name or a part of it, see drumbridge devices; or an audio file, which is played to it "
        "silently (default: the system's own choice)",
    )
    parser.add_argument(
        "--channel", default="", metavar="N", help="channel to hear, from 1; 1+2 mixes two (default: the first two)"
    )
    parser.add_argument(
        "--block-size",
        type=int,
        default=BLOCK_SIZE,
        metavar="N",
        help=f"samples at a time, {BLOCK_SIZES[0]} to {BLOCK_SIZES[1]}: larger where there are xruns "
        "(default: %(default)s)",
    )
    parser.add_argument("--rate", type=int, default=0, metavar="HZ", help="sample rate (default: the device's own)")
    parser.add_argument("--json", action="store_true", help="print a JSON object for each event, one a line")
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")
    parser.add_argument("--serve", action="store_true", help="also answer OSC clients, as drumbridge serve does")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="UDP and TCP port for --serve (default: %(default)s)"
    )
    add_kit_arguments(parser)
    add_live_arguments(parser)
    add_note_arguments(parser)
    add_take_arguments(parser)


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Listen until it ends."""
    from .live_view import live_view

    channels = parse_channels(args.channel)
    profiles = live_profiles(args)
    kit = chosen_kit(args)
    device: str | int = int(args.device) if args.device.isdecimal() else args.device
    view = live_view(json=args.json, is_terminal=stdout_is_terminal())
    asked_to_end = _signals()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with _place(args, profiles) as (inputs, bus, outputs, takes):
        bus.add(view)
        for name in start_notes(args, outputs):
            note(f"hits are played on {name}.")
        finish_takes: list[Callable[[float], bool]] = []

        def prepare(stream: LiveStream) -> None:
            finish_takes.append(start_take(args, takes, stream.stream_id))

        found = _started(inputs, device, channels, profiles, args, prepare)
        if kit is not None:
            _use(kit, found.stream)
        view.began(found)
        # A wait without an end would keep Windows from telling of Ctrl-C.
        while not view.over.wait(_LOOK_EVERY_S) and not asked_to_end:
            pass
        inputs.shut_down(_ENDS_WITHIN_S)
        found.stream.join(_ENDS_WITHIN_S)
        is_saved = all([finish(_ENDS_WITHIN_S) for finish in finish_takes])
        if view.unread is not None:
            raise view.unread
        view.ended(found)
    return 0 if is_saved else 1


def _use(kit: Kit, stream: LiveStream) -> None:
    """Name the hits of a stream by a kit."""
    from drumbridge.engine.kit_learning import learned_kit

    assert stream.classifier is not None  # an input is started when its stream is open
    tell_of_another_model(kit, stream.classifier)
    stream.use_kit(learned_kit(kit, stream.classifier, stream.settings))


def _started(
    inputs: Inputs,
    device: str | int,
    channels: tuple[int, ...],
    profiles: LiveProfiles,
    args: argparse.Namespace,
    prepare: Callable[[LiveStream], None],
) -> DeviceInput:
    """Return the input once it is open; `prepare` is called with its stream before anything arrives in it."""
    answers: queue.SimpleQueue[DeviceInput | Exception] = queue.SimpleQueue()

    def started(found: DeviceInput | None, error: Exception | None) -> None:
        answer = found or error
        assert answer is not None
        answers.put(answer)

    inputs.start(
        device,
        channels=channels,
        sample_rate=args.rate,
        block_size=args.block_size,
        settings=profiles.settings(""),
        profile=profiles.name(""),
        prepare=prepare,
        started=started,
    )
    answer = answers.get()
    if isinstance(answer, Exception):
        raise answer
    return answer


@contextmanager
def _place(args: argparse.Namespace, profiles: LiveProfiles) -> Iterator[tuple[Inputs, EventBus, NoteOutputs, Takes]]:
    """Provide inputs, the bus of their streams, where notes are played, and takes: a server's, or ones of our own."""
    if args.serve:
        server = make_server(args.model, "127.0.0.1", args.port, kits=args.kits, profiles=lambda: profiles)
        live = server.bridge.live
        serving = threading.Thread(target=server.run, daemon=True)
        serving.start()
        note(f"OSC clients are answered on 127.0.0.1, port {server.address[1]}.")
        try:
            yield live.interfaces.inputs, live.bus, live.outputs, live.recording.takes
        finally:
            server.stop()
            serving.join(_ENDS_WITHIN_S)
            server.close()
        return
    from drumbridge.engine.engine import Engine
    from drumbridge.engine.event_bus import EventBus
    from drumbridge.engine.inputs import Inputs
    from drumbridge.engine.note_outputs import NoteOutputs
    from drumbridge.engine.streams import Streams
    from drumbridge.engine.takes import Takes

    bus = EventBus()
    streams = Streams(Engine(model=args.model).load_hit_model, bus)
    inputs, outputs, takes = Inputs(streams), NoteOutputs(bus), Takes(streams)
    try:
        yield inputs, bus, outputs, takes
    finally:
        inputs.shut_down(_ENDS_WITHIN_S)
        streams.shut_down(_ENDS_WITHIN_S)
        takes.shut_down(_ENDS_WITHIN_S)
        outputs.shut_down(_ENDS_WITHIN_S)


def _signals() -> list[int]:
    """Return a list that gets the signals which ask for the end; a handler may not take a lock, so it is no Event."""
    asked: list[int] = []

    def remember(number: int, frame: Any) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, remember)
    return asked
