"""The rows of the table of addresses that belong to audio interfaces.

Conventions: as for `drumbridge.osc.live_addresses`. An input is a live stream whose audio the server fetches itself:
its hits, gaps and clock are those of the stream.
"""

from __future__ import annotations

from typing import Final

from drumbridge.audio.devices import BLOCK_SIZE, BLOCK_SIZES
from drumbridge.osc.rows import PREFIX, REQ, Argument, Reply, Request
from drumbridge.osc.settings_addresses import PROFILE

DEVICES: Final = PREFIX + "devices"
DEVICES_VALUE: Final = PREFIX + "devices/value"
INPUT_START: Final = PREFIX + "input/start"
INPUT_STOP: Final = PREFIX + "input/stop"
INPUT_STATUS: Final = PREFIX + "status/input"

_STREAM = Argument("stream_id", "i", "as the done of input/start said")

INPUT_REQUESTS: Final[tuple[Request, ...]] = (
    Request(DEVICES, (REQ,), "Asks which audio inputs there are now.", replies=(DEVICES_VALUE,)),
    Request(
        INPUT_START,
        (
            REQ,
            Argument(
                "device",
                "v",
                'its index, its name, or a part of "name, host" that no other device has; "" for the system\'s own '
                "choice. The path of an audio file plays it as if it were a device",
            ),
            Argument(
                "channel",
                "v",
                'from 1; several as "1+2" are mixed; 0 unless given: the first two, or the only one',
                optional=True,
            ),
            Argument("early_ms", "f", "as for stream/open", optional=True),
            Argument(
                "block_size",
                "i",
                f"samples, {BLOCK_SIZES[0]}..{BLOCK_SIZES[1]}; {BLOCK_SIZE} unless given. Smaller is quicker, and "
                "loses audio sooner on a busy machine",
                optional=True,
            ),
            Argument("sample_rate", "i", "Hz; 0 unless given: the device's own", optional=True),
            PROFILE._replace(text="as for stream/open", optional=True),
        ),
        "Listens to an audio interface as a live stream. It ends with input/stop, with its client's TCP connection, or "
        "with the server. A device that is pulled out is a gap, and is taken up again when it is back. Who starts what "
        "is listened to already, with the same settings, gets the stream that there is.",
        done=(Argument("stream_id", "i", "for live/hit, gap, clock, status and input/stop"),),
    ),
    Request(
        INPUT_STOP,
        (REQ, _STREAM),
        "Lets go of an audio interface; done comes when its last hits have been sent.",
    ),
)

INPUT_REPLIES: Final[tuple[Reply, ...]] = (
    Reply(
        DEVICES_VALUE,
        (REQ,),
        "The audio inputs.",
        (
            Argument("index", "i", "changes when devices come and go: a name is safer"),
            Argument("name", "s", ""),
            Argument("host", "s", "how it is reached: ASIO, Windows WASAPI, Core Audio, ALSA, JACK ..."),
            Argument("channels", "i", ""),
            Argument("sample_rate", "i", "Hz"),
            Argument("is_default", "i", "1: the system's own choice"),
        ),
    ),
    Reply(
        INPUT_STATUS,
        (
            REQ,
            _STREAM,
            Argument("device", "s", "its name"),
            Argument("host", "s", "how it is reached"),
            Argument("channels", "s", "those that are heard: 1+2"),
            Argument("block_size", "i", "samples"),
            Argument("is_there", "i", "0: it is gone, and looked for"),
            Argument("level_db", "f", "peak of the last second, dBFS; -120 is silence"),
            Argument("xruns", "i", "how often it lost samples"),
            Argument("lost", "i", "samples that were lost so, or that the server took too late"),
            Argument("times_gone", "i", "how often it went away"),
            Argument("trouble", "s", "why it is not there; empty when it is"),
        ),
        "Facts about one audio interface; the rest is in the stream's. Drift there is that of the device's clock.",
    ),
)

INPUT_CODES: Final[dict[str, str]] = {
    "device.no_portaudio": "The PortAudio library is missing; the message says how to get it.",
    "device.none": "There is no audio input.",
    "device.not_found": "No audio input has that index or name; the message says which there are.",
    "device.ambiguous": "Several audio inputs have that in their names.",
    "device.channel": "The device has no such channel.",
    "device.rate": "The device does not run at that rate.",
    "device.block_size": "A block cannot have so few or so many samples.",
    "device.busy": "Another program has the device, or an input with other settings.",
    "device.failed": "The device cannot be opened; the message has what its driver says.",
    "device.stuck": "The driver of a device does not answer.",
}
