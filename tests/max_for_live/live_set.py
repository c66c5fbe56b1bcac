"""A Live set for the fake: tracks, slots, clips and devices as plain data."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import soundfile

from max_for_live.build import script
from max_for_live.chain import REPLIES

NODE = Path(__file__).parent / "node"
DEADLINE_S = 60.0


class LiveSet:
    """Objects by id, as the fake wants them."""

    def __init__(self, tempo: float = 120.0) -> None:
        self.objects: dict[int, dict] = {}
        self.view = self.add("View", {}, {"detail_clip": 0})
        self.song = self.add("Song", {"tempo": tempo}, {"tracks": [], "view": self.view})
        self.app = self.add("Application", {}, {})
        self.device = 0
        self._n_scenes = 8

    def add(self, kind: str, props: dict, children: dict) -> int:
        number = len(self.objects) + 1
        self.objects[number] = {"class": kind, "props": props, "children": children}
        return number

    def child(self, parent: int, name: str) -> object:
        return self.objects[parent]["children"][name]

    def track(self, name: str, *, midi: bool = False, frozen: bool = False) -> int:
        props = {"name": name, "is_frozen": int(frozen), "is_foldable": 0, "has_midi_input": int(midi), "color": 0}
        track = self.add("Track", props, {"clip_slots": [], "arrangement_clips": [], "devices": []})
        for _ in range(self._n_scenes):
            slot = self.add("ClipSlot", {"has_clip": 0}, {"clip": 0, "canonical_parent": track})
            self.child(track, "clip_slots").append(slot)
        self.child(self.song, "tracks").append(track)
        return track

    def put(self, track: int, clip: int, slot: int | None = None) -> int:
        """Put a clip into a slot, or into the arrangement."""
        if slot is None:
            self.child(track, "arrangement_clips").append(clip)
            self.objects[clip]["props"]["is_arrangement_clip"] = 1
        else:
            number = self.child(track, "clip_slots")[slot]
            self.objects[number]["props"]["has_clip"] = 1
            self.objects[number]["children"]["clip"] = clip
        return clip

    def audio_clip(
        self, name: str, path: Path, *, markers=None, looping=False, loop=None, marks=None, start_time=0.0, length=None
    ) -> int:
        """Make an audio clip; with `markers` (seconds of the file, beat) it is warped. `loop`, `marks`: clip time."""
        if path.exists():
            about = soundfile.info(str(path))
            frames, rate = about.frames, about.samplerate
        else:
            frames, rate = 44100, 44100
        whole = (0.0, frames / rate) if markers is None else (markers[0][1], markers[-1][1])
        loop, marks = loop or whole, marks or loop or whole
        props = {
            "name": name, "color": 0x112244, "is_audio_clip": 1, "is_midi_clip": 0, "is_arrangement_clip": 0,
            "file_path": str(path), "sample_rate": rate, "sample_length": frames, "warping": int(markers is not None),
            "looping": int(looping), "loop_start": loop[0], "loop_end": loop[1], "start_marker": marks[0],
            "end_marker": marks[1], "length": loop[1] - loop[0], "start_time": start_time,
            "end_time": start_time + (length if length is not None else loop[1] - loop[0]),
            "warp_markers": {"warp_markers": [{"sample_time": s, "beat_time": b} for s, b in markers or []]},
        }  # fmt: skip
        return self.add("Clip", props, {})

    def midi_clip(self, name: str) -> int:
        props = {"name": name, "color": 0x112244, "is_audio_clip": 0, "is_midi_clip": 1, "is_arrangement_clip": 0}
        return self.add("Clip", props, {})

    def put_device(self, track: int) -> int:
        """Put our own device on a track."""
        types = [{"display_name": name, "identifier": k} for k, name in enumerate(("No Output", "Drums"))]
        output = self.add(
            "DeviceIO",
            {"available_routing_types": {"available_routing_types": types}, "routing_type": {"routing_type": types[0]}},
            {},
        )
        self.device = self.add(
            "MaxDevice", {"class_name": "MxDeviceAudioEffect"}, {"midi_outputs": [output], "canonical_parent": track}
        )
        self.child(track, "devices").append(self.device)
        return self.device

    def select(self, clip: int) -> None:
        self.objects[self.view]["children"]["detail_clip"] = clip


class Device:
    """A device's js in Node, with a fake Live and real UDP.

    Attributes
    ----------
    heard : list
        Everything that js sent to its patch.
    """

    def __init__(self, device, live: LiveSet, server_port: int, folder: Path, version: str = "11.3.25") -> None:
        path = folder / device.SCRIPT
        path.write_bytes(script(device))
        config = {
            "script": str(path), "path": f"{folder}/{device.NAME}.amxd", "version": version,
            "replies": {address: name for name, address in REPLIES.items()},
            "live": {
                "objects": live.objects,
                "roots": {"live_set": live.song, "live_app": live.app, "this_device": live.device},
            },
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(config))
        command = ["node", str(NODE / "host.js"), str(folder / "config.json")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lines: Queue = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.heard: list[list] = []
        self.sent: list[list] = []
        self.events: list[list] = []
        self.send("server_port", server_port)

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(json.loads(line))

    def send(self, *message: object) -> None:
        self._write({"send": message})

    def let(self, name: str, value: object) -> None:
        """Set a constant of the script, a time to wait mostly."""
        self._write({"let": [name, value]})

    def poke(self, number: int, name: str, value: object) -> None:
        """Change the set as its user would."""
        self._write({"poke": [number, name, value]})

    def _write(self, value: dict) -> None:
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()

    def _next(self, deadline: float | None = None) -> dict:
        left_s = DEADLINE_S if deadline is None else deadline - time.monotonic()
        try:
            line = self._lines.get(timeout=max(0.0, left_s))
        except Empty:
            raise AssertionError(f"that was not said; last: {self.heard[-4:]}, {self.sent[-4:]}") from None
        assert "error" not in line, line["error"]
        for key, place in (("out", self.heard), ("sent", self.sent), ("event", self.events)):
            if key in line:
                place.append(line[key])
        return line

    def _lines_in_time(self) -> Iterator[dict]:
        """Yield what comes; a device that goes on talking of other things is late too."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            yield self._next(deadline)

    def until(self, word: str, *atoms: object) -> list:
        """Return the next thing sent to the patch that begins like this."""
        for line in self._lines_in_time():
            out = line.get("out")
            if out and out[: 1 + len(atoms)] == [word, *atoms]:
                return out

    def until_sent(self, address: str) -> list:
        for line in self._lines_in_time():
            sent = line.get("sent")
            if sent and sent[0] == address:
                return sent

    def until_status(self, text: str) -> list:
        """Wait for a status line; `text` is that of messages.json, # for any number. Return its numbers."""
        words = text.split()
        for line in self._lines_in_time():
            out = line.get("out")
            if out and out[0] == "status":
                found = out[1:]
                if len(found) == len(words) and all(w in ("#", f) for w, f in zip(words, found, strict=True)):
                    return [f for w, f in zip(words, found, strict=True) if w == "#"]

    def state(self) -> dict:
        """Return the set as it is now; fails when the device used Live wrongly."""
        self._write({"state": 1})
        for line in self._lines_in_time():
            if "state" in line:
                assert not line["violations"], line["violations"]
                self.symbols = line["symbols"]
                return {int(key): value for key, value in line["state"].items()}

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=DEADLINE_S)
        self._process.stdout.close()
