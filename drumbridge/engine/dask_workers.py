"""Files heard by the workers of a Dask cluster: the same scan, spread over machines that see the same files.

Conventions: the library stays with the one that scans; workers get paths and send back what they heard. They need this
package, the same model and the same paths. A worker that dies has its files given to another one by Dask; nothing is
lost, for only what came back is written.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from drumbridge.errors import DrumbridgeError, JobError, SettingsError

from .sound_hearing import hash_files, hear_files_remotely

if TYPE_CHECKING:
    from drumbridge.library.heard import HeardSound

    from .scan import Model

_CONNECT_S = 10.0
_PATIENCE_S = 60.0  # without any worker
_ASK_EVERY_S = 2.0
_WIDEST = 64  # tasks that wait in a large cluster

T = TypeVar("T")


class DaskWorkers:
    """A cluster as `drumbridge.engine.scan_workers.Workers`.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://host:8786``.
    model : Model
    patience_s : float
        How long to wait while the cluster has no worker.

    Raises
    ------
    JobError
        ``job.cluster``: there is no scheduler at that address.
    SettingsError
        ``settings.dask``: the extra is missing.
    """

    def __init__(self, address: str, model: Model, patience_s: float = _PATIENCE_S) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise SettingsError(
                "settings.dask", "A Dask cluster needs the extra: pip install 'drumbridge[dask]'."
            ) from error
        try:
            self._client: Any = Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise JobError(
                "job.cluster", f"There is no Dask scheduler at {address}: start one, or check the address."
            ) from error
        self._model = model
        self._patience_s = patience_s

    @property
    def count(self) -> int:
        """How many files' batches the cluster works on side by side, now."""
        return max(1, min(_WIDEST, sum(self._client.nthreads().values())))

    def hash(self, paths: list[bytes]) -> _Answer[list[bytes | DrumbridgeError]]:
        """Begin to hash some files."""
        return self._begin(hash_files, paths)

    def hear(self, paths: list[bytes]) -> _Answer[list[HeardSound | DrumbridgeError]]:
        """Begin to hear some files."""
        return self._begin(hear_files_remotely, paths, self._model.name, self._model.hash, self._model.kind)

    def close(self) -> None:
        """Let go of what is not done; the cluster goes on without us."""
        self._client.close()

    def _begin(self, work: Any, *arguments: Any) -> _Answer[Any]:
        return _Answer(self._client, self._client.submit(work, *arguments, pure=False), self._patience_s)


class _Answer(Generic[T]):
    """What a worker will have sent back."""

    def __init__(self, client: Any, future: Any, patience_s: float) -> None:
        self._client = client
        self._future = future
        self._patience_s = patience_s

    def result(self) -> T:
        """Wait for it.

        Raises
        ------
        JobError
            ``job.cluster``: the cluster has gone, or has had no worker for too long, or gave up.
        """
        from distributed import TimeoutError as NotYet

        alone_since: float | None = None
        while True:
            try:
                return self._future.result(timeout=_ASK_EVERY_S)  # type: ignore[no-any-return]
            except NotYet:
                if self._client.status != "running":
                    raise JobError("job.cluster", "The Dask scheduler has gone; what was heard is kept.") from None
                if self._client.scheduler_info(n_workers=-1)["workers"]:
                    alone_since = None
                    continue
                alone_since = alone_since or time.monotonic()
                if time.monotonic() - alone_since > self._patience_s:
                    raise JobError("job.cluster", "The Dask cluster has no workers; what was heard is kept.") from None
            except DrumbridgeError:
                raise
            except Exception as error:
                if type(error).__module__.split(".")[0] not in ("distributed", "asyncio", "concurrent"):
                    raise
                raise JobError("job.cluster", f"The Dask cluster gave up: {error}. What was heard is kept.") from error
