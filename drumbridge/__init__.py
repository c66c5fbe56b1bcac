"""drumbridge: finds and names every drum hit in files and live audio, and tells a DAW over OSC.

The names below are loaded when they are first used; importing the package costs nothing and touches nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .core.events import Classification, Hit, Transcription
    from .core.transcriber import Transcriber
    from .engine.engine import Engine
    from .engine.one_call import classify, transcribe
    from .errors import DrumbridgeError
    from .inference.registry import load_model

__all__ = [
    "Classification",
    "DrumbridgeError",
    "Engine",
    "Hit",
    "Transcriber",
    "Transcription",
    "__version__",
    "classify",
    "load_model",
    "transcribe",
]

_HOMES = {
    "Classification": "core.events",
    "DrumbridgeError": "errors",
    "Engine": "engine.engine",
    "Hit": "core.events",
    "Transcriber": "core.transcriber",
    "Transcription": "core.events",
    "classify": "engine.one_call",
    "load_model": "inference.registry",
    "transcribe": "engine.one_call",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'drumbridge' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
