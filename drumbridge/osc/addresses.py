"""The one table of OSC addresses: what each takes, what it answers, what it is for.

Conventions: a request goes to the server and starts with ``req``, an int that the client chooses; a
reply repeats it. Every request ends in exactly one `DONE` or `FAIL`. Argument types are those that
every client has: ``i`` int32, ``f`` float32, ``s`` string; ``v`` is any of them. What belongs
to live audio, to audio interfaces, to other ways for it than OSC, to settings, notes and takes stands in
`live_addresses`, `input_addresses`, `way_addresses`, `settings_addresses`, `note_addresses` and `take_addresses`,
parts of this table.

Argument checks, the help in error messages and docs/protocol.md are made from this table
(``python -m drumbridge.osc.addresses`` prints the latter).
"""

from __future__ import annotations

from typing import Final

from drumbridge.errors import SettingsError
from drumbridge.osc.input_addresses import INPUT_CODES, INPUT_REPLIES, INPUT_REQUESTS
from drumbridge.osc.kit_addresses import KIT_CODES, KIT_EVENTS, KIT_REPLIES, KIT_REQUESTS
from drumbridge.osc.live_addresses import LIVE_CODES, LIVE_EVENTS, LIVE_REPLIES, LIVE_REQUESTS, UNANSWERED
from drumbridge.osc.note_addresses import NOTE_CODES, NOTE_REPLIES, NOTE_REQUESTS, NOTE_STATUS_KEYS
from drumbridge.osc.rows import DONE, FAIL, PREFIX, REQ, Argument, Reply, Request
from drumbridge.osc.settings_addresses import SETTINGS_CODES, SETTINGS_REPLIES, SETTINGS_REQUESTS
from drumbridge.osc.take_addresses import TAKE_CODES, TAKE_REPLIES, TAKE_REQUESTS
from drumbridge.osc.way_addresses import WAY_REQUESTS, WAY_STATUS_KEYS

__all__ = ["DONE", "EVENTS", "FAIL", "PREFIX", "UNANSWERED", "Argument", "Reply", "Request"]

PROTOCOL: Final = 1  # counts incompatible changes of this table
DEFAULT_PORT: Final = 23786  # "DRUM" on a phone's keys with a 2 before it; UDP and TCP
MAX_ATOMS: Final = 250  # arguments of one reply: longer lists arrive cut in Max
MAX_REPLY: Final = 8000  # bytes of one reply: python-osc's servers read no more than 8192
MAX_LIST: Final = 4000  # bytes of a reply that could be cut into several: python-osc's clients read 4096
NO_REQ: Final = -1  # repeated by a fail when the request had no req that could be read

_PATH = Argument("path", "s", "of an audio file, as the DAW gives it: POSIX, Windows, file:// or Macintosh HD:/")
_MODEL = Argument(
    "model", "s", "name of a model, or its path in any such form; by default the server's own", optional=True
)
_KIT = Argument(
    "kit", "s", 'name of a kit whose pads are the answers, as in a stream that uses it; "" for none', optional=True
)
_LABEL = Argument("label", "s", 'name of a drum or of a pad, or "unsure"')
_P = Argument("p", "f", "probability, 0..1")

REQUESTS: Final[tuple[Request, ...]] = (
    Request(
        PREFIX + "hello",
        (
            REQ,
            Argument(
                "reply_port", "i", "UDP port on your machine that answers go to from now on; 0: where I send from"
            ),
            Argument("name", "s", "of the client, for the log"),
        ),
        "Introduces a client. Needed only where it listens on another socket than it sends from, as Max does. "
        "Again: changes it. Over TCP answers stay in the connection.",
        done=(Argument("client_id", "i", "this client's number"), Argument("version", "s", "of drumbridge")),
    ),
    Request(PREFIX + "ping", (REQ,), "Asks whether the server is there; answered at once, whatever else is going on."),
    Request(
        PREFIX + "status",
        (REQ,),
        "Asks how the server is.",
        replies=(PREFIX + "status/value", PREFIX + "status/stream", PREFIX + "status/input"),
    ),
    Request(
        PREFIX + "classify",
        (REQ, _PATH, _MODEL._replace(text=_MODEL.text + ', or ""'), _KIT),
        "Asks what a one-shot is: a file with one drum hit.",
        done=(_LABEL, _P),
        replies=(PREFIX + "scores", PREFIX + "warning"),
    ),
    Request(
        PREFIX + "transcribe",
        (
            REQ,
            _PATH,
            Argument("start_s", "f", "start of the part that matters, seconds", optional=True),
            Argument("end_s", "f", "its end, seconds; -1: that of the file", optional=True),
            _KIT,
        ),
        "Asks for every hit of a file; hits are sent as they are found.",
        done=(Argument("n", "i", "how many hits were sent"),),
        replies=(PREFIX + "hit", PREFIX + "progress", PREFIX + "warning"),
    ),
    Request(
        PREFIX + "scan",
        (
            REQ,
            Argument("folder", "s", "path, in any of the forms of a file's"),
            Argument("kind", "s", '"one_shot" or "loop" takes every file for that; "auto" tells', optional=True),
        ),
        "Hears every audio file below a folder and remembers it in the library; what is known is told at once.",
        done=(
            Argument("n_ok", "i", "files that were heard, now or before"),
            Argument("n_failed", "i", "files that could not be"),
        ),
        replies=(PREFIX + "progress", PREFIX + "file", PREFIX + "file/loop", PREFIX + "file/fail", PREFIX + "warning"),
    ),
    Request(
        PREFIX + "correct",
        (
            REQ,
            _PATH,
            Argument(
                "index",
                "i",
                "of a hit as your last transcribe of this file counted them, else as in the whole file; -1: the file, "
                "which for a one-shot 0 is too",
            ),
            Argument("label", "s", 'name of the drum that it is, or a label of your own; "" takes a correction back'),
        ),
        "Tells what a sound really is. The library remembers it by the contents of the file; it counts at once and for "
        "good, in every reply of scan and in find. A file that the library does not know is heard first.",
        done=(_LABEL, _P),
    ),
    Request(
        PREFIX + "cancel",
        (REQ, Argument("other_req", "i", "the req of a job of this client that runs or waits")),
        "Ends a job: the other request ends in a fail with code job.cancelled.",
    ),
    Request(PREFIX + "labels", (REQ,), "Asks for every label there is.", replies=(PREFIX + "labels/value",)),
    Request(PREFIX + "sync", (REQ,), "Is answered when everything that this client asked before has been answered."),
    *LIVE_REQUESTS,
    *INPUT_REQUESTS,
    *WAY_REQUESTS,
    *SETTINGS_REQUESTS,
    *NOTE_REQUESTS,
    *KIT_REQUESTS,
    *TAKE_REQUESTS,
)

REPLIES: Final[tuple[Reply, ...]] = (
    Reply(
        DONE,
        (REQ,),
        "The request ended well; what follows depends on the request.",
        (Argument("result", "v", "as listed with the request"),),
    ),
    Reply(
        FAIL,
        (
            Argument("req", "i", f"of the request; {NO_REQ} when it had none that could be read"),
            Argument("code", "s", "stable, to be matched on"),
            Argument("message", "s", "one sentence for people"),
        ),
        "The request ended without a result.",
    ),
    Reply(
        PREFIX + "status/value",
        (REQ,),
        "Facts about the server.",
        (Argument("key", "s", "see Status"), Argument("value", "v", "")),
    ),
    Reply(
        PREFIX + "scores",
        (REQ,),
        "Every label of the model with its probability, strongest first; they sum to 1 but for groups named as one.",
        (_LABEL, _P),
    ),
    Reply(
        PREFIX + "hit",
        (
            REQ,
            Argument("index", "i", "counts the hits of this request from 0"),
            Argument("position_s", "f", "start of the attack, seconds from the start of the file"),
            Argument("velocity", "i", "1..127, relative to the loudest stroke of the seconds before"),
        ),
        "One hit. Labels that sound together follow strongest first; an unsure hit has the one label "
        '"unsure" with the probability of its best guess.',
        (_LABEL, _P),
    ),
    Reply(
        PREFIX + "progress",
        (
            REQ,
            Argument("done", "i", "files of a scan; thousandths of a transcription"),
            Argument("total", "i", "in the same unit"),
        ),
        "How far a job is: once a file in a scan, at most ten times a second otherwise. Short jobs send none.",
    ),
    Reply(
        PREFIX + "warning",
        (REQ, Argument("message", "s", "one sentence for people, which names the file")),
        "A file is damaged (cut off, say) but was read as far as it goes; or a take lacks audio.",
    ),
    Reply(
        PREFIX + "file",
        (REQ, Argument("path", "s", "of the file, absolute")),
        'One file with its best labels, strongest first; the first is "unsure" where the model is. A label that a '
        "person gave it stands first, with probability 1. Of a loop: its commonest labels, with their share of its "
        "hits, but for the first, whose probability is its hits' mean.",
        (_LABEL, _P),
    ),
    Reply(
        PREFIX + "file/loop",
        (
            REQ,
            Argument("path", "s", "of the file, absolute"),
            Argument("n_hits", "i", "how many hits it has"),
            Argument("duration_s", "f", "its length, seconds"),
        ),
        "Follows the file message of a loop.",
    ),
    Reply(
        PREFIX + "file/fail",
        (REQ, Argument("path", "s", "of the file, absolute"), Argument("code", "s", ""), Argument("message", "s", "")),
        "One file of a scan that could not be classified, and why.",
    ),
    Reply(
        PREFIX + "labels/value",
        (REQ,),
        "The table of labels, in its order; unsure ends it and has gm_note -1. Labels of the model that are not "
        "in the table follow.",
        (
            Argument("index", "i", "place in the table, from 0"),
            Argument("label", "s", "name"),
            Argument("group", "s", "kick, snare, tom ..."),
            Argument("gm_note", "i", "General MIDI percussion note"),
            Argument("colour_rgb", "i", "0xRRGGBB"),
        ),
    ),
    *LIVE_REPLIES,
    *INPUT_REPLIES,
    *SETTINGS_REPLIES,
    *NOTE_REPLIES,
    *KIT_REPLIES,
    *TAKE_REPLIES,
)

EVENTS: Final[tuple[Reply, ...]] = LIVE_EVENTS + KIT_EVENTS

STATUS_KEYS: Final[tuple[Argument, ...]] = (
    Argument("version", "s", "of drumbridge"),
    Argument("protocol", "i", "of this document"),
    Argument("pid", "i", "process number of the server"),
    Argument("uptime_s", "f", "seconds since the start"),
    Argument("memory_mb", "f", "highest memory use so far, megabytes; 0 where the system does not say"),
    Argument("model", "s", 'the server\'s own model; "" until it is loaded'),
    Argument("clients", "i", "clients that are remembered"),
    Argument("jobs_queued", "i", "jobs that wait"),
    Argument("jobs_running", "i", "jobs that run"),
    Argument("requests", "i", "messages that arrived"),
    Argument("fails", "i", "requests that ended in a fail"),
    Argument("replies_lost", "i", "replies that the system did not take"),
    Argument("streams", "i", "live streams that are open"),
    Argument("audio_dropped", "i", "packets of audio that could not be used: malformed, or for no stream"),
    *NOTE_STATUS_KEYS,
    *WAY_STATUS_KEYS,
)

CODES: Final[dict[str, str]] = {
    "osc.malformed": "The packet is not OSC; req is -1. A packet is taken whole or not at all.",
    "osc.framing": "The TCP stream is neither length-prefixed nor SLIP, or a packet is too long or damaged; req is -1.",
    "osc.unknown_address": "There is no such address.",
    "osc.pattern": "Address patterns (* ? [] {}) are not supported: name the address.",
    "osc.arguments": "Too few or too many arguments, or one of another type.",
    "job.queue_full": "Too many jobs wait already; ask again when some have ended.",
    "job.duplicate_req": "A job of this client with the same req has not ended yet.",
    "job.not_found": "No job of this client with that req waits or runs.",
    "job.cancelled": "The job was cancelled, or its client left, or the server was stopped.",
    **LIVE_CODES,
    **INPUT_CODES,
    "server.port_taken": "The port belongs to another program.",
    "server.address": "There is no such port or address to listen on.",
    "server.already_on": "That way is on already, with other settings.",
    "server.too_many_ways": "As many senders are waited for as there may be.",
    **SETTINGS_CODES,
    **NOTE_CODES,
    **KIT_CODES,
    **TAKE_CODES,
    "settings.*": "An argument is outside its range.",
    "library.*": "The sample library cannot be opened, read or written.",
    "audio.*": "The file cannot be found, read or used.",
    "model.*": "The model cannot be found or used.",
    "server.bug": "A mistake in drumbridge; the server's log has the details.",
}

REQUEST_BY_ADDRESS: Final = {request.address: request for request in REQUESTS}
REPLY_BY_ADDRESS: Final = {reply.address: reply for reply in REPLIES + EVENTS}
_ENDS_THAT_ANSWER = ("/done", "/fail", "/error")


def is_answer(address: str) -> bool:
    """Whether `address` is (or looks like) an answer, which is never answered: two servers must not loop."""
    return address in REPLY_BY_ADDRESS or address.endswith(_ENDS_THAT_ANSWER)


def check_port(port: int) -> None:
    """Check the reply_port of a hello.

    Raises
    ------
    SettingsError
        ``settings.reply_port``: there is no such port.
    """
    if not 0 <= port <= 65535:
        raise SettingsError("settings.reply_port", f"There is no port {port}; name one of 1..65535, or 0.")


if __name__ == "__main__":
    from drumbridge.osc.protocol_document import document

    print(document(), end="")
