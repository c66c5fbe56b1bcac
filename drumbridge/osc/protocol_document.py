"""docs/protocol.md, written from the table of addresses."""

from __future__ import annotations

from collections.abc import Iterator

from drumbridge.core.settings_table import SETTINGS
from drumbridge.engine.jobs import MAX_PER_CLIENT, MAX_TOTAL
from drumbridge.engine.session import MAX_SESSIONS
from drumbridge.osc.addresses import (
    CODES,
    DEFAULT_PORT,
    DONE,
    EVENTS,
    FAIL,
    MAX_ATOMS,
    MAX_LIST,
    MAX_REPLY,
    NO_REQ,
    PROTOCOL,
    REPLIES,
    REQUESTS,
    STATUS_KEYS,
    UNANSWERED,
    Argument,
    Reply,
)
from drumbridge.osc.framing import MAX_PACKET
from drumbridge.osc.live_addresses import NOTIFY, STREAM_AUDIO
from drumbridge.osc.pace import BURST, EVERY_S
from drumbridge.osc.wire import MAX_DEPTH

_INTRODUCTION = f"""# The protocol of drumbridge

Version {PROTOCOL}. Made by `python -m drumbridge.osc.addresses > docs/protocol.md`; do not edit.

## Rules

- The server listens on 127.0.0.1, port {DEFAULT_PORT}, UDP and TCP, unless it was started otherwise.
- Every request starts with `req`, an int that you choose (use each once, from 0 up); every reply repeats it.
- Only `{STREAM_AUDIO}` has no `req` and is not answered.
- **Every request ends in exactly one `{DONE} req ...` or `{FAIL} req code message`**, unknown addresses and wrong
  arguments included. A packet that cannot be read ends in one fail with req {NO_REQ}.
- Types are `i` (int32), `f` (float32) and `s` (UTF-8 string). Where an int is asked a float with a whole value
  will do, and an int where a float is asked. Their 64-bit relatives `h` and `d` are taken where the value fits.
- A reply has at most {MAX_ATOMS} arguments and {MAX_REPLY} bytes, more than {MAX_LIST} only where a path is very long;
  a longer list comes as several messages.
- UDP: replies go to the address and port that the request came from, unless `hello` named another port.
  A client is its address and port: keep your socket. {MAX_SESSIONS} clients are remembered; the one unheard longest
  is forgotten first, one that never said hello before one that did, and none while it has a job or an open stream.
- TCP: packets with a length before them (OSC 1.0) or SLIP (OSC 1.1); the first byte shows which, and replies come the
  same way. A packet has at most {MAX_PACKET} bytes. When the connection ends its jobs are cancelled and its streams
  closed, and a client that does not read its replies loses the connection.
- Long work (classify, transcribe, scan) is a job. Jobs of one client run in order, those of several side by side.
  At most {MAX_PER_CLIENT} jobs of one client wait or run, and {MAX_TOTAL} of all; more end in a fail at once.
  Everything else is answered at once, also while jobs run; sync alone waits for them.
- Over UDP a job sends at most {BURST / EVERY_S:.0f} replies a second, so that a client that is busy for a moment loses
  none; done tells how many there were. Over TCP there is no such limit.
- Bundles are taken apart and done in order, **at once, whatever their time tag says**; at most {MAX_DEPTH} deep.
- Address patterns are not supported and end in a fail: every address here is short.
- What looks like an answer (any reply below, any address that ends in /done, /fail or /error) is never answered, so
  that two servers that were pointed at each other fall silent.
- `position_s` is a float32: exact to 0.01 ms in the first four minutes, to 0.1 ms in the first half hour, to 0.5 ms up
  to four and a half hours.
- Send paths as one string argument (one symbol in Max), and absolute: the server does not know your folders.
"""


def document() -> str:
    """Return docs/protocol.md."""
    parts = [_INTRODUCTION, "## Requests\n"]
    for request in REQUESTS:
        parts.append(f"### {request.signature}\n\n{request.text}\n")
        parts.append(_table(request.arguments))
        parts += [f"- first any number of `{address}`" for address in request.replies]
        parts.append("- then `" + " ".join([DONE, "req", *(a.name for a in request.done)]) + "`\n")
        if request.done:
            parts.append(_table(request.done))
    parts.append("## Live audio\n\nSent by a client, without req.\n")
    parts += _messages(UNANSWERED)
    parts.append("## Replies\n")
    parts += _messages(REPLIES)
    parts.append(f"## Events\n\nSent without req to every client that asked with `{NOTIFY}`.\n")
    parts += _messages(EVENTS)
    parts.append(
        "## Settings\n\nOf live streams, kept by profile on the server's machine; the command line has the same.\n"
    )
    parts.append("| setting | type | default | range | meaning |\n|---|---|---|---|---|")
    parts += [f"| `{s.name}` | {s.type} | {_shown(s.default)} | {s.range} | {s.text} |" for s in SETTINGS]
    parts.append("\n## Status\n\nKeys of `/drumbridge/status/value`; there may be more in later versions.\n")
    parts.append(_table(STATUS_KEYS))
    parts.append("## Codes of fail\n\n| code | meaning |\n|---|---|")
    parts += [f"| `{code}` | {text} |" for code, text in CODES.items()]
    return "\n".join(parts) + "\n"


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _messages(rows: tuple[Reply, ...]) -> Iterator[str]:
    for row in rows:
        repeated = " ".join(argument.name for argument in row.repeated)
        names = [argument.name for argument in row.arguments] + ([f"({repeated}) ..."] if repeated else [])
        yield f"### {' '.join([row.address, *names])}\n\n{row.text}\n"
        yield _table(row.arguments + row.repeated)


def _table(arguments: tuple[Argument, ...]) -> str:
    rows = ["| argument | type | meaning |", "|---|---|---|"]
    for argument in arguments:
        optional = " (optional)" if argument.optional else ""
        rows.append(f"| `{argument.name}`{optional} | {argument.type} | {argument.text} |")
    return "\n".join(rows) + "\n"
