"""What a job's files hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["running", "done", "cancelled", "failed", "died", "unreadable"]
"""``failed``: it ended with an error it could tell; ``died``: its process is gone without a word;
``unreadable``: its folder does not hold what a job's folder holds."""

Stage = Literal["starting", "scanning", "publishing"]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class JobRequest(_File):
    """What to scan, and how.

    Parameters
    ----------
    inputs
        Files, folders or manifests, as absolute paths. Empty where files were uploaded.
    detectors
        Names of detectors or families; None for all.
    policy
        A shipped profile or a policy file that judges the report; None for no gate.
    stability
        Whether each item is also scored as it would be after re-sharing.
    workers
        How many files are examined side by side; None for the setting.
    settings_from
        Folder from which ``avaudit.toml`` is searched upward.
    """

    inputs: list[str] = []
    detectors: list[str] | None = None
    policy: str | None = None
    stability: bool = False
    workers: int | None = None
    settings_from: str | None = None


class Failure(_File):
    """A file of which something could not be examined."""

    name: str
    why: str


class Progress(_File):
    """How far a job is. ``name`` is the file finished last; ``started`` and ``updated`` are UTC."""

    stage: Stage = "starting"
    done: int = 0
    total: int | None = None
    name: str = ""
    failed: int = 0
    failures: list[Failure] = []
    started: str = ""
    updated: str = ""
    pid: int | None = None


class Outcome(_File):
    """How a job ended. ``report_id`` is in the ledger; ``not_examined`` counts files left out."""

    ended: str
    report_id: str | None = None
    interrupted: bool = False
    not_examined: int = 0
    gate: str | None = None
    problems: list[str] = []
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it is at this moment."""

    id: str
    folder: Path
    state: State
    created: str
    request: JobRequest = field(default_factory=JobRequest)
    progress: Progress = field(default_factory=Progress)
    outcome: Outcome | None = None
    uploads: tuple[str, ...] = ()
    upload_bytes: int = 0
    cancel_asked: bool = False
    said: str = ""
    """The end of what the process said, where it died or failed."""

    @property
    def running(self) -> bool:
        """Whether its process lives and has not ended its work."""
        return self.state == "running"

    @property
    def report_folder(self) -> Path:
        """Where the documents and artefacts of its report lie."""
        return self.folder / "report"
