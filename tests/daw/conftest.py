"""A drum loop, and what the engine hears of it in a file."""

import numpy as np
import pytest
import soundfile

from drumbridge.core.synthesis import demo_loop
from drumbridge.engine.engine import Engine

RATE = 44100


@pytest.fixture(scope="session")
def loop() -> np.ndarray:
    return demo_loop(RATE)[0].astype(np.float32)[:, None]


@pytest.fixture(scope="session")
def engine(small_model) -> Engine:
    return Engine(model=str(small_model))


@pytest.fixture(scope="session")
def classifier(engine):
    return engine.load_model()


@pytest.fixture(scope="session")
def in_file(tmp_path_factory, engine, loop):
    """Return a function that says what the engine hears in a file with that audio."""

    def heard(audio: np.ndarray, rate: int = RATE) -> list[tuple[int, str]]:
        path = tmp_path_factory.mktemp("take") / "take.wav"
        soundfile.write(path, audio, rate, subtype="FLOAT")
        return [(hit.position, hit.label) for hit in engine.transcribe(path).hits]

    assert len(heard(loop)) > 10
    return heard
