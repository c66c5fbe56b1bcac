"""Teaching pads by playing them: ``drumbridge learn NAME --device`` asks for a pad, hears its taps, asks for the next.

Conventions: prompts go to stderr, so that stdout holds what was learned. Every tap is stored as it is heard; an empty
name of a pad, the end of the input or Ctrl-C is the end.
"""

from __future__ import annotations

import queue
import sys
import threading
from typing import TYPE_CHECKING

from drumbridge.errors import DrumbridgeError, StreamError

from .terminal import note

if TYPE_CHECKING:
    from drumbridge.core.transcriber_settings import TranscriberSettings
    from drumbridge.engine.device_input import DeviceInput
    from drumbridge.engine.engine import Engine
    from drumbridge.engine.inputs import Inputs
    from drumbridge.engine.live_kits import LiveKits, Tapped

_ENDS_WITHIN_S = 5.0
_UNDO = "u"


def learn_live(
    engine: Engine, name: str, device: str, channels: tuple[int, ...], settings: TranscriberSettings
) -> None:
    """Teach a kit, which is stored already or made, from an audio interface until the player has had enough.

    Parameters
    ----------
    engine : Engine
    name : str
        Of the kit.
    device : str
        As for ``drumbridge listen``.
    channels : tuple of int
        Those to hear; by default the first two.
    settings : TranscriberSettings

    Raises
    ------
    DrumbridgeError
        The device or the kit cannot be used.
    """
    from drumbridge.engine.event_bus import EventBus
    from drumbridge.engine.inputs import Inputs
    from drumbridge.engine.live_kits import LiveKits
    from drumbridge.engine.streams import Streams

    streams = Streams(engine.load_hit_model, EventBus())
    inputs = Inputs(streams)
    kits = LiveKits(engine.kits, engine.load_hit_model, streams)
    try:
        heard = _started(inputs, device, channels, settings)
        note(f"listening to {heard.device.name}: hit each pad 3 to 10 times, softly and hard.")
        while pad := _asked("\npad (its name, or Enter to end): "):
            if not engine.kits.has(name):
                kits.new(name)
            _teach(kits, heard.stream.stream_id, name, pad)
    except StreamError:
        note("the input has ended.")
    except KeyboardInterrupt:
        note("ended; what was tapped is stored.")
    finally:
        inputs.shut_down(_ENDS_WITHIN_S)
        streams.shut_down(_ENDS_WITHIN_S)
        kits.shut_down()


def _teach(kits: LiveKits, stream_id: int, name: str, pad: str) -> None:
    """Hear the taps of one pad until Enter."""
    told = threading.Lock()

    def tapped(tap: Tapped | None, error: Exception | None) -> None:
        with told:
            if tap is not None:
                _say(f"  {tap.pad.name} {tap.n_taps}{'  enough' if tap.n_taps == 5 else ''}\n")
            elif error is not None:
                _say(f"  {error}\n")

    try:
        kits.pad(name, pad)
    except DrumbridgeError as error:
        note(error.message)
        return
    kits.teach(stream_id, name, pad, tapped)
    while _asked(f"hit {pad}, then Enter ({_UNDO} and Enter takes the last tap back)\n").lower() == _UNDO:
        kits.flush()
        try:
            undone, n_taps = kits.undo(name)
            _say(f"  {undone.name} {n_taps}\n")
        except DrumbridgeError as error:
            note(error.message)
    kits.teach(stream_id, name, "", tapped)


def _started(inputs: Inputs, device: str, channels: tuple[int, ...], settings: TranscriberSettings) -> DeviceInput:
    answers: queue.SimpleQueue[DeviceInput | Exception] = queue.SimpleQueue()

    def started(found: DeviceInput | None, error: Exception | None) -> None:
        answer = found or error
        assert answer is not None
        answers.put(answer)

    wanted = int(device) if device.isdecimal() else device
    inputs.start(wanted, channels=channels, settings=settings, started=started)
    answer = answers.get()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _asked(question: str) -> str:
    """Return a line that was typed, "" at the end of the input."""
    _say(question)
    return sys.stdin.readline().strip()


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
