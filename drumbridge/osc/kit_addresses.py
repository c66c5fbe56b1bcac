"""The rows of the table of addresses that belong to kits: pads of somebody's own, taught by a few taps.

Conventions: as for `drumbridge.osc.addresses`. A pad is known by its label_index, which stands in live/hit too: it
never changes, and no other pad of the kit ever gets it.
"""

from __future__ import annotations

from typing import Final

from drumbridge.osc.rows import PREFIX, REQ, Argument, Reply, Request

KIT_LIST: Final = PREFIX + "kit/list"
KIT_NEW: Final = PREFIX + "kit/new"
KIT_PAD: Final = PREFIX + "kit/pad"
KIT_PADS: Final = PREFIX + "kit/pads"
KIT_TAP: Final = PREFIX + "kit/tap"
KIT_LEARN: Final = PREFIX + "kit/learn"
KIT_UNDO: Final = PREFIX + "kit/undo"
KIT_USE: Final = PREFIX + "kit/use"
KIT_SAVE: Final = PREFIX + "kit/save"
KIT_RENAME: Final = PREFIX + "kit/rename"
KIT_DELETE: Final = PREFIX + "kit/delete"
KIT_ROW: Final = PREFIX + "kit/row"
KIT_PADS_ROW: Final = PREFIX + "kit/pads/row"
KIT_TAPPED: Final = PREFIX + "kit/tapped"

_STREAM = Argument("stream_id", "i", "as the done of open said")
_KIT = Argument("kit", "s", "its name, in any case")
_PAD = Argument("pad", "s", "its name, in any case")
_INDEX = Argument("label_index", "i", "of the pad, as in live/hit")
_N = Argument("n", "i", "taps that the pad has now")
_NOTE = Argument("note", "i", "MIDI note that it plays, 0..127")
_COLOUR = Argument("colour_rgb", "i", "0xRRGGBB")

KIT_REQUESTS: Final[tuple[Request, ...]] = (
    Request(KIT_LIST, (REQ,), "Asks which kits are stored.", replies=(KIT_ROW,)),
    Request(
        KIT_NEW,
        (REQ, _KIT._replace(text="1 to 40 letters, digits, spaces, - and _")),
        "Makes a kit without pads.",
    ),
    Request(
        KIT_PAD,
        (
            REQ,
            _KIT,
            _PAD._replace(text="1 to 40 signs"),
            _NOTE._replace(
                text="by default that of a drum of that name, else the next from 36 on; -1 too", optional=True
            ),
            _COLOUR._replace(
                text="0xRRGGBB; by default that of a drum of that name, else one of its own", optional=True
            ),
        ),
        "Makes a pad of a kit, or changes the note and the colour of one that is there.",
        done=(_INDEX, _NOTE, _COLOUR),
    ),
    Request(
        KIT_PADS,
        (REQ, _KIT),
        "Asks for the pads of a kit.",
        done=(Argument("n", "i", "pads"),),
        replies=(KIT_PADS_ROW,),
    ),
    Request(
        KIT_TAP,
        (REQ, _STREAM, _KIT, _PAD._replace(text='its name; "" teaches no pad any more')),
        "Teaches: every stroke that the stream hears from now on is a tap of that pad, until another pad is asked for. "
        "Three to ten taps of each pad, soft and loud ones, make a kit. Each tap is stored and learned at once, and "
        "told by an event; one that cannot be learned is told by a fail with req -1.",
        done=(_INDEX._replace(text="of the pad, -1 for none"),),
    ),
    Request(
        KIT_LEARN,
        (REQ, _KIT, _PAD, Argument("path", "s", "of an audio file, in any form")),
        "Teaches from a file: every stroke in it is a tap of the pad, which is made if it is not there.",
        done=(_INDEX, _N),
    ),
    Request(
        KIT_UNDO,
        (REQ, _KIT),
        "Takes back the last tap of a kit, and again the one before.",
        done=(_INDEX._replace(text="of the pad that it was of"), _N),
    ),
    Request(
        KIT_USE,
        (REQ, _STREAM, _KIT._replace(text='its name; "" names hits by labels again')),
        "Names the hits of a stream by the pads of a kit: live/hit has the note and the label_index of the pad, and "
        "what is none of them has label_index unsure and note -1. The kit may be taught meanwhile.",
        done=(Argument("n", "i", "pads with taps"),),
    ),
    Request(
        KIT_SAVE,
        (REQ, _KIT),
        "Is answered when every stroke that was told as final has been learned and stored; nothing else is needed.",
    ),
    Request(KIT_RENAME, (REQ, _KIT, Argument("new_name", "s", "")), "Gives a kit another name."),
    Request(KIT_DELETE, (REQ, _KIT), "Deletes a kit, for good. Streams that use it go on with what they learned."),
)

KIT_REPLIES: Final[tuple[Reply, ...]] = (
    Reply(
        KIT_ROW,
        (REQ, _KIT, Argument("n_pads", "i", ""), Argument("n_taps", "i", ""), Argument("model", "s", "that heard it")),
        "One kit that is stored. Another model learns it anew from what was played, by itself.",
    ),
    Reply(
        KIT_PADS_ROW,
        (REQ, _INDEX, Argument("pad", "s", "its name"), _NOTE, _COLOUR, Argument("n_taps", "i", "")),
        "One pad of a kit.",
    ),
)

KIT_EVENTS: Final[tuple[Reply, ...]] = (
    Reply(
        KIT_TAPPED,
        (_STREAM, Argument("hit_id", "i", "of the stroke, as in live/hit"), _INDEX, _N),
        "A stroke was learned as a tap; it is stored.",
    ),
)

KIT_CODES: Final[dict[str, str]] = {
    "kit.not_found": "No kit of that name is stored.",
    "kit.exists": "A kit of that name is stored already.",
    "kit.name": "A kit cannot have that name.",
    "kit.no_pad": "The kit has no such pad.",
    "kit.no_taps": "The kit has no taps yet.",
    "kit.no_hits": "No stroke is heard in a file that was to teach a pad.",
    "kit.file": "The file of a kit cannot be understood, read or written; it was left as it is.",
    "kit.*": "Something else about a kit or a pad cannot be.",
}
