"""The process that records from one device: PortAudio on one side, a pipe to `drumbridge.audio.capture` on the other.

Conventions: it is told what to do by one JSON object, answers with one line of JSON, an answer or an error, and then
writes blocks: a `HEADER` (samples, samples lost before, whether the device overflowed, when it was recorded, when it
arrived), and the samples as interleaved float32. It imports no numpy, so it is there at once. It ends by `os._exit`,
because closing a device that is gone may take PortAudio for ever, and when its stdin ends, so it outlives nobody.
"""

from __future__ import annotations

import dataclasses
import json
import os
import struct
import sys
import threading
from typing import Any, BinaryIO, Final

from drumbridge.errors import DrumbridgeError, ServerError

HEADER: Final = struct.Struct("=II?dd")
GONE: Final = 2  # exit codes
STALLED: Final = 3  # it should still be there, but nothing came any more

_SWITCH_INTERVAL_S = 0.0002  # a callback does not wait longer than this for the thread that writes
_LOOK_EVERY_S = 0.25
_STALLED_S = 2.0


def main() -> None:
    """Do what the last argument says."""
    pipe = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)  # what a driver prints must not get between the blocks
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    code = 0
    try:
        asked = json.loads(sys.argv[-1])
        if asked["do"] == "list":
            _tell(pipe, {"inputs": [dataclasses.asdict(device) for device in _input_devices()]})
        elif asked["do"] == "about":
            from .port_audio import host_apis, portaudio_version

            _tell(pipe, {"version": portaudio_version(), "hosts": host_apis()})
        else:
            code = _record(pipe, asked)
    except DrumbridgeError as error:
        _tell(pipe, {"code": error.code, "message": error.message})
    except BrokenPipeError:
        pass
    except Exception as error:
        _tell(pipe, {"code": "device.failed", "message": f"Recording failed: {type(error).__name__}: {error}."})
    os._exit(code)


def _record(pipe: BinaryIO, asked: dict[str, Any]) -> int:
    """Write blocks until the device is gone; return the exit code."""
    from .port_audio import Recording

    same = [d for d in _input_devices() if d.name == asked["name"] and d.host == asked["host"]]
    if not same:
        raise ServerError("device.not_found", f"{asked['name']} ({asked['host']}) is not there.")
    recording = Recording(same[0], **asked["how"])
    _tell(pipe, dataclasses.asdict(same[0]))
    waited_s = 0.0
    while waited_s < _STALLED_S:
        waiting = recording.queue.take(_LOOK_EVERY_S)
        if waiting is None:
            if not recording.active:
                return GONE
            waited_s += _LOOK_EVERY_S
            continue
        waited_s = 0.0
        audio, time_s, arrived_s, lost, overflowed = waiting
        pipe.write(HEADER.pack(len(audio), lost, overflowed, time_s, arrived_s))
        pipe.write(audio)
        if recording.queue.is_empty:  # else the next follows at once, and one write does for many
            pipe.flush()
    return STALLED


def _input_devices() -> list[Any]:
    from .port_audio import input_devices

    return input_devices()


def _tell(pipe: BinaryIO, what: dict[str, Any]) -> None:
    pipe.write(json.dumps(what).encode() + b"\n")
    pipe.flush()


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)
