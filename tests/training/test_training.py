"""Training end to end on a handful of synthesised drums: it learns, goes on where it stopped, and exports."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from drumbridge.core.synthesis import synthesise  # noqa: E402
from drumbridge.inference.classifier import OnnxClassifier  # noqa: E402
from drumbridge.inference.manifest import Manifest  # noqa: E402
from drumbridge.training.export import write_model  # noqa: E402
from drumbridge.training.fit import Recipe, Trainer, scores_of  # noqa: E402
from drumbridge.training.front_end import EARLY_LIMIT, SAMPLE_RATE, SAMPLES_AFTER, SAMPLES_BEFORE  # noqa: E402
from drumbridge.training.hit_export import hit_model_to_onnx  # noqa: E402
from drumbridge.training.loop_cache import LoopCache  # noqa: E402
from drumbridge.training.network import HitEnsemble, HitModel  # noqa: E402
from drumbridge.training.objective import INDEX, MODEL_LABELS, best_groups, group_indices  # noqa: E402
from drumbridge.training.one_shots import OneShot, read_manifest  # noqa: E402
from drumbridge.training.power_cache import PowerCache, _one_variant  # noqa: E402

LABELS = ("kick", "snare", "closed_hat", "crash")
RECIPE = Recipe(seed=3, width=4, steps=60, one_shots=24, hits=8)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[OneShot]:
    folder = tmp_path_factory.mktemp("oneshots")
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "source", "kit", "licence", "split", "near_duplicate_cluster"])
        for label in LABELS:
            for seed in range(3):
                soundfile.write(folder / f"{label}{seed}.flac", synthesise(label, seed=seed) * 0.8, SAMPLE_RATE)
                writer.writerow([f"{label}{seed}.flac", label, "ours", f"kit{seed}", "MIT", "train", ""])
    return read_manifest(folder, "train")


@pytest.fixture(scope="module")
def one_shots(rows: list[OneShot]) -> PowerCache:
    parts = [_one_variant((rows, variant, 0)) for variant in range(2)]
    return PowerCache(
        np.concatenate([p for p, _ in parts]), np.concatenate([a for _, a in parts]), np.tile(np.arange(len(rows)), 2)
    )


@pytest.fixture(scope="module")
def hits(rows: list[OneShot], one_shots: PowerCache) -> LoopCache:
    targets = np.zeros((len(rows), len(MODEL_LABELS)), np.int8)
    targets[np.arange(len(rows)), [INDEX[row.label] for row in rows]] = 1
    n = len(rows)
    powers, known = one_shots.log_power[:n], one_shots.available[:n]
    strength, since = np.full(n, 5.0, np.float32), np.full(n, 10000, np.int32)
    return LoopCache(powers, known, targets, np.ones(n, np.int8), np.ones(n, bool), strength, since)


def trainer(rows: list[OneShot], one_shots: PowerCache, hits: LoopCache, folder: Path, recipe: Recipe) -> Trainer:
    return Trainer(recipe, rows, np.zeros(len(rows), bool), one_shots, hits, folder)


def quiet(step: int, figures: dict[str, float]) -> None:
    assert np.isfinite(list(figures.values())).all()


@pytest.fixture(scope="module")
def network(rows, one_shots, hits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return trainer(rows, one_shots, hits, folder, RECIPE).run(lambda network: {}, 30, quiet)


def test_it_learns(network, rows: list[OneShot], one_shots: PowerCache) -> None:
    n = len(rows)
    scores, presence = scores_of(network, one_shots.log_power[:n], one_shots.available[:n])
    assert np.mean(best_groups(scores) == group_indices([row.label for row in rows])) >= 0.75
    assert presence.mean() > 0.5


def test_a_broken_run_goes_on_as_if_nothing_had_happened(rows, one_shots, hits, tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=6)
    whole = trainer(rows, one_shots, hits, tmp_path / "whole", recipe)
    whole.run(lambda network: {}, 6, quiet)
    broken = trainer(rows, one_shots, hits, tmp_path / "broken", recipe)
    for _ in range(3):
        broken.one_step()
    broken.save()
    resumed = trainer(rows, one_shots, hits, tmp_path / "broken", recipe)
    assert resumed.step == 3
    resumed.run(lambda network: {}, 6, quiet)
    for one, other in zip(whole.averaged.state_dict().values(), resumed.averaged.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other)


def test_the_exported_model_answers_as_the_trained_one(network, tmp_path: Path) -> None:
    model = HitModel(HitEnsemble([network, network])).eval()
    manifest = Manifest(
        name="tiny", version="1", labels=MODEL_LABELS, sample_rate=SAMPLE_RATE, samples_before=SAMPLES_BEFORE,
        samples_after=SAMPLES_AFTER, segmentation="onset", activation="sigmoid",
        thresholds=dict.fromkeys(MODEL_LABELS, 0.5), calibration={}, training_data=[], licence="MIT", accuracy={},
    )  # fmt: skip
    path = write_model(hit_model_to_onnx(model, manifest), tmp_path, "tiny-1")
    assert path.name.startswith("tiny-1-")
    classifier = OnnxClassifier(path)
    audio = np.random.default_rng(0).normal(0, 0.1, (3, SAMPLES_BEFORE + SAMPLES_AFTER)).astype(np.float32)
    available = np.array([0, 441, SAMPLES_AFTER])
    output = classifier.score(audio, available)
    with torch.no_grad():
        scores, embedding, presence = model(torch.from_numpy(audio), torch.from_numpy(available))
    np.testing.assert_allclose(output.scores, scores.numpy(), atol=5e-3)
    np.testing.assert_allclose(output.embedding, embedding.numpy(), atol=5e-3)
    np.testing.assert_allclose(output.presence, presence.numpy(), atol=1e-3)
    # Less known than the front end's short way needs: whether it is taken must not be heard.
    early, late = np.array([100, 441, EARLY_LIMIT - 1]), np.array([100, 441, EARLY_LIMIT])
    short, long = classifier.score(audio, early), classifier.score(audio, late)
    np.testing.assert_allclose(short.scores[:2], long.scores[:2], atol=1e-4)
    np.testing.assert_allclose(short.presence[:2], long.presence[:2], atol=1e-4)
