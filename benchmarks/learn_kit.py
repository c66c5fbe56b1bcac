"""Learning one's own pads from five taps each: told apart as well as by what, and how early.

Conventions: balanced accuracy of the strokes that were not taps, per kit, then the mean of kits with a 95 % interval
bootstrapped over kits; taps are the first five of each pad, and of seeded draws. Beside ours: the base model's best
label, mapped to pads as fits the taps best (each label to the pad that has it most often among its taps, one that no
tap has to the pad whose taps gave it the highest mean probability), and 20 MFCCs (mean and deviation over the same
excerpt, scaled by the taps) with the nearest of the taps. "regression" is a logistic regression on what ours compares.
A stroke that is none of the pads is no answer to what is a pad: rejection is measured apart, as the area under the ROC
curve of known pads against sounds that were no pad, and at the border that is used.
"""

from __future__ import annotations

import os
import time
import warnings
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads would only wait for each other
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from kit_strokes import EARLY_MS, N_TAPS, Stroke, Task, one_shot_tasks, recording_tasks
from measuring import arguments, print_table

from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Stage
from drumbridge.core.kit import Tap
from drumbridge.core.learned_kit import LearnedKit, learn_kit
from drumbridge.core.pad_head import points
from drumbridge.engine.kit_learning import new_kit
from drumbridge.inference.registry import load_model

Rows = dict[tuple[str, str], dict[str, list[float]]]  # by sort and decision time: a figure of each kit


def main() -> None:
    """Measure, and print the tables."""
    parser = arguments(__doc__)
    parser.add_argument("--draws", type=int, default=3, help="of taps, the first five included (default %(default)s)")
    parser.add_argument("--kits", type=int, default=20, help="kits of one sample a pad (default %(default)s)")
    options = parser.parse_args()
    if options.data is None:
        parser.error("--data (or DRUMBRIDGE_DATA) must name the folder that holds oneshots and recordings")
    warnings.filterwarnings("ignore", module="sklearn")
    data, classifier = Path(options.data), load_model(options.model)
    rows: Rows = defaultdict(lambda: defaultdict(list))
    learning_ms: list[float] = []
    for source in (
        one_shot_tasks(classifier, data, most_kits=options.kits),
        recording_tasks(classifier, data),
    ):
        for task in source:
            measure(task, classifier, options.draws, rows, learning_ms)
    for title, figures in (
        ("balanced accuracy", ("ours", "first five taps", "regression", "base labels", "MFCC + 1-NN", "MFCC + 3-NN")),
        ("rejection, ours", ("AUROC", "pads rejected", "strangers taken", "regression AUROC", "MFCC AUROC")),
    ):
        table = [("pads", "known", "kits", *figures)]
        for (sort, known), values in rows.items():
            cells = [_with_interval(values[figure]) for figure in figures]
            table.append((sort, known, str(len(values["ours"])), *cells))
        print_table(title, table)
    print(
        f"learning a kit (early and final heads, {N_TAPS} taps a pad): "
        f"{np.median(learning_ms):.0f} ms, slowest {np.max(learning_ms):.0f} ms, of it the model's runs most"
    )


def measure(task: Task, classifier: Classifier, n_draws: int, rows: Rows, learning_ms: list[float]) -> None:
    """Learn from draws of taps and add a task's mean figures to the rows."""
    pads = list(dict.fromkeys(stroke.pad for stroke in task.strokes if stroke.pad))
    if len(pads) < 2:
        return
    mfccs = {id(stroke): _mfcc(stroke, classifier) for stroke in task.strokes}
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for draw in range(n_draws):
        rng = np.random.default_rng(draw)
        taps: list[Stroke] = []
        for pad in pads:
            mine = [stroke for stroke in task.strokes if stroke.pad == pad]
            chosen = range(N_TAPS) if draw == 0 else rng.permutation(len(mine))[:N_TAPS]
            taps += [mine[k] for k in chosen]
        taken = {id(tap) for tap in taps}
        rest = [stroke for stroke in task.strokes if id(stroke) not in taken]
        for early_ms in EARLY_MS:
            kit = new_kit("kit", classifier)
            for pad in pads:
                kit = kit.with_pad(pad)
            for tap in taps:
                kit = kit.with_tap(Tap(kit.find(tap.pad).number, *tap.excerpt))
            since = time.perf_counter()
            learned = learn_kit(kit, classifier, early=round(early_ms * classifier.sample_rate / 1000))
            learning_ms.append(1000 * (time.perf_counter() - since))
            _judge(figures[f"{early_ms:g} ms"], learned, Stage.EARLY, early_ms, taps, rest, pads, mfccs, draw)
        _judge(figures["final"], learned, Stage.FINAL, 0.0, taps, rest, pads, mfccs, draw)
    for known, values in figures.items():
        for figure, each in values.items():
            rows[(task.sort, known)][figure].append(float(np.nanmean(each)) if len(each) else np.nan)
    accuracy = " ".join(f"{known} {np.mean(values['ours']):.3f}" for known, values in figures.items())
    print(f"{task.sort}: {task.name}, {len(pads)} pads, {task.heard:.2f} heard: {accuracy}", flush=True)


def _judge(
    values: dict[str, list[float]],
    learned: LearnedKit,
    stage: Stage,
    early_ms: float,
    taps: list[Stroke],
    rest: list[Stroke],
    pads: list[str],
    mfccs: dict[int, np.ndarray],
    draw: int,
) -> None:
    """Add the figures of one draw at one decision time; a stroke that was not told by then is left out for all."""
    told = [stroke for stroke in rest if early_ms in stroke.heard]
    of_pads = [stroke for stroke in told if stroke.pad]
    truth = [stroke.pad for stroke in of_pads]
    answers = {id(stroke): learned.ranking(stage, *stroke.heard[early_ms]) for stroke in told}
    ours = _balanced(truth, [answers[id(stroke)][0][0].label for stroke in of_pads])
    values["ours"].append(ours)
    if draw == 0:
        values["first five taps"].append(ours)
    values["base labels"].append(_balanced(truth, _base_labels(taps, of_pads, pads, early_ms, learned)))
    known = np.array([answers[id(stroke)][1] for stroke in told])
    is_pad = np.array([bool(stroke.pad) for stroke in told])
    if not is_pad.all():
        values["AUROC"].append(_area(known[is_pad], known[~is_pad]))
        values["pads rejected"].append(float(np.mean(known[is_pad] < 0.5)))
        values["strangers taken"].append(float(np.mean(known[~is_pad] >= 0.5)))
    trained = [tap for tap in taps if early_ms in tap.heard]
    if {tap.pad for tap in trained} == set(pads):
        guesses, certainty = _regression(trained, told, early_ms)
        values["regression"].append(_balanced(truth, [g for g, pad in zip(guesses, is_pad, strict=True) if pad]))
        if not is_pad.all():
            values["regression AUROC"].append(_area(certainty[is_pad], certainty[~is_pad]))
    if stage is Stage.FINAL:
        table = np.stack([mfccs[id(tap)] for tap in taps])
        middle, scale = table.mean(axis=0), table.std(axis=0) + 1e-6
        others = (np.stack([mfccs[id(stroke)] for stroke in told]) - middle) / scale
        distances = ((others[:, None] - ((table - middle) / scale)[None]) ** 2).sum(axis=2)
        for k in (1, 3):
            nearest = np.argsort(distances, axis=1)[:, :k]
            votes = [[taps[j].pad for j in row] for row in nearest]
            named = [max(row, key=row.count) for row in votes]  # of equals the nearest
            values[f"MFCC + {k}-NN"].append(_balanced(truth, [n for n, pad in zip(named, is_pad, strict=True) if pad]))
        if not is_pad.all():
            values["MFCC AUROC"].append(_area(-distances.min(axis=1)[is_pad], -distances.min(axis=1)[~is_pad]))


def _base_labels(
    taps: list[Stroke], strokes: list[Stroke], pads: list[str], early_ms: float, learned: LearnedKit
) -> list[str]:
    """Return the pads that the model's best labels stand for."""
    trained = [tap for tap in taps if early_ms in tap.heard]
    best = [int(np.argmax(tap.heard[early_ms][1])) for tap in trained]
    mapped = {}
    answers = []
    for stroke in strokes:
        label = int(np.argmax(stroke.heard[early_ms][1]))
        if label not in mapped:

            def worth(pad: str, label: int = label) -> tuple[int, float]:
                mine = [k for k, tap in enumerate(trained) if tap.pad == pad]
                means = np.mean([trained[k].heard[early_ms][1][label] for k in mine]) if mine else 0.0
                return sum(best[k] == label for k in mine), float(means)

            mapped[label] = max(pads, key=worth)
        answers.append(mapped[label])
    return answers


def _regression(taps: list[Stroke], strokes: list[Stroke], early_ms: float) -> tuple[list[str], np.ndarray]:
    """Return the pads by multinomial logistic regression, and its highest probability for each stroke."""
    from sklearn.linear_model import LogisticRegression

    def table(some: list[Stroke]) -> np.ndarray:
        return points(*(np.stack([stroke.heard[early_ms][k] for stroke in some]) for k in (0, 1)))

    features = table(taps)
    scale = np.sqrt(features.var(axis=0).mean()) + 1e-9
    model = LogisticRegression(C=0.1, max_iter=200).fit(features / scale, [tap.pad for tap in taps])
    probabilities = model.predict_proba(table(strokes) / scale)
    return list(model.classes_[probabilities.argmax(axis=1)]), probabilities.max(axis=1)


def _mfcc(stroke: Stroke, classifier: Classifier) -> np.ndarray:
    import librosa

    audio = stroke.excerpt.audio[classifier.samples_before - 64 :]
    mfcc = librosa.feature.mfcc(y=audio, sr=classifier.sample_rate, n_mfcc=20, n_fft=1024, hop_length=256)
    return np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)])


def _balanced(truth: list[str], answers: list[str]) -> float:
    right: dict[str, list[bool]] = defaultdict(list)
    for pad, answer in zip(truth, answers, strict=True):
        right[pad].append(pad == answer)
    return float(np.mean([np.mean(each) for each in right.values()])) if right else np.nan


def _area(of_pads: np.ndarray, of_others: np.ndarray) -> float:
    if not len(of_pads) or not len(of_others):
        return np.nan
    above = (of_pads[:, None] > of_others).mean() + 0.5 * (of_pads[:, None] == of_others).mean()
    return float(above)


def _with_interval(values: list[float]) -> str:
    found = np.array([value for value in values if np.isfinite(value)])
    if not len(found):
        return "-"
    means = np.random.default_rng(0).choice(found, size=(2000, len(found))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{found.mean():.3f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
