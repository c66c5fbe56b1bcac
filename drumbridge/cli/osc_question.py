"""A question of `drumbridge batch` that goes to a running `drumbridge serve`: one OSC request and its replies.

Conventions: an int is sent as i, a float as f, a text as s; `req` is put before them. Only this machine is asked.
"""

from __future__ import annotations

import itertools
import socket
import time
from typing import Any

from drumbridge.errors import ProtocolError, ServerError
from drumbridge.osc.addresses import DONE, FAIL
from drumbridge.osc.wire import Message, decode, encode
from drumbridge.ports import LOOPBACK

_ANSWER_WITHIN_S = 5.0
_TAGS = {int: "i", float: "f", str: "s"}
_reqs = itertools.count(1)


def is_osc_question(question: dict[str, Any]) -> bool:
    """Return whether a question is ``{"osc": ADDRESS, "arguments": [...]}``."""
    arguments = question.get("arguments", [])
    return (
        isinstance(question.get("osc"), str)
        and set(question) <= {"osc", "arguments"}
        and isinstance(arguments, list)
        and all(type(argument) in _TAGS for argument in arguments)
    )


def ask_server(port: int, address: str, arguments: list[Any]) -> tuple[list[list[Any]], Message]:
    """Send one request and return its replies, each [address, ...], and the done or fail that ends them.

    Raises
    ------
    ServerError
        ``server.silent``: nobody answers on that port.
    """
    req = next(_reqs)
    tags = "i" + "".join(_TAGS[type(argument)] for argument in arguments)
    replies: list[list[Any]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        try:
            link.connect((LOOPBACK, port))
            link.send(encode(Message(address, tags, (req, *arguments))))
            until_s = time.monotonic() + _ANSWER_WITHIN_S
            while (left_s := until_s - time.monotonic()) > 0:
                link.settimeout(left_s)
                reply = decode(link.recv(65536))
                if not isinstance(reply, Message) or reply.arguments[:1] != (req,):
                    continue
                if reply.address in (DONE, FAIL):
                    return replies, reply
                replies.append([reply.address, *reply.arguments[1:]])
        except (OSError, ProtocolError):  # nobody is there, or somebody else
            pass
    raise ServerError("server.silent", f"drumbridge serve does not answer on port {port}.")
