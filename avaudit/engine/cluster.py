"""The Ray engine: confined workers on the nodes of a cluster, one file each at a time.

Each actor holds a confined worker on its node and hands back what the local engine would: a
checked :class:`~avaudit.engine.subject.Examined` and the bytes of its artefacts. What the
confined worker itself says has been through the same messages, checked in the actor, before
Ray carries it on; the files are written here, under the digest computed anew.

Inputs and the avaudit home must lie under the same paths on every node (a shared file
system), and every node needs the same avaudit.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from ..detector import Detector
from ..errors import AvauditError, UsageError
from ..registry import load_detectors
from ..result import Artefact, Reason
from .artefacts import ArtefactStore
from .client import WorkerProcess, WorkerSetup
from .pool import Job, Slot
from .subject import Examined, examine_path, failed_everywhere

MISSING = (
    "the engine 'ray' needs the package ray, which is not installed; "
    "install it with: pip install 'avaudit[ray]'"
)
TRIES = 2
"""How often a file is given to an actor before a lost one counts as the file's failure."""


@dataclass(frozen=True)
class Parcel:
    """What an actor sends back for one file; ``files`` by the artefact's path."""

    examined: Examined
    files: Mapping[str, bytes]
    confinement: Mapping[str, Any]


class Examiner:
    """The actor: one confined worker on one node, warm between files."""

    def __init__(self, setup: WorkerSetup, max_artefact_bytes: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="avaudit-actor-")
        self._out = Path(self._folder.name)
        self._store = ArtefactStore(self._out, max_artefact_bytes)
        self._names = setup.detectors
        self._detectors: dict[str, Detector] = {}
        self._slot = Slot(lambda: WorkerProcess(setup), WorkerProcess.close)

    def examine(self, job: Job) -> Parcel:
        """Examine one file."""
        if not self._detectors:  # not in __init__: Ray tells of an error there as of a lost actor
            self._detectors = load_detectors(self._names)
        examined = examine_path(
            job.subject,
            job.path,
            job.sidecar,
            self._detectors,
            self._slot.get,
            self._store,
            job.impose,
        )
        files = {a.path: (self._out / a.path).read_bytes() for a in artefacts_of(examined)}
        for path in files:
            (self._out / path).unlink()
        self._slot.count()
        return Parcel(examined, files, self._slot.confinement)


class RayEngine:
    """Runs jobs on a Ray cluster: the one at ``RAY_ADDRESS``, or one started on this machine.

    Parameters
    ----------
    setup
        How workers are made.
    workers
        How many run side by side; no more than the cluster has processors.

    Raises
    ------
    UsageError
        When Ray is not installed.
    """

    def __init__(self, setup: WorkerSetup, workers: int) -> None:
        # Ray must not report its use to anybody
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            self._ray: Any = import_module("ray")
        except ImportError as error:
            raise UsageError(MISSING) from error
        self._setup = setup
        self._workers = workers
        self.confinement: dict[str, object] = {}

    def run(
        self, jobs: Iterable[Job], detectors: Mapping[str, Detector], artefacts: ArtefactStore
    ) -> Iterator[Examined]:
        """Examine all jobs and yield results as they are finished, in no fixed order.

        Raises
        ------
        AvauditError
            When the cluster cannot be reached, workers cannot be started or confined there, or
            the output folder cannot be written. Faults of single files are findings.
        """
        own = not self._ray.is_initialized()
        if own:
            self._connect()
        try:
            # Ray prints its complaints to standard output, which is the report's
            with redirect_stdout(sys.stderr):
                yield from _Run(self, self._ray, detectors, artefacts).results(jobs)
        finally:
            if own:
                self._ray.shutdown()

    def _connect(self) -> None:
        try:
            self._ray.init(include_dashboard=False, log_to_driver=False, logging_level="error")
        except ValueError:
            # an existing cluster refuses settings that only a new one could have
            self._ray.init(log_to_driver=False, logging_level="error")
        except (ConnectionError, RuntimeError) as error:
            raise AvauditError(f"the Ray cluster cannot be used: {error}") from error

    def new_actor(self, max_artefact_bytes: int) -> Any:
        """Start an actor somewhere in the cluster."""
        # no restart by Ray: a lost actor is seen here, and its file is counted
        remote = self._ray.remote(num_cpus=1, max_restarts=0)(Examiner)
        return remote.remote(self._setup, max_artefact_bytes)

    def actor_count(self, jobs: int) -> int:
        """Give how many actors can run at once."""
        processors = int(self._ray.cluster_resources().get("CPU", 1))
        return max(1, min(self._workers, jobs, processors))

    def note_confinement(self, account: Mapping[str, object]) -> None:
        """Keep the account of the walls; the weakest of all nodes stands in the report."""
        if account and (not self.confinement or not account.get("complete")):
            self.confinement = dict(account)


class _Run:
    """One run: which actor has which job."""

    def __init__(
        self,
        engine: RayEngine,
        ray: Any,
        detectors: Mapping[str, Detector],
        artefacts: ArtefactStore,
    ) -> None:
        self._engine = engine
        self._ray = ray
        self._detectors = detectors
        self._artefacts = artefacts
        self._waiting: deque[tuple[Job, int]] = deque()
        self._running: dict[Any, tuple[Any, Job, int]] = {}

    def results(self, jobs: Iterable[Job]) -> Iterator[Examined]:
        self._waiting.extend((_absolute(job), 1) for job in jobs)
        try:
            for _ in range(self._engine.actor_count(len(self._waiting))):
                self._give_next(self._new_actor())
            while self._running:
                (done,), _ = self._ray.wait(list(self._running), num_returns=1)
                result = self._received(done)
                if result is not None:
                    yield result
        finally:
            for actor, _, _ in self._running.values():
                self._ray.kill(actor)

    def _new_actor(self) -> Any:
        return self._engine.new_actor(self._artefacts.max_bytes)

    def _give_next(self, actor: Any) -> None:
        if self._waiting:
            job, attempt = self._waiting.popleft()
            self._running[actor.examine.remote(job)] = (actor, job, attempt)
        else:
            self._ray.kill(actor)

    def _received(self, done: Any) -> Examined | None:
        actor, job, attempt = self._running.pop(done)
        try:
            parcel = self._ray.get(done)
        except self._ray.exceptions.RayTaskError as error:
            self._ray.kill(actor)
            if isinstance(error.cause, AvauditError):
                raise error.cause from error
            raise
        except self._ray.exceptions.RayError as error:
            return self._lost(job, attempt, error)
        self._give_next(actor)
        self._engine.note_confinement(parcel.confinement)
        for artefact in artefacts_of(parcel.examined):
            self._artefacts.receive(artefact, parcel.files[artefact.path])
        examined: Examined = parcel.examined
        return examined

    def _lost(self, job: Job, attempt: int, error: Exception) -> Examined | None:
        """Try the file of a lost actor on a new one, or give it up."""
        if attempt < TRIES:
            self._waiting.appendleft((job, attempt + 1))
        if self._waiting:
            self._give_next(self._new_actor())
        if attempt < TRIES:
            return None
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        reason = Reason(code="node_lost", text=f"the cluster lost the examination twice: {told}")
        return failed_everywhere(job.subject, self._detectors, reason)


def artefacts_of(examined: Examined) -> list[Artefact]:
    """Give all files kept for a subject, each once."""
    kept = [a for finding in examined.findings.values() for a in finding.artefacts]
    if examined.thumbnail is not None:
        kept.append(examined.thumbnail)
    return list({artefact.path: artefact for artefact in kept}.values())


def _absolute(job: Job) -> Job:
    """Give a job that means the same wherever an actor happens to stand."""
    sidecar = Path(os.path.abspath(job.sidecar)) if job.sidecar is not None else None  # noqa: PTH100
    return replace(job, path=Path(os.path.abspath(job.path)), sidecar=sidecar)  # noqa: PTH100
