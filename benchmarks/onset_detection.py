"""Onset detection on real recordings: ours (streaming) beside librosa and aubio, accuracy and speed.

Conventions: the reference is the union of a recording's `.plusplus.csv` annotations, hits nearer than
20 ms merged, the first kept; F, precision and recall are counted over all recordings together, with
mir_eval's optimal matching; bias is the median of estimate - reference of the matches within 50 ms.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import mir_eval
import numpy as np
import soundfile
from measuring import arguments, print_table

from drumbridge.core.onsets import OnsetDetector, OnsetSettings

MERGE_S = 0.02
WINDOWS_S = (0.05, 0.025, 0.01)
Detector = Callable[[np.ndarray, int], np.ndarray]


def reference_onsets(path: Path) -> np.ndarray:
    """Return the merged onsets of one annotation, seconds."""
    with path.open() as lines:
        times = sorted(float(row["onset_s"]) for row in csv.DictReader(lines))
    merged: list[float] = []
    for onset_s in times:
        if not merged or onset_s - merged[-1] >= MERGE_S:
            merged.append(onset_s)
    return np.array(merged)


def ours(settings: OnsetSettings, block_length: int) -> Detector:
    """Return our detector, fed block by block."""

    def detect(audio: np.ndarray, rate: int) -> np.ndarray:
        detector = OnsetDetector(rate, settings)
        onsets = []
        for start in range(0, len(audio), block_length):
            onsets += detector.process(audio[start : start + block_length])
        return np.array([onset.position / rate for onset in onsets + detector.flush()])

    return detect


def librosa_default(audio: np.ndarray, rate: int) -> np.ndarray:
    """Detect as librosa.load + onset_detect do by default: at 22050 Hz, hop 512."""
    audio = librosa.resample(audio, orig_sr=rate, target_sr=22050)
    return np.asarray(librosa.onset.onset_detect(y=audio, sr=22050, units="time"))


def librosa_fine(audio: np.ndarray, rate: int) -> np.ndarray:
    """Detect at the recording's own rate with hop 256."""
    return np.asarray(librosa.onset.onset_detect(y=audio, sr=rate, hop_length=256, units="time"))


def aubio_hfc(audio: np.ndarray, rate: int) -> np.ndarray:
    """Detect with aubio's default method, window 512, hop 256, by its command line (its wheel wants an old numpy)."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, audio, rate)
        command = ["aubioonset", "-i", file.name, "-O", "hfc", "-B", "512", "-H", "256"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return np.array([float(line) for line in printed.split()])


def row(name: str, detect: Detector, tracks: list[tuple[np.ndarray, int, np.ndarray]]) -> tuple[str, ...]:
    """Run one detector over all recordings and return its line of the table."""
    matched = dict.fromkeys(WINDOWS_S, 0)
    n_reference = n_estimate = 0
    errors_s: list[float] = []
    spent_s = audio_s = 0.0
    detect(*tracks[0][:2])  # compile and warm up
    for audio, rate, reference in tracks:
        start_s = time.perf_counter()
        estimate = detect(audio, rate)
        spent_s += time.perf_counter() - start_s
        audio_s += len(audio) / rate
        n_reference, n_estimate = n_reference + len(reference), n_estimate + len(estimate)
        for window_s in WINDOWS_S:
            pairs = mir_eval.util.match_events(reference, estimate, window_s)
            matched[window_s] += len(pairs)
            if window_s == WINDOWS_S[0]:
                errors_s += [estimate[j] - reference[i] for i, j in pairs]
    scores = [2 * matched[window_s] / (n_reference + n_estimate) for window_s in WINDOWS_S]
    widest = matched[WINDOWS_S[0]]
    return (
        name,
        *(f"{score:.3f}" for score in scores),
        f"{widest / n_estimate:.3f}",
        f"{widest / n_reference:.3f}",
        f"{1000 * float(np.median(errors_s)):+.1f}",
        f"{audio_s / spent_s:.0f}",
    )


def main() -> None:
    parser = arguments(__doc__)
    options = parser.parse_args()
    if options.data is None:
        parser.error("--data (or DRUMBRIDGE_DATA) must name the folder that holds recordings/mdb")
    folder = Path(options.data) / "recordings" / "mdb"
    tracks = []
    for path in sorted(folder.glob("*.flac")):
        audio, rate = soundfile.read(path, dtype="float32")
        tracks.append((audio, rate, reference_onsets(path.with_suffix(".plusplus.csv"))))
    if not tracks:
        parser.error(f"no recordings in {folder}")
    rows = [
        ("", "F 50 ms", "F 25 ms", "F 10 ms", "P 50 ms", "R 50 ms", "bias ms", "x real time"),
        row("drumbridge, blocks of 65536", ours(OnsetSettings(), 65536), tracks),
        row("drumbridge, blocks of 64", ours(OnsetSettings(), 64), tracks),
        row("drumbridge, sensitive (proposals)", ours(OnsetSettings.proposals(), 65536), tracks),
        row("librosa default (22050 Hz, hop 512)", librosa_default, tracks),
        row("librosa 44100 Hz, hop 256", librosa_fine, tracks),
    ]
    if shutil.which("aubioonset"):
        rows.append(row("aubio hfc 512/256 (a process, from a file)", aubio_hfc, tracks))
    total = sum(len(reference) for _, _, reference in tracks)
    print_table(f"{len(tracks)} recordings, {total} onsets; everything but librosa is streaming", rows)
    if not shutil.which("aubioonset"):
        print("aubio: skipped, aubioonset is not here (Debian: apt-get install aubio-tools)")
    print(f"ratio of speed drumbridge / librosa default: {float(rows[1][-1]) / float(rows[4][-1]):.2f}")


if __name__ == "__main__":
    main()
