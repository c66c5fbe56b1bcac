"""How long classifying many one-shots takes, beside merely decoding the same files with soundfile."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import soundfile
from measuring import alternate, arguments, one_shot_files, print_table

from drumbridge.engine.engine import Engine
from drumbridge.errors import DrumbridgeError


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--files", type=int, default=1000, help="how many (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts (default %(default)s)")
    options = parser.parse_args()
    engine = Engine(model=options.model)
    with tempfile.TemporaryDirectory() as folder:
        paths = one_shot_files(options.data, options.files, Path(folder))
        failed = [path for path, result in engine.classify_many(paths) if isinstance(result, DrumbridgeError)]

        def decode() -> None:
            for path in paths:
                soundfile.read(path, dtype="float32")

        decoding_s, classifying_s = alternate([decode, lambda: list(engine.classify_many(paths))], options.rounds)
        single = []
        for path in paths[:200]:
            start = time.perf_counter()
            engine.classify(path)
            single.append(time.perf_counter() - start)

    n = len(paths)
    print_table(
        f"{n} one-shots ({'real' if options.data else 'synthesised'}), {len(failed)} failed",
        [
            ("", "total s", "ms a file"),
            ("soundfile.read, one thread", f"{decoding_s:.3f}", f"{1000 * decoding_s / n:.3f}"),
            ("Engine.classify_many, all cores", f"{classifying_s:.3f}", f"{1000 * classifying_s / n:.3f}"),
            ("Engine.classify, one file, p50", "", f"{1000 * statistics.median(single):.3f}"),
        ],
    )
    print(f"ratio classify_many / decoding: {classifying_s / decoding_s:.2f}")


if __name__ == "__main__":
    main()
