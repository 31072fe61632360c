"""The four sets of an association test, and the real voices of the target people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from avaudit.errors import UsageError
from avaudit.manifest import Manifest
from avaudit.manifest.columns import group_labels, select, texts
from avaudit.plan import Scenario
from avaudit.probe import Context
from avaudit.statistics import centred

from .._comparison import TextArray
from .._modality import Embedded, FloatArray, Modality, embed, rows_of

MIN_ATTRIBUTES = 8
"""Attribute items of other people than the targets, per set, that are needed to leave out the
targets' own."""


@dataclass(frozen=True, kw_only=True)
class Items:
    """One of the four sets: vectors, centred vectors, people and strata, row by row."""

    vectors: FloatArray
    moved: FloatArray
    people: TextArray
    strata: TextArray

    def take(self, rows: NDArray[Any]) -> Items:
        """Give some of the rows."""
        return Items(
            vectors=self.vectors[rows],
            moved=self.moved[rows],
            people=self.people[rows],
            strata=self.strata[rows],
        )

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, kw_only=True)
class Sets:
    """Targets x, y and attributes a, b; the targets' own recordings where there is a reference.

    ``own_x`` and ``own_y`` hold, for each target row, the mean vector of what the same person
    really has in the modality of the attributes.
    """

    x: Items
    y: Items
    a: Items
    b: Items
    own_x: Items | None = None
    own_y: Items | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Side:
    modality: Modality
    column: str
    first: str
    second: str
    where: Mapping[str, Any]


def gather(scenario: Scenario, context: Context) -> Sets:
    """Read the scenario's options, ask the model, and sort the rows into the four sets.

    Raises
    ------
    UsageError
        When an option is missing or a set is empty.
    """
    targets = _side(scenario, "targets", ("x", "y"))
    attributes = _side(scenario, "attributes", ("a", "b"))
    manifest = select(context.manifest, scenario.where)
    cautions: list[str] = []
    t = _embedded(manifest, targets, context, cautions)
    a = _embedded(manifest, attributes, context, cautions)
    x, y = _split(t, targets, scenario, manifest)
    a_set, b_set = _split(a, attributes, scenario, manifest)
    a_set, b_set = _others(x, y, a_set, b_set, cautions)
    own_x = own_y = None
    if scenario.options.get("reference"):
        x, y, own_x, own_y = _own(scenario, manifest, attributes, x, y, context, cautions)
    return Sets(
        x=x,
        y=y,
        a=a_set,
        b=b_set,
        own_x=own_x,
        own_y=own_y,
        words={
            "x": targets.first,
            "y": targets.second,
            "a": attributes.first,
            "b": attributes.second,
            "targets": f"{targets.modality}s",
            "attributes": f"{attributes.modality}s",
        },
        cautions=tuple(cautions),
    )


def _side(scenario: Scenario, name: str, members: tuple[str, str]) -> _Side:
    given = scenario.options.get(name)
    wanted = ("kind", "column", *members)
    if not isinstance(given, dict) or any(key not in given for key in wanted):
        raise UsageError(
            f"scenario '{scenario.id}': options.{name} is a table with {', '.join(wanted)}, "
            f'such as {name} = {{ kind = "face", column = "group.age", '
            f'{members[0]} = "young", {members[1]} = "old" }}'
        )
    if given["kind"] not in ("face", "voice"):
        raise UsageError(
            f"scenario '{scenario.id}': options.{name}.kind is face or voice, not '{given['kind']}'"
        )
    return _Side(
        cast(Modality, given["kind"]),
        str(given["column"]),
        str(given[members[0]]),
        str(given[members[1]]),
        given.get("where", {}),
    )


def _embedded(manifest: Manifest, side: _Side, context: Context, cautions: list[str]) -> Embedded:
    rows = select(rows_of(manifest, side.modality), side.where)
    members = select(rows, {side.column: [side.first, side.second]})
    found = embed(members, side.modality, context)
    if found.n_unanswered:
        cautions.append(
            f"The model gave no vector for {found.n_unanswered} of "
            f"{len(members)} {side.modality}s; they are left out."
        )
    return found


def _split(
    found: Embedded, side: _Side, scenario: Scenario, manifest: Manifest
) -> tuple[Items, Items]:
    column = texts(found.manifest, side.column)
    strata = np.full(len(column), "", dtype=object)
    if scenario.control:
        strata = group_labels(found.manifest, scenario.control)
    people = found.people()
    # the mean of a modality is over both of its sets, each person with the same say
    everybody = Items(
        vectors=found.vectors,
        moved=centred(found.vectors, identities=people) if len(people) else found.vectors,
        people=people,
        strata=strata,
    )
    parts = []
    for value in (side.first, side.second):
        rows = np.flatnonzero(column == value)
        if len(rows) < 2:
            raise UsageError(
                f"scenario '{scenario.id}': {manifest.path} has {len(rows)} {side.modality}s with "
                f"{side.column} = {value}; an association needs at least 2"
            )
        parts.append(everybody.take(rows))
    return parts[0], parts[1]


def _others(x: Items, y: Items, a: Items, b: Items, cautions: list[str]) -> tuple[Items, Items]:
    """Leave the targets' own recordings out of the attribute sets, where enough remain."""
    targets = {*x.people.tolist(), *y.people.tolist()}
    keep = [np.array([p not in targets for p in s.people.tolist()], dtype=bool) for s in (a, b)]
    overlap = sum(int((~k).sum()) for k in keep)
    if not overlap:
        return a, b
    if min(int(k.sum()) for k in keep) >= MIN_ATTRIBUTES:
        cautions.append(
            f"{overlap} attribute items of people who are targets as well are left out: "
            "they would measure matching of persons."
        )
        return a.take(np.flatnonzero(keep[0])), b.take(np.flatnonzero(keep[1]))
    cautions.append(
        f"{overlap} attribute items are of people who are targets as well; too few others are "
        "there to leave them out, so part of the association is matching of persons."
    )
    return a, b


def _own(
    scenario: Scenario,
    manifest: Manifest,
    attributes: _Side,
    x: Items,
    y: Items,
    context: Context,
    cautions: list[str],
) -> tuple[Items, Items, Items, Items]:
    """Give the targets who have recordings of their own, and these recordings' mean vectors."""
    if scenario.options["reference"] != "own":
        raise UsageError(
            f"scenario '{scenario.id}': options.reference is \"own\" (the same people's real "
            "recordings in the modality of the attributes)"
        )
    found = embed(rows_of(manifest, attributes.modality), attributes.modality, context)
    people = found.people()
    moved = centred(found.vectors, identities=people)
    means = {p: np.flatnonzero(people == p) for p in set(people.tolist())}
    kept, owns = [], []
    for name, side in (("x", x), ("y", y)):
        rows = np.array([i for i, p in enumerate(side.people.tolist()) if p in means], dtype=int)
        if len(rows) < 2:
            raise UsageError(
                f"scenario '{scenario.id}': fewer than 2 targets of set {name} have a "
                f"{attributes.modality} of their own in {manifest.path}; options.reference needs "
                "faces and voices with the same identity"
            )
        if len(rows) < len(side):
            cautions.append(
                f"{len(side) - len(rows)} targets have no {attributes.modality} of their own and "
                "are left out."
            )
        target = side.take(rows)
        index = [means[p] for p in target.people.tolist()]
        own = replace(
            target,
            vectors=np.array([found.vectors[i].mean(axis=0) for i in index]),
            moved=np.array([moved[i].mean(axis=0) for i in index]),
        )
        kept.append(target)
        owns.append(own)
    return kept[0], kept[1], owns[0], owns[1]
