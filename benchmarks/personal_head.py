"""What a personal head is worth: a simulated user corrects some sounds, the others say whether it helped.

    python benchmarks/personal_head.py DATA_FOLDER

DATA_FOLDER holds ``oneshots`` with its manifest; sounds of the split ``check`` are used, which the model has not
learned. The user knows what each sound is. Sounds that are nearly those that were judged are left out of what is
measured. "offered" says whether the trial found the head better, and what it expected; "measured" is what came of it,
also where it was not offered.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np

from drumbridge.core.decision import DecisionRule
from drumbridge.core.events import LOOP, ONE_SHOT
from drumbridge.core.head_trial import (
    NEARLY_THE_SAME,
    Judged,
    JudgedSounds,
    independent_groups,
    learn_head,
    try_head,
)
from drumbridge.core.hit_head import JudgedHits
from drumbridge.engine.engine import Engine
from drumbridge.engine.head_learning import LEAST_CORRECTED
from drumbridge.errors import DrumbridgeError

_SEEDS = 3
NO_HITS = JudgedHits(np.zeros((0, 1), np.float32), np.zeros((0, 1), np.float16), [], [], DecisionRule(("kick",)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data / "oneshots"
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "check"]
    vectors, rankings, truths, kits = [], [], [], []
    answers = Engine().classify_many([folder / row["path"] for row in rows])
    for row, (_, answer) in zip(rows, answers, strict=True):
        if isinstance(answer, DrumbridgeError):
            continue
        vector = np.array(answer.embedding, dtype=np.float32)
        vectors.append(vector / np.linalg.norm(vector))
        rankings.append(tuple((entry.label, entry.confidence) for entry in answer.ranking[:5]))
        truths.append(row["label"])
        kits.append(f"{row['source']}/{row['kit']}")
    bench = Bench(np.stack(vectors), rankings, np.array(truths), np.array(kits))
    print(f"{len(truths)} sounds of {len(set(kits))} kits; the model's labels are right for {bench.right.mean():.3f}\n")
    print("| user | offered | expected | other sounds | model | head | gain |")
    print("|---|---|---|---|---|---|---|")
    packs = [
        kit for kit, n in Counter(kits).most_common() if n >= 80 and kit != "oramics/tr-808"
    ]  # whose sounds are all nearly the same
    for pack in packs:
        bench.row(f"half of `{pack}`", lambda rng, pack=pack: bench.half_of(rng, pack))
    bench.row("300 of all kits, at random", lambda rng: bench.some(rng, np.arange(len(truths)), 300))
    bench.row(
        "120 mistakes of all kits, nothing confirmed", lambda rng: bench.some(rng, np.flatnonzero(~bench.right), 120)
    )
    bench.row("60 sounds, wrong labels at random", lambda rng: bench.some(rng, np.arange(len(truths)), 60), noise=True)


class Bench:
    """The sounds, and what users make of them."""

    def __init__(self, vectors, rankings, truths, kits):
        self.vectors, self.rankings, self.truths, self.kits = vectors, rankings, truths, kits
        self.right = np.array([ranking[0][0] == truth for ranking, truth in zip(rankings, truths, strict=True)])

    def half_of(self, rng, pack):
        of_pack = rng.permutation(np.flatnonzero(self.kits == pack))
        return of_pack[: len(of_pack) // 2], of_pack[len(of_pack) // 2 :]

    def some(self, rng, pool, n):
        judged = rng.choice(pool, n, replace=False)
        return judged, np.setdiff1d(np.arange(len(self.truths)), judged)

    def row(self, user, choose, noise=False):
        told = [self.one(choose, seed, noise) for seed in range(_SEEDS)]
        offered = sum(each[0] for each in told)
        expected, n, model, head = (np.mean([each[k] for each in told]) for k in (1, 2, 3, 4))
        print(
            f"| {user} | {offered} of {_SEEDS} | {100 * expected:+.1f} | {n:.0f} | {model:.3f} | {head:.3f} |"
            f" {100 * (head - model):+.1f} |",
            flush=True,
        )

    def one(self, choose, seed, noise):
        rng = np.random.default_rng(seed)
        judged, others = choose(rng)
        others = others[(self.vectors[others] @ self.vectors[judged].T).max(axis=1) < NEARLY_THE_SAME]
        left_alone = rng.permutation(np.setdiff1d(np.arange(len(self.truths)), judged))[: min(500, len(judged))]
        rows = np.concatenate([judged, left_alone])
        said = [str(label) for label in (rng.permutation(self.truths[judged]) if noise else self.truths[judged])]
        sounds = JudgedSounds(self.vectors[rows], [self.rankings[k] for k in rows], [*said, *[None] * len(left_alone)])
        corrected = [k for k, label in zip(judged, said, strict=True) if label != self.rankings[k][0][0]]
        enough = (
            len(set(independent_groups(self.vectors[corrected]).tolist())) >= LEAST_CORRECTED if corrected else False
        )
        confidence = float(np.mean([ranking[0][1] for ranking in self.rankings]))
        trial = try_head(Judged(sounds, NO_HITS), {ONE_SHOT: confidence, LOOP: 0.0})[ONE_SHOT]
        head = learn_head(Judged(sounds, NO_HITS))
        mended = [head.judge(self.vectors[k], self.rankings[k])[0][0] == self.truths[k] for k in others]
        return enough and trial.better, trial.gain, len(others), self.right[others].mean(), np.mean(mended)


if __name__ == "__main__":
    main()
