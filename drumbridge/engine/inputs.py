"""The audio inputs that are listened to, by the number of their stream.

Conventions: an input belongs to the clients that started it and ends when it is stopped, when its stream ends, or when
the last of them is gone. Devices are opened in threads of their own, one after another, because that takes a while:
all methods may be called from any thread, and none waits but `shut_down`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from drumbridge.audio.capture import PortAudioInputs
from drumbridge.audio.devices import (
    BLOCK_SIZE,
    InputSystem,
    check_block_size,
    check_channels,
    find_input,
)
from drumbridge.audio.paths import path_from_daw
from drumbridge.audio.recorded_device import RecordedInputs
from drumbridge.audio.walk import AUDIO_SUFFIXES
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.errors import DrumbridgeError, ServerError, StreamError

from .device_input import DeviceInput, InputOptions
from .event_bus import StreamListener
from .live_stream import LiveStream
from .streams import Streams

_log = logging.getLogger(__name__)

Started = Callable[["DeviceInput | None", "Exception | None"], None]


class Inputs(StreamListener):
    """Starts, finds and stops inputs.

    Parameters
    ----------
    streams : Streams
        Has the streams of the inputs too; its bus tells of their hits.
    system_of : callable, optional
        Returns the `InputSystem` that has a device, given what was asked for; by default files are played, and
        everything else is PortAudio's.
    """

    def __init__(self, streams: Streams, system_of: Callable[[str | int], InputSystem] | None = None) -> None:
        self._streams = streams
        self._system_of = system_of or system_of_device
        self._starting = threading.Lock()
        self._lock = threading.Lock()
        self._open: dict[int, tuple[DeviceInput, TranscriberSettings | None, set[int]]] = {}  # with its clients
        self._stopped: dict[int, list[Callable[[], None]]] = {}
        self._shut = False
        streams.bus.add(self)

    def __iter__(self) -> Iterator[DeviceInput]:
        """Iterate over the inputs, oldest first."""
        return iter([entry[0] for entry in list(self._open.values())])

    def start(
        self,
        wanted: str | int = "",
        *,
        channels: tuple[int, ...] = (),
        sample_rate: int = 0,
        block_size: int = BLOCK_SIZE,
        settings: TranscriberSettings | None = None,
        profile: str = "",
        client_id: int = 0,
        prepare: Callable[[LiveStream], None] = lambda stream: None,
        started: Started,
    ) -> None:
        """Listen to a device.

        Parameters
        ----------
        wanted : str or int
            As for `find_input`, or the path of an audio file to be played; "" for the system's own choice.
        channels : tuple of int
            Those to hear, mixed; by default the first two.
        sample_rate : int
            Hz; 0 for the device's own.
        block_size : int
            Samples, 32..1024.
        settings, profile
            As for `LiveStream`.
        client_id : int
            Whose it is, see `drop`. Who starts what is listened to already gets that input.
        prepare : callable
            Called once, from another thread, with the stream before anything arrives in it, so that a take has it all.
            It must be quick; where it raises, the input is not started.
        started : callable
            Called once, from another thread, with the input and None, or with None and what went wrong.

        Raises
        ------
        ServerError
            ``device.block_size``.
        """
        check_block_size(block_size)

        def begin() -> None:
            try:
                with self._starting:
                    begun = self._begin(
                        wanted, channels, sample_rate, block_size, settings, profile, client_id, prepare
                    )
                started(begun, None)
            except DrumbridgeError as error:
                started(None, error)
            except Exception as error:
                _log.exception("a bug in starting an input")
                started(None, error)

        threading.Thread(target=begin, name="drumbridge-input-start", daemon=True).start()

    def stop(self, stream_id: int, stopped: Callable[[], None] | None = None) -> None:
        """End an input and its stream; `stopped` is called when its last hits have left.

        Raises
        ------
        StreamError
            ``stream.not_found``.
        """
        with self._lock:
            if stream_id not in self._open:
                raise StreamError("stream.not_found", f"There is no input with stream {stream_id}: it was stopped.")
            if stopped is not None:
                self._stopped.setdefault(stream_id, []).append(stopped)
            self._open[stream_id][0].stop()

    def drop(self, client_id: int) -> None:
        """End the inputs that nobody but a client that is gone has started."""
        with self._lock:
            for found, _, clients in self._open.values():
                clients.discard(client_id)
                if not clients:
                    found.stop()

    def has_open(self, client_id: int) -> bool:
        """Whether the client has started an input that is still open."""
        return any(client_id in clients for _, _, clients in list(self._open.values()))

    def shut_down(self, timeout_s: float) -> bool:
        """End all inputs and wait for their threads; return whether all ended in time."""
        with self._lock:
            self._shut = True
            ending = list(self)
            for found in ending:
                found.stop()
        deadline = time.monotonic() + timeout_s
        return all([found.join(max(0.0, deadline - time.monotonic())) for found in ending])

    def on_over(self, stream: LiveStream) -> None:
        """Let go of the device of a stream that has ended by itself."""
        with self._lock:
            if stream.stream_id in self._open:
                self._open[stream.stream_id][0].stop()

    def _begin(
        self,
        wanted: str | int,
        channels: tuple[int, ...],
        sample_rate: int,
        block_size: int,
        settings: TranscriberSettings | None,
        profile: str,
        client_id: int,
        prepare: Callable[[LiveStream], None],
    ) -> DeviceInput:
        system = self._system_of(wanted)
        devices = system.inputs()
        device = devices[0] if isinstance(system, RecordedInputs) else find_input(devices, wanted)
        options = InputOptions(check_channels(device, channels), sample_rate or device.sample_rate, block_size)
        name = f"{device.name} {'+'.join(map(str, options.channels))}"
        with self._lock:
            for found, its_settings, clients in self._open.values():
                if found.stream.name != name:
                    continue
                if (found.options, its_settings, found.stream.profile) != (options, settings, profile):
                    raise ServerError(
                        "device.busy",
                        f"{name} is listened to with other settings: stop stream {found.stream.stream_id} first.",
                    )
                prepare(found.stream)
                clients.add(client_id)
                return found
        source = system.open(
            device,
            channels=max(options.channels),
            sample_rate=options.sample_rate,
            block_size=block_size,
        )
        opened = threading.Event()
        errors: list[Exception] = []

        def tell(stream: LiveStream, error: Exception | None) -> None:
            if error is not None:
                errors.append(error)
            opened.set()

        try:
            with self._lock:
                if self._shut:
                    raise StreamError("stream.too_many", "The server is stopping.")
                stream = self._streams.open(
                    source.sample_rate,
                    len(options.channels),
                    client_id=client_id,
                    name=name,
                    settings=settings,
                    profile=profile,
                    lasting=True,
                    on_opened=tell,
                )
                begun = DeviceInput(system, source, options, stream, self._over)
                self._open[stream.stream_id] = begun, settings, {client_id}
                try:
                    prepare(stream)
                except BaseException:
                    begun.stop()
                    raise
                finally:
                    begun.start()
        except BaseException:
            source.close()
            raise
        opened.wait()
        if errors:
            raise errors[0]
        return begun

    def _over(self, ended: DeviceInput) -> None:
        stream_id = ended.stream.stream_id
        with self._lock:
            self._open.pop(stream_id, None)
            stopped = self._stopped.pop(stream_id, [])

        def tell() -> None:
            for told in stopped:
                told()

        try:
            self._streams.close(stream_id, tell)
        except StreamError:  # it has ended by itself
            tell()


def system_of_device(wanted: str | int) -> InputSystem:
    """Return the system that has a device: a file if there is one of that name, else PortAudio's."""
    if isinstance(wanted, str) and Path(wanted.strip("\"' ")).suffix.lower() in AUDIO_SUFFIXES:
        return RecordedInputs(path_from_daw(wanted))
    return PortAudioInputs()
