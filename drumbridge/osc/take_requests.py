"""What the server does with takes.

Conventions: handlers are called from the server's thread and never wait; a take answers from its own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from drumbridge.audio.paths import path_from_daw
from drumbridge.engine.session import Session
from drumbridge.engine.streams import Streams
from drumbridge.engine.take import Take
from drumbridge.engine.takes import Takes
from drumbridge.errors import StreamError
from drumbridge.osc.replies import clipped, reply
from drumbridge.osc.rows import Handler
from drumbridge.osc.take_addresses import TAKE_ENDED, TAKE_START, TAKE_STOP, WARNING
from drumbridge.osc.wire import encode

if TYPE_CHECKING:
    from drumbridge.osc.handlers import Bridge


class TakeRequests:
    """The takes of a server.

    Parameters
    ----------
    streams : Streams
    done, fail : callable
        As `Bridge.done` and `Bridge.fail`.
    """

    def __init__(
        self,
        streams: Streams,
        done: Callable[[Session, int, Sequence[Any]], None],
        fail: Callable[[Session, int, Exception], None],
    ) -> None:
        self.takes = Takes(streams)
        self._done = done
        self._fail = fail

    def start(self, session: Session, req: int, stream_id: int, folder: str) -> None:
        """Record a stream; answered when the file is open."""
        path = path_from_daw(folder)
        if not path.is_absolute():
            raise StreamError(
                "take.folder", f"Name the folder in full: the server does not know where {folder!r:.200} is."
            )

        def started(error: StreamError | None) -> None:
            if error is None:
                self._done(session, req, ())
            else:
                self._fail(session, req, error)

        def ended(take: Take, error: StreamError | None) -> None:
            code, message = ("", _lost(take)) if error is None else (error.code, error.message)
            session.route.send(encode(reply(TAKE_ENDED, req, str(take.path), code, clipped(message))))

        self.takes.start(stream_id, path, on_started=started, on_ended=ended)

    def stop(self, session: Session, req: int, stream_id: int) -> None:
        """End a take; answered when its files are whole."""

        def ended(take: Take, error: StreamError | None) -> None:
            if error is not None:
                self._fail(session, req, error)
                return
            if take.lost:
                session.route.send(encode(reply(WARNING, req, clipped(_lost(take)))))
            self._done(session, req, (str(take.path),))

        self.takes.stop(stream_id, ended)


def _lost(take: Take) -> str:
    return (
        f"{take.lost} samples came faster than the disk took them, and are silence in {take.path}." if take.lost else ""
    )


def handlers(bridge: Bridge) -> dict[str, Handler]:
    """Return what answers the requests of this module, by address."""
    recording = bridge.live.recording
    return {TAKE_START: recording.start, TAKE_STOP: recording.stop}
