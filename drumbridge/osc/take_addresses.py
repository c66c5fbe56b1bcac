"""The rows of the table of addresses that belong to takes.

Conventions: as for `drumbridge.osc.addresses`.
"""

from __future__ import annotations

from typing import Final

from drumbridge.osc.rows import PREFIX, REQ, Argument, Reply, Request

TAKE_START: Final = PREFIX + "take/start"
TAKE_STOP: Final = PREFIX + "take/stop"
TAKE_ENDED: Final = PREFIX + "take/ended"
WARNING: Final = PREFIX + "warning"

_STREAM = Argument("stream_id", "i", "as the done of open said")

TAKE_REQUESTS: Final[tuple[Request, ...]] = (
    Request(
        TAKE_START,
        (REQ, _STREAM, Argument("folder", "s", "path of a folder that exists, absolute")),
        "Records a stream from what arrives next: a WAV file named by the time, float32 as it came, gaps as silence, "
        "and when the take ends its final hits as MIDI and JSON files beside it. Nothing is ever overwritten. A take "
        "ends with stop, with its stream, or when it cannot be written (the disk is full, say).",
    ),
    Request(
        TAKE_STOP,
        (REQ, _STREAM),
        "Ends a take with all that has arrived by now; done comes when its last hits are known and its files whole. "
        "When no audio follows for a second, they are decided by what is there, for the take alone.",
        done=(Argument("path", "s", "of the WAV file; .mid and .json are beside it"),),
        replies=(WARNING,),
    ),
)

TAKE_REPLIES: Final[tuple[Reply, ...]] = (
    Reply(
        TAKE_ENDED,
        (
            REQ,
            Argument("path", "s", "of the WAV file"),
            Argument("code", "s", '"" when the take is whole'),
            Argument("message", "s", "one sentence for people"),
        ),
        "A take has ended without being stopped; req is that of its start.",
    ),
)

TAKE_CODES: Final[dict[str, str]] = {
    "take.folder": "There is no such folder.",
    "take.running": "The stream is being recorded already.",
    "take.not_found": "The stream is not being recorded.",
    "take.write": "The take cannot be written; what was written is kept.",
    "take.empty": "No audio came while it was recorded, and no file was kept.",
}
