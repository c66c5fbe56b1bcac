"""Which models can hear hits: those of single onsets; a model of whole files or of pieces has one answer a file."""

from __future__ import annotations

from drumbridge.errors import ModelError
from drumbridge.inference.classifier import OnnxClassifier


def check_hears_hits(classifier: OnnxClassifier) -> None:
    """Check that a model names the hits of a recording or a stream.

    Raises
    ------
    ModelError
        ``model.segmentation``.
    """
    if classifier.segmentation != "onset":
        raise ModelError(
            "model.segmentation",
            f"{classifier.name} names whole files, not the hits in them: classify can use it, transcribe, live streams "
            "and kits can't.",
        )
