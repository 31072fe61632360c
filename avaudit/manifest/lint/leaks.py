"""``identity_leak``, ``cross_group_leak``, and groups that vary within one person."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..columns import text_of
from ..table import GROUP_PREFIX, Manifest, Shape
from .problem import MAX_EXAMPLES, Code, Problem, at_rows, count
from .values import controlled

SIDES = ("left", "right")


def leaks(manifest: Manifest) -> Iterator[Problem]:
    """Find identities in several splits, and claims of control that do not hold."""
    yield from _identity_leaks(manifest)
    yield from _cross_group_leaks(manifest)
    yield from _varying_groups(manifest)


def _identity_columns(manifest: Manifest) -> list[str]:
    names = ["identity"] if manifest.shape is Shape.CLIPS else [f"{s}.identity" for s in SIDES]
    return [name for name in names if name in manifest.frame]


def _identity_leaks(manifest: Manifest) -> Iterator[Problem]:
    columns = _identity_columns(manifest)
    if not columns or "split" not in manifest.frame:
        return
    split = text_of(manifest.frame["split"])
    pairs = pd.concat(
        [pd.DataFrame({"who": text_of(manifest.frame[c]), "split": split}) for c in columns]
    )
    pairs = pairs[(pairs["who"] != "") & (pairs["split"] != "")].drop_duplicates()
    places = pairs.groupby("who")["split"].agg(list)
    leaking = places[places.str.len() > 1]
    if leaking.empty:
        return
    rows = np.logical_or.reduce([manifest.frame[c].isin(leaking.index) for c in columns])
    examples = [
        f"{who}: {', '.join(sorted(where))}" for who, where in leaking.head(MAX_EXAMPLES).items()
    ]
    yield Problem(
        code=Code.IDENTITY_LEAK,
        column=",".join(columns),
        rows=int(rows.sum()),
        examples=tuple(examples),
        text=f"{count(len(leaking), 'identity', 'identities')} in more than one split: what a "
        "model learnt of a person in one split helps it in the other; keep all rows of an "
        "identity in one split",
    )


def _cross_group_leaks(manifest: Manifest) -> Iterator[Problem]:
    frame = manifest.frame
    if manifest.shape is not Shape.TRIALS or not {"control", "label"} <= set(frame.columns):
        return
    negative = frame["label"].astype("str").isin(["0", "0.0"]).to_numpy(bool)
    claims = {str(claim): controlled(str(claim)) for claim in frame["control"].unique()}
    for name in dict.fromkeys(name for names in claims.values() for name in names):
        columns = [f"{side}.{GROUP_PREFIX}{name}" for side in SIDES]
        if not set(columns) <= set(frame.columns):
            continue  # told as a bad value
        saying = [claim for claim, names in claims.items() if name in names]
        claimed = negative & frame["control"].isin(saying).to_numpy(bool)
        left, right = (text_of(frame[column]) for column in columns)
        unknown = claimed & ((left == "") | (right == ""))
        rows = np.flatnonzero(claimed & ~unknown & (left != right))
        if len(rows) == 0:
            continue
        shown = [f"{left[row]} against {right[row]}" for row in rows[:MAX_EXAMPLES]]
        unchecked = f"; {unknown.sum():,} more have an unknown side" if unknown.any() else ""
        yield Problem(
            code=Code.CROSS_GROUP_LEAK,
            column=f"{GROUP_PREFIX}{name}",
            rows=len(rows),
            examples=at_rows(manifest, rows, shown),
            text=f"the list claims that its negatives hold '{name}' equal, and it differs in "
            f"{len(rows):,} of {count(int(claimed.sum()), 'negative')}{unchecked}: telling "
            f"'{name}' apart is enough to reject these; take them out, or drop '{name}' from "
            "control",
        )


def _varying_groups(manifest: Manifest) -> Iterator[Problem]:
    """Find people whose group changes from row to row.

    A group that varies within most people (an emotion, a device) belongs to the recording and
    is left alone.
    """
    for name in manifest.groups:
        parts = []
        for side in ("",) if manifest.shape is Shape.CLIPS else ("left.", "right."):
            who, group = f"{side}identity", f"{side}{GROUP_PREFIX}{name}"
            if {who, group} <= set(manifest.frame.columns):
                part = manifest.frame[[who, group]].set_axis(["who", "level"], axis=1)
                parts.append(part[(part["who"] != "") & (part["level"] != "")])
        if not parts:
            continue
        seen = pd.concat(parts)
        repeated = seen["who"].value_counts()
        levels = seen.drop_duplicates().groupby("who")["level"].agg(list)
        varying = levels[levels.str.len() > 1]
        if varying.empty or len(varying) > (repeated > 1).sum() / 2:
            continue
        yield Problem(
            code=Code.BAD_VALUE,
            column=f"{GROUP_PREFIX}{name}",
            rows=int(repeated[varying.index].sum()),
            examples=tuple(
                f"{who}: {', '.join(sorted(found))}"
                for who, found in varying.head(MAX_EXAMPLES).items()
            ),
            text=f"'{name}' differs between rows of {count(len(varying), 'identity', 'identities')}"
            ": either two people share the name, or one of the values is wrong",
        )
