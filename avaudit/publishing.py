"""Publishing a report: sealed, in the ledger, and as documents, whatever made it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import AvauditError, UsageError
from .registry import load_renderer
from .result import Report
from .settings import Settings

if TYPE_CHECKING:
    from .policy import Gatekeeper


@dataclass
class Run:
    """A finished run: the sealed report, and what went wrong after it was sealed."""

    report: Report
    folder: Path
    documents: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    interrupted: bool = False

    @property
    def failed_subjects(self) -> list[str]:
        """Ids of the subjects of which at least one examination failed."""
        return list(dict.fromkeys(f.subject for f in self.report.findings if f.outcome == "failed"))


def publish(
    report: Report,
    folder: Path,
    formats: Sequence[str],
    settings: Settings,
    gate: Gatekeeper | None = None,
) -> Run:
    """Judge a report where there is a policy, seal it, append it to the ledger, write documents.

    The ledger comes first: once its transaction is through, the report cannot be lost. A
    document that cannot be written afterwards is a problem told, not an exception.

    Raises
    ------
    AvauditError
        When the ledger or the key cannot be used; the unsealed report is then saved beside.
    """
    from .ledger import Ledger
    from .seal import load_or_create_key

    try:
        report = gate.judged(report) if gate is not None else report
        key = load_or_create_key(Path(settings.key) if settings.key else None)
        with Ledger.open(settings.ledger_url) as ledger:
            sealed = ledger.append_report(report, key)
            run = Run(sealed, folder)
            digests = _write_documents(run, ["json", *(f for f in formats if f != "json")])
            # a path that is no Unicode cannot stand in JSON, and is then not found again
            place = str(folder.absolute()).encode("utf-8", "backslashreplace").decode()
            ledger.append_documents(sealed.id, digests, key, folder=place)
    except AvauditError as error:
        raise _saved_unsealed(report, folder, error) from error
    return run


def _write_documents(run: Run, formats: Sequence[str]) -> dict[str, str]:
    import hashlib

    from .atomic import write_atomic

    digests: dict[str, str] = {}
    for name in formats:
        renderer = load_renderer(name)
        target = run.folder / renderer.filename
        try:
            data = renderer.render(run.report, run.folder)
            write_atomic(target, data)
        except Exception as error:  # noqa: BLE001 - one renderer's fault must not cost the others
            said = str(error) or type(error).__name__
            run.problems.append(f"{renderer.filename} was not written: {said}")
            continue
        run.documents.append(target)
        digests[renderer.filename] = hashlib.sha256(data).hexdigest()
    if run.problems:
        run.problems.append(f"the sealed report is kept in the ledger under the id {run.report.id}")
    return digests


def _saved_unsealed(report: Report, folder: Path, error: AvauditError) -> AvauditError:
    """Save the findings, not sealed: a ledger that cannot be written must not cost them."""
    from .atomic import write_atomic

    target = folder / "report.unsealed.json"
    try:
        write_atomic(target, report.to_json().encode("utf-8"))
    except AvauditError as second:
        return AvauditError(f"{error} The findings could not be saved either: {second}")
    return AvauditError(f"{error} The findings are saved, not sealed, in {target}")


def gatekeeper(settings: Settings) -> Gatekeeper | None:
    """Read the policy and the baseline of the settings, before the work begins.

    Raises
    ------
    UsageError
        When one of them cannot be read.
    """
    if settings.policy is None and settings.baseline is None:
        return None
    from .policy import Gatekeeper

    return Gatekeeper.of(settings.policy, settings.baseline)


def prepare_folder(folder: Path) -> Path:
    """Create the output folder.

    Raises
    ------
    UsageError
        When it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: the output folder cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder}: the output folder cannot be written")
    return folder


def iter_failed(run: Run) -> Iterator[tuple[str, str]]:
    """Give name and reason of every subject of which something failed, for people."""
    names = {subject.id: subject.name for subject in run.report.subjects}
    for subject_id in run.failed_subjects:
        first = next(f for f in run.report.findings_of(subject_id) if f.outcome == "failed")
        yield names[subject_id], first.reason.text if first.reason else ""
