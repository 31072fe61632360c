"""Settings: built in < avaudit.toml or pyproject.toml < environment < flags."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .configuration import line_of, read_toml
from .confinement.limits import Limits
from .errors import UsageError
from .evidence.verbal import ENFSI_2015, VerbalStep

FILENAME = "avaudit.toml"
PREFIX = "AVAUDIT_"
NOT_SETTINGS = {"AVAUDIT_HOME"}


class LimitSettings(BaseModel):
    """The table ``[limits]``: see :class:`avaudit.confinement.Limits` for the meaning."""

    model_config = ConfigDict(extra="forbid")

    address_space_bytes: int = Field(Limits.address_space_bytes, ge=256 * 1024 * 1024)
    cpu_seconds: float = Field(Limits.cpu_seconds, gt=0)
    cpu_seconds_per_mib: float = Field(Limits.cpu_seconds_per_mib, ge=0)
    wall_factor: float = Field(Limits.wall_factor, ge=1)
    written_bytes: int = Field(Limits.written_bytes, ge=1024 * 1024)
    open_files: int = Field(Limits.open_files, ge=32)
    image_pixels: int = Field(Limits.image_pixels, ge=1)
    chunk_bytes: int = Field(Limits.chunk_bytes, ge=1024 * 1024)

    def to_limits(self) -> Limits:
        """Give the limits as the core uses them."""
        return Limits(**self.model_dump())


class Settings(BaseModel):
    """Everything that can be set in a file, the environment or by flags."""

    model_config = ConfigDict(extra="forbid")

    out: str = "avaudit-report"
    format: list[str] = ["json", "html"]
    detectors: list[str] | None = None
    workers: int = Field(0, ge=0, description="0: one per core")
    engine: Literal["local", "ray"] = "local"
    confinement: Literal["required", "best_effort"] = "required"
    stability: bool = False
    camera: str | None = None
    key: str | None = None
    policy: str | None = None
    baseline: str | None = None
    ledger_url: str | None = None
    verbal_scale: list[VerbalStep] = list(ENFSI_2015)
    limits: LimitSettings = LimitSettings()

    @field_validator("verbal_scale")
    @classmethod
    def _rising(cls, steps: list[VerbalStep]) -> list[VerbalStep]:
        if not steps or any(a.from_lr >= b.from_lr for a, b in pairwise(steps)):
            raise ValueError("a verbal scale has at least one step, and from_lr rises")
        return steps

    def worker_count(self) -> int:
        """Give how many workers run side by side."""
        if self.workers:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def load_settings(
    overrides: Mapping[str, Any] | None = None,
    *,
    start: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Gather the settings from all their places.

    Parameters
    ----------
    overrides
        Flags; keys whose value is None were not given.
    start
        Folder from which the file is searched upward (default: the working directory).
    environment
        Default: the process environment.

    Raises
    ------
    UsageError
        With file and line, when a file is broken or a key is unknown or has a bad value.
    """
    path, table = _find(start or Path.cwd())
    merged = dict(table)
    _merge(merged, _from_environment(os.environ if environment is None else environment))
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    _merge(merged, given)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise UsageError(_explain(error, path, table)) from error


def _find(start: Path) -> tuple[Path | None, dict[str, Any]]:
    for folder in (start, *start.parents):
        if (path := folder / FILENAME).is_file():
            return path, read_toml(path)
        if (path := folder / "pyproject.toml").is_file():
            table = read_toml(path).get("tool", {}).get("avaudit")
            if table is not None:
                return path, table
    return None, {}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Read ``AVAUDIT_WORKERS=4``, ``AVAUDIT_FORMAT=json,html`` and so on."""
    table: dict[str, Any] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        key = name.removeprefix(PREFIX).lower()
        if key.startswith("limits_"):
            table.setdefault("limits", {})[key.removeprefix("limits_")] = value
        elif key in ("format", "detectors"):
            table[key] = split_names(value)
        elif key in Settings.model_fields:
            table[key] = value
    return table


def split_names(text: str) -> list[str]:
    """Split a comma-separated list; blanks and empty parts are dropped."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _merge(into: dict[str, Any], table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            into[key] = {**into[key], **value}
        else:
            into[key] = value


def _explain(error: ValidationError, path: Path | None, table: Mapping[str, Any]) -> str:
    lines = []
    for problem in error.errors():
        location = [str(part) for part in problem["loc"]]
        key = ".".join(location)
        where = _where(path, table, location)
        text = problem["msg"]
        if problem["type"] == "extra_forbidden":
            from .registry import unknown_name

            known = LimitSettings if location[0] == "limits" and len(location) > 1 else Settings
            text = unknown_name("setting", location[-1], list(known.model_fields))
        lines.append(f"{where}{key}: {text}")
    return "\n".join(lines)


def _where(path: Path | None, table: Mapping[str, Any], location: list[str]) -> str:
    if path is None or location[0] not in table:
        return "setting "
    root = ["tool", "avaudit"] if path.name == "pyproject.toml" else []
    line = line_of(path.read_text(encoding="utf-8"), [*root, *location])
    return f"{path}, line {line}: " if line else f"{path}: "
