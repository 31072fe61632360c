"""Reading policy files, with file, line and what was meant where they are wrong."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ..configuration import line_of, read_toml
from ..errors import UsageError
from ..registry import unknown_name
from .model import RULES, SCHEMA, Declared, Policy

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class PolicyFile:
    """A policy with the SHA-256 of the bytes it was read from."""

    policy: Policy
    sha256: str


def read_policy(path: str | os.PathLike[str]) -> PolicyFile:
    """Read a policy file.

    Parameters
    ----------
    path
        A TOML file, ``schema = "avaudit.policy/1"``.

    Raises
    ------
    UsageError
        With file and line: broken TOML, unknown keys, kinds and values (with the nearest valid
        one), an id used twice. All problems are told at once.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the policy cannot be read: {error.strerror}") from error
    return parse_policy(data, path)


def parse_policy(data: bytes, path: Path) -> PolicyFile:
    """Read a policy from its bytes; ``path`` is for the messages."""
    table = read_toml(path, data)
    text = data.decode("utf-8")
    try:
        policy = Policy.model_validate(table)
    except ValidationError as error:
        raise UsageError(_explain(error, table, path, text)) from error
    seen: set[str] = set()
    twice = []
    for number, rule in enumerate(policy.rule):
        if rule.id in seen:
            place = _place(path, text, ("rule", number, "id"))
            twice.append(f"{place}: the rule id '{rule.id}' is used twice")
        seen.add(rule.id)
    if twice:
        raise UsageError("\n".join(twice))
    return PolicyFile(policy, hashlib.sha256(data).hexdigest())


def _explain(error: ValidationError, table: dict[str, Any], path: Path, text: str) -> str:
    lines = []
    for problem in error.errors():
        if problem["type"] == "too_short" and problem["input"]:
            continue  # its entries are wrong, and each is told
        location = _without_tag(problem["loc"])
        if problem["type"] == "union_tag_invalid":
            location = (*location, "kind")
        said = _said(problem, location, table)
        lines.append(f"{_place(path, text, location)}: {said}")
    return "\n".join(dict.fromkeys(lines))


def _without_tag(location: Location) -> Location:
    """Take out the kind that pydantic puts behind a rule's number."""
    if location[:1] == ("rule",) and len(location) > 2 and location[2] in RULES:
        return (*location[:2], *location[3:])
    return location


def _said(problem: Any, location: Location, table: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in location if isinstance(part, str) and part != "rule")
    context = problem.get("ctx", {})
    match problem["type"]:
        case "extra_forbidden":
            model = _model_at(location, table)
            known = [field.alias or name for name, field in model.model_fields.items()]
            return unknown_name("key", str(location[-1]), known)
        case "union_tag_invalid":
            return unknown_name("kind of rule", str(context.get("tag")), list(RULES))
        case "union_tag_not_found":
            return f"the rule has no kind; there are: {', '.join(RULES)}"
        case "literal_error":
            known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            return f"{key}: {unknown_name('value', str(problem['input']), known)}"
        case "too_short":
            return f"{key}: at least one is needed" if key else "there is no [[rule]]"
        case "missing" if location == ("rule",):
            return "there is no [[rule]]"
        case "missing":
            return f"'{location[-1]}' is missing"
        case "value_error":
            said = str(context.get("error", problem["msg"]))
            return f"{key}: {said}" if key else said
        case _:
            return f"{key}: {problem['msg']}" if key else str(problem["msg"])


def _model_at(location: Location, table: dict[str, Any]) -> type[BaseModel]:
    if location[0] == "declared":
        return Declared
    if location[0] != "rule" or len(location) < 3:
        return Policy
    return RULES[table["rule"][location[1]]["kind"]]


def _place(path: Path, text: str, location: Location) -> str:
    line = line_of(text, location)
    return f"{path}, line {line}" if line else f"{path}"


__all__ = ["SCHEMA", "PolicyFile", "parse_policy", "read_policy"]
