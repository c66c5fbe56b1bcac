"""Takes the pictures of the page in this folder: of drums that drumbridge synthesises, and heard with its own model.

    python docs/images/take.py

It needs the extras web and test, Chromium and its driver (Debian: chromium, chromium-driver).
"""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from drumbridge.core.synthesis import demo_loop, synthesise

HERE = Path(__file__).resolve().parent
DRUMS = ("kick", "snare", "closed_hat", "open_hat", "tom_low", "tom_mid", "tom_high", "clap", "crash", "ride")
PACKS = ("Brick", "Clay", "Copper", "Felt", "Glass", "Paper", "Tin", "Wool")
EACH = 8  # of each drum in a pack
RATE = 44100


def write_samples(folder: Path) -> None:
    """Write packs of drums, badly named as they always are, and a few loops."""
    rng = np.random.default_rng(1)
    for p, pack in enumerate(PACKS):
        (folder / pack).mkdir(parents=True)
        for d, drum in enumerate(DRUMS):
            for k in range(EACH):
                audio = synthesise(drum, velocity=int(rng.integers(50, 127)), seed=1000 * p + 50 * d + k)
                soundfile.write(folder / pack / f"{pack[:2].upper()}_{d:02}{k:02}.wav", audio, RATE)
        loop, rate = demo_loop()[0], RATE
        soundfile.write(folder / pack / f"{pack} groove.wav", loop[: rate * (2 + p % 3)], rate)


class Camera:
    """A browser that takes pictures."""

    def __init__(self, url: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--mute-audio"):
            options.add_argument(argument)
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        self.url = url

    def open(self, view: str, ready: str, *, width: int = 1280, height: int = 720, scheme: str = "dark") -> None:
        """Show a view, and wait until a script says that it is there."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}#{view}")
        WebDriverWait(self.driver, 60).until(lambda driver: driver.execute_script(f"return {ready}"))

    def press(self, *keys: str) -> None:
        """Press keys."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()
            time.sleep(0.7)

    def take(self, name: str) -> None:
        """Write the picture."""
        time.sleep(1.5)  # for what comes later: a name, a waveform, the end of a sound
        self.driver.save_screenshot(str(HERE / name))


DRAWN = "Number(document.querySelector('.stage')?.dataset.frames) > 0"
ASKED = "document.querySelector('.card')?.dataset.id"
HITS = "Number(document.querySelector('.view-transcription canvas')?.dataset.hits) > 3"
HEARD = "document.querySelectorAll('.view-live .heard li').length > 14"


def free_port() -> int:
    """Return a UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        return int(link.getsockname()[1])


@contextlib.contextmanager
def listening(path: Path, port: int) -> Iterator[None]:
    """Hear a minute of drums as if an interface played them, and answer on a port, until the end of the block."""
    loop = demo_loop()[0]
    soundfile.write(path, np.tile(loop, 1 + 60 * RATE // len(loop)), RATE)
    command = [sys.executable, "-m", "drumbridge", "listen", str(path), "--serve", "--port", str(port)]
    ears = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        ears.terminate()
        ears.wait()


def main() -> None:
    """Make a library, serve it, take the pictures."""
    with tempfile.TemporaryDirectory(prefix="drumbridge-pictures-") as name:
        samples, library = Path(name) / "Samples", Path(name) / "library.sqlite"
        write_samples(samples)
        osc_port = free_port()
        drumbridge = [sys.executable, "-m", "drumbridge"]
        subprocess.run([*drumbridge, "scan", str(samples), "--library", str(library)], check=True)
        server = subprocess.Popen(
            [*drumbridge, "web", "--library", str(library), "--port", "0", "--no-open", "--server-port", str(osc_port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            camera = Camera(re.search(r"http://\S+", server.stdout.readline())[0])
            camera.open("map", DRAWN)
            camera.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_UP)
            camera.take("web-map.png")
            camera.open("map?q=label:snare,clap,rim", DRAWN, scheme="light")
            camera.take("web-map-light.png")
            camera.open("label", ASKED)
            camera.take("web-label.png")
            camera.open("transcription", HITS)
            camera.press(*[Keys.ARROW_RIGHT] * 3)
            camera.take("web-transcription.png")
            with listening(Path(name) / "Drum bus.wav", osc_port):
                camera.open("live", HEARD)
                camera.take("web-live.png")
            camera.open("map", DRAWN, width=390, height=844)
            camera.press(Keys.ARROW_UP)
            camera.take("web-phone.png")
            camera.driver.quit()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
