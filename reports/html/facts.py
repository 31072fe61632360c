"""The facts of any detector as readable blocks: lists of pairs, tables, groups.

Nothing here knows a detector. What has a known shape (a manifest chain, validation
codes) is recognised by its shape, so that a plug-in's facts get the same drawings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .cells import Cell, Pair, cell_of
from .chain import Chain, chain_of
from .text import is_identifier, label_of, shortened

MAX_DEPTH = 6
MAX_ITEMS = 200
MAX_VALUES = 4000
_MAX_COLUMNS = 8
_MAX_OPEN_ROWS = 8
_MIN_GATHERED = 3


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """A run of single values."""

    kind: ClassVar = "pairs"
    rows: list[Pair]


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list of single values."""

    kind: ClassVar = "items"
    label: str
    cells: list[Cell]
    more: str = ""

    @property
    def short(self) -> bool:
        """Whether the values fit on one line."""
        return bool(self.cells) and not self.more and sum(len(c.text) + 3 for c in self.cells) < 90


@dataclass(frozen=True, kw_only=True)
class Table:
    """A list of records with the same few fields."""

    kind: ClassVar = "table"
    label: str
    headers: list[str]
    rows: list[list[Cell]]
    more: str = ""

    @property
    def folded(self) -> bool:
        """Whether the table is long enough to be folded on the screen."""
        return len(self.rows) > _MAX_OPEN_ROWS


@dataclass(frozen=True, kw_only=True)
class CodeGroup:
    """Validation codes of one kind."""

    kind: str
    label: str
    codes: list[str]
    more: str = ""


@dataclass(frozen=True, kw_only=True)
class Codes:
    """Validation codes by kind: success, informational, failure."""

    kind: ClassVar = "codes"
    groups: list[CodeGroup]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Anything nested, under a label; ``folded`` when a drawing already shows it."""

    kind: ClassVar = "group"
    label: str
    blocks: list[Block]
    folded: bool = False
    more: str = ""


@dataclass(frozen=True, kw_only=True)
class Chained:
    """The chain of manifests."""

    kind: ClassVar = "chain"
    chain: Chain


Block = Pairs | Items | Table | Codes | Group | Chained


def blocks_of(
    facts: Mapping[str, Any],
    *,
    skip: frozenset[str] = frozenset(),
    pictures: Mapping[str, str] | None = None,
) -> list[Block]:
    """Turn facts into blocks: single values come first, then what is nested.

    Parameters
    ----------
    facts
        JSON values of any depth. Where more than 6 levels, 200 items of a list or 4,000 values
        are left out, that is said.
    skip
        Keys of the top level that are shown elsewhere.
    pictures
        ``data:`` addresses of the finding's pictures by file name, for the chain.
    """
    chain = chain_of(facts, pictures or {})
    walk = _Walk()
    shown = {key: value for key, value in facts.items() if key not in skip}
    blocks = list(walk.mapping(shown, 0, folded=frozenset({"manifests"} if chain else ())))
    return [Chained(chain=chain), *blocks] if chain else blocks


def _is_single(value: Any) -> bool:
    return not isinstance(value, Mapping | list | tuple)


class _Walk:
    """One pass over the facts of a finding, with a bound on how many values are shown."""

    def __init__(self) -> None:
        self._left = MAX_VALUES
        self._cut = False

    def mapping(
        self, facts: Mapping[str, Any], depth: int, folded: frozenset[str] = frozenset()
    ) -> Iterator[Block]:
        run: list[Pair] = []
        nested: list[Block] = []
        for key, value in ((str(name), value) for name, value in facts.items()):
            label, unit = label_of(key)
            if _is_single(value):
                if self._spend(1):
                    run.append(Pair(label=label, key=key, cell=cell_of(key, value, unit)))
            elif value:
                nested.append(self._nested(key, label, value, depth, key in folded))
            else:
                run.append(Pair(label=label, key=key, cell=Cell(text="none", look="absent")))
        if run:
            yield Pairs(rows=_gathered(run))
        yield from nested
        if depth == 0 and self._cut:
            yield Items(label="", cells=[], more="More values stand in report.json.")

    def _nested(self, key: str, label: str, value: Any, depth: int, folded: bool) -> Block:
        if depth >= MAX_DEPTH or self._left <= 0:
            return Items(
                label=label, cells=[], more="Stands in report.json: nested too deeply here."
            )
        if isinstance(value, Mapping):
            if key == "codes" and (codes := _codes(value)):
                return codes
            if not any(value.values()) and all(isinstance(v, list) for v in value.values()):
                return Items(label=label, cells=[Cell(text="none", look="absent")])
            return Group(label=label, blocks=list(self.mapping(value, depth + 1)), folded=folded)
        return self._sequence(key, label, value, depth, folded)

    def _sequence(
        self, key: str, label: str, value: Sequence[Any], depth: int, folded: bool
    ) -> Block:
        shown = value[:MAX_ITEMS]
        left_out = len(value) - len(shown)
        more = f"{left_out:,} more in report.json" if left_out else ""
        if all(_is_single(item) for item in shown):
            cells = [cell_of(key, item) for item in shown if self._spend(1)]
            return Items(label=label, cells=cells, more=more)
        headers = _common_fields(shown)
        if headers and self._spend(len(headers) * len(shown)):
            return _table(label, headers, shown, more)
        one = label[:-1] if is_identifier(key) and label.endswith("s") else label
        blocks = list(self._listed(key, one, shown, depth))
        return Group(label=label, blocks=blocks, folded=folded, more=more)

    def _listed(self, key: str, one: str, items: Sequence[Any], depth: int) -> Iterator[Block]:
        for position, item in enumerate(items, 1):
            if not self._spend(0):
                return
            named = f"{one} {position}"
            if isinstance(item, Mapping):
                yield Group(label=named, blocks=list(self.mapping(item, depth + 1)))
            elif _is_single(item):
                yield Items(label=named, cells=[cell_of(key, item)])
            else:
                yield self._nested(key, named, item, depth + 1, False)

    def _spend(self, values: int) -> bool:
        if self._left <= 0:
            self._cut = True
            return False
        self._left -= values
        return True


def _gathered(rows: list[Pair]) -> list[Pair]:
    """Put fields without a value on one line at the end, where there are several of them."""
    for word in ("none", "not stated"):
        empty = [row for row in rows if row.cell == Cell(text=word, look="absent")]
        if len(empty) < _MIN_GATHERED:
            continue
        names = Cell(text=", ".join(row.label for row in empty), look="absent")
        keys = ", ".join(row.key for row in empty)
        rest = [row for row in rows if row not in empty]
        rows = [*rest, Pair(label=word.capitalize(), key=keys, cell=names)]
    return rows


def _common_fields(items: Sequence[Any]) -> list[str]:
    """Give the fields of a list of flat records, or nothing when it is none or too wide."""
    fields: dict[str, None] = {}
    for item in items:
        if not isinstance(item, Mapping) or not all(map(_is_single, item.values())):
            return []
        fields.update(dict.fromkeys(item))
    return list(fields) if len(fields) <= _MAX_COLUMNS else []


def _table(label: str, fields: list[str], items: Sequence[Any], more: str) -> Table:
    labels = [label_of(field) for field in fields]
    return Table(
        label=label,
        headers=[name for name, _ in labels],
        rows=[
            [
                cell_of(field, item[field], unit) if field in item else Cell(text="")
                for field, (_, unit) in zip(fields, labels, strict=True)
            ]
            for item in items
        ],
        more=more,
    )


def _codes(value: Mapping[str, Any]) -> Codes | None:
    """Recognise ``codes{success[], informational[], failure[]}``."""
    order = ("failure", "informational", "success")
    if not set(value) <= set(order) or not all(isinstance(v, list) for v in value.values()):
        return None
    groups = [
        CodeGroup(
            kind=name,
            label=name.capitalize(),
            codes=[shortened(str(code), 300) for code in value[name][:MAX_ITEMS]],
            more=f"{len(value[name]) - MAX_ITEMS} more" if len(value[name]) > MAX_ITEMS else "",
        )
        for name in order
        if value.get(name)
    ]
    return Codes(groups=groups) if groups else None
