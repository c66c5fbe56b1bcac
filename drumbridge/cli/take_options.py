"""The option that records what is heard, for every verb that hears live audio.

Conventions: nothing is recorded unless asked for. A take that cannot be written is one line at once, and exit code 1 at
the end; what is heard is shown all the same.
"""

from __future__ import annotations

import argparse
import queue
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import complain
from .terminal import note

if TYPE_CHECKING:
    from drumbridge.engine.take import Take
    from drumbridge.engine.takes import Takes
    from drumbridge.errors import StreamError


def add_take_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the option for a take."""
    parser.add_argument(
        "--save",
        metavar="DIR",
        help="record what is heard into this folder: a WAV file named by the time, with MIDI and JSON files beside it",
    )


def start_take(args: argparse.Namespace, takes: Takes, stream_id: int) -> Callable[[float], bool]:
    """Record a stream if the options say so.

    Returns
    -------
    callable
        Waits some seconds for the take to be whole once its stream has ended, tells of it, and returns whether all is
        well.

    Raises
    ------
    AudioError, StreamError
        There is no such folder, or it cannot be written.
    """
    if args.save is None:
        return lambda timeout_s: True
    from drumbridge.audio.paths import path_from_daw

    started: queue.SimpleQueue[StreamError | None] = queue.SimpleQueue()
    over: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ended(take: Take, error: StreamError | None) -> None:
        if error is not None:
            if take.stream.latency:  # else the stream never heard anything, and who opened it tells why
                complain(error)
        else:
            lost = f"; {take.lost} samples came faster than the disk took them" if take.lost else ""
            note(f"saved {take.path}, with .mid and .json beside it{lost}.")
        over.put(error is None)

    takes.start(stream_id, path_from_daw(args.save), on_started=started.put, on_ended=ended)
    error = started.get()
    if error is not None:
        raise error

    def finish(timeout_s: float) -> bool:
        try:
            return over.get(timeout=timeout_s)
        except queue.Empty:
            note("the take was not complete in time: its WAV file is there, its hits are not.")
            return False

    return finish
