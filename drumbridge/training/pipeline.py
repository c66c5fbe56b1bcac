"""From the data folder to a shipped model: caches, runs, calibration, export, measurement, card.

Conventions: the data folder holds `oneshots/` (manifest.csv), `patterns/` and, for measuring only,
`recordings/`. Everything in between lies in a work folder and is reused when it is there, so a broken
training goes on. Several networks are trained side by side, one core each; what they say together teaches the one that
ships, or, without a student, they ship together.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from .calibration import calibrate
from .electronic import electronic_rows
from .fit import Recipe, Trainer, scores_of
from .label_audit import corrected, doubts, write_doubts
from .loop_cache import LoopCache, cache_loops
from .network import HitEnsemble, HitModel, HitNetwork
from .objective import MODEL_LABELS, best_groups, group_indices
from .one_shots import OneShot, fold_of_groups, groups_of_kits, read_manifest
from .power_cache import PowerCache, cache_one_shots
from .soundfonts import prepare_soundfonts, soundfont_rows

State = dict[str, torch.Tensor]
FOLDS = 8
HELD_OUT = (5, 7)  # the fold that each network in turn is not trained on: together some 30 kits of all kinds
PLAYED, GENERATED = -1, -2  # in place of a fold: what no network is held off
_PER_CHUNK = 8  # variants a cache file
_SEEDS_PER_CHUNK = 4  # loops with a seed of their own, rendered side by side


@dataclass(frozen=True)
class Plan:
    """How much of everything; the defaults make the shipped model.

    Attributes
    ----------
    teachers : tuple of Recipe
        Of the networks that are trained first.
    students : tuple of Recipe
        Of those that learn from them and ship in their place; none: they ship themselves. What ships together answers
        as one.
    variants : int
        Of every one-shot, in steps of eight.
    loop_chunks : int
        Files of 300 rendered loops of 12 s.
    """

    teachers: tuple[Recipe, ...] = (Recipe(seed=1, mixing=0.3), Recipe(seed=2, mixing=0.1))
    students: tuple[Recipe, ...] = (
        Recipe(seed=21, steps=3000, dropout=0.2, full=0.25),
        Recipe(seed=22, steps=3000, dropout=0.2, full=0.25, generated=3.0),
    )
    variants: int = 24
    loop_chunks: int = 3

    @property
    def shipped(self) -> tuple[Recipe, ...]:
        """Of the networks that ship."""
        return self.students or self.teachers

    def changed(self, *, seed: int, steps: int | None) -> Plan:
        """Return the plan with other seeds (counted from 1, the default), and the same steps for all if given."""

        def change(recipes: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
            return tuple(replace(r, seed=r.seed + seed - 1, steps=steps or r.steps) for r in recipes)

        return replace(self, teachers=change(self.teachers), students=change(self.students))


@dataclass(frozen=True)
class Task:
    """One network to train, and those that teach it."""

    data: Path
    work: Path
    plan: Plan
    recipe: Recipe
    number: int  # among those of its kind
    teachers: tuple[State, ...] = ()

    @property
    def held_out(self) -> int:
        """The fold that it does not hear."""
        return held_out_fold(self.number)

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{'student' if self.teachers else 'teacher'}_{self.number}"


@dataclass(frozen=True)
class Trained:
    """What a training gives, before it is written."""

    model: HitModel
    calibration: dict[str, float]
    thresholds: dict[str, float]
    rows: list[OneShot]


def train(
    data: Path, work: Path, plan: Plan, say: Callable[[str], None], soundfonts: Path | None = None
) -> Trained:  # fmt: skip
    """Do everything up to the calibrated model.

    Every network is held off one fold of kits, each off another; its scores there are what the
    calibration is fitted on. So all kits are trained on by some network, and none is calibrated on by
    a network that knows it.

    Parameters
    ----------
    data, work : Path
    plan : Plan
    say : callable
        Told in a few words what is being done.
    soundfonts : Path, optional
        A folder with soundfonts of `soundfonts.FONTS`, to play more one-shots.
    """
    if soundfonts is not None:
        prepare_soundfonts(soundfonts, work, say)
    rows, fold = training_rows(data, work)
    prepare_one_shots(rows, work, plan, say)
    for number in HELD_OUT:
        alone = [r for r, f in zip(rows, fold, strict=True) if f == number]
        prepare_loops(alone, data, work, f"loops_{number}", 1, 40, say, seed=number)
        prepare_loops(alone, data, work, f"rolls_{number}", 1, 40, say, seed=number, ornaments=True)
    common = [r for r, f in zip(rows, fold, strict=True) if f != GENERATED and f not in HELD_OUT]
    prepare_loops(common, data, work, "loops", plan.loop_chunks, 75, say, seed=0)
    say(f"training {len(plan.teachers)} networks")
    states = run_tasks([Task(data, work, plan, recipe, k) for k, recipe in enumerate(plan.teachers)])
    if plan.students:
        say(f"teaching {len(plan.students)} networks what they say together")
        teachers = tuple(states)
        states = run_tasks([Task(data, work, plan, recipe, k, teachers) for k, recipe in enumerate(plan.students)])
    return assemble(rows, fold, states, work, plan, say)


def run_tasks(tasks: list[Task]) -> list[State]:
    """Train networks, one a core side by side."""
    with get_context("spawn").Pool(min(len(tasks), os.cpu_count() or 1)) as pool:
        return pool.map(run_task, tasks, chunksize=1)


def training_rows(data: Path, work: Path) -> tuple[list[OneShot], np.ndarray]:
    """Return all one-shots to train on and the fold of each; soundfonts (`PLAYED`) and `GENERATED` ones are in none."""
    recorded = corrected(read_manifest(data / "oneshots", "train"), data / "oneshots")
    played, generated = soundfont_rows(work), electronic_rows()
    fold = fold_of_groups(groups_of_kits(recorded), FOLDS, 1)
    none = [PLAYED] * len(played) + [GENERATED] * len(generated)
    return recorded + played + generated, np.concatenate([fold, none]).astype(int)


def assemble(
    rows: list[OneShot], fold: np.ndarray, states: list[State], work: Path, plan: Plan, say: Callable[[str], None]
) -> Trained:  # fmt: skip
    """Calibrate each network on the fold that it does not know, and join them; write down the labels it doubts."""
    networks, scores, known_rows, hit_scores, presences, hits = [], [], [], [], [], []
    say("calibrating on held-out kits")
    clean = PowerCache.load(work / "one_shots_0.npz")
    for member, (state, recipe) in enumerate(zip(states, plan.shipped, strict=True)):
        network, number = network_of(state, recipe), held_out_fold(member)
        networks.append(network)
        out = np.flatnonzero(fold == number)
        scores.append(scores_of(network, clean.log_power[out], clean.available[out])[0])
        known_rows += [rows[k] for k in out]
        unknown = LoopCache.load(work / f"rolls_{number}_0.npz")
        hit_score, presence = scores_of(network, unknown.log_power, unknown.available)
        hit_scores.append(hit_score)
        presences.append(presence)
        hits.append(unknown)
    one_shot_scores = np.concatenate(scores)
    calibration, thresholds = calibrate(
        one_shot_scores, [row.label for row in known_rows], np.concatenate(hit_scores), np.concatenate(presences),
        LoopCache.joined(hits),
    )  # fmt: skip
    write_doubts(work / "label_doubts.csv", doubts(known_rows, one_shot_scores, calibration["temperature"]))
    return Trained(HitModel(HitEnsemble(networks)).eval(), calibration, thresholds, rows)


def network_of(state: State, recipe: Recipe) -> HitNetwork:
    """Return a trained network."""
    network = HitNetwork(len(MODEL_LABELS), recipe.width)
    network.load_state_dict(state)
    return network.eval()


def held_out_fold(member: int) -> int:
    """Return the fold that a network is not trained on."""
    return HELD_OUT[member % len(HELD_OUT)]


def prepare_one_shots(rows: list[OneShot], work: Path, plan: Plan, say: Callable[[str], None]) -> None:
    """Compute what is missing of the one-shots' caches."""
    for chunk in range(plan.variants // _PER_CHUNK):
        path = work / f"one_shots_{chunk}.npz"
        if not path.is_file():
            say(f"variants {chunk * _PER_CHUNK} to {(chunk + 1) * _PER_CHUNK} of {len(rows)} one-shots")
            cache_one_shots(rows, range(chunk * _PER_CHUNK, (chunk + 1) * _PER_CHUNK), 0).save(path)


def prepare_loops(
    rows: list[OneShot], data: Path, work: Path, name: str, chunks: int, count: int,
    say: Callable[[str], None], *, seed: int, ornaments: bool = False,
) -> None:  # fmt: skip
    """Render what is missing of the loops' caches."""
    for chunk in range(chunks):
        path = work / f"{name}_{chunk}.npz"
        if not path.is_file():
            say(f"rendering {_SEEDS_PER_CHUNK * count} loops ({name}, {chunk})")
            seeds = range(_SEEDS_PER_CHUNK * chunk, _SEEDS_PER_CHUNK * (chunk + 1))
            cache_loops(rows, data / "patterns", seeds, seed, count, ornaments=ornaments).save(path)


def run_task(task: Task) -> State:
    """Train one network, or go on with it, and return its averaged weights."""
    work, plan = task.work, task.plan
    torch.set_num_threads(1)
    rows, fold = training_rows(task.data, work)
    held_out = fold == task.held_out
    one_shots = PowerCache.joined(
        [PowerCache.load(work / f"one_shots_{k}.npz") for k in range(plan.variants // _PER_CHUNK)]
    )
    names = [f"loops_{k}" for k in range(plan.loop_chunks)]
    names += [f"loops_{number}_0" for number in HELD_OUT if number != task.held_out]
    hits = LoopCache.joined([LoopCache.load(work / f"{name}.npz") for name in names])
    teachers = [network_of(state, recipe) for state, recipe in zip(task.teachers, plan.teachers, strict=False)]
    trainer = Trainer(
        task.recipe, rows, held_out, one_shots, hits, work / task.name, HitEnsemble(teachers) if teachers else None
    )
    out = np.flatnonzero(held_out)
    truth = group_indices([rows[k].label for k in out])

    def measure(network: torch.nn.Module) -> dict[str, float]:
        scores, _ = scores_of(network, one_shots.log_power[out], one_shots.available[out])
        return {"held_out_eleven": float(np.mean(best_groups(scores) == truth))}

    def tell(step: int, figures: dict[str, float]) -> None:
        text = ", ".join(f"{key} {value:.3f}" for key, value in figures.items())
        print(f"{task.name}, step {step}: {text}", file=sys.stderr, flush=True)

    return trainer.run(measure, max(1, task.recipe.steps // 12), tell).state_dict()
