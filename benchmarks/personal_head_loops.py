"""What a personal head is worth in loops: a simulated user corrects the hits of some, others say whether it helped.

    python benchmarks/personal_head_loops.py DATA_FOLDER

DATA_FOLDER as for `personal_head.py`. For each pack with enough kicks, snares and hats, its drum that the model
mishears most is put into loops: two bars of kick, snare and hats, the drum between them, each loop with a sample of its
own for each drum. The user goes through 20 loops: a hit that is called after none of the drums that were struck is
corrected to the loudest of them, any other confirmed. Measured are 20 other loops, made of other samples of the pack;
right is a hit that is called after a drum that was struck. Another user judges half of the pack's one-shots; the other
half is measured, nearly the same sounds left out. A third does both. "Offered for" says what
`learn --from-corrections` would use the head for.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from drumbridge.core.events import LOOP, ONE_SHOT, Hit
from drumbridge.core.excerpts import find_attack
from drumbridge.core.head_trial import NEARLY_THE_SAME, Judged, JudgedSounds, learn_head, try_head
from drumbridge.core.hit_head import HitHead, JudgedHits, log_odds, storable
from drumbridge.core.transcriber import Transcriber
from drumbridge.engine.engine import Engine
from drumbridge.errors import DrumbridgeError

_SEEDS = 2
_PACKS = 4
_LOOPS = 20  # that the user goes through, and as many others
_TIME_S = 0.025  # from what was struck to a hit


class Heard(NamedTuple):
    """The hits of some loops: numbers as the library has them, and the labels that were struck, the loudest first."""

    hits: JudgedHits
    labels: list[str]  # what the model calls them
    struck: list[list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data / "oneshots"
    packs: dict[str, list[tuple[Path, str]]] = defaultdict(list)
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] == "check":
                packs[f"{row['source']}/{row['kit']}"].append((folder / row["path"], row["label"]))
    print(
        "| pack, its misheard drum | user | offered for | expected in loops | hits of other loops | model | head |"
        " gain | the drum alone | one-shots: expected | model | head | gain |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    chosen = [pack for pack in sorted(packs, key=lambda pack: -len(packs[pack])) if _plays(packs[pack])][:_PACKS]
    for pack in chosen:
        bench = Bench(pack, packs[pack])
        bench.row("hits", with_hits=True, with_sounds=False)
        bench.row("one-shots", with_hits=False, with_sounds=True)
        bench.row("both", with_hits=True, with_sounds=True)


def _plays(sounds: list[tuple[Path, str]]) -> bool:
    labels = [label for _, label in sounds]
    if "oramics/tr-808" in str(sounds[0][0]):  # whose sounds are all nearly the same
        return False
    return all(labels.count(label) >= 2 for label in ("kick", "snare", "closed_hat")) and len(sounds) >= 80


class Bench:
    """One pack."""

    def __init__(self, name: str, sounds: list[tuple[Path, str]]) -> None:
        engine = Engine()
        self.classifier = engine.load_hit_model()
        self.vectors, self.rankings, self.truths = [], [], []
        self.samples: dict[str, list[np.ndarray]] = defaultdict(list)
        wrong: dict[str, list[bool]] = defaultdict(list)
        answers = engine.classify_many([path for path, _ in sounds])
        for (path, label), (_, answer) in zip(sounds, answers, strict=True):
            if isinstance(answer, DrumbridgeError):
                continue
            vector = storable(np.array(answer.embedding)).astype(np.float32)
            self.vectors.append(vector / np.linalg.norm(vector))
            self.rankings.append(tuple((entry.label, entry.confidence) for entry in answer.ranking[:5]))
            self.truths.append(label)
            wrong[label].append(answer.label != label)
            self.samples[label].append(_sample(path, self.classifier.sample_rate))
        often = {label: of for label, of in wrong.items() if len(of) >= 4 and label not in ("kick", "snare", "other")}
        self.drum = max(often, key=lambda label: float(np.mean(often[label])))
        self.name = f"`{name}`, {self.drum}"

    def row(self, user: str, *, with_hits: bool, with_sounds: bool) -> None:
        told = [self.one(seed, with_hits=with_hits, with_sounds=with_sounds) for seed in range(_SEEDS)]
        offered = " and ".join(
            f"{called} ({n} of {_SEEDS})"
            for kind, called in ((LOOP, "hits"), (ONE_SHOT, "one-shots"))
            if (n := sum(kind in each["offered"] for each in told))
        )
        mean = {key: float(np.mean([each[key] for each in told])) for key in told[0] if key != "offered"}
        expected = f"{100 * mean['expected']:+.1f}" if with_hits else ""
        expected_sounds = f"{100 * mean['expected_sounds']:+.1f}" if with_sounds else ""
        of_sounds = (
            f"{expected_sounds} | {mean['sounds']:.3f} | {mean['sounds_head']:.3f} |"
            f" {100 * (mean['sounds_head'] - mean['sounds']):+.1f}"
        )
        print(
            f"| {self.name} | {user} | {offered or 'nothing'} | {expected} | {mean['n']:.0f} |"
            f" {mean['model']:.3f} | {mean['head']:.3f} | {100 * (mean['head'] - mean['model']):+.1f} |"
            f" {mean['drum']:.2f} to {mean['drum_head']:.2f} | {of_sounds} |",
            flush=True,
        )

    def one(self, seed: int, *, with_hits: bool, with_sounds: bool) -> dict[str, object]:
        rng = np.random.default_rng(seed)
        halves = {label: np.array_split(rng.permutation(len(of)), 2) for label, of in self.samples.items()}
        judged, other = (
            self.heard([self.loop(rng, {label: half[part] for label, half in halves.items()}) for _ in range(_LOOPS)])
            for part in (0, 1)
        )
        said = [
            label if label in drums else drums[0] for label, drums in zip(judged.labels, judged.struck, strict=True)
        ]
        hits = judged.hits._replace(truths=said).rows(np.arange(len(said) if with_hits else 0))
        rows = rng.permutation(len(self.truths))
        half, rest = (rows[: len(rows) // 2], rows[len(rows) // 2 :]) if with_sounds else (rows[:0], rows)
        vectors = np.stack(self.vectors)
        sounds = JudgedSounds(vectors[half], [self.rankings[k] for k in half], [self.truths[k] for k in half])
        lesson = Judged(sounds, hits)
        confidence = float(np.mean([ranking[0][1] for ranking in self.rankings]))
        trials = try_head(lesson, {ONE_SHOT: confidence, LOOP: 0.8})
        head = learn_head(lesson)
        if len(half):
            rest = rest[(vectors[rest] @ vectors[half].T).max(axis=1) < NEARLY_THE_SAME]
        of_hits = HitHead(head, self.classifier.rule)
        after = []
        for k, label in enumerate(other.labels):
            answer = of_hits.judge(other.hits.vectors[k], other.hits.odds[k])
            after.append(label if answer is None else answer.labels[0].label if answer.labels else "unsure")
        right, right_head = (
            np.array([label in drums for label, drums in zip(labels, other.struck, strict=True)])
            for labels in (other.labels, after)
        )
        alone = np.array([drums == [self.drum] for drums in other.struck])
        return {
            "offered": [kind for kind, trial in trials.items() if trial.better],
            "expected": trials[LOOP].gain if with_hits else 0.0,
            "n": len(after), "model": right.mean(), "head": right_head.mean(),
            "drum": right[alone].mean(), "drum_head": right_head[alone].mean(),
            "expected_sounds": trials[ONE_SHOT].gain if with_sounds else 0.0,
            "sounds": np.mean([self.rankings[k][0][0] == self.truths[k] for k in rest]),
            "sounds_head": np.mean(
                [head.judge(vectors[k], self.rankings[k])[0][0] == self.truths[k] for k in rest]
            ),
        }  # fmt: skip

    def loop(
        self, rng: np.random.Generator, samples: dict[str, np.ndarray]
    ) -> tuple[np.ndarray, list[tuple[int, str]]]:
        """Return a loop and what is struck in it, (sample, label), the louder first where two are struck at once."""
        rate = self.classifier.sample_rate
        step = 60.0 / rng.uniform(85, 140) / 4
        steps: list[tuple[int, str, float]] = []
        for bar in range(2):
            at = 16 * bar
            steps += [(at + k, "kick", 0.9) for k in (0, 8, *rng.choice([3, 6, 10, 14], 1))]
            steps += [(at + k, "snare", 0.8) for k in (4, 12)]
            steps += [(at + k, "closed_hat", 0.35) for k in range(0, 16, 2)]
            steps += [(at + k, self.drum, 0.7) for k in rng.choice([1, 5, 7, 9, 11, 13, 15], 4, replace=False)]
        sounds = {label: self.samples[label][rng.choice(samples[label])] for _, label, _ in steps}
        audio = np.zeros(round((33 * step + 2.0) * rate), dtype=np.float32)
        struck = []
        for k, label, gain in sorted(steps, key=lambda each: (each[0], -each[2])):
            at = round((0.05 + k * step + rng.normal(0, 0.002)) * rate)
            sound = gain * rng.uniform(0.7, 1.0) * sounds[label]
            audio[at : at + len(sound)] += sound[: len(audio) - at]
            struck.append((at, label))
        return (0.9 * audio / np.abs(audio).max()).astype(np.float32), struck

    def heard(self, loops: list[tuple[np.ndarray, list[tuple[int, str]]]]) -> Heard:
        """Return what is heard of loops where something was struck."""
        hits: list[Hit] = []
        files: list[int] = []
        struck: list[list[str]] = []
        for file, (audio, strokes) in enumerate(loops):
            transcriber = Transcriber(self.classifier)
            transcriber.keep_embeddings = True
            for hit in transcriber.process(audio) + transcriber.flush():
                near = [
                    label for at, label in strokes if abs(at - hit.position) < _TIME_S * self.classifier.sample_rate
                ]
                if near:
                    hits.append(hit)
                    files.append(file)
                    struck.append(near)
        vectors = np.stack([storable(hit.embedding).astype(np.float32) for hit in hits])
        judged = JudgedHits(
            vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
            log_odds(np.array([hit.scores for hit in hits])),
            [None] * len(hits), files, self.classifier.rule,
        )  # fmt: skip
        return Heard(judged, [hit.label for hit in hits], struck)


def _sample(path: Path, sample_rate: int) -> np.ndarray:
    """Return a one-shot from its attack on, at most 2 s, float32, peak 1."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(audio.mean(axis=1), rate, sample_rate).astype(np.float32)
    start = find_attack(mono, sample_rate) or 0
    sound = mono[start : start + 2 * sample_rate].copy()
    return sound / max(1e-9, float(np.abs(sound).max()))


if __name__ == "__main__":
    main()
