"""Early answers on real recordings: how often they are wrong, missing or late, and how often they name the right drum.

Conventions: the final hits of the same stream are the reference, and they must be those of the file transcribed
without early answers. False is an early hit that is withdrawn; missed is a final hit without an early one. The lag
is the audio after the (final) attack that had come in when the early hit was announced, waiting for the end of a block
included, ms; the time to compute is not. "family" is the share of early hits whose strongest label is of the same
family (kick, snare, hat, tom, cymbal, ...) as that of the final one; "among" counts any label of the final one.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import soundfile
from measuring import arguments, print_table

from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Hit, Stage
from drumbridge.core.labels import UNSURE, to_family
from drumbridge.core.transcriber import Transcriber, TranscriberSettings
from drumbridge.inference.registry import load_model

EARLY_MS = (6.0, 10.0, 15.0, 20.0, 30.0)
Track = tuple[str, np.ndarray, list[Hit]]


def family(hit: Hit) -> str:
    """Return the family of the strongest label, or "unsure"."""
    return to_family(hit.label) if hit.labels else hit.label


def row(classifier: Classifier, tracks: list[Track], early_ms: float, block_length: int) -> tuple[str, ...]:
    """Stream all recordings with one decision time and return its line of the table."""
    rate = classifier.sample_rate
    n_false = n_missed = n_same = n_among = n_samples = n_finals = 0
    lags_ms: list[float] = []
    start_s = time.process_time()
    for name, audio, expected in tracks:
        transcriber = Transcriber(classifier, settings=TranscriberSettings(early_ms=early_ms))
        early: dict[int, tuple[Hit, int]] = {}
        finals: dict[int, Hit] = {}
        for start in range(0, len(audio) + 1, block_length):
            block = audio[start : start + block_length]
            for hit in transcriber.process(block) + (transcriber.flush() if len(block) < block_length else []):
                if hit.stage is Stage.EARLY:
                    early[hit.index] = hit, start + len(block)
                elif hit.stage is Stage.FINAL:
                    finals[hit.index] = hit
        if [(h.position, h.label) for h in finals.values()] != [(h.position, h.label) for h in expected]:
            raise SystemExit(f"{name}: the final hits are not those of the file")
        n_samples += len(audio)
        n_finals += len(finals)
        n_false += len(early.keys() - finals.keys())
        n_missed += len(finals.keys() - early.keys())
        for index in early.keys() & finals.keys():
            hit, heard = early[index]
            n_same += family(hit) == family(finals[index])
            n_among += family(hit) in ({to_family(entry.label) for entry in finals[index].labels} or {UNSURE})
            lags_ms.append(1000 * (heard - finals[index].position) / rate)
    spent_s = time.process_time() - start_s
    low, median, high, highest = np.percentile(lags_ms, [5, 50, 95, 99])
    return (
        f"{early_ms:g} ms",
        f"{60 * n_false * rate / n_samples:.1f}",
        f"{n_missed} of {n_finals}",
        f"{low:.1f}",
        f"{median:.1f}",
        f"{high:.1f}",
        f"{highest:.1f}",
        f"{n_same / len(lags_ms):.3f}",
        f"{n_among / len(lags_ms):.3f}",
        f"{100 * spent_s * rate / n_samples:.1f} %",
    )


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--block", type=int, default=64, help="samples at once (default %(default)s)")
    options = parser.parse_args()
    if options.data is None:
        parser.error("--data (or DRUMBRIDGE_DATA) must name the folder that holds recordings/mdb")
    classifier = load_model(options.model)
    tracks: list[Track] = []
    for path in sorted((Path(options.data) / "recordings" / "mdb").glob("*.flac")):
        audio, rate = soundfile.read(path, dtype="float32")
        if rate != classifier.sample_rate:
            parser.error(f"{path} has {rate} Hz and the model hears {classifier.sample_rate} Hz")
        transcriber = Transcriber(classifier)
        tracks.append((path.stem, audio, transcriber.process(audio) + transcriber.flush()))
    if not tracks:
        parser.error(f"no recordings in {options.data}/recordings/mdb")
    rows = [("early after", "false/min", "missed", "lag p5", "p50", "p95", "p99", "family", "among", "CPU of a core")]
    rows += [row(classifier, tracks, early_ms, options.block) for early_ms in EARLY_MS]
    print_table(
        f"{len(tracks)} recordings in blocks of {options.block}; the final hits equal the file's",
        rows,
    )


if __name__ == "__main__":
    main()
