"""An audio input that is listened to: a thread between a device and a live stream.

Conventions: positions are samples of the stream; channels count from 1. What the device loses becomes a gap of the
stream. A device that goes away is looked for until it is back; the stream stays, and its position goes on by the clock.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from drumbridge.audio.devices import InputDevice, InputSystem, OpenInput
from drumbridge.audio.missing_samples import MissingSamples
from drumbridge.errors import DrumbridgeError

from .live_stream import GapReason, LiveStream

_log = logging.getLogger(__name__)

_LOOK_AFTER_S: Final = 0.25  # how soon a device that is gone is looked for, and twice as long each time after
_LOOK_AT_MOST_S: Final = 2.0
_SETTLES_S: Final = 0.5  # drivers report losses while they start, before there was anything to lose


@dataclass(frozen=True)
class InputOptions:
    """How a device is recorded; see `drumbridge.audio.devices`."""

    channels: tuple[int, ...]
    sample_rate: int  # Hz
    block_size: int


class DeviceInput:
    """One device and its stream.

    Parameters
    ----------
    system : InputSystem
    source : OpenInput
        The device, which is open already.
    options : InputOptions
    stream : LiveStream
        With as many channels as are heard, at the rate of the source.
    over : callable
        Called once with this input, from its thread, when it is over and the device is free again.

    Attributes
    ----------
    device : InputDevice
    xruns : int
        How often the device lost samples.
    lost : int
        Samples that it lost, and that nobody took from it in time.
    times_gone : int
        How often it went away.
    trouble : str
        Why it is away; "" while it is there.
    """

    def __init__(
        self,
        system: InputSystem,
        source: OpenInput,
        options: InputOptions,
        stream: LiveStream,
        over: Callable[[DeviceInput], None],
    ) -> None:
        self.device: InputDevice = source.device
        self.options = options
        self.stream = stream
        self.xruns = self.lost = self.times_gone = 0
        self.trouble = ""
        self._system = system
        self._source = source
        self._over = over
        self._peaks = 0.0, 0.0  # of the half second that runs, and of the one before
        self._peak_since = 0  # position
        self._patient = False
        self._stopping = threading.Event()
        self._columns = [channel - 1 for channel in options.channels]
        self._thread = threading.Thread(target=self._run, name=f"drumbridge-input-{stream.stream_id}", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of the device soon; `over` is called then."""
        self._stopping.set()
        self._source.close()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def level_db(self) -> float:
        """Return the peak level of the last second, dBFS; -120 for silence and less."""
        peak = 0.0 if self.trouble else max(self._peaks)
        return max(-120.0, 20 * math.log10(peak)) if peak > 0 else -120.0

    def _run(self) -> None:
        try:
            while True:
                self._hear()
                if self._stopping.is_set() or self._source.ended or not self._await_return():
                    break
        except Exception:
            _log.exception("the input of stream %d ended by a bug", self.stream.stream_id)
        finally:
            self._source.close()
            while self._source.read() is not None:
                pass
            self._over(self)

    def _hear(self) -> None:
        """Feed the stream until the device is gone, is over or is to be let go."""
        missing = MissingSamples(self._source.sample_rate)
        is_back = bool(self.trouble)
        settles = self.stream.position + round(_SETTLES_S * self._source.sample_rate)
        while (captured := self._source.read()) is not None:
            n = len(captured.audio)
            overflowed = captured.overflowed and self.stream.position >= settles
            gap = missing.before(n, captured.time_s, captured.arrived_s, lost=captured.lost, overflowed=overflowed)
            if is_back:
                is_back = False
                self._note_return(captured.arrived_s, n)
            elif overflowed or gap:
                self._note_loss(captured.lost, gap - captured.lost, overflowed=overflowed)
            audio = captured.audio[:, self._columns]
            self._measure(audio)
            self.stream.feed(audio, captured.arrived_s)
            if not self._source.in_real_time:
                self._await_room()

    def _measure(self, audio: np.ndarray) -> None:
        with np.errstate(invalid="ignore"):
            peak = float(np.abs(audio).max(initial=0.0))
        running, before = self._peaks
        if self.stream.position - self._peak_since > self.stream.sample_rate // 2:
            self._peak_since = self.stream.position
            running, before = 0.0, running
        self._peaks = max(running, peak), before

    def _note_loss(self, untaken: int, dropped: int, *, overflowed: bool) -> None:
        self.lost += untaken + dropped
        if untaken:
            self.stream.gap(untaken, GapReason.OVERRUN)
        if dropped or overflowed:
            self.xruns += 1
            self.stream.gap(dropped, GapReason.XRUN)

    def _note_return(self, arrived_s: float, n: int) -> None:
        """Let the position go on where the clock says that it is."""
        away_s = arrived_s - self.stream.clock.time_s(self.stream.position)
        self.stream.gap(max(0, round(away_s * self.stream.sample_rate) - n), GapReason.DEVICE_GONE)
        self.stream.clock.restart()  # it may be back with another delay, which is no drift
        self.trouble = ""
        _log.warning("%s is back", self.device.name)

    def _await_return(self) -> bool:
        """Look for the device until it is back (true) or is to be let go."""
        self.times_gone += 1
        self._patient = self._patient or self._source.stalled
        self.trouble = f"{self.device.name} is gone"
        self.stream.gap(0, GapReason.DEVICE_GONE)
        _log.warning("%s is gone; it is taken up again when it is back", self.device.name)
        wait_s = _LOOK_AFTER_S
        while not self._stopping.wait(wait_s):
            wait_s = min(2 * wait_s, _LOOK_AT_MOST_S)
            try:
                self._source = self._system.open(
                    self.device,
                    channels=max(self.options.channels),
                    sample_rate=self.options.sample_rate,
                    block_size=self.options.block_size,
                    patient=self._patient,
                )
            except DrumbridgeError as error:
                self.trouble = error.message
                continue
            if self._stopping.is_set():  # since before there was something to close
                break
            return True
        return False

    def _await_room(self) -> None:
        if not self.stream.has_room:
            room = threading.Event()
            self.stream.when_room(room.set)
            room.wait()
