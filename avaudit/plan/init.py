"""Writing a first plan, with comments for the person who will change it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..manifest import Manifest
from .model import SCHEMA
from .suggest import MIN_N, Suggestion, Suggestions, suggest

if TYPE_CHECKING:
    from ..adapters.model import Model

SEED = 1
MAX_CELLS = 12


def first_plan(manifest: Manifest, model: Model | None = None) -> str:
    """Write a first plan for a data set, as commented TOML that reads back.

    Parameters
    ----------
    manifest
        The data.
    model
        The model that will be audited; with it, only scenarios it can answer are written.

    Returns
    -------
    str
        The text of a plan file. Margins are starting points, and the comments say which gaps
        the groups are large enough to show.

    Raises
    ------
    UsageError
        When no group is large enough, or no installed probe fits the table without more choices.
    """
    found = suggest(manifest, model)
    if not found.scenarios:
        raise UsageError(_nothing(manifest, found))
    parts = [_head(manifest, found), *(_scenario(one) for one in found.scenarios)]
    if found.others:
        parts.append(_others(found))
    return "\n".join(parts)


def _nothing(manifest: Manifest, found: Suggestions) -> str:
    if not manifest.groups:
        return (
            f"{manifest.path}: the manifest has no group columns (group.<name>), "
            "so there is nothing to compare"
        )
    if len(found.left_out) == len(manifest.groups):
        return f"{manifest.path}: no group is large enough; " + "; ".join(found.left_out)
    text = (
        f"{manifest.path}: no installed probe fits these {manifest.shape.value} without more "
        "choices; most need a column 'label' of 0 and 1"
    )
    return text + (f". Write a plan by hand for: {', '.join(found.others)}" if found.others else "")


def _head(manifest: Manifest, found: Suggestions) -> str:
    n = len(found.scenarios)
    lines = [
        f"# A first plan for {_comment(manifest.path.name)} "
        f"({len(manifest):,} {manifest.shape.value}). Read it, change it, and settle it before",
        "# the audit is run: its SHA-256 goes into the report.",
        f"schema = {_text(SCHEMA)}",
        f"title = {_text('Bias audit on ' + manifest.path.name)}",
        f"seed = {SEED}              # all random draws follow from it",
        "alpha = 0.05          # error level of all confirmatory tests together",
        "level = 0.95          # of intervals",
        "power = 0.8           # for the smallest gaps that would be found",
        'correction = "holm"   # over the confirmatory tests',
        "n_draws = 2000        # bootstrap and permutation draws",
        "",
        "# Gaps that can be found are given for a rate of 90 % in the largest group and a",
        f"# correlation of 0.3 within an identity, at the adjusted level (0.05 / {n}).",
        *(f"# Left out: {_comment(text)}" for text in found.left_out),
        "",
    ]
    return "\n".join(lines)


def _scenario(one: Suggestion) -> str:
    lines = ["[[scenario]]", f"id = {_text(one.id)}", f"probe = {_text(one.probe)}"]
    if one.metric is not None:
        lines.append(f"metric = {_text(one.metric)}")
    lines += [f"groups = [{_text(one.group)}]", *_sizes(one)]
    if one.margin is not None:
        lines.append(
            f"margin = {one.margin:g}         # largest difference you would tolerate: decide it"
        )
        shown = [cell.gap for cell in one.cells if cell.n >= MIN_N]
        if any(not gap <= one.margin for gap in shown):
            lines.append(
                "# Some groups show only larger gaps than that: expect 'insufficient' from them."
            )
    lines += [
        f"min_n = {MIN_N}            # smaller groups are shown and not tested",
        "confirmatory = true   # false: looked at, and never a reason to fail",
        'at_risk = ""          # who is harmed by a difference, and how; for the report',
        'hazard = ""',
        "",
    ]
    return "\n".join(lines)


def _sizes(one: Suggestion) -> list[str]:
    lines = [f"#   {_comment(str(cell))}" for cell in one.cells[:MAX_CELLS]]
    if (left := len(one.cells) - MAX_CELLS) > 0:
        lines.append(f"#   and {left} more groups")
    gaps = [cell.gap for cell in one.cells if cell.n >= MIN_N and not math.isnan(cell.gap)]
    if gaps:
        lines.append(f"#   minimum detectable gap over all tested groups: {max(gaps):.3f}")
    return lines


def _others(found: Suggestions) -> str:
    lines = ["# Other probes that fit this table; each needs choices of yours (see docs/plans.md):"]
    lines += [f"#   {name}: {_comment(asks)}" for name, asks in found.others.items()]
    return "\n".join([*lines, ""])


def _comment(text: str) -> str:
    """Make any text safe for one comment line."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _text(value: str) -> str:
    """Give a TOML basic string; JSON escapes are TOML escapes, DEL is forbidden bare."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
