"""What several tests share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No deadlines, for a busy machine is no broken law. The same examples in every run of CI: a law that a new example
# breaks is found at a desk, not on somebody's push.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# What names no library uses this one, in these processes and those they start, and never the user's own.
_LIBRARY = tempfile.TemporaryDirectory(prefix="drumbridge-tests-")
os.environ["DRUMBRIDGE_LIBRARY"] = os.path.join(_LIBRARY.name, "library.sqlite")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_whoever_runs_this(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither read nor write the profiles of a user, here and in every process that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        empty = str(tmp_path_factory.mktemp("settings"))
        for variable in ("XDG_CONFIG_HOME", "LOCALAPPDATA", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
            patch.setenv(variable, empty)
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real audio, which is not part of the checkout; tests that need it skip without."""
    default = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    folder = Path(os.environ.get("DRUMBRIDGE_DATA", default)).resolve()
    if not folder.is_dir():
        pytest.skip("the audio data is not here: set DRUMBRIDGE_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file that tells low sounds (kick) from high ones (closed_hat); see small_models.py."""
    from small_models import write_small_model

    return write_small_model(tmp_path_factory.mktemp("models") / "small.onnx")
