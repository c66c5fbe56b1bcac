"""How long scanning a library takes beside decoding its files; a second scan; killed scans; `like:` in 100,000 sounds.

The files are copies of one-shots with small changes (gain, and a few samples of silence before), so no two are equal.
Decoding alone is soundfile.read of each file in this process, without starting one: on one thread, and on one for each
core. The scan is the program, its start included, which hears on all cores. All files are in memory on both sides, and
each is measured --rounds times in turn, of which the best counts, since other programs can only make them slower.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from measuring import arguments, one_shot_files, print_table

from drumbridge.library.heard import HeardSound
from drumbridge.library.query import parse_query
from drumbridge.library.search import find_sounds
from drumbridge.library.store import HeardFile, Library
from drumbridge.library.vector_file import keep_vectors

_LOOK_EVERY_S = 0.5
_TABLES = ("contents", "files", "results", "embeddings", "hits")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="how many (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="of which the best counts (default %(default)s)")
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="kill a scan N times and compare its rows")
    parser.add_argument("--sounds", type=int, default=100_000, help="for like: (default %(default)s; 0 skips it)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = folder / "samples"
        if options.files:
            paths = _copies(options, samples, folder)
            _measure_scan(options, samples, paths, folder)
        if options.kills:
            _measure_kills(options, samples, folder)
        if options.sounds:
            _measure_like(options.sounds, folder)


def _copies(options, samples: Path, folder: Path) -> list[Path]:
    originals = one_shot_files(options.data, min(options.files, 5000), folder)
    rng = np.random.default_rng(1)
    paths = []
    for k in range(options.files):
        audio, rate = soundfile.read(originals[k % len(originals)], dtype="float32")
        audio = np.concatenate([np.zeros(rng.integers(0, 50), dtype=np.float32), audio * rng.uniform(0.5, 1.0)])
        path = samples / f"{k // 500:03}" / f"{k:06}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, audio, rate)
        paths.append(path)
    return paths


class Cost(NamedTuple):
    """What something took: seconds on the clock, seconds of processor, and the most memory of all its processes, MB."""

    clock_s: float
    processor_s: float
    memory_mb: float = 0.0


def _scan(options, samples: Path, library: Path) -> Cost:
    """Run a scan as a program."""
    command = [sys.executable, "-m", "drumbridge", "scan", str(samples), "--library", str(library)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    ran = subprocess.Popen(
        [*command, *(["--model", options.model] if options.model else [])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    memory_mb = 0.0
    while True:
        try:
            _, complaints = ran.communicate(timeout=_LOOK_EVERY_S)
            break
        except subprocess.TimeoutExpired:
            memory_mb = max(memory_mb, _memory_mb(ran.pid))
    clock_s = time.perf_counter() - start
    if ran.returncode not in (0, 1):
        sys.exit(complaints.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(clock_s, processor_s, memory_mb or after.ru_maxrss / 1000)


def _memory_mb(pid: int) -> float:
    """Return what a process and its children hold now, pages that they share counted once; 0 where Linux isn't."""
    kb = 0
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            pids = [str(pid), *file.read().split()]
        for one in pids:
            with open(f"/proc/{one}/smaps_rollup") as file:
                kb += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):  # no Linux, or over
        return 0.0
    return kb / 1000


def _measured(work: Callable[[], object]) -> Cost:
    start, processor = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - start, time.process_time() - processor)


def _measure_scan(options, samples: Path, paths: list[Path], folder: Path) -> None:
    def decode(some: list[Path]) -> None:
        for path in some:
            soundfile.read(path, dtype="float32")

    def decode_on_all_cores() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(decode, [paths[k::64] for k in range(64)]))

    decode(paths)  # from here on all are in memory
    rounds = []
    for k in range(options.rounds):
        rounds.append((
            _measured(lambda: decode(paths)), _measured(decode_on_all_cores),
            _scan(options, samples, folder / f"library{k}.sqlite"),
        ))  # fmt: skip
    one_thread, all_cores, first = (min(costs) for costs in zip(*rounds, strict=True))
    second = min(_scan(options, samples, folder / "library0.sqlite") for _ in range(3))
    n = len(paths)

    def row(what: str, cost: Cost) -> tuple[str, ...]:
        return (
            what, f"{cost.clock_s:.2f}", f"{1e3 * cost.clock_s / n:.3f}", f"{cost.clock_s / one_thread.clock_s:.2f}",
            f"{cost.clock_s / all_cores.clock_s:.2f}", f"{cost.processor_s:.2f}",
            f"{cost.processor_s / one_thread.processor_s:.2f}",
        )  # fmt: skip

    print_table(
        f"{n} one-shots ({'real' if options.data else 'synthesised'}, changed a little)",
        [
            ("", "clock s", "ms a file", "of one thread", "of all cores", "processor s", "of decoding"),
            row("soundfile.read, one thread", one_thread),
            row("the same on all cores", all_cores),
            row("drumbridge scan, the program", first),
            row("the second time (best of 3)", second),
        ],
    )
    print(f"ratio scan / decoding, one thread: {first.clock_s / one_thread.clock_s:.2f}")
    print(f"ratio scan / decoding, all cores: {first.clock_s / all_cores.clock_s:.2f}")
    print(f"ratio first scan / second: {first.clock_s / second.clock_s:.0f}")
    print(f"memory of the scan, all its processes: {first.memory_mb:.0f} MB")


def _measure_kills(options, samples: Path, folder: Path) -> None:
    rng = random.Random(1)
    undisturbed = folder / "undisturbed.sqlite"
    seconds = _scan(options, samples, undisturbed).clock_s
    killed = folder / "killed.sqlite"
    command = [sys.executable, "-m", "drumbridge", "scan", str(samples), "--library", str(killed)]
    for _ in range(options.kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.1, max(0.2, seconds / options.kills)))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    _scan(options, samples, killed)
    with Library(undisturbed) as one, Library(killed) as other:
        for table in _TABLES:
            query = f"SELECT * FROM {table} ORDER BY 1, 2"
            same = one.connection.execute(query).fetchall() == other.connection.execute(query).fetchall()
            n = one.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            print(f"killed {options.kills} times: {n} rows of {table} are {'the same' if same else 'DIFFERENT'}")


def _measure_like(n: int, folder: Path) -> None:
    rng = np.random.default_rng(1)
    labels = ("kick", "snare", "closed_hat", "clap")
    with Library(folder / "large.sqlite") as library:
        hearing_id = library.hearing(b"m" * 16, "{}", "made up")
        for start in range(0, n, 5000):
            vectors = np.maximum(rng.normal(size=(min(5000, n - start), 192)), 0).astype("<f2")
            library.remember([_made_up(start + k, labels, vector) for k, vector in enumerate(vectors)], hearing_id)
        keep_vectors(library, hearing_id)
    path = folder / "large.sqlite"
    rows = [("", "best", "median of 5")]
    for what, query in (("alone", ""), ("and a label", "label:snare"), ("and what none is", "label:tom_low")):
        asked = f"like:/samples/000005.wav {query}"
        fresh = [_seconds_of([sys.executable, "-c", _FRESH, str(path), asked]) for _ in range(5)]
        with Library(path, writing=False) as library:
            again = [_seconds_to_find(library, asked) for _ in range(6)][1:]
        for when, seconds in (("a fresh process, from opening the library on", fresh), ("the library open", again)):
            rows.append((f"like: {what}, {when}", f"{1e3 * min(seconds):.0f} ms", f"{1e3 * sorted(seconds)[2]:.0f} ms"))
    print_table(f"like: among {n} sounds, 192 dimensions", rows)
    program = [sys.executable, "-m", "drumbridge", "find", "--library", str(path), "--paths"]
    for what, command in (
        ("drumbridge find like:", [*program, "like:/samples/000005.wav"]),
        ("drumbridge find --limit 20", [*program, "--limit", "20"]),
        ("python -c 'import numpy'", [sys.executable, "-c", "import numpy"]),
    ):
        print(f"{what}, start and end of the process: {1e3 * min(_clock_of(command) for _ in range(5)):.0f} ms")


_FRESH = """
import sys, time
from drumbridge.library.query import parse_query
from drumbridge.library.search import find_sounds
from drumbridge.library.store import Library
import numpy
start = time.perf_counter()
with Library(sys.argv[1], writing=False) as library:
    list(find_sounds(library, parse_query(sys.argv[2]), limit=20))
print(time.perf_counter() - start)
"""


def _seconds_of(command: list[str]) -> float:
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _seconds_to_find(library: Library, query: str) -> float:
    start = time.perf_counter()
    list(find_sounds(library, parse_query(query), limit=20))
    return time.perf_counter() - start


def _clock_of(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start


def _made_up(k: int, labels: tuple[str, ...], vector: np.ndarray) -> HeardFile:
    sound = HeardSound("one_shot", 0.5, 44100, labels[k % 4], 0.9, False, 100, -6.0, "[]", "", (), vector.tobytes())
    path = os.fsencode(f"/samples/{k:06}.wav")
    return HeardFile(path, 1000, k, k, 1, k.to_bytes(16, "little"), sound)


if __name__ == "__main__":
    main()
