"""A transcription as a standard MIDI file, ready to drag onto a drum rack.

Conventions: one track on channel 10 (index 9), General MIDI percussion notes of `core.labels`, velocity as
heard. Every label of a hit is a note of its own; an unsure hit is the note of "other", so that it is seen
and can be moved. Time is kept to half a millisecond: the file says 120 bpm unless told the true tempo,
which changes where its bar lines are, never when a note sounds.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from drumbridge.core.events import Hit, Transcription
from drumbridge.core.labels import BY_NAME
from drumbridge.errors import SettingsError

if TYPE_CHECKING:
    import mido

TICKS_PER_BEAT = 960
CHANNEL = 9
NOTE_LENGTH_S = 0.1
_OTHER = BY_NAME["other"]


def transcription_to_midi(transcription: Transcription, *, tempo_bpm: float = 120.0) -> mido.MidiFile:
    """Return a transcription as a MIDI file.

    Parameters
    ----------
    transcription : Transcription
    tempo_bpm : float
        Written into the file, 4..1000 bpm.

    Raises
    ------
    SettingsError
        ``settings.tempo_bpm``: out of range.
    """
    import mido  # here, so that starting up costs nothing

    if not 4.0 <= tempo_bpm <= 1000.0:
        raise SettingsError("settings.tempo_bpm", f"A tempo of {tempo_bpm:g} bpm is outside 4..1000.")
    tempo = mido.bpm2tempo(tempo_bpm)
    ticks_per_s = TICKS_PER_BEAT * 1e6 / tempo

    strokes: dict[int, list[tuple[int, int]]] = {}  # note -> (tick, velocity), in order
    for hit in transcription.hits:
        tick = round(hit.position / transcription.sample_rate * ticks_per_s)
        for note in hit_to_notes(hit):
            of_note = strokes.setdefault(note, [])
            if not of_note or of_note[-1][0] < tick:
                of_note.append((tick, hit.velocity))

    events: list[tuple[int, int, int, int]] = []  # tick, 0 off or 1 on, note, velocity
    longest = max(1, round(NOTE_LENGTH_S * ticks_per_s))
    for note, of_note in strokes.items():
        for k, (tick, velocity) in enumerate(of_note):
            end = tick + longest if k + 1 == len(of_note) else min(tick + longest, of_note[k + 1][0])
            events += [(tick, 1, note, velocity), (end, 0, note, 0)]

    track = mido.MidiTrack(
        [mido.MetaMessage("track_name", name="drumbridge"), mido.MetaMessage("set_tempo", tempo=tempo)]
    )
    now = 0
    for tick, on, note, velocity in sorted(events):
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, channel=CHANNEL, note=note, velocity=velocity, time=tick - now))
        now = tick
    return mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track])


def write_midi(
    path: str | os.PathLike[str], transcription: Transcription, *, tempo_bpm: float = 120.0, new: bool = False
) -> None:
    """Write a transcription to a standard MIDI file; see `transcription_to_midi`.

    Parameters
    ----------
    path : path-like
    transcription : Transcription
    tempo_bpm : float
    new : bool
        Whether the file must not exist yet.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    midi = transcription_to_midi(transcription, tempo_bpm=tempo_bpm)
    with open(path, "xb" if new else "wb") as file:
        midi.save(file=file)


def hit_to_notes(hit: Hit) -> tuple[int, ...]:
    """Return the MIDI notes of a hit, each once, those of its strongest labels first.

    One that the model is unsure of is written as ``other``, one that is none of a kit's pads not at all.
    """
    if not hit.labels:
        return () if hit.guess is None else (_OTHER.gm_note,)
    return tuple(dict.fromkeys(entry.note for entry in hit.labels))
