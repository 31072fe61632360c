"""The local engine: several confined workers, each with one file at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..detector import Detector
from .artefacts import ArtefactStore
from .client import WorkerProcess, WorkerSetup
from .subject import Examined, examine_path

FILES_PER_WORKER = 1000
"""A worker is replaced after this many files, so that a leak in a native library stays small."""


@dataclass(frozen=True)
class Job:
    """One file to examine; ``impose`` names conditions to try it under as well."""

    subject: str
    path: Path
    sidecar: Path | None = None
    impose: tuple[str, ...] = ()


class LocalEngine:
    """Runs jobs on a pool of confined workers.

    Parameters
    ----------
    setup
        How workers are made.
    workers
        How many run side by side.
    """

    def __init__(self, setup: WorkerSetup, workers: int) -> None:
        self._setup = setup
        self._workers = workers
        self._stop = threading.Event()
        self._live: set[WorkerProcess] = set()
        self._lock = threading.Lock()
        self.confinement: dict[str, object] = {}

    def run(
        self, jobs: Iterable[Job], detectors: Mapping[str, Detector], artefacts: ArtefactStore
    ) -> Iterator[Examined]:
        """Examine all jobs and yield results as they are finished, in no fixed order.

        Raises
        ------
        AvauditError
            When workers cannot be started or confined, or the output folder cannot be written.
            Faults of single files are findings.
        """
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        count = 0
        for job in jobs:
            waiting.put(job)
            count += 1
        results: queue.SimpleQueue[Examined | BaseException] = queue.SimpleQueue()
        threads = [
            threading.Thread(
                target=self._serve, args=(waiting, results, detectors, artefacts), daemon=True
            )
            for _ in range(max(1, min(self._workers, count)))
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(count):
                result = results.get()
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            self._shut_down(threads)

    def _shut_down(self, threads: list[threading.Thread]) -> None:
        self._stop.set()
        with self._lock:
            for worker in self._live:
                worker.kill()
        for thread in threads:
            thread.join(timeout=10)

    def _serve(
        self,
        waiting: queue.SimpleQueue[Job],
        results: queue.SimpleQueue[Examined | BaseException],
        detectors: Mapping[str, Detector],
        artefacts: ArtefactStore,
    ) -> None:
        slot = Slot(self._start_worker, self._end_worker)
        try:
            while not self._stop.is_set():
                try:
                    job = waiting.get_nowait()
                except queue.Empty:
                    return
                examined = examine_path(
                    job.subject,
                    job.path,
                    job.sidecar,
                    detectors,
                    slot.get,
                    artefacts,
                    job.impose,
                )
                results.put(examined)
                slot.count()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asked
            results.put(error)
        finally:
            slot.close()

    def _start_worker(self) -> WorkerProcess:
        worker = WorkerProcess(self._setup)
        with self._lock:
            self._live.add(worker)
            self.confinement = worker.confinement
        return worker

    def _end_worker(self, worker: WorkerProcess) -> None:
        with self._lock:
            self._live.discard(worker)
        worker.close()


class Slot:
    """Holds one live worker and replaces it when it has died or served long."""

    def __init__(
        self, start: Callable[[], WorkerProcess], end: Callable[[WorkerProcess], None]
    ) -> None:
        self._start = start
        self._end = end
        self._worker: WorkerProcess | None = None
        self._served = 0

    def get(self) -> WorkerProcess:
        """Give a live worker."""
        if self._worker is not None and (
            not self._worker.alive or self._served >= FILES_PER_WORKER
        ):
            self.close()
        if self._worker is None:
            self._worker = self._start()
            self._served = 0
        return self._worker

    @property
    def confinement(self) -> dict[str, Any]:
        """The walls around the worker, as it gave account of them; empty before the first."""
        return self._worker.confinement if self._worker is not None else {}

    def count(self) -> None:
        """Note that a file was served."""
        self._served += 1

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._worker is not None:
            self._end(self._worker)
            self._worker = None
