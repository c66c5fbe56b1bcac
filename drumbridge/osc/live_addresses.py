"""The rows of the table of addresses that belong to live audio.

Conventions: as for `drumbridge.osc.addresses`. Besides requests and replies there are messages without req:
`UNANSWERED` ones come from clients and are never answered with done, `LIVE_EVENTS` go to every client that asked for
them by notify. On the way of audio and hits there are only ints, floats and blobs: Max keeps every string that it
ever saw.
"""

from __future__ import annotations

from typing import Final

from drumbridge.osc.rows import PREFIX, REQ, Argument, Reply, Request
from drumbridge.osc.settings_addresses import PROFILE

STREAM_OPEN: Final = PREFIX + "stream/open"
STREAM_AUDIO: Final = PREFIX + "stream/audio"
STREAM_CLOSE: Final = PREFIX + "stream/close"
NOTIFY: Final = PREFIX + "notify"
CLOCK: Final = PREFIX + "clock"
LIVE_HIT: Final = PREFIX + "live/hit"
GAP: Final = PREFIX + "gap"
STREAM_STATUS: Final = PREFIX + "status/stream"

_STREAM = Argument("stream_id", "i", "as the done of open said")
_POSITION = Argument("position", "i", "samples of the stream, modulo 2147483648 (12 hours at 48 kHz)")

LIVE_REQUESTS: Final[tuple[Request, ...]] = (
    Request(
        STREAM_OPEN,
        (
            REQ,
            Argument("sample_rate", "i", "Hz, 8000..192000"),
            Argument("channels", "i", "1..64; their mean is heard"),
            Argument("name", "s", 'no two open streams have the same; "" is none', optional=True),
            Argument(
                "early_ms",
                "f",
                "a hit is told early so long after its attack, and again when final; 0: final only; -1: as the "
                "profile says, 10 unless it was set there",
                optional=True,
            ),
            PROFILE._replace(text="whose settings it has; by default the one that this client uses", optional=True),
        ),
        "Opens a stream of live audio. It ends with close, with its client's TCP connection, or when no audio came for "
        "a minute.",
        done=(Argument("stream_id", "i", "for the messages that follow"),),
    ),
    Request(
        STREAM_CLOSE,
        (REQ, _STREAM),
        "Ends a stream; done comes when all its audio is heard and its last hits have been sent.",
    ),
    Request(
        NOTIFY,
        (
            REQ,
            Argument(
                "on", "i", "0: no events; 1: the strongest label of each hit; 2: a message for each of its labels"
            ),
        ),
        "Asks for the events of all streams: live/hit, gap and kit/tapped.",
    ),
    Request(
        CLOCK,
        (REQ, _STREAM),
        "Asks how positions relate to the server's time: sample `position` arrived at position_s + position_us / 1e6, "
        "and the answer left at now_s + now_us / 1e6, seconds since the server started. Between answers a "
        "position moves on by rate_hz.",
        done=(
            _POSITION,
            Argument("position_s", "i", "when the sample there arrived or, without delay, would have: whole seconds"),
            Argument("position_us", "i", "and the microseconds"),
            Argument("now_s", "i", "the server's time now: whole seconds"),
            Argument("now_us", "i", "and the microseconds"),
            Argument("rate_hz", "f", "samples per second of the server's time"),
            Argument("drift_ppm", "f", "how much faster than nominal that is, parts per million; 0 until it is known"),
        ),
    ),
)

UNANSWERED: Final[tuple[Reply, ...]] = (
    Reply(
        STREAM_AUDIO,
        (
            _STREAM,
            Argument("seq", "i", "counts the packets of the stream from 0, modulo 4294967296 (so it turns negative)"),
        ),
        "A packet of audio: one blob of float32 little-endian, or up to 1,000 floats; interleaved, full scale +-1. "
        "Give all packets of a stream one length: it is what a lost one is taken to have had. A packet may be "
        "overtaken by 7 others; what comes later is late, and a gap instead. Position 0 is the start of packet 0 (or "
        "of the lowest among the first 8, if none is 0). Who begins to count anew is heard again once 16 packets in a "
        "row go on from each other, all more than 256 behind; that is a gap with reason 2. Never answered when all is "
        "well; a packet that cannot be used is counted and, at most once a second, answered by a fail with req -1. "
        "Audio may come faster than it is played: over TCP what cannot be heard at once waits at the sender, over UDP "
        "more than 10 s of it are a gap.",
        (Argument("audio", "b", "a blob, or floats"),),
    ),
)

LIVE_EVENTS: Final[tuple[Reply, ...]] = (
    Reply(
        LIVE_HIT,
        (
            _STREAM,
            Argument("hit_id", "i", "counts the hits of a stream; an early hit and what becomes of it have the same"),
            Argument("stage", "i", "0: early, may still change; 1: final; 2: withdrawn, there was no hit"),
            _POSITION,
            Argument(
                "note",
                "i",
                "General MIDI percussion note of the label, of the best guess when that is unsure; with a kit the "
                "note of the pad, -1 when it is none of them",
            ),
            Argument("velocity", "i", "1..127, see the setting velocity_full_db for what is 127"),
            Argument("duration_ms", "i", "for a note that has to end"),
            Argument(
                "label_index", "i", "place in the table of labels, see labels; of a pad its label_index, see kit/pads"
            ),
            Argument("confidence", "f", "probability of the label, 0..1"),
        ),
        "A hit of a live stream.",
    ),
    Reply(
        GAP,
        (
            _STREAM,
            _POSITION,
            Argument("length", "i", "samples that are missing there"),
            Argument(
                "reason_code",
                "i",
                "0: packets were lost; 1: audio came faster than it could be heard; 2: the packets' numbers began "
                "anew, so the length is unknown and 0; 3: the audio interface lost samples (an xrun; length 0 if its "
                "time stamps show none missing); 4: the audio interface is gone (length 0), or is back and the length "
                "is how long it was away",
            ),
        ),
        "Audio of a live stream is missing; hits in it are not heard, positions after it are exact.",
    ),
)

LIVE_REPLIES: Final[tuple[Reply, ...]] = (
    Reply(
        STREAM_STATUS,
        (
            REQ,
            _STREAM,
            Argument("name", "s", ""),
            Argument("sample_rate", "i", "Hz"),
            Argument("channels", "i", ""),
            _POSITION,
            Argument("received", "i", "packets"),
            Argument("lost", "i", "packets that never came"),
            Argument("late", "i", "packets that came after they had been given up"),
            Argument("doubled", "i", "packets that had been there already"),
            Argument("waiting", "i", "samples that have arrived and are not heard yet"),
            Argument("overrun", "i", "samples that came faster than they could be heard"),
            Argument("unusable", "i", "samples that were no audio (NaN, infinite, huge) and heard as silence"),
            Argument("drift_ppm", "f", "see clock"),
        ),
        "Facts about one open stream; counts are of its life so far.",
    ),
)

LIVE_CODES: Final[dict[str, str]] = {
    "stream.not_found": "There is no such stream (any more).",
    "stream.name_taken": "A stream with that name is open and in use.",
    "stream.too_many": "All streams that there may be are open and in use.",
}
