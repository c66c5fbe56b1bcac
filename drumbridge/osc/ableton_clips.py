"""The session clips of a running Live, by AbletonOSC: which there are, and giving them colours and names.

Conventions: tracks and slots count from 0. AbletonOSC reaches the clips of the session and not those of the
arrangement. Live takes the nearest colour of its own palette, so what was made of a colour is read back. `part` is what
a clip plays of its file, in seconds, and None where that cannot be known: of a warped clip, whose markers count in
beats, because AbletonOSC does not tell where the beats are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from drumbridge.errors import ServerError, SettingsError

from .ableton_osc import AbletonOsc, Question

SELECTED, TRACK, ALL = "selected", "track", "all"
WHICH: Final = (SELECTED, TRACK, ALL)

_NUM_TRACKS: Final = "/live/song/get/num_tracks"
_SELECTED_TRACK: Final = "/live/view/get/selected_track"
_SELECTED_SCENE: Final = "/live/view/get/selected_scene"
_TRACK_NAME: Final = "/live/track/get/name"
_TRACK_COLOURS: Final = "/live/track/get/clips/color"  # of all slots of a track, nil where a slot is empty
_IS_AUDIO: Final = "/live/clip/get/is_audio_clip"
_NAME: Final = "/live/clip/get/name"
_COLOUR: Final = "/live/clip/get/color"
_PATH: Final = "/live/clip/get/file_path"
_WARPING: Final = "/live/clip/get/warping"
_MARKERS: Final = ("/live/clip/get/start_marker", "/live/clip/get/end_marker")  # not in AbletonOSC's first years
_SET_COLOUR: Final = "/live/clip/set/color"
_SET_NAME: Final = "/live/clip/set/name"
_TIMES_SET: Final = 3


@dataclass(frozen=True)
class LiveClip:
    """A clip as it was found.

    Attributes
    ----------
    track, slot : int
    track_name, name : str
    colour : int
        0xRRGGBB.
    path : str
        Of its audio file as Live knows it; "" for a clip of notes.
    part : (float, float) or None
    """

    track: int
    slot: int
    track_name: str
    name: str
    colour: int
    path: str = ""
    part: tuple[float, float] | None = None


@dataclass(frozen=True)
class Wish:
    """What a clip is to become; None leaves its colour (0xRRGGBB) or its name as it is."""

    clip: LiveClip
    colour: int | None
    name: str | None

    def questions(self) -> list[Question]:
        """Return the orders, each before the question that tells what became of it."""
        place = (self.clip.track, self.clip.slot)
        questions = []
        if self.colour is not None:
            questions.append(Question(_COLOUR, place, ((_SET_COLOUR, (*place, self.colour)),)))
        if self.name is not None:
            questions.append(Question(_NAME, place, ((_SET_NAME, (*place, self.name)),)))
        return questions

    def answered(self, answers: Iterator[tuple[Any, ...] | None]) -> LiveClip | None:
        """Take the answers to the questions; return the clip as it is now, None if it is gone."""
        colour = None if self.colour is None else next(answers)
        name = None if self.name is None else next(answers)
        if (self.colour is not None and not colour) or (self.name is not None and not name):
            return None
        return replace(
            self.clip, colour=colour[0] if colour else self.clip.colour, name=_text(name) if name else self.clip.name
        )

    def may_have_been_lost(self, now: LiveClip | None) -> bool:
        """Return whether the clip is as it was although something else was asked for.

        It may be so for ever, where Live has no nearer colour than the one it had.
        """
        if now is None:
            return False
        same_colour = self.colour is not None and now.colour == self.clip.colour != self.colour
        return same_colour or (self.name is not None and now.name != self.name)


class LiveClips:
    """The session clips of the Live at the other end of a connection."""

    def __init__(self, live: AbletonOsc) -> None:
        self._live = live

    def found(self, which: str, on_progress: Callable[[int, int], None] | None = None) -> list[LiveClip]:
        """Return the clips there are: the selected one, those of the selected track, or all of the session.

        Raises
        ------
        ServerError
            As `AbletonOsc.ask_all`; ``server.ableton_old``: this AbletonOSC does not tell of colours or files.
        SettingsError
            ``settings.ableton``: no track or clip is selected that could be coloured.
        """
        tracks = self._tracks(which)
        names = self._live.ask_all([Question(_TRACK_NAME, (track,)) for track in tracks])
        colours = self._live.ask_all([Question(_TRACK_COLOURS, (track,)) for track in tracks])
        if tracks and all(answer is None for answer in colours):
            raise _too_old()
        clips = [
            LiveClip(track, slot, _text(name), "", colour)
            for track, name, row in zip(tracks, names, colours, strict=True)
            for slot, colour in enumerate(row or ())
            if isinstance(colour, int)
        ]
        if which == SELECTED:
            scene = self._live.ask(_SELECTED_SCENE)
            clips = [clip for clip in clips if scene is not None and (clip.slot,) == scene]
            if not clips:
                raise SettingsError("settings.ableton", "No clip is selected: click on a clip in Live's session first.")
        return self._described(clips, on_progress or (lambda done, total: None))

    def at(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], LiveClip]:
        """Return what is in some slots, given as (track, slot), where there is a clip of audio."""
        audio = self._values(_IS_AUDIO, places)
        there = [place for place, is_audio in zip(places, audio, strict=True) if is_audio]
        rows = zip(
            there, *(self._values(address, there) for address in (_NAME, _COLOUR, _PATH)), strict=True
        )  # fmt: skip
        return {
            place: LiveClip(place[0], place[1], "", _text((name,)), colour, _text((path,)))
            for place, name, colour, path in rows
            if isinstance(colour, int)
        }

    def paint(self, wishes: Sequence[Wish]) -> list[LiveClip | None]:
        """Give clips colours and names; return each as it is now, None where it is gone.

        Raises
        ------
        ServerError
            As `AbletonOsc.ask_all`.
        """
        painted: list[LiveClip | None] = [None] * len(wishes)
        left = list(range(len(wishes)))
        for _ in range(_TIMES_SET):
            questions = [question for k in left for question in wishes[k].questions()]
            answers = iter(self._live.ask_all(questions))
            for k in left:
                painted[k] = wishes[k].answered(answers)
            left = [k for k in left if wishes[k].may_have_been_lost(painted[k])]
        return painted

    def _tracks(self, which: str) -> list[int]:
        if which == ALL:
            count = self._live.ask(_NUM_TRACKS)
            if not count:
                raise _too_old()
            return list(range(count[0]))
        selected = self._live.ask(_SELECTED_TRACK)
        if not selected:
            raise SettingsError(
                "settings.ableton", "No audio track is selected in Live (returns and the main track do not count)."
            )
        return [selected[0]]

    def _described(self, clips: list[LiveClip], on_progress: Callable[[int, int], None]) -> list[LiveClip]:
        tells_markers = bool(clips) and all(
            self._live.ask(address, clips[0].track, clips[0].slot) is not None for address in _MARKERS
        )
        described: list[LiveClip] = []
        at_once = 64  # a progress bar moves, and what Live is asked in between by others waits less
        for start in range(0, len(clips), at_once):
            described += self._describe(clips[start : start + at_once], tells_markers)
            on_progress(len(described), len(clips))
        return described

    def _describe(self, clips: list[LiveClip], tells_markers: bool) -> list[LiveClip]:
        places = [(clip.track, clip.slot) for clip in clips]
        audio = self._values(_IS_AUDIO, places)
        names = self._values(_NAME, places)
        is_file = dict(zip(places, audio, strict=True))
        files = [place for place in places if is_file[place]]
        paths = dict(zip(files, self._values(_PATH, files), strict=True))
        parts = self._parts(files) if tells_markers else {}
        if files and all(path is None for path in paths.values()):
            raise _too_old()
        return [
            replace(clip, name=_text((name,)), path=_text((paths.get(place),)), part=parts.get(place))
            for clip, place, name in zip(clips, places, names, strict=True)
        ]

    def _parts(self, places: list[tuple[int, int]]) -> dict[tuple[int, int], tuple[float, float]]:
        warped = self._values(_WARPING, places)
        unwarped = [place for place, is_warped in zip(places, warped, strict=True) if is_warped in (False, 0)]
        bounds = zip(*(self._values(address, unwarped) for address in _MARKERS), strict=True)
        return {
            place: (float(start), float(end))
            for place, (start, end) in zip(unwarped, bounds, strict=True)
            if isinstance(start, int | float) and isinstance(end, int | float) and end > max(start, 0)
        }

    def _values(self, address: str, places: Sequence[tuple[int, int]]) -> list[Any]:
        answers = self._live.ask_all([Question(address, place) for place in places])
        return [answer[0] if answer else None for answer in answers]


def _text(values: tuple[Any, ...] | None) -> str:
    return values[0] if values and isinstance(values[0], str) else ""


def _too_old() -> ServerError:
    return ServerError(
        "server.ableton_old",
        "AbletonOSC answers, but does not tell of clips, colours or files: install its latest version.",
    )
