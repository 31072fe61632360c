"""The lists of a trial table: all negatives, and those that share attributes with the probe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avaudit.errors import UsageError
from avaudit.manifest.columns import Side, group_labels, texts
from avaudit.plan import Scenario
from avaudit.registry import unknown_name
from avaudit.statistics import Leak, leak

from .._comparison import TextArray, listed
from .._trials import SIDES, Trials, shared_groups

MAX_LETTERS = 6
Strata = dict[str, tuple[str, ...]]


def strata_of(scenario: Scenario, trials: Trials) -> Strata:
    """Give the groups that are held equal in each list, by the list's short name.

    ``options.strata`` says so, as in ``{ G = ["gender"], GN = ["gender", "nationality"] }``;
    without it there is one list per group that is known for both sides, and one for all of them.

    Raises
    ------
    UsageError
        When the option is no such table, or names a group that one side lacks.
    """
    there = shared_groups(trials.manifest)
    given = scenario.options.get("strata")
    if given is None:
        return _default(there)
    if not isinstance(given, dict) or not all(
        isinstance(names, list | tuple) and names for names in given.values()
    ):
        raise UsageError(
            f"scenario '{scenario.id}': options.strata is a table of lists of groups, such as "
            'strata = { G = ["gender"], GN = ["gender", "nationality"] }'
        )
    strata = {str(key): tuple(map(str, names)) for key, names in given.items()}
    for name in dict.fromkeys(name for names in strata.values() for name in names):
        if name not in there:
            raise UsageError(
                f"scenario '{scenario.id}', options.strata: "
                f"{unknown_name('group known for both sides', name, there)}; both "
                f"left.group.{name} and right.group.{name} are needed"
            )
    return strata


def label_of(key: str, names: tuple[str, ...]) -> str:
    """Give a list's name for a table: ``GN: same gender, nationality``."""
    return f"{key}: same {', '.join(names)}" if names else f"{key}: all negatives"


def _default(there: list[str]) -> Strata:
    letters = [name[0].upper() for name in there]
    clear = len(set(letters)) == len(letters) and len(letters) <= MAX_LETTERS
    strata: Strata = {
        (letter if clear else name): (name,) for letter, name in zip(letters, there, strict=True)
    }
    if len(there) > 1:
        strata["".join(letters) if clear else "all"] = tuple(there)
    return strata


def values(trials: Trials, names: tuple[str, ...], side: Side) -> dict[str, TextArray]:
    """Give the values of these groups on one side."""
    return {name: group_labels(trials.manifest, name, side) for name in names}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the table says about its own negatives, and whether it holds.

    ``names`` are the groups that the column ``control`` names, ``unseen`` those among them that
    are not known for both sides; ``leak`` is None where nothing can be looked at.
    """

    names: tuple[str, ...]
    unseen: tuple[str, ...]
    leak: Leak | None


def claims(trials: Trials) -> list[Claim]:
    """Check the column ``control`` against the groups of both sides, one claim at a time."""
    if "control" not in trials.manifest.frame:
        return []
    said = texts(trials.manifest, "control")
    there = shared_groups(trials.manifest)
    found = []
    for text in sorted(set(said.tolist()) - {""}):
        names = tuple(part for part in (p.strip() for p in text.split(",")) if part)
        own = trials.take(np.asarray(said == text, dtype=bool))
        seen = tuple(name for name in names if name in there)
        checked = (
            leak(own.is_true, values(own, seen, "left"), values(own, seen, "right"))
            if seen
            else None
        )
        unseen = tuple(name for name in names if name not in there)
        found.append(Claim(names=names, unseen=unseen, leak=checked))
    return found


def claim_cautions(found: list[Claim]) -> list[str]:
    """Say which claims do not hold, or cannot be looked at."""
    lines = []
    for claim in found:
        words = listed(claim.names)
        if claim.unseen:
            lines.append(
                f"The list claims control of {listed(claim.unseen)}, which is not known for both "
                "sides: nobody can check it."
            )
        if claim.leak is None:
            continue
        if claim.leak.violations:
            lines.append(
                f"The list claims that negatives share {words}, and {claim.leak.violations:,} of "
                f"{claim.leak.n_negatives:,} do not ({claim.leak.share:.1%}): the claim does not "
                "hold. The lists shown here hold only pairs that do agree."
            )
        if claim.leak.unknown:
            lines.append(
                f"For {claim.leak.unknown:,} of {claim.leak.n_negatives:,} negatives it is not "
                f"known whether the sides share {words}."
            )
    return lines


def probe_side(scenario: Scenario, trials: Trials) -> Side:
    """Give the side whose recording is the probe: ``options.probe_side``, or the one with groups.

    Raises
    ------
    UsageError
        When the option names no side, or no side has the groups of the scenario.
    """
    wanted = scenario.options.get("probe_side")
    if wanted is not None and wanted not in SIDES:
        raise UsageError(
            f"scenario '{scenario.id}': options.probe_side is left or right, not '{wanted}'"
        )
    if not scenario.groups:
        return wanted or "left"
    problems: list[UsageError] = []
    for side in (wanted,) if wanted else SIDES:
        try:
            group_labels(trials.manifest, scenario.groups, side)
        except UsageError as error:
            problems.append(error)
            continue
        return side
    raise problems[0]
