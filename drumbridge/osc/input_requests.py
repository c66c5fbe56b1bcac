"""What the server does with audio interfaces: listening to one, and how they are.

Conventions: handlers are called from the server's thread and never wait; they are answered from other threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from drumbridge.audio.devices import BLOCK_SIZE, parse_channels
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.engine.device_input import DeviceInput
from drumbridge.engine.inputs import Inputs
from drumbridge.engine.session import Session
from drumbridge.engine.streams import EARLY_MS, Streams
from drumbridge.osc.input_addresses import INPUT_STATUS
from drumbridge.osc.replies import clipped, reply
from drumbridge.osc.wire import Message

_COUNT = 0x7FFFFFFF


class InputRequests:
    """The audio interfaces of a bridge.

    Parameters
    ----------
    streams : Streams
    done, fail : callable
        As `Bridge.done` and `Bridge.fail`.

    Attributes
    ----------
    inputs : Inputs
    """

    def __init__(
        self,
        streams: Streams,
        done: Callable[[Session, int, Sequence[Any]], None],
        fail: Callable[[Session, int, Exception], None],
    ) -> None:
        self.inputs = Inputs(streams)
        self._done = done
        self._fail = fail

    def start(
        self,
        session: Session,
        req: int,
        device: str | int,
        channel: str | int = 0,
        early_ms: float = EARLY_MS,
        block_size: int = BLOCK_SIZE,
        sample_rate: int = 0,
    ) -> None:
        """Listen to a device; answered when it is open and the model is loaded."""

        def started(found: DeviceInput | None, error: Exception | None) -> None:
            if found is not None:
                self._done(session, req, (found.stream.stream_id,))
            elif error is not None:
                self._fail(session, req, error)

        self.inputs.start(
            device,
            channels=parse_channels(channel),
            sample_rate=sample_rate,
            block_size=block_size,
            settings=TranscriberSettings(early_ms=early_ms or None),
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
