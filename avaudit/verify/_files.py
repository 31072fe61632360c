"""The files a report names: artefacts, examined files, documents."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from ..errors import AvauditError
from ._model import Check

DOCUMENT_SUFFIXES = ("html", "pdf", "md", "sarif", "junit.xml")
_LISTED = 10

State = Literal["same", "changed", "missing", "unreadable"]


@dataclass(frozen=True)
class NamedFile:
    """A file as a report names it."""

    path: str
    sha256: str


def artefact_checks(folder: Path, report: dict[str, Any]) -> Iterator[Check]:
    """Check every artefact and thumbnail: there, inside the folder, with its digest."""
    yield from _all_there("artefact", "artefacts", folder, _artefacts(report))


def subject_checks(folder: Path, report: dict[str, Any]) -> Iterator[Check]:
    """Check the examined files, and their sidecars, that are still where they were."""
    same, gone = 0, []
    for named in _subjects(report):
        state, why = _state(folder / named.path, named.sha256)
        if state == "same":
            same += 1
        elif state == "missing":
            gone.append(named.path)
        else:
            status: Literal["failed", "warning"] = "failed" if state == "changed" else "warning"
            yield Check("subject", status, f"the examined file {named.path} {why}")
    if same:
        yield Check("subjects", "ok", f"{_count(same, 'examined file')} unchanged since the scan")
    if gone:
        text = f"{_count(len(gone), 'examined file')} no longer where they were"
        yield Check("subjects", "not_checked", text, _listed(gone))


def document_checks(
    folder: Path, recorded: Mapping[str, str] | None, report_file: str
) -> Iterator[Check]:
    """Check the rendered documents against what the ledger recorded of them.

    Parameters
    ----------
    folder
        The report's folder.
    recorded
        Path → SHA-256 from the ledger; ``None`` when the ledger does not know the report.
    report_file
        The name of the report itself, which has its own checks.
    """
    recorded = recorded or {}
    same = []
    for name, sha256 in recorded.items():
        if name == report_file:
            continue
        outside = _leads_out(folder, name)
        state, why = _state(folder / name, sha256) if outside is None else ("changed", outside)
        if state == "same":
            same.append(name)
        elif state == "missing":
            yield Check("document", "not_checked", f"{name} is not beside the report")
        else:
            yield Check("document", "failed", f"{name} {why}")
    if same:
        yield Check("documents", "ok", f"as they were written: {', '.join(same)}")
    names = [f"report.{suffix}" for suffix in DOCUMENT_SUFFIXES]
    unknown = [name for name in names if name not in recorded and (folder / name).exists()]
    if unknown:
        text = "no ledger here recorded these documents; only report.json is sealed"
        yield Check("documents", "not_checked", text, tuple(unknown))


def _all_there(one: str, many: str, folder: Path, named: Iterable[NamedFile]) -> Iterator[Check]:
    same = 0
    for file in named:
        outside = _leads_out(folder, file.path)
        if outside is not None:
            yield Check(one, "failed", f"{file.path} {outside}")
            continue
        state, why = _state(folder / file.path, file.sha256)
        if state == "same":
            same += 1
        else:
            yield Check(one, "failed", f"{file.path} {why}")
    if same:
        yield Check(many, "ok", f"{_count(same, 'artefact')} as they were written")


def _leads_out(folder: Path, name: str) -> str | None:
    """Say why a path is not one inside the folder; it may be hostile."""
    pure = PurePosixPath(name)
    try:
        inside = (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return "is no usable path"
    if pure.is_absolute() or ".." in pure.parts or not inside:
        return "leads out of the report's folder: it is not read"
    return None


def _state(path: Path, sha256: str) -> tuple[State, str]:
    try:
        found = file_sha256(path)
    except (FileNotFoundError, NotADirectoryError):
        return "missing", "is missing"
    except AvauditError as error:
        return "changed", str(error)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return "unreadable", f"cannot be read: {reason}"
    if found == sha256:
        return "same", ""
    return "changed", f"was changed: its SHA-256 is now {found}"


def file_sha256(path: Path) -> str:
    """Give a file's SHA-256. Never waits on a pipe or reads a device a hostile report names.

    Raises
    ------
    OSError, ValueError
        When it cannot be opened or read.
    AvauditError
        When it is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise AvauditError("is not a file any more")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    finally:
        os.close(descriptor)


def _artefacts(report: dict[str, Any]) -> Iterator[NamedFile]:
    for subject in _objects(report.get("subjects")):
        yield from _named(subject.get("thumbnail"))
    for finding in _objects(report.get("findings")):
        for artefact in _objects(finding.get("artefacts")):
            yield from _named(artefact)


def _subjects(report: dict[str, Any]) -> Iterator[NamedFile]:
    for subject in _objects(report.get("subjects")):
        yield from _named(subject)
        yield from _named(subject.get("sidecar"))


def _named(value: Any) -> Iterator[NamedFile]:
    if isinstance(value, dict):
        path, sha256 = value.get("path"), value.get("sha256")
        if isinstance(path, str) and isinstance(sha256, str):
            yield NamedFile(path, sha256)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun} is" if number == 1 else f"{number} {noun}s are"


def _listed(names: list[str]) -> tuple[str, ...]:
    left = len(names) - _LISTED
    return (*names[:_LISTED], *([f"… and {left} more"] if left > 0 else []))
