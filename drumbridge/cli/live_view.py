"""Live hits on stdout: as rows that are corrected in place and a level meter, as plain lines, or as JSON.

Conventions: a view is a listener of the event bus, called from the stream's thread. A terminal shows the hits that
may still change above the meter; those that are final scroll away. A pipe gets one line for each event.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from drumbridge.core.events import Hit, Stage
from drumbridge.engine.event_bus import StreamListener
from drumbridge.engine.live_stream import GapReason, LiveStream

from .terminal import heading, labels_cell, note, stdout_console

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from drumbridge.engine.device_input import DeviceInput

_METER: Final = 40  # cells
_LOWEST_DB: Final = -60.0
_PER_SECOND: Final = 15  # pictures
_REASONS: Final = {
    GapReason.LOST: "lost",
    GapReason.OVERRUN: "too slow",
    GapReason.RESTARTED: "restarted",
    GapReason.XRUN: "xrun",
    GapReason.DEVICE_GONE: "device gone",
}


class LiveView(StreamListener):
    """What the views have in common: they count, for the summary.

    Attributes
    ----------
    hits, withdrawn, gaps, missing : int
        Final hits, early ones that were none, gaps, and the samples in them.
    over : Event
        Set when the stream has ended, or nobody reads any more.
    unread : OSError or None
        Why nobody does.
    """

    def __init__(self) -> None:
        self.hits = self.withdrawn = self.gaps = self.missing = 0
        self.over = threading.Event()
        self.unread: OSError | None = None
        self._lock = threading.RLock()
        self._early: list[Callable[[], object]] | None = []  # what happened before anything is shown

    def on_hits(self, stream: LiveStream, hits: list[Hit]) -> None:
        self.hits += sum(hit.stage is Stage.FINAL for hit in hits)
        self.withdrawn += sum(hit.stage is Stage.WITHDRAWN for hit in hits)
        self._show(lambda: self._show_hits(stream, hits))

    def on_gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        self.gaps += 1
        self.missing += length
        self._show(lambda: self.show_gap(stream, position, length, reason))

    def on_over(self, stream: LiveStream) -> None:
        self.over.set()

    def began(self, found: DeviceInput) -> None:
        """Show what is listened to, and everything that happens until `ended`."""
        with self._lock:
            early, self._early = self._early or [], None
            self._show(lambda: self.show_beginning(found))
            for show in early:
                self._show(show)

    def show_beginning(self, found: DeviceInput) -> None:
        """Show what is listened to."""

    def ended(self, found: DeviceInput) -> None:
        """Show what came of it."""

    def _show_hits(self, stream: LiveStream, hits: list[Hit]) -> None:
        for hit in hits:
            self.show_hit(stream, hit)

    def _show(self, show: Callable[[], object]) -> None:
        with self._lock:
            if self._early is not None:
                self._early.append(show)
            elif self.unread is None:
                try:
                    show()
                    sys.stdout.flush()
                except OSError as error:
                    self.unread = error
                    self.over.set()

    def show_hit(self, stream: LiveStream, hit: Hit) -> None:
        """Show a hit, what becomes of it, or that it was none."""

    def show_gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        """Show that audio is missing."""


class JsonView(LiveView):
    """An object a line; `event` says what it is."""

    def show_beginning(self, found: DeviceInput) -> None:
        self._print(
            "started",
            stream_id=found.stream.stream_id,
            device=found.device.name,
            host=found.device.host,
            channels=list(found.options.channels),
            sample_rate=found.stream.sample_rate,
            block_size=found.options.block_size,
        )

    def ended(self, found: DeviceInput) -> None:
        self._print(
            "summary",
            hits=self.hits,
            withdrawn=self.withdrawn,
            gaps=self.gaps,
            missing=self.missing,
            xruns=found.xruns,
            times_gone=found.times_gone,
            position=found.stream.position,
            drift_ppm=round(found.stream.clock.drift_ppm, 1),
        )

    def show_hit(self, stream: LiveStream, hit: Hit) -> None:
        from drumbridge.formats.json import hit_to_object

        self._print("hit", stage=hit.stage.name.lower(), **hit_to_object(hit, stream.sample_rate))

    def show_gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        self._print("gap", position=position, length=length, reason=_REASONS[reason].replace(" ", "_"))

    def _print(self, event: str, **facts: Any) -> None:
        from drumbridge.formats.json import to_line

        print(to_line({"event": event} | facts), flush=True)


class PlainView(LiveView):
    """A line for each event, with tabs: stage, index, seconds, velocity, labels."""

    def show_beginning(self, found: DeviceInput) -> None:
        note(description(found))

    def show_hit(self, stream: LiveStream, hit: Hit) -> None:
        labels = " ".join(f"{entry.label}:{entry.confidence:.2f}" for entry in hit.labels) or hit.label
        at_s = hit.position / stream.sample_rate
        print(f"{hit.stage.name.lower()}\t{hit.index}\t{at_s:.4f}\t{hit.velocity}\t{labels}")

    def show_gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        print(f"gap\t{length}\t{position / stream.sample_rate:.4f}\t{_REASONS[reason]}")

    def ended(self, found: DeviceInput) -> None:
        note(summary(self, found))


class TerminalView(LiveView):
    """Rows that scroll, with a meter below them."""

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[int, tuple[Hit, int]] = {}  # hits that are not final, or stand below one; and their rate
        self._live: Live | None = None
        self._found: DeviceInput | None = None
        self._held_db = _LOWEST_DB

    def show_beginning(self, found: DeviceInput) -> None:
        from rich.live import Live

        console = stdout_console()
        console.print(f"{description(found)} Ctrl-C ends.", markup=False)
        console.print(heading(f"{'hit':>5}  {'time':>10}  {'vel':>3}  labels"))
        self._found = found
        self._live = Live(
            self,
            console=console,
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def ended(self, found: DeviceInput) -> None:
        if self._live is not None:
            self._live.stop()
        stdout_console().print(summary(self, found), markup=False)

    def show_hit(self, stream: LiveStream, hit: Hit) -> None:
        if hit.stage is Stage.WITHDRAWN:
            self._open.pop(hit.index, None)
        else:
            self._open[hit.index] = hit, stream.sample_rate
        for index in list(self._open):
            if self._open[index][0].stage is not Stage.FINAL:
                break
            stdout_console().print(_row(*self._open.pop(index)))
        if self._live is not None:
            self._live.refresh()

    def show_gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        from rich.text import Text

        if reason is GapReason.DEVICE_GONE and not length:
            text = "the device is gone; it is taken up again when it is back"
        elif not length:
            text = "xrun: the device says that it lost some audio"
        else:
            text = f"{1000 * length / stream.sample_rate:.0f} ms are missing: {_REASONS[reason]}"
        stdout_console().print(Text(f"    -  {clock(position / stream.sample_rate):>10}       {text}", style="yellow"))

    def __rich__(self) -> Text:
        """Return the hits that may change, and the meter."""
        from rich.text import Text

        assert self._found is not None
        rows = [_row(*entry) for entry in list(self._open.values())]
        level_db = self._found.level_db()
        self._held_db = max(level_db, self._held_db - 60.0 / _PER_SECOND, _LOWEST_DB)
        full = round(_METER * min(1.0, 1 - self._held_db / _LOWEST_DB))
        colour = "red" if self._held_db > -0.5 else "yellow" if self._held_db > -6 else "green"
        meter = Text("       ").append("━" * full, style=colour).append("━" * (_METER - full), style="dim")
        shown = f"{self._held_db:4.0f} dBFS" if self._held_db > _LOWEST_DB else "   silent"
        meter.append(f" {shown}")
        if self._found.xruns:
            meter.append(f"   xruns {self._found.xruns}", style="yellow")
        if self._found.trouble:
            meter.append(f"   {self._found.trouble}", style="yellow")
        return Text("\n").join([*rows, meter])


def live_view(*, json: bool, is_terminal: bool) -> LiveView:
    """Return the view that fits who reads."""
    view: Callable[[], LiveView] = JsonView if json else TerminalView if is_terminal else PlainView
    return view()


def description(found: DeviceInput) -> str:
    """Return what is listened to, as one sentence."""
    channels = "+".join(map(str, found.options.channels))
    what = f"{found.device.name} ({found.device.host}), channel {channels}, {found.stream.sample_rate} Hz"
    return f"Listening to {what}, {found.options.block_size} samples at a time."


def summary(view: LiveView, found: DeviceInput) -> str:
    """Return what came of it, as one sentence."""
    length_s = found.stream.position / found.stream.sample_rate
    words = [f"{view.hits} hits in {clock(length_s)}"]
    if view.withdrawn:
        words.append(f"{view.withdrawn} early ones withdrawn")
    words.append(f"{view.gaps} gaps" + (f" ({view.missing} samples)" if view.missing else ""))
    words.append(f"{found.xruns} xruns")
    if found.times_gone:
        words.append(f"the device was gone {found.times_gone} times")
    return "; ".join(words) + "."


def clock(time_s: float) -> str:
    """Return a time as minutes:seconds, to the millisecond."""
    ms = round(time_s * 1000)
    return f"{ms // 60000}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def _row(hit: Hit, sample_rate: int) -> Text:
    from rich.text import Text

    row = Text(f"{hit.index:5}  {clock(hit.position / sample_rate):>10}  {hit.velocity:3}  ") + labels_cell(hit.labels)
    if hit.stage is Stage.EARLY:
        row.stylize("dim")
        row.append("  ?", style="dim")
    return row
