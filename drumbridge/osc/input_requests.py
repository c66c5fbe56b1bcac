"""What the server does with audio interfaces: listening to one, and how they are.

Conventions: handlers are called from the server's thread and never wait; they are answered from other threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from drumbridge.audio.devices import BLOCK_SIZE, parse_channels
from drumbridge.engine.device_input import DeviceInput
from drumbridge.engine.inputs import Inputs
from drumbridge.engine.session import Session
from drumbridge.engine.streams import Streams
from drumbridge.osc.input_addresses import INPUT_START, INPUT_STATUS, INPUT_STOP
from drumbridge.osc.replies import clipped, reply
from drumbridge.osc.rows import Handler
from drumbridge.osc.settings_requests import SettingsRequests
from drumbridge.osc.wire import Message

if TYPE_CHECKING:
    from drumbridge.osc.handlers import Bridge

AS_THE_PROFILE: Final = -1.0  # for early_ms
_COUNT = 0x7FFFFFFF


class InputRequests:
    """The audio interfaces of a bridge.

    Parameters
    ----------
    streams : Streams
    settings : SettingsRequests
    done, fail : callable
        As `Bridge.done` and `Bridge.fail`.

    Attributes
    ----------
    inputs : Inputs
    """

    def __init__(
        self,
        streams: Streams,
        settings: SettingsRequests,
        done: Callable[[Session, int, Sequence[Any]], None],
        fail: Callable[[Session, int, Exception], None],
    ) -> None:
        self.inputs = Inputs(streams)
        self._settings = settings
        self._done = done
        self._fail = fail

    def start(
        self,
        session: Session,
        req: int,
        device: str | float,
        channel: str | float = 0,
        early_ms: float = AS_THE_PROFILE,
        block_size: int = BLOCK_SIZE,
        sample_rate: int = 0,
        profile: str = "",
    ) -> None:
        """Listen to a device; answered when it is open and the model is loaded."""
        settings, used = self._settings.for_stream(session, profile, None if early_ms == AS_THE_PROFILE else early_ms)

        def started(found: DeviceInput | None, error: Exception | None) -> None:
            if found is not None:
                self._done(session, req, (found.stream.stream_id,))
            elif error is not None:
                self._fail(session, req, error)

        self.inputs.start(
            _whole(device),
            channels=parse_channels(_whole(channel)),
            sample_rate=sample_rate,
            block_size=block_size,
            settings=settings,
            profile=used,
            client_id=session.client_id,
            started=started,
        )

    def stop(self, session: Session, req: int, stream_id: int) -> None:
        """Let go of a device; answered when its last hits have left."""
        self.inputs.stop(stream_id, lambda: self._done(session, req, ()))

    def status(self, req: int) -> list[Message]:
        """Return the facts about every input."""
        return [
            reply(
                INPUT_STATUS,
                req,
                found.stream.stream_id,
                found.device.name,
                found.device.host,
                "+".join(map(str, found.options.channels)),
                found.options.block_size,
                int(not found.trouble),
                found.level_db(),
                *(count & _COUNT for count in (found.xruns, found.lost, found.times_gone)),
                clipped(found.trouble),
            )
            for found in self.inputs
        ]


def _whole(value: str | float) -> str | int:
    """Return a number that may have come as float, and text, which is what no number is looked up as."""
    if isinstance(value, str):
        return value
    return int(value) if value == int(value) else str(value)


def handlers(bridge: Bridge) -> dict[str, Handler]:
    """Return what answers the requests of this module, by address."""
    interfaces = bridge.live.interfaces
    return {INPUT_START: interfaces.start, INPUT_STOP: interfaces.stop}
