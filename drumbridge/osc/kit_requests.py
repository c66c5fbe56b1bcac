"""What the server does with kits.

Conventions: reading, learning and storing a kit takes a while, so each of these is a job: it takes the kits, its job, a
way to reply and the arguments after req, runs in a job's thread and returns the arguments of done after req.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from drumbridge.core.labels import pad_index
from drumbridge.engine.jobs import Job
from drumbridge.engine.live_kits import LiveKits, Tapped
from drumbridge.engine.session import Session
from drumbridge.osc.addresses import NO_REQ
from drumbridge.osc.kit_addresses import KIT_PADS_ROW, KIT_REQUESTS, KIT_ROW, KIT_TAP, KIT_TAPPED
from drumbridge.osc.replies import reply
from drumbridge.osc.rows import Handler
from drumbridge.osc.wire import Message

if TYPE_CHECKING:
    from drumbridge.osc.handlers import Bridge

Send = Callable[[Message], None]

_AS_IT_IS = -1  # for a note that is not chosen, where a colour follows


class KitRequests:
    """The kits of a bridge.

    Parameters
    ----------
    kits : LiveKits
    tell : callable
        Sends a message to everybody who asked for events.
    """

    def __init__(self, kits: LiveKits, tell: Callable[[Message], None]) -> None:
        self.kits = kits
        self._tell = tell

    def list(self, job: Job, send: Send) -> Sequence[Any]:
        """Send every kit."""
        for name in self.kits.store.names():
            kit = self.kits.store.load(name)
            send(reply(KIT_ROW, job.req, kit.name, len(kit.pads), len(kit.taps), kit.model))
        return ()

    def new(self, job: Job, send: Send, kit: str) -> Sequence[Any]:
        """Make a kit."""
        self.kits.new(kit)
        return ()

    def pad(
        self, job: Job, send: Send, kit: str, pad: str, note: int = _AS_IT_IS, colour: int | None = None
    ) -> Sequence[Any]:
        """Make or change a pad; done with what it is."""
        made = self.kits.pad(kit, pad, None if note == _AS_IT_IS else note, colour)
        return pad_index(made.number), made.note, made.colour

    def pads(self, job: Job, send: Send, kit: str) -> Sequence[Any]:
        """Send the pads of a kit; done with their number."""
        found = self.kits.store.load(kit)
        for pad in found.pads:
            n_taps = len(found.taps_of(pad.number))
            send(reply(KIT_PADS_ROW, job.req, pad_index(pad.number), pad.name, pad.note, pad.colour, n_taps))
        return (len(found.pads),)

    def tap(
        self, fail: Callable[[Exception], None], job: Job, send: Send, stream_id: int, kit: str, pad: str
    ) -> Sequence[Any]:
        """Teach a pad; done with its index."""

        def tapped(tap: Tapped | None, error: Exception | None) -> None:
            if error is not None:
                fail(error)
            elif tap is not None:
                hit_id = tap.hit_index & 0x7FFFFFFF
                self._tell(reply(KIT_TAPPED, tap.stream_id, hit_id, pad_index(tap.pad.number), tap.n_taps))

        chosen = self.kits.teach(stream_id, kit, pad.strip(), tapped)
        return (-1 if chosen is None else pad_index(chosen.number),)

    def learn(self, job: Job, send: Send, kit: str, pad: str, path: str) -> Sequence[Any]:
        """Teach from a file; done with the pad's index and taps."""
        from drumbridge.audio.paths import path_from_daw

        made, n_taps = self.kits.teach_file(kit, pad, path_from_daw(path))
        return pad_index(made.number), n_taps

    def undo(self, job: Job, send: Send, kit: str) -> Sequence[Any]:
        """Take back a tap; done with its pad and what that has left."""
        self.kits.flush()
        pad, n_taps = self.kits.undo(kit)
        return pad_index(pad.number), n_taps

    def use(self, job: Job, send: Send, stream_id: int, kit: str) -> Sequence[Any]:
        """Name hits by a kit; done with how many pads it knows."""
        used = self.kits.use(stream_id, kit.strip())
        return (0 if used is None else len({tap.pad for tap in used.taps}),)

    def save(self, job: Job, send: Send, kit: str) -> Sequence[Any]:
        """Wait until all is stored."""
        self.kits.flush()
        self.kits.store.load(kit)
        return ()

    def rename(self, job: Job, send: Send, kit: str, new_name: str) -> Sequence[Any]:
        """Rename a kit."""
        self.kits.rename(kit, new_name)
        return ()

    def delete(self, job: Job, send: Send, kit: str) -> Sequence[Any]:
        """Delete a kit."""
        self.kits.delete(kit)
        return ()


def handlers(bridge: Bridge) -> dict[str, Handler]:
    """Return what answers the requests of this module, by address."""
    kits = bridge.kits

    def queued(work: Callable[..., Sequence[Any]]) -> Handler:
        return partial(bridge.queue, lambda engine, job, send, *arguments: work(job, send, *arguments))

    def tap(session: Session, req: int, *arguments: Any) -> None:
        bridge.queue(
            lambda engine, job, send: kits.tap(partial(bridge.fail, session, NO_REQ), job, send, *arguments),
            session,
            req,
        )

    works = {request.address: getattr(kits, request.address.rpartition("/")[2]) for request in KIT_REQUESTS}
    return {address: queued(work) for address, work in works.items()} | {KIT_TAP: tap}
