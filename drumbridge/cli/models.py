"""`drumbridge models`: what is installed, and what each model says of itself.

Conventions: a model that cannot be read is told of on stderr and makes the exit code 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes: nothing."""


def run(args: argparse.Namespace) -> int:
    """Print every installed model."""
    from drumbridge.inference.classifier import read_manifest
    from drumbridge.inference.registry import default_model, model_files

    default = default_model()
    for k, (name, path) in enumerate(model_files().items()):
        manifest = read_manifest(path)
        if k:
            print()
        print(f"{name} {manifest.version}{'  (the default)' if name == default else ''}")
        _line("labels", f"{len(manifest.labels)}: {', '.join(manifest.labels)}")
        _line("licence", manifest.licence)
        _line("size", f"{path.stat().st_size / 1e6:.1f} MB, {path}")
        _line("hears", f"{1000 * manifest.samples_after / manifest.sample_rate:.0f} ms of a sound at most, at "
              f"{manifest.sample_rate} Hz")  # fmt: skip
        for text in _figures(manifest.accuracy):
            _line("accuracy", text)
        if manifest.training_data:
            sources = ", ".join(str(source.get("source", "?")) for source in manifest.training_data)
            _line("trained on", f"{sources} (credits: the model card beside the file)")
    return 0


def _line(what: str, text: str) -> None:
    import textwrap

    print(textwrap.fill(text, 110, initial_indent=f"  {what:11} ", subsequent_indent=" " * 14, break_long_words=False,
                        break_on_hyphens=False))  # fmt: skip


def _figures(accuracy: dict[str, Any], names: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield nested objects as lines: the names that lead to some numbers, then those numbers."""
    keys = sorted(accuracy, key=lambda key: (not key.isdigit(), int(key) if key.isdigit() else 0, key))
    plain = [(key, accuracy[key]) for key in keys if not isinstance(accuracy[key], dict)]
    if plain:
        figures = ", ".join(
            f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}" for key, value in plain
        )
        yield f"{', '.join(names)}: {figures}" if names else figures
    for key in keys:
        if isinstance(accuracy[key], dict):
            yield from _figures(accuracy[key], (*names, key))
