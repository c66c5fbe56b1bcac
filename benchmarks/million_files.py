"""Memory of listing a library's folders and comparing them with what it knows, against the number of files.

    python benchmarks/million_files.py --files 10000 100000 1000000

The files are empty, 1,000 in a folder, made in a temporary folder (below --in, if given) and removed at the end. Each
step is a process of its own, of which the peak is what the system counted: the first scan up to the point where all is
compared and each file was handed out to be heard once; a second one, after all are known; and one for which a tenth
has vanished. Linux only. "Before" is the peak when the library was open and nothing listed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import print_table

_IN_A_FOLDER = 1000

_STEP = """
import json, sys
from time import perf_counter
from drumbridge.audio.walk import audio_files_below
from drumbridge.library.listing import Listing
from drumbridge.library.store import HeardFile, Library
import os

def peak_kb():
    # Not getrusage, which begins with the peak of the process that started this one.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

samples, file, remember = sys.argv[1], sys.argv[2], sys.argv[3] == "remember"
with Library(file) as library:
    hearing_id = library.hearing(b"none", "{}", "none")
    listing = Listing(library)
    before = peak_kb()
    since = perf_counter()
    listing.add(audio_files_below(samples))
    counts = listing.compare(hearing_id, [os.fsencode(samples)])
    handed_out = 0
    for chunk in listing.todo(32):
        handed_out += len(chunk)
    took = perf_counter() - since
    peak = peak_kb()
    assert handed_out == counts.todo
    for chunk in listing.todo(2000) if remember else ():
        library.remember([HeardFile(*entry, None, None, "audio.empty", "empty") for entry in chunk], hearing_id)
print(json.dumps([before, peak, took, *counts]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000], help="default: %(default)s")
    parser.add_argument("--in", dest="folder", type=Path, help="where the temporary folder is made")
    options = parser.parse_args()
    rows: list[tuple[str, ...]] = [("files", "step", "to hear, vanished", "before, MB", "peak, MB", "s")]
    for n in options.files:
        _check_room(options.folder or Path(tempfile.gettempdir()), n)
        with tempfile.TemporaryDirectory(dir=options.folder, ignore_cleanup_errors=True) as name:
            samples, library = Path(name) / "samples", Path(name) / "library.sqlite"
            _make(samples, n)
            for step, remember in (("first scan", "remember"), ("second scan", ""), ("a tenth gone", "")):
                if step == "a tenth gone":
                    for k in range(0, -(-n // _IN_A_FOLDER), 10):
                        shutil.rmtree(samples / f"{k:04}")
                before, peak, took, _, todo, vanished = _step(samples, library, remember)
                row = f"{n:,}", step, f"{todo:,}, {vanished:,}", f"{before / 1024:.1f}", f"{peak / 1024:.1f}"
                rows.append((*row, f"{took:.1f}"))
    print_table("Listing and comparing", rows)


def _check_room(folder: Path, n: int) -> None:
    free = os.statvfs(folder).f_favail
    if free < 2 * n:
        raise SystemExit(f"{folder} has room for {free:,} more files; {n:,} are to be made.")


def _make(samples: Path, n: int) -> None:
    for k in range(0, n, _IN_A_FOLDER):
        folder = samples / f"{k // _IN_A_FOLDER:04}"
        folder.mkdir(parents=True)
        for j in range(k, min(n, k + _IN_A_FOLDER)):
            os.close(os.open(folder / f"a sample with a name {j:07}.wav", os.O_CREAT | os.O_WRONLY))


def _step(samples: Path, library: Path, remember: str) -> list[float]:
    arguments = [sys.executable, "-c", _STEP, str(samples), str(library), remember]
    return json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
