"""Two strokes of one drum soon after each other: how often they come out as two.

Conventions: one-shots that no model was trained on (`check`; without --data, synthesised drums) are struck twice in
quiet, the first as loud as the second or half as loud; or once, and then nothing may be heard besides. Found is the
share of second strokes with a hit of its own less than 12 ms from it; of final hits and, in brackets, of early ones.
"besides" is how many final hits of single strokes belong to none, to a hundred strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from measuring import SYNTHESISED, arguments, print_table

from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Stage
from drumbridge.core.excerpts import find_attack
from drumbridge.core.synthesis import synthesise
from drumbridge.core.transcriber import Transcriber, TranscriberSettings
from drumbridge.evaluation.one_shot_manifest import manifest_rows
from drumbridge.inference.registry import load_model

RATE = 44100
APART_MS = (25.0, 30.0, 40.0, 60.0)
LABELS = ("kick", "snare", "closed_hat", "tom_low", "tom_mid", "tom_high", "rim", "clap")
NEAR_S = 0.012
EVERY_S = 1.5  # from one pair to the next


def sounds(data: Path | None, n: int) -> dict[str, list[np.ndarray]]:
    """Return up to n sounds of each label, spread over the kits, the attack at sample 0."""
    found: dict[str, list[np.ndarray]] = {}
    if data is None:
        found = {label: [synthesise(label, seed=k) for k in range(n)] for label in LABELS if label in SYNTHESISED}
    else:
        rows = manifest_rows(Path(data) / "oneshots", "check")
        for label in LABELS:
            paths = [Path(data) / "oneshots" / row["path"] for row in rows if row["label"] == label]
            found[label] = [soundfile.read(path, dtype="float32")[0] for path in paths[:: max(1, len(paths) // n)][:n]]
    return {label: [audio[find_attack(audio, RATE) or 0 :] for audio in some] for label, some in found.items()}


def struck(some: Sequence[np.ndarray], apart_ms: float | None, first: float) -> tuple[np.ndarray, list[int]]:
    """Return each sound struck twice, or once, in one piece of audio, and where the strokes are."""
    audio, positions = np.zeros(round((len(some) * EVERY_S + 1) * RATE), np.float32), []
    for k, sound in enumerate(some):
        start = round((0.5 + k * EVERY_S) * RATE)
        strokes = [(start, 1.0)] if apart_ms is None else [(start, first), (start + round(apart_ms / 1000 * RATE), 1.0)]
        for position, level in strokes:
            audio[position : position + len(sound)] += 0.4 * level * sound[: len(audio) - position]
            positions.append(position)
    return audio, positions


def heard(classifier: Classifier, audio: np.ndarray) -> dict[Stage, list[int]]:
    """Return the positions of the hits of each stage, of a live stream in blocks of 64 samples."""
    transcriber = Transcriber(classifier, settings=TranscriberSettings(early_ms=10.0))
    hits = [hit for start in range(0, len(audio), 64) for hit in transcriber.process(audio[start : start + 64])]
    hits += transcriber.flush()
    return {stage: [hit.position for hit in hits if hit.stage is stage] for stage in (Stage.EARLY, Stage.FINAL)}


def share(positions: Sequence[int], hits: list[int]) -> float:
    """Return how many of the positions have a hit nearby."""
    return float(np.mean([any(abs(hit - position) < NEAR_S * RATE for hit in hits) for position in positions]))


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--sounds", type=int, default=20, help="of each drum (default %(default)s)")
    options = parser.parse_args()
    classifier = load_model(options.model)
    chosen = sounds(options.data, options.sounds)
    title = [f"{ms:g} ms{', soft first' if first < 1 else ''}" for ms in APART_MS for first in (1.0, 0.5)]
    rows = [("second strokes found, final (early)", *title, "once: besides")]
    sums = np.zeros((2, len(title)))
    for label, some in chosen.items():
        cells, figures = [], []
        for apart_ms in APART_MS:
            for first in (1.0, 0.5):
                audio, positions = struck(some, apart_ms, first)
                hits = heard(classifier, audio)
                final, early = (share(positions[1::2], hits[stage]) for stage in (Stage.FINAL, Stage.EARLY))
                figures.append((final, early))
                cells.append(f"{final:.2f} ({early:.2f})")
        sums += np.array(figures).T
        audio, positions = struck(some, None, 1.0)
        finals = heard(classifier, audio)[Stage.FINAL]
        besides = sum(min(abs(hit - position) for position in positions) >= NEAR_S * RATE for hit in finals)
        rows.append((label, *cells, f"{100 * besides / len(positions):.0f}"))
    final, early = sums / len(chosen)
    rows.append(("mean", *(f"{a:.2f} ({b:.2f})" for a, b in zip(final, early, strict=True)), ""))
    print_table(f"{classifier.name}, {options.sounds} sounds of each drum, struck twice", rows)


if __name__ == "__main__":
    main()
