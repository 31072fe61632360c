"""Adding files to the index and looking files up: the engine does the reading, confined."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.artefacts import ArtefactStore, UnsafeArtefactError
from ..engine.client import WorkerSetup
from ..engine.pool import Job, LocalEngine
from ..engine.subject import Examined
from ..errors import AvauditError, UsageError
from ..inputs import display_name
from ..result import Artefact, Finding
from ..weights import file_sha256
from .fingerprint import Fingerprint
from .fingerprinting import NAME, SOURCE, FingerprintDetector
from .index import KnownIndex, KnownWriter, appending, known_dir

if TYPE_CHECKING:
    from ..scanning import Progress
    from ..settings import Settings

COMMIT_ITEMS, COMMIT_S = 64, 5.0
"""A commit every so many items or seconds: what a killed run can lose."""
MAX_LABEL = 200


@dataclass
class Added:
    """What became of the files given to :func:`add`."""

    added: int = 0
    already_known: int = 0
    only_by_bytes: list[str] = field(default_factory=list)
    """Added, but too plain (or too small) to be recognised unless byte for byte the same."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """File and reason."""
    interrupted: bool = False


def add(
    files: Sequence[Path],
    label: str,
    settings: Settings,
    *,
    thumbnails: bool = True,
    progress: Progress | None = None,
) -> Added:
    """Fingerprint files in confined workers and add them to the index.

    Parameters
    ----------
    files
        The files. One that is in the index under the same label is passed over, so that a run
        that was stopped can be repeated.
    label
        What matches will be called by.
    settings
        Limits, confinement and number of workers.
    thumbnails
        Whether a small picture of each item is kept, to be shown beside a match.
    progress
        Called after each file.

    Raises
    ------
    UsageError
        When the label is empty or too long, or another process is adding.
    AvauditError
        When the index or the workers fail. Faults of single files are in ``failed``.
    """
    if not label.strip() or len(label) > MAX_LABEL:
        raise UsageError(f"a label has 1 to {MAX_LABEL} characters: --label TEXT")
    done = Added()
    with appending(known_dir()) as writer:
        intake = _Intake(writer, KnownIndex(known_dir()), label, thumbnails, done)
        new = [path for path in files if not intake.knows(path)]
        try:
            for path, result in _fingerprinted(new, settings):
                intake.take(path, result)
                if progress is not None:
                    handled = done.added + done.already_known + len(done.failed)
                    progress(handled, len(files), path.name)
        except KeyboardInterrupt:
            done.interrupted = True  # what was added so far is committed on leaving
    return done


class _Intake:
    """Takes results one by one, committing now and then."""

    def __init__(
        self, writer: KnownWriter, index: KnownIndex, label: str, thumbnails: bool, done: Added
    ) -> None:
        self._writer, self._index, self._label = writer, index, label
        self._thumbnails, self._done = thumbnails, done
        self._new: set[str] = set()
        self._committed = time.monotonic()

    def knows(self, path: Path) -> bool:
        """Tell whether a file is in the index under this label, without parsing it."""
        if not len(self._index) or not path.is_file():
            return False
        try:
            known = self._is_known(file_sha256(path))
        except OSError:
            return False  # the engine tells why it cannot be read
        self._done.already_known += known
        return known

    def _is_known(self, sha256: str) -> bool:
        if sha256 in self._new:
            return True
        numbers = self._index.with_sha256(sha256)
        return any(self._index.item(number).label == self._label for number in numbers)

    def take(self, path: Path, result: Examined) -> None:
        name = display_name(path)
        try:
            print_ = fingerprint_of(result)
        except AvauditError as error:
            self._done.failed.append((name, str(error)))
            return
        assert result.sha256 is not None
        if self._is_known(result.sha256):
            self._done.already_known += 1
            return
        if not self._thumbnails:
            print_ = replace(print_, thumbnail=b"")
        if print_.empty:
            self._done.only_by_bytes.append(name)
        self._writer.add(
            print_, result.sha256, label=self._label, name=display_name(Path(path.name))
        )
        self._new.add(result.sha256)
        self._done.added += 1
        late = time.monotonic() - self._committed > COMMIT_S
        if self._writer.uncommitted >= COMMIT_ITEMS or late:
            self._writer.commit()
            self._committed = time.monotonic()


def fingerprint_of(result: Examined) -> Fingerprint:
    """Give the fingerprint among the findings of a file.

    Raises
    ------
    AvauditError
        With the reason when there is none, or when what the worker sent is none.
    """
    finding = result.findings[NAME]
    if finding.outcome != "observed":
        raise AvauditError(finding.reason.text if finding.reason else "no reason was given")
    return Fingerprint.from_facts(finding.facts.get("fingerprint") or {})


def look_up_file(path: Path, settings: Settings) -> Finding:
    """Look one file up in the index, in a confined worker, and give the finding of known.match.

    Raises
    ------
    UsageError
        When the file does not exist or known.match is not installed.
    """
    from ..registry import load_detectors
    from ..scanning import data_dirs, interpreted

    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    detectors = load_detectors(["known.match"])
    setup = WorkerSetup(
        detectors=tuple(detectors),
        limits=settings.limits.to_limits(),
        confinement=settings.confinement,
        data_dirs=data_dirs(detectors),
    )
    with tempfile.TemporaryDirectory(prefix="avaudit-known-") as folder:
        job = Job("s00001", path)
        store = ArtefactStore(Path(folder), settings.limits.written_bytes)
        (result,) = LocalEngine(setup, 1).run([job], detectors, store)
    return interpreted(result, detectors, settings).findings["known.match"]


def _fingerprinted(files: Sequence[Path], settings: Settings) -> Iterator[tuple[Path, Examined]]:
    jobs = [Job(f"s{number:07d}", path) for number, path in enumerate(files)]
    if not jobs:
        return
    with tempfile.TemporaryDirectory(prefix="avaudit-known-") as folder:
        setup = WorkerSetup(
            detectors=(NAME,),
            limits=settings.limits.to_limits(),
            confinement=settings.confinement,
            data_dirs={SOURCE: Path(folder)},
        )
        engine = LocalEngine(setup, settings.worker_count())
        store = _KeepsNothing(Path(folder), 0)
        for result in engine.run(jobs, {NAME: FingerprintDetector()}, store):
            yield files[int(result.subject[1:])], result


class _KeepsNothing(ArtefactStore):
    """Artefacts are not wanted here; the thumbnails of intake least of all."""

    def keep(self, path: Path, media_type: str, role: str, title: str) -> Artefact:  # noqa: ARG002
        """Refuse a file."""
        raise UnsafeArtefactError(f"{path.name}: files are not kept here")
