"""Running a model tells nobody: onnxruntime's telemetry, which leaves its files in the user's folders, stays off."""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="there the telemetry leaves no files")
def test_nothing_is_left_in_the_users_folders(tmp_path, small_model):
    asked = ("CI", "ORT_", "TF_BUILD", "GITHUB_", "PYTEST_")  # some of these keep the telemetry quiet by themselves
    env = {key: value for key, value in os.environ.items() if not key.startswith(asked)}
    folders = {}
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        folders[name] = tmp_path / name
        folders[name].mkdir()
    code = "import sys; from drumbridge.inference.classifier import OnnxClassifier; OnnxClassifier(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", code, str(small_model)],
        check=True,
        timeout=60,
        env={**env, "PYTHONDONTWRITEBYTECODE": "1", **{name: str(folder) for name, folder in folders.items()}},
    )
    assert {name: list(folder.rglob("*")) for name, folder in folders.items()} == {name: [] for name in folders}
