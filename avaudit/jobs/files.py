"""The files of a job's folder: written whole, readable by their owner only."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..atomic import write_atomic
from ..errors import AvauditError

REQUEST, PROGRESS, OUTCOME = "request.json", "progress.json", "outcome.json"
LOCK, STDERR, UPLOADS, REPORT = "lock", "stderr.txt", "uploads", "report"
POLICY = "policy.toml"

M = TypeVar("M", bound=BaseModel)


def write_file(path: Path, content: BaseModel) -> None:
    """Replace a file as a whole, mode 0600."""
    write_atomic(path, content.model_dump_json(indent=1).encode("utf-8"), mode=0o600)


def read_file(path: Path, kind: type[M]) -> M | None:
    """Read a file; None where it is not there.

    Raises
    ------
    AvauditError
        When it cannot be read or holds something else.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise AvauditError(f"{path}: cannot be read: {error}") from error
