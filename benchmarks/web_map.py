"""How quickly the sample map is there, and how smoothly it is dragged, in headless Chromium without a graphics card.

For each number of sounds and each of the map's two ways of drawing: the time from opening the address until all dots
are drawn, frames in a second while a mouse drags the map about, and the longest time between two of them. The library
is made up; its sounds lie in clusters as real ones do.

    python benchmarks/web_map.py [--sounds 20000 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measuring import print_table

from drumbridge.core.labels import LABELS
from drumbridge.library.heard import HeardSound
from drumbridge.library.sample_map import place_new_sounds
from drumbridge.library.store import HeardFile, Library

DRAG_S = 5.0
LENGTH = 64  # of an embedding


def make_library(file: Path, n: int) -> None:
    """Write a library of n one-shots that are nowhere on the disk."""
    rng = np.random.default_rng(1)
    centres = rng.normal(scale=2.0, size=(len(LABELS), LENGTH))
    with Library(file) as library:
        hearing_id = library.hearing(b"model", "{}", "model")
        for first in range(0, n, 5000):
            heard = []
            for k in range(first, min(n, first + 5000)):
                label = int(rng.integers(len(LABELS)))
                vector = (centres[label] + rng.normal(size=LENGTH)).astype("<f2")
                confidence = float(rng.beta(5, 1))
                sound = HeardSound(
                    "one_shot", 0.5, 44100, LABELS[label].name, confidence, confidence < 0.4, 100, -6.0,
                    json.dumps([[LABELS[label].name, confidence]]), "", (), vector.tobytes(),
                )  # fmt: skip
                path = os.fsencode(f"/Samples/pack {k // 200:03}/{LABELS[label].name}/sound {k:06}.wav")
                heard.append(HeardFile(path, 44144, k, k + 1, 1, k.to_bytes(16, "big"), sound))
            library.remember(heard, hearing_id)
        place_new_sounds(library, hearing_id)


def measure(driver, url: str) -> tuple[float, float, float]:
    """Return seconds until drawn, frames a second while dragged, and the longest frame (ms)."""
    driver.get("about:blank")
    start = time.perf_counter()
    driver.get(url)
    while not driver.execute_script("return document.querySelector('.stage')?.dataset.frames > 0"):
        time.sleep(0.01)
    drawn_s = time.perf_counter() - start
    driver.execute_script(
        "window.stage = document.querySelector('.stage'); window.longest = 0;"
        "let before = 0, seen = stage.dataset.frames;"
        "const look = (now) => { if (stage.dataset.frames !== seen) { seen = stage.dataset.frames;"
        " if (before) longest = Math.max(longest, now - before); before = now; } requestAnimationFrame(look); };"
        "requestAnimationFrame(look)"
    )
    box = driver.execute_script(
        "const box = stage.getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2]"
    )

    def mouse(kind: str, x: float, y: float, buttons: int) -> None:
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1}
        driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    mouse("mousePressed", *box, 1)
    mouse("mouseMoved", box[0] + 20, box[1], 1)
    frames, start = int(driver.execute_script("return stage.dataset.frames")), time.perf_counter()
    driver.execute_script("window.longest = 0")
    k = 0
    while (elapsed := time.perf_counter() - start) < DRAG_S:
        k += 1
        mouse("mouseMoved", box[0] + 150 * np.sin(elapsed * 3), box[1] + 100 * np.sin(elapsed * 2), 1)
    drawn, longest = driver.execute_script("return [stage.dataset.frames, window.longest]")
    mouse("mouseReleased", *box, 0)
    return drawn_s, (int(drawn) - frames) / elapsed, longest


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sounds", type=int, nargs="+", default=[20_000, 100_000])
    args = parser.parse_args()
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1280,720", "--enable-unsafe-swiftshader"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    rows = []
    try:
        for n in args.sounds:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "library.sqlite"
                make_library(file, n)
                web = [sys.executable, "-m", "drumbridge", "web", "--port", "0", "--no-open"]
                command = [*web, "--library", str(file)]
                server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                try:
                    url = re.search(r"http://\S+", server.stdout.readline())[0]
                    for engine in ("webgl", "stamps"):
                        results = np.array([measure(driver, f"{url}?draw={engine}") for _ in range(3)])
                        drawn_s, rate, longest = np.median(results, axis=0)
                        used = driver.execute_script("return stage.dataset.engine")
                        assert used == engine, f"{engine} was asked for, {used} came"
                        rows.append([f"{n:,}", engine, f"{drawn_s:.2f}", f"{rate:.0f}", f"{longest:.0f}"])
                finally:
                    server.terminate()
                    server.wait()
    finally:
        driver.quit()
    title = "the sample map in headless Chromium, 1280 x 720, no graphics card"
    print_table(title, [["sounds", "drawn by", "drawn after (s)", "frames/s dragged", "longest frame (ms)"], *rows])


if __name__ == "__main__":
    main()
