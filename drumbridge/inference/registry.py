"""Which models there are: those shipped, by name, and any other by its path.

Conventions: the shipped files are ``<name>-<version>-<hash>.onnx`` in ``drumbridge/_models`` of an
installed package or ``models`` of a checkout; a model's name is the one in its manifest. ``default.txt``
beside them names the default; without it, it is the first by name. Finding a model imports nothing large.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from drumbridge.errors import ModelError

from .onnx_file import metadata

if TYPE_CHECKING:
    from .classifier import OnnxClassifier

_PACKAGE = Path(__file__).resolve().parent.parent


def models_folder() -> Path:
    """Return the folder of the shipped models; it may be missing."""
    installed = _PACKAGE / "_models"
    return installed if installed.is_dir() else _PACKAGE.parent / "models"


def model_files() -> dict[str, Path]:
    """Return the shipped models, path by name, sorted by name; of several versions, the last by file name."""
    found = {_name_of(path, path.stat().st_mtime_ns): path for path in sorted(models_folder().glob("*.onnx"))}
    return dict(sorted(found.items()))


@lru_cache(maxsize=64)
def _name_of(path: Path, mtime_ns: int) -> str:
    """Return the name of a model; `mtime_ns` makes a changed file be read again."""
    try:
        return str(json.loads(metadata(path.read_bytes())["drumbridge"])["name"])
    except (OSError, ValueError, LookupError, TypeError):
        from .classifier import read_manifest  # imports numpy, which finding a file by its name does not need

        return read_manifest(path).name  # raises, and says why


def default_model() -> str:
    """Return the name of the model that is used when none is asked for.

    Raises
    ------
    ModelError
        ``model.not_found``: none is shipped, or default.txt names one that is not there.
    """
    files = model_files()
    if not files:
        raise ModelError("model.not_found", f"No model is installed: {models_folder()} holds none.")
    choice = models_folder() / "default.txt"
    name = choice.read_text(encoding="utf-8").strip() if choice.is_file() else next(iter(files))
    if name not in files:
        raise ModelError("model.not_found", f"The default model {name!r} is not among {', '.join(files)}.")
    return name


def model_path(name_or_path: str | os.PathLike[str] | None = None) -> Path:
    """Return the file of a model, given the name of a shipped one, a path, or None for the default.

    Raises
    ------
    ModelError
        ``model.not_found``: neither a shipped model nor a file.
    """
    if name_or_path is None:
        name_or_path = default_model()
    files = model_files()
    text = os.fspath(name_or_path)
    if text in files:
        return files[text]
    path = Path(text)
    if path.suffix.lower() == ".onnx" or path.name != text or os.path.isfile(path):
        return path
    raise ModelError("model.not_found", f"There is no model {text!r}; installed: {', '.join(files) or 'none'}.")


def load_model(name_or_path: str | os.PathLike[str] | None = None, *, threads: int = 1) -> OnnxClassifier:
    """Load a model, given the name of a shipped one, the path of any, or None for the default.

    Raises
    ------
    ModelError
        As for `model_path` and `OnnxClassifier`.
    """
    from .classifier import OnnxClassifier

    return OnnxClassifier(model_path(name_or_path), threads=threads)


def model_hash_of(path: str | os.PathLike[str]) -> bytes:
    """Return what identifies a model whatever it is called: the BLAKE2b hash (16 bytes) of its file.

    Raises
    ------
    ModelError
        ``model.not_found``: it cannot be read.
    """
    try:
        return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).digest()
    except (OSError, ValueError) as error:
        raise ModelError("model.not_found", f"There is no model file {path} that can be read.") from error
