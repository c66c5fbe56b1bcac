"""The rows of the table of addresses that open and close other ways for audio and notes than OSC.

Conventions: as for `drumbridge.osc.addresses`. What comes in by these ways is a live stream like any other: its hits
and gaps go to whoever asked by notify, and status names it.
"""

from __future__ import annotations

from typing import Final

from drumbridge.osc.note_addresses import LABELS, STAGE
from drumbridge.osc.rows import PREFIX, REQ, Argument, Request
from drumbridge.osc.settings_addresses import PROFILE
from drumbridge.ports import JMTX_PORT, REASTREAM_PORT

JMTX_START: Final = PREFIX + "jmtx/start"
JMTX_STOP: Final = PREFIX + "jmtx/stop"
JMTX_OPEN: Final = PREFIX + "jmtx/open"
JMTX_CLOSE: Final = PREFIX + "jmtx/close"
REASTREAM_START: Final = PREFIX + "reastream/start"
REASTREAM_STOP: Final = PREFIX + "reastream/stop"
REASTREAM_NOTES_START: Final = PREFIX + "reastream/notes/start"
REASTREAM_NOTES_STOP: Final = PREFIX + "reastream/notes/stop"

_SETTINGS = (
    Argument("early_ms", "f", "as for stream/open", optional=True),
    PROFILE._replace(text="whose settings the streams have; by default the server's own", optional=True),
)
_DONE_PORT = (Argument("port", "i", "where audio is waited for"),)

WAY_REQUESTS: Final[tuple[Request, ...]] = (
    Request(
        JMTX_START,
        (
            REQ,
            Argument("port", "i", f"TCP; {JMTX_PORT} is jit.net.send's own, 0: any that is free"),
            Argument("sample_rate", "i", "Hz, 8000..192000: of Max's audio, because it is not in the matrices"),
            *_SETTINGS,
        ),
        "Waits for Max's jit.net.send, fed by jit.catch~: each connection is a stream, each plane a channel. On the "
        "server's address, so from this machine only unless it was started otherwise. Again with the same settings: "
        "nothing; with others: a fail until it was stopped.",
        done=_DONE_PORT,
    ),
    Request(JMTX_STOP, (REQ,), "Ends all streams of jit.net.send and frees the port. Fine where there is none."),
    Request(
        JMTX_OPEN,
        (
            REQ,
            Argument("name", "s", "of the stream, and of nobody else's"),
            Argument("sample_rate", "i", "Hz, 8000..192000"),
            *_SETTINGS,
        ),
        "Waits for one jit.net.send on a port of its own, for devices of which there may be several: its stream has "
        "the name, beginning with its first audio. Again with the same settings: the same port; with others: opens it "
        "anew; by another client: a fail. Ends with close, or when nobody was connected for 10 s.",
        done=_DONE_PORT,
    ),
    Request(
        JMTX_CLOSE,
        (REQ, Argument("name", "s", "as for open")),
        "Ends that stream and frees its port. Fine where there is none.",
    ),
    Request(
        REASTREAM_START,
        (REQ, Argument("port", "i", f"UDP; {REASTREAM_PORT} is ReaStream's own, 0: any that is free"), *_SETTINGS),
        "Waits for REAPER's ReaStream: each identifier is a stream. Its packets have no numbers, so what is lost is "
        "estimated from when they come, to about 50 ms. Otherwise as jmtx/start.",
        done=_DONE_PORT,
    ),
    Request(REASTREAM_STOP, (REQ,), "Ends all streams of ReaStream and frees the port. Fine where there is none."),
    Request(
        REASTREAM_NOTES_START,
        (
            REQ,
            Argument("identifier", "s", "of a ReaStream that receives, in front of a sampler"),
            Argument("channel", "i", "1..16; 10, where drums are, unless given", optional=True),
            STAGE,
            LABELS,
            Argument("host", "s", "address of REAPER's machine, as numbers; 127.0.0.1 unless given", optional=True),
            Argument("port", "i", f"UDP; {REASTREAM_PORT} unless given", optional=True),
        ),
        "Plays the hits of all streams by ReaStream, until it is stopped, as midi/start does on a MIDI port. Not to "
        f"where reastream/start listens: a ReaStream that receives wants port {REASTREAM_PORT} too, so on one machine "
        "REAPER and the server need an address each.",
        done=(Argument("name", "s", "of where it plays"),),
    ),
    Request(
        REASTREAM_NOTES_STOP,
        (REQ, Argument("identifier", "s", "as in start; all of them by default", optional=True)),
        "Lets all notes of a ReaStream go.",
        done=(Argument("n", "i", "how many ended"),),
    ),
)

WAY_STATUS_KEYS: Final[tuple[Argument, ...]] = (
    Argument("jmtx_port", "i", "where jit.net.send is waited for; 0: nowhere"),
    Argument("jmtx_connections", "i", "connections of jit.net.send"),
    Argument("jmtx_dropped", "i", "such connections that were closed: malformed, silent in a matrix, or too many"),
    Argument("reastream_port", "i", "where ReaStream is waited for; 0: nowhere"),
    Argument(
        "reastream_dropped",
        "i",
        "its packets that were not heard: malformed, of a second sender, or too many streams",
    ),
)
