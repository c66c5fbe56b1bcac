"""Training: batches of one-shots and of loop onsets, one network, averaged weights, resumable.

Conventions: everything random comes from the recipe's seed. A run lives in a folder of its own:
`checkpoint.pt` (all that is needed to go on), `curve.csv` (losses and held-out accuracy). The weights that
count are the exponential moving average of the trained ones.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .front_end import ROW_ENDS, SAMPLES_AFTER
from .loop_cache import LoopCache
from .network import HitNetwork
from .objective import MODEL_LABELS, hit_loss, label_to_targets, one_shot_loss, taught_loss
from .one_shots import OneShot
from .power_augmentation import PowerAugmentation, layer, mix, random_available
from .power_cache import PowerCache
from .sampling import hit_sampling_weights, sampling_weights

CHECKPOINT_EVERY = 250


@dataclass(frozen=True)
class Recipe:
    """All that decides a model, beside the data.

    Attributes
    ----------
    seed : int
    width : int
        Channels of the first layer.
    steps, one_shots, hits : int
        Steps, and how many of each a step takes.
    learning_rate, weight_decay : float
        Of AdamW; the rate rises for 10 % of the steps and then falls to zero (one cycle).
    smoothing, group_weight : float
        See `one_shot_loss`.
    hit_weight : float
        Of the loops' loss against the one-shots'.
    layering : float
        How often another sound lies under a one-shot.
    mixing : float
        How often a one-shot is mixed with another, whose label then counts in proportion (mixup, Zhang et
        al., ICLR 2018).
    dropout : float
        Of the embedding and of what it is made from.
    full : float
        Share of decisions that see the whole excerpt.
    taught : float
        Share of a teacher's word in the loss, where there is one.
    generated : float
        How often generated sounds are drawn, as a factor.
    """

    seed: int = 1
    width: int = 16
    steps: int = 4000
    one_shots: int = 128
    hits: int = 96
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    smoothing: float = 0.08
    group_weight: float = 0.5
    hit_weight: float = 0.7
    layering: float = 0.15
    mixing: float = 0.3
    dropout: float = 0.3
    full: float = 0.3
    taught: float = 0.7
    generated: float = 1.0
    average: float = 0.998


class Trainer:
    """One run.

    Parameters
    ----------
    recipe : Recipe
    rows : list of OneShot
    held_out : ndarray of bool, shape (rows,)
        One-shots that are not trained on.
    one_shots : PowerCache
        Variants of all rows.
    hits : LoopCache
        Made from kits that are not held out.
    folder : Path
        Where the run is kept; a run found there goes on.
    teacher : Module, optional
        A network, or several that answer as one, whose answers to the same batches are learned beside the labels
        (Hinton, Vinyals and Dean, 2015).
    """

    def __init__(
        self, recipe: Recipe, rows: list[OneShot], held_out: np.ndarray, one_shots: PowerCache, hits: LoopCache,
        folder: Path, teacher: torch.nn.Module | None = None,
    ) -> None:  # fmt: skip
        self.recipe, self.folder = recipe, folder
        self.n_rows = len(rows)
        self.targets = torch.from_numpy(np.stack([label_to_targets(row.label) for row in rows]))
        self.weights = torch.from_numpy(np.where(held_out, 0.0, sampling_weights(rows, recipe.generated)))
        self.one_shot_powers = torch.from_numpy(one_shots.log_power)
        self.one_shot_available = torch.from_numpy(one_shots.available).long()
        self.variants = len(one_shots.row) // len(rows)
        self.hit_powers = torch.from_numpy(hits.log_power)
        self.hit_available = torch.from_numpy(hits.available).long()
        self.hit_targets = torch.from_numpy(hits.targets).float()
        self.hit_present = torch.from_numpy(hits.present).float()
        self.hit_weights = hit_sampling_weights(hits)
        torch.manual_seed(recipe.seed)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.augment = PowerAugmentation(self.generator)
        self.augment_gently = PowerAugmentation(self.generator, gentle=True)
        # Batches are drawn and augmented on the processor, so that a seed means the same everywhere.
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = HitNetwork(len(MODEL_LABELS), recipe.width, dropout=recipe.dropout)
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, recipe.learning_rate, recipe.steps, pct_start=0.1
        )
        self.averaged = HitNetwork(len(MODEL_LABELS), recipe.width).to(self.device)
        self.averaged.load_state_dict(self.network.state_dict())
        self.teacher = None if teacher is None else teacher.to(self.device).eval()
        self.ends = torch.as_tensor(ROW_ENDS)
        self.step = 0
        self._resume()

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.is_file():
            return
        state = torch.load(path, weights_only=True, map_location="cpu")
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["dropout"])
        self.step = state["step"]

    def save(self) -> None:
        """Keep all that is needed to go on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self.network.state_dict(), "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict(),
            "generator": self.generator.get_state(), "dropout": torch.get_rng_state(), "step": self.step,
        }  # fmt: skip
        part = self.folder / "checkpoint.part"
        torch.save(state, part)
        part.replace(self.folder / "checkpoint.pt")

    def one_step(self) -> tuple[float, float]:
        """Train on one batch and return the losses of one-shots and of loop onsets."""
        recipe, generator = self.recipe, self.generator
        row = torch.multinomial(self.weights, recipe.one_shots, True, generator=generator)
        variant = torch.randint(self.variants, (recipe.one_shots,), generator=generator)
        chosen = variant * self.n_rows + row
        sounds = layer(10 ** self.one_shot_powers[chosen].float(), generator, recipe.layering)
        targets = self.targets[row]
        share = torch.rand(recipe.one_shots, generator=generator) * 0.5
        share = share * (torch.rand(recipe.one_shots, generator=generator) < recipe.mixing)
        partner = torch.randperm(recipe.one_shots, generator=generator)
        sounds = mix(sounds, partner, share)
        hit = torch.multinomial(self.hit_weights, recipe.hits, True, generator=generator)
        powers = torch.cat([self.augment(sounds), self.augment_gently(10 ** self.hit_powers[hit].float())])
        there = torch.cat([self.one_shot_available[chosen], self.hit_available[hit]])
        there = torch.minimum(there, random_available(len(there), generator, recipe.full))
        known_rows = self.ends[None] <= there[:, None]
        n = recipe.one_shots
        # A one-shot is a hit too; where only its group is known, its labels as a hit are not.
        # Neither is it known whether a sound that was mixed in can still be heard.
        known = torch.where(targets.sum(1, keepdim=True) > 1, torch.where(targets > 0, -1.0, 0.0), targets)
        mixed_in = (targets[partner] > 0) & (share[:, None] > 0) & (known == 0)
        known = torch.where(mixed_in, -1.0, known)
        many = torch.cat([known, self.hit_targets[hit]])
        present = torch.cat([torch.ones(n), self.hit_present[hit]])
        weight = torch.cat([torch.full((n,), 0.3), torch.ones(recipe.hits)])
        powers, known_rows, targets, partner, share, many, present, weight = (
            tensor.to(self.device) for tensor in (powers, known_rows, targets, partner, share, many, present, weight)
        )
        scores, _, presence = self.network(powers, known_rows)
        single = one_shot_loss(scores[:n], targets, recipe.smoothing, recipe.group_weight) * (1 - share)
        single = single + one_shot_loss(scores[:n], targets[partner], recipe.smoothing, recipe.group_weight) * share
        heard = (hit_loss(scores, presence, many, present) * weight).sum() / weight.sum()
        one_shots = single.mean()
        loss = one_shots + recipe.hit_weight * heard
        if self.teacher is not None:
            with torch.no_grad():
                teacher_scores, _, teacher_presence = self.teacher(powers, known_rows)
            word = taught_loss(scores, presence, teacher_scores, teacher_presence, n, recipe.hit_weight)
            loss = (1 - recipe.taught) * loss + recipe.taught * word
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        self._average()
        return float(one_shots.detach()), float(heard.detach())

    def _average(self) -> None:
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(
                self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True
            ):
                if mean.is_floating_point():
                    mean.lerp_(value, 1 - keep)

    def run(
        self, measure: Callable[[torch.nn.Module], dict[str, float]], every: int,
        on_progress: Callable[[int, dict[str, float]], None],
    ) -> HitNetwork:  # fmt: skip
        """Train to the end of the recipe and return the averaged network.

        Parameters
        ----------
        measure : callable
            Called with the averaged network now and then; its figures go into `curve.csv`.
        every : int
            Steps between two measurements.
        on_progress : callable
            Told the step and the figures.
        """
        start, losses = time.monotonic(), []
        while self.step < self.recipe.steps:
            losses.append(self.one_step())
            if self.step % every == 0 or self.step == self.recipe.steps:
                one_shot, heard = np.mean(losses, axis=0)
                figures = {"one_shot_loss": one_shot, "hit_loss": heard, "seconds": time.monotonic() - start}
                figures.update(measure(self.averaged.eval()))
                self._write_curve(figures)
                on_progress(self.step, figures)
                losses = []
            if self.step % CHECKPOINT_EVERY == 0 or self.step == self.recipe.steps:
                self.save()
        return self.averaged.eval().cpu()

    def _write_curve(self, figures: dict[str, float]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "curve.csv"
        new = not path.is_file()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", *figures])
            writer.writerow([self.step, *(f"{value:.5g}" for value in figures.values())])


def scores_of(
    network: torch.nn.Module, log_power: np.ndarray, available: np.ndarray, after: int = SAMPLES_AFTER
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores (n, labels) and presence probabilities (n,) when at most `after` samples are known."""
    ends = torch.as_tensor(ROW_ENDS)
    device = next(network.parameters()).device
    scores, presence = [], []
    with torch.no_grad():
        for start in range(0, len(log_power), 512):
            powers = 10 ** torch.from_numpy(log_power[start : start + 512]).float()
            there = torch.from_numpy(available[start : start + 512]).long().clamp(max=after)
            out, _, onset = network(powers.to(device), (ends[None] <= there[:, None]).to(device))
            scores.append(out.cpu().numpy())
            presence.append(torch.sigmoid(onset).cpu().numpy())
    return np.concatenate(scores), np.concatenate(presence)
