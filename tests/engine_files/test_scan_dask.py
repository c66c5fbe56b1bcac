"""The same scan on a Dask cluster of two workers, of which one is killed in the middle."""

import contextlib
import os
import signal

import pytest
import soundfile
from sounds import hat, kick
from test_scan import rows

from drumbridge.engine import scan as scan_module
from drumbridge.engine.dask_workers import DaskWorkers
from drumbridge.engine.scan import Scan, model_of_scan
from drumbridge.errors import JobError, ModelError
from drumbridge.inference.registry import load_model
from drumbridge.library.store import Library

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path):
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": str(tmp_path)}
    with distributed.LocalCluster(host="127.0.0.1", **options) as cluster:
        yield cluster


def test_a_killed_worker_changes_nothing(cluster, tmp_path, small_model, monkeypatch):
    monkeypatch.setattr(scan_module, "_AT_ONCE", 3)
    folder = tmp_path / "samples"
    folder.mkdir()
    for k in range(60):
        soundfile.write(folder / f"{k:02}.wav", (kick if k % 3 else hat)(peak=0.3 + k / 100), 44100)
    (folder / "broken.wav").write_text("broken")
    model = model_of_scan(str(small_model))

    with Library(tmp_path / "here.sqlite") as here, Library(tmp_path / "there.sqlite") as there:
        local = Scan(here, model, lambda: load_model(model.name))
        local.compare([folder])
        assert sum(map(len, local.run())) == 61

        spread = Scan(there, model, pytest.fail)
        assert spread.compare([folder]).todo == 61
        done = 0
        with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
            pids = list(client.run(os.getpid).values())
        assert len(pids) == 2
        for count, paths in enumerate(spread.run(DaskWorkers(cluster.scheduler_address, model))):
            done += len(paths)
            if count == 4:
                os.kill(pids[0], signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        assert done == 61
        assert rows(here) == rows(there)


def test_no_scheduler_and_no_workers_are_said_in_one_sentence(tmp_path, small_model):
    model = model_of_scan(str(small_model))
    with pytest.raises(JobError, match="no Dask scheduler at nonsense") as caught:
        DaskWorkers("nonsense://", model)
    assert caught.value.code == "job.cluster"
    options = {"n_workers": 0, "dashboard_address": None, "local_directory": str(tmp_path)}
    with distributed.LocalCluster(host="127.0.0.1", **options) as empty:
        workers = DaskWorkers(empty.scheduler_address, model, patience_s=0.0)
        with contextlib.closing(workers), pytest.raises(JobError, match="has no workers"):
            workers.hash([b"/a.wav"]).result()


def test_a_worker_with_another_model_is_found_out(cluster, tmp_path, small_model):
    model = model_of_scan(str(small_model))._replace(hash=b"another")
    workers = DaskWorkers(cluster.scheduler_address, model)
    with contextlib.closing(workers), pytest.raises(ModelError, match="of a worker is another one"):
        workers.hear([b"/a.wav"]).result()
