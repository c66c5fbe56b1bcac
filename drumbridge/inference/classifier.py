"""Running a model: the only place that imports onnxruntime.

Conventions (the contract of every model): inputs ``audio`` float32 (n, samples_before + samples_after)
with the onset at index `samples_before`, and ``available`` int64 (n,), the real samples from the onset
on; outputs ``scores`` float32 (n, labels), ``embedding`` float32 (n, d) and, if the model has it,
``presence`` float32 (n,). Loading is strict: nothing is guessed, nothing is unpickled, no other file is
followed, and a model proves itself on silence before it is trusted.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from drumbridge.core.classifier import ModelOutput
from drumbridge.core.decision import DecisionRule
from drumbridge.core.excerpts import led, prompt_length
from drumbridge.errors import ModelError

from .manifest import METADATA_KEY, Manifest, parse_manifest
from .onnx_file import has_external_data, metadata

MAX_FILE_BYTES = 500_000_000
_ANSWER_S = 0.001  # what an early answer takes from its audio to its message, rounded up


class OnnxClassifier:
    """A model file as a `drumbridge.core.classifier.Classifier`. Thread-safe once made.

    Parameters
    ----------
    path : path-like
        An ``.onnx`` file that follows the contract above.
    threads : int
        Threads within one call of `score`.

    Attributes
    ----------
    manifest : Manifest
    name : str
        Name and version of the model.
    digest : str
        SHA-256 of the file, hexadecimal.
    rule : DecisionRule
    segmentation : str
        What its excerpts are, see `Manifest`.
    has_presence : bool
        Whether the model tells sounds from false onsets.

    Raises
    ------
    ModelError
        ``model.not_found``, ``model.not_onnx``, ``model.external_data``, ``model.no_manifest``,
        ``model.manifest``, ``model.mismatch`` (the graph is not what the manifest says) or
        ``model.not_finite``.
    """

    def __init__(self, path: str | os.PathLike[str], *, threads: int = 1) -> None:
        self.path = Path(path)
        content = _read(self.path)
        self.manifest = _manifest(content, self.path.name)
        self.digest = hashlib.sha256(content).hexdigest()
        self.name = f"{self.manifest.name} {self.manifest.version}"
        self.sample_rate = self.manifest.sample_rate
        self.samples_before = self.manifest.samples_before
        self.samples_after = self.manifest.samples_after
        self.segmentation = self.manifest.segmentation
        self.rule: DecisionRule = self.manifest.rule()
        self._frame_ends = np.array(self.manifest.early_frames, dtype=np.int64)
        self._session = _session(content, self.path.name, threads)
        self.has_presence = any(output.name == "presence" for output in self._session.get_outputs())
        self._outputs = ["scores", "embedding"] + ["presence"] * self.has_presence
        self._check_signature()
        self._prove()

    def score(self, audio: np.ndarray, available: np.ndarray) -> ModelOutput:
        """Score excerpts.

        Parameters
        ----------
        audio : ndarray, float32, shape (n, samples_before + samples_after)
        available : ndarray, int64, shape (n,)
            Real samples counted from the onset, 0..samples_after.

        Raises
        ------
        ModelError
            ``model.run``: the runtime gave up on this input.
        """
        if len(self._frame_ends):
            audio, available = led(audio, available, self._frame_ends, self.manifest.early_lead)
        try:
            outputs = self._session.run(
                self._outputs,
                {
                    "audio": np.ascontiguousarray(audio, dtype=np.float32),
                    "available": np.ascontiguousarray(available, dtype=np.int64),
                },
            )
        except Exception as error:  # onnxruntime's own kinds have no common root
            raise ModelError("model.run", f"{self.path.name} failed while it ran: {_first_line(error)}.") from error
        return ModelOutput(*outputs)

    def prompt_length(self, known: int) -> int:
        """See `drumbridge.core.excerpts.prompt_length`."""
        if not len(self._frame_ends):
            return known
        spare = round(_ANSWER_S * self.sample_rate)
        return prompt_length(known, self._frame_ends, self.manifest.early_lead, spare)

    def _check_signature(self) -> None:
        """Compare names, types and shapes of the graph with the manifest."""
        length = self.samples_before + self.samples_after
        n_labels = len(self.rule.labels)
        inputs = {node.name: node for node in self._session.get_inputs()}
        outputs = {node.name: node for node in self._session.get_outputs()}
        if set(inputs) != {"audio", "available"}:
            raise self._mismatch(f"its inputs are {_listed(inputs)}, not audio and available")
        if not {"scores", "embedding"} <= set(outputs):
            raise self._mismatch(f"its outputs are {_listed(outputs)}, without scores and embedding")
        expected: list[tuple[Any, str, tuple[int | None, ...]]] = [
            (inputs["audio"], "tensor(float)", (None, length)),
            (inputs["available"], "tensor(int64)", (None,)),
            (outputs["scores"], "tensor(float)", (None, n_labels)),
            (outputs["embedding"], "tensor(float)", (None, 0)),
        ]
        if self.has_presence:
            expected.append((outputs["presence"], "tensor(float)", (None,)))
        for node, kind, shape in expected:
            if node.type != kind:
                raise self._mismatch(f"{node.name} is {node.type}, not {kind}")
            if len(node.shape) != len(shape):
                raise self._mismatch(f"{node.name} has {len(node.shape)} dimensions, not {len(shape)}")
            if isinstance(node.shape[0], int):
                raise self._mismatch(f"{node.name} takes exactly {node.shape[0]} excerpts, not any number of them")
            for size, wanted in zip(node.shape[1:], shape[1:], strict=True):
                if wanted and isinstance(size, int) and size != wanted:
                    raise self._mismatch(f"{node.name} is {size} wide where the manifest says {wanted}")

    def _prove(self) -> None:
        """Run it on silence, and believe only what comes out."""
        audio = np.zeros((2, self.samples_before + self.samples_after), dtype=np.float32)
        scores, embedding, presence = self.score(audio, np.array([0, self.samples_after]))
        if scores.shape != (2, len(self.rule.labels)):
            raise self._mismatch(f"it puts out scores of shape {scores.shape} for 2 excerpts")
        if embedding.ndim != 2 or len(embedding) != 2 or embedding.shape[1] == 0:
            raise self._mismatch(f"it puts out an embedding of shape {embedding.shape} for 2 excerpts")
        if presence is not None and presence.shape != (2,):
            raise self._mismatch(f"it puts out presence of shape {presence.shape} for 2 excerpts")
        if not all(np.isfinite(output).all() for output in (scores, embedding, presence) if output is not None):
            raise ModelError("model.not_finite", f"{self.path.name} answers silence with numbers that are not finite.")

    def _mismatch(self, why: str) -> ModelError:
        return ModelError("model.mismatch", f"{self.path.name} is not what its manifest says: {why}.")


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Return the manifest of a model file without loading the model.

    Raises
    ------
    ModelError
        As for `OnnxClassifier`, as far as the file and its manifest go.
    """
    return _manifest(_read(Path(path)), Path(path).name)


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ModelError("model.not_found", f"{path} is a folder, not a model file.")
        if not path.is_file():
            raise ModelError("model.not_found", f"There is no model file {path}.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError("model.not_onnx", f"{path.name} is larger than any model that can be used here.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError("model.not_found", f"{path} cannot be read: check its name and permissions.") from error


def _manifest(content: bytes, name: str) -> Manifest:
    try:
        entries = metadata(content)
        external = has_external_data(content)
    except ValueError as error:  # also UnicodeDecodeError
        raise ModelError("model.not_onnx", f"{name} is not an ONNX model: {_first_line(error)}.") from error
    if METADATA_KEY not in entries:
        raise ModelError(
            "model.no_manifest",
            f"{name} has no drumbridge manifest in its metadata, so its labels and rate are unknown.",
        )
    if external:
        raise ModelError("model.external_data", f"{name} keeps its weights in another file: save it as one file.")
    return parse_manifest(entries[METADATA_KEY], source=name)


def _session(content: bytes, name: str, threads: int) -> Any:
    ort = _silent_onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what matters of it comes back as an error
    try:
        # Its fallback would try the same again, and say so on stdout.
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # onnxruntime's own kinds have no common root
        raise ModelError("model.not_onnx", f"{name} is not a model that can be run: {_first_line(error)}.") from error


def _silent_onnxruntime() -> Any:
    """Import onnxruntime, late so that starting up costs nothing, and without its telemetry.

    From 1.29 on its wheels report each model and process to Microsoft, on Linux and macOS too, unless the variable is
    set before the import; on Windows only the call helps.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(". ")


def _listed(names: dict[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"
