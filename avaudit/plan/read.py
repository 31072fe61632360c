"""Reading plan files, and holding them against probes and data."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ..configuration import line_of, read_toml
from ..errors import UsageError
from ..registry import PROBES, load, names, unknown_name
from .model import SCHEMA, Plan, Scenario


def read_plan(path: str | os.PathLike[str]) -> tuple[Plan, str]:
    """Read a plan file and check all that can be checked without the data.

    Parameters
    ----------
    path
        A TOML file, ``schema = "avaudit.plan/1"``.

    Returns
    -------
    Plan, str
        The plan, and the SHA-256 of the file's bytes, which goes into the report.

    Raises
    ------
    UsageError
        With file and line: broken TOML, unknown keys (with the nearest valid one), bad values,
        a scenario id used twice, a probe that is not installed, a metric or an option the probe
        does not know. All problems are told at once.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the plan cannot be read: {error.strerror}") from error
    table = read_toml(path, data)
    text = data.decode("utf-8")
    if "schema" not in table:
        raise UsageError(f'{path}: the plan must say schema = "{SCHEMA}"')
    try:
        plan = Plan.model_validate(table)
    except ValidationError as error:
        raise UsageError(_explain(error, path, text)) from error
    if problems := _problems(plan):
        said = [f"{_place(path, text, where)}: {what}" for where, what in problems]
        raise UsageError("\n".join(said))
    return plan, hashlib.sha256(data).hexdigest()


def plan_schema() -> dict[str, Any]:
    """Give the JSON Schema of plan files."""
    schema = Plan.model_json_schema(by_alias=True)
    schema["required"] = ["schema", *schema.get("required", [])]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **schema}


Location = tuple[str | int, ...]


def _problems(plan: Plan) -> list[tuple[Location, str]]:
    problems: list[tuple[Location, str]] = []
    seen: dict[str, int] = {}
    for number, scenario in enumerate(plan.scenario):
        if scenario.id in seen:
            problems.append(
                (("scenario", number, "id"), f"the scenario id '{scenario.id}' is used twice")
            )
        seen[scenario.id] = number
        problems += [(("scenario", number, key), text) for key, text in _probe_problems(scenario)]
    return problems


def _probe_problems(scenario: Scenario) -> list[tuple[str, str]]:
    if scenario.probe not in (installed := names(PROBES)):
        return [("probe", unknown_name("probe", scenario.probe, installed))]
    probe = load(PROBES, scenario.probe)
    problems = []
    if scenario.metric is not None and not _offers(probe.metrics, scenario.metric):
        what = f"metric of the probe '{scenario.probe}' called"
        problems.append(("metric", unknown_name(what, scenario.metric, list(probe.metrics))))
    for key in scenario.options:
        if key not in probe.options:
            what = f"option of the probe '{scenario.probe}' called"
            problems.append(("options", unknown_name(what, key, list(probe.options))))
    return problems


def _offers(metrics: Mapping[str, str], wanted: str) -> bool:
    """Whether a probe knows a metric; ``file.py:function`` is any where the probe says so."""
    if not metrics or wanted in metrics:
        return True
    return ":" in wanted and any(":" in name for name in metrics)


def _explain(error: ValidationError, path: Path, text: str) -> str:
    lines = []
    for problem in error.errors():
        location = problem["loc"]
        key = ".".join(str(part) for part in location if isinstance(part, str))
        said = f"{key}: {problem['msg']}"
        if problem["type"] == "extra_forbidden":
            model: type[BaseModel] = Scenario if location[0] == "scenario" else Plan
            known = [field.alias or name for name, field in model.model_fields.items()]
            said = unknown_name("key", str(location[-1]), known)
        lines.append(f"{_place(path, text, location)}: {said}")
    return "\n".join(lines)


def _place(path: Path, text: str, location: Location) -> str:
    line = line_of(text, location)
    return f"{path}, line {line}" if line else f"{path}"
