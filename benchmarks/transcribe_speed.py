"""How fast a recording is transcribed, beside librosa.load + librosa.onset.onset_detect on the same file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import librosa
import soundfile
from measuring import alternate, arguments, print_table, recording

from drumbridge.engine.engine import Engine


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts (default %(default)s)")
    options = parser.parse_args()
    engine = Engine(model=options.model)
    with tempfile.TemporaryDirectory() as folder:
        path = recording(options.data, Path(folder))
        length_s = soundfile.info(path).duration
        hits, onsets = [], []

        def ours() -> None:
            hits[:] = engine.transcribe(path).hits

        def theirs() -> None:
            audio, rate = librosa.load(path)
            onsets[:] = librosa.onset.onset_detect(y=audio, sr=rate)

        ours_s, theirs_s = alternate([ours, theirs], options.rounds)
    print_table(
        f"{path.name}, {length_s:.1f} s; both warm",
        [
            ("", "s", "x real time", "found"),
            ("librosa, onsets only", f"{theirs_s:.3f}", f"{length_s / theirs_s:.0f}", str(len(onsets))),
            ("drumbridge, onsets and labels", f"{ours_s:.3f}", f"{length_s / ours_s:.0f}", str(len(hits))),
        ],
    )
    print(f"ratio drumbridge / librosa: {ours_s / theirs_s:.2f}")


if __name__ == "__main__":
    main()
