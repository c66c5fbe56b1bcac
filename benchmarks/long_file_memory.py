"""How much memory transcribing a long WAV takes, beside reading the same file whole with soundfile.

The file is made here from a short recording, in a temporary folder, and deleted afterwards. Each side is a
process of its own; its peak is the resident memory that the system counted for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile
from measuring import arguments, print_table, recording

OURS = """
import json, sys, time
from drumbridge.engine.engine import Engine
calls = []
start = time.perf_counter()
result = Engine(model=sys.argv[2] or None).transcribe(sys.argv[1], on_progress=lambda done, total: calls.append(done))
print(json.dumps([len(result.hits), len(calls), time.perf_counter() - start]))
"""
WHOLE = """
import json, sys, time, soundfile
start = time.perf_counter()
audio, rate = soundfile.read(sys.argv[1], dtype="float32")
print(json.dumps([0, 0, time.perf_counter() - start]))
"""


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--hours", type=float, default=3.0, help="length of the file (default %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        audio, rate = soundfile.read(recording(options.data, Path(folder)), dtype="int16")
        path = Path(folder) / "long.wav"
        with soundfile.SoundFile(path, "w", rate, audio.shape[1] if audio.ndim == 2 else 1, "PCM_16") as file:
            while file.frames < options.hours * 3600 * rate:
                file.write(audio[: round(options.hours * 3600 * rate) - file.frames])
        size_mb = path.stat().st_size / 1e6
        (n_hits, n_calls, ours_s), ours_mb = run(OURS, str(path), options.model or "")
        (_, _, whole_s), whole_mb = run(WHOLE, str(path))
    print_table(
        f"WAV of {options.hours:g} h, {size_mb:.0f} MB; {n_hits} hits, progress reported {n_calls} times",
        [
            ("", "peak MB", "s"),
            ("soundfile.read, whole", f"{whole_mb:.0f}", f"{whole_s:.1f}"),
            ("drumbridge transcribe", f"{ours_mb:.0f}", f"{ours_s:.1f}"),
        ],
    )
    print(f"ratio drumbridge / whole file: {ours_mb / whole_mb:.3f}; {options.hours * 3600 / ours_s:.0f} x real time")


def run(code: str, *argv: str) -> tuple[list[float], float]:
    """Run some Python in a process of its own; return what it printed as JSON and its peak memory, MB."""
    process = subprocess.Popen([sys.executable, "-c", code, *argv], stdout=subprocess.PIPE)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"the measured process ended with status {status}")
    per_unit = 1 if sys.platform == "darwin" else 1024
    return json.loads(output), usage.ru_maxrss * per_unit / 1e6


if __name__ == "__main__":
    main()
