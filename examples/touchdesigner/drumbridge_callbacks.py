"""Callbacks of an OSC In DAT in TouchDesigner: the hits of a live stream become rows of a table.

First type in a terminal: drumbridge listen --serve

In one network:
- an OSC Out DAT called `drumbridge_out`: Network Address 127.0.0.1, Network Port 23786;
- an OSC In DAT: Network Port 10000, and this text as its Callbacks DAT;
- a Table DAT called `hits`, empty: it gets a row for each note, with how often it was played and how hard.
  A DAT to CHOP behind it makes channels of that; `count` changes with every hit, `velocity` is 0..1.
Then call `start()` of this DAT once, from a button or a Textport: `op('drumbridge_callbacks').module.start()`.
"""

# ruff: noqa: F821 - `op` and `debug` are there in TouchDesigner.

REPLY_PORT = 10000  # of the OSC In DAT
EARLY, FINAL, WITHDRAWN = 0, 1, 2

counts = {}  # of each note


def start():
    """Ask drumbridge for its hits; again after drumbridge was started anew."""
    table = op("hits")
    table.clear()
    table.appendRow(["note", "count", "velocity", "confidence"])
    counts.clear()
    out = op("drumbridge_out")
    out.sendOSC("/drumbridge/hello", [1, REPLY_PORT, "TouchDesigner"])
    out.sendOSC("/drumbridge/notify", [2, 1])


def onReceiveOSC(dat, rowIndex, message, byteData, timeStamp, address, args, peer):
    """Called by TouchDesigner for each message."""
    if address == "/drumbridge/live/hit":
        # stream_id, hit_id, stage, position, note, velocity, duration_ms, label_index, confidence
        stage, note, velocity, confidence = args[2], args[4], args[5], args[8]
        if stage == EARLY and note >= 0:  # what is drawn in this frame goes with what is heard; final ones come later
            on_hit(note, velocity / 127, confidence)
    elif address == "/drumbridge/fail":
        debug("drumbridge:", args[2])


def on_hit(note, velocity, confidence):
    """What a hit does: make it yours."""
    table = op("hits")
    if note not in counts:
        table.appendRow([note, 0, 0, 0])
    counts[note] = counts.get(note, 0) + 1
    name = str(note)  # a row is known by what stands in its first column
    table[name, "count"] = counts[note]
    table[name, "velocity"] = velocity
    table[name, "confidence"] = confidence
