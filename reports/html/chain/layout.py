"""Placing a manifest chain on paper: newest on top, what it was made from below.

Content flows upwards, along the arrows. A single ingredient stands straight below; several stand
indented on one rail. A manifest that is used twice, or that closes a loop, is drawn once and
referred to afterwards, so that any graph ends.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..text import clipped
from .graph import Graph, Ingredient, Manifest

WIDTH = 640
MAX_BOXES = 60
_MARGIN, _INDENT, _MAX_INDENT = 6, 34, 7
_GAP, _RAIL, _LINE, _PAD = 38, 18, 18, 12
_MAX_LINES = 4
_THUMB_W, _THUMB_H = 96, 72

_RELATIONSHIPS = {
    "parentof": "was opened and edited (parentOf)",
    "componentof": "was placed into it (componentOf)",
    "inputto": "was used as input (inputTo)",
}

Tone = Literal["title", "plain", "ai", "problem", "faint"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of text in a box, ``y`` from the box's top."""

    y: int
    tone: Tone
    label: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """One manifest, or one ingredient without a manifest, or a reference to a box above."""

    number: int
    role: Literal["manifest", "plain", "again"]
    active: bool
    problem: bool
    x: int
    y: int
    w: int
    h: int
    lines: list[Line]
    picture: str = ""

    @property
    def picture_x(self) -> int:
        """Where the thumbnail begins, from the box's left edge."""
        return self.w - _THUMB_W - 10

    @property
    def tag_x(self) -> int:
        """Where the tag "active manifest" begins, from the box's left edge."""
        return self.w - 118


@dataclass(frozen=True, kw_only=True)
class Link:
    """The way from an ingredient up to what was made from it."""

    path: str
    label: str
    x: int
    y: int
    problem: bool


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A drawn chain, in pixels."""

    width: int
    height: int
    boxes: list[Box]
    links: list[Link]
    heading: str
    note: str
    pictures: frozenset[str]


def draw(graph: Graph, pictures: Mapping[str, str] | None = None) -> Chain:
    """Place the active manifest on top, its ingredients below, then manifests nobody links to."""
    pen = _Pen(graph, pictures or {})
    pen.manifest(graph.manifests[graph.active], 0, None, ())
    for label, manifest in graph.manifests.items():
        if label not in pen.numbers and not pen.full:
            pen.skip()
            pen.manifest(manifest, 0, None, (), loose=True)
    missing = len(graph.manifests) - len(pen.numbers)
    total = len(graph.manifests)
    return Chain(
        width=WIDTH,
        height=pen.y + _MARGIN,
        boxes=pen.boxes,
        links=pen.links,
        heading=f"Chain of {total} manifests" if total > 1 else "One manifest",
        note=f"{missing} more manifests are listed in report.json." if missing else "",
        pictures=frozenset(pen.used),
    )


@dataclass
class _Pen:
    graph: Graph
    pictures: Mapping[str, str]
    used: set[str] = field(default_factory=set)
    y: int = _MARGIN
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return len(self.boxes) >= MAX_BOXES

    def skip(self) -> None:
        self.y += _GAP

    def manifest(
        self,
        manifest: Manifest,
        indent: int,
        part: Ingredient | None,
        above: tuple[str, ...],
        *,
        loose: bool = False,
    ) -> Box:
        number = len(self.numbers) + 1
        self.numbers[manifest.label] = number
        problems = manifest.problems + (part.problems if part else ())
        title = manifest.title or (part.title if part else "") or manifest.label
        rows = _rows(manifest, problems, loose=loose)
        box = self._box(
            "manifest",
            indent,
            [("title", "", f"{number}. {title}"), *rows],
            number=number,
            active=manifest.label == self.graph.active,
            problem=bool(problems),
            thumbnail=manifest.thumbnail or (part.thumbnail if part else ""),
        )
        self._ingredients(manifest, box, indent, (*above, manifest.label))
        return box

    def _ingredients(
        self, manifest: Manifest, box: Box, indent: int, above: tuple[str, ...]
    ) -> None:
        alone = len(manifest.ingredients) == 1
        inner = indent if alone else min(indent + 1, _MAX_INDENT)
        for part in manifest.ingredients:
            if self.full:
                return
            self.skip()
            self._link(part, box, self._ingredient(part, inner, above))

    def _ingredient(self, part: Ingredient, indent: int, above: tuple[str, ...]) -> Box:
        known = self.graph.manifests.get(part.manifest)
        if known is None:
            why = "its manifest is not in the file" if part.manifest else "carries no manifest"
            return self._box(
                "plain",
                indent,
                [
                    ("title", "", part.title or "Ingredient without a title"),
                    ("faint", "", why),
                    *_problem_rows(part.problems),
                ],
                problem=bool(part.problems),
                thumbnail=part.thumbnail,
            )
        if part.manifest not in self.numbers:
            return self.manifest(known, indent, part, above)
        loop = ", a loop: a manifest cannot be made from itself" if part.manifest in above else ""
        rows: list[tuple[Tone, str, str]] = [
            ("faint", "", f"manifest {self.numbers[part.manifest]}, drawn above{loop}"),
            *_problem_rows(part.problems),
        ]
        return self._box("again", indent, rows, problem=bool(loop or part.problems))

    def _box(
        self,
        role: Literal["manifest", "plain", "again"],
        indent: int,
        rows: list[tuple[Tone, str, str]],
        *,
        number: int = 0,
        active: bool = False,
        problem: bool,
        thumbnail: str = "",
    ) -> Box:
        picture = self.pictures.get(thumbnail, "")
        if picture:
            self.used.add(thumbnail)
        x = _MARGIN + indent * _INDENT
        width, height = WIDTH - x - _MARGIN, 2 * _PAD + _LINE * len(rows) - 4
        top = 34 if active else 10
        height = max(height, top + _THUMB_H + 10) if picture else height
        lines = []
        for position, (tone, label, text) in enumerate(rows):
            room = width - 2 * _PAD - (120 if active and position == 0 else 0)
            room -= 84 if label else 0
            room -= _THUMB_W + 12 if picture and not (active and position == 0) else 0
            shown = _fitting(text, room / (7.6 if tone == "title" else 6.7))
            lines.append(Line(y=_PAD + 11 + _LINE * position, tone=tone, label=label, text=shown))
        box = Box(
            number=number,
            role=role,
            active=active,
            problem=problem,
            x=x,
            y=self.y,
            w=width,
            h=height,
            lines=lines,
            picture=picture,
        )
        self.boxes.append(box)
        self.y += height
        return box

    def _link(self, part: Ingredient, upper: Box, lower: Box) -> None:
        rail, end = upper.x + _RAIL, upper.y + upper.h + 3
        if lower.x == upper.x:
            path = f"M{rail} {lower.y}V{end}"
        else:
            path = f"M{lower.x} {lower.y + 20}H{rail}V{end}"
        words = _RELATIONSHIPS.get(part.relationship.replace("_", "").lower(), part.relationship)
        if lower.x == upper.x and lower.y > upper.y + upper.h + _GAP:
            # At the deepest indent brothers stand below each other: say whose ingredient this is.
            words = f"{words}, of manifest {upper.number}"
            path = f"M{rail} {lower.y}V{lower.y - _GAP + 12}"
        room = (WIDTH - lower.x - _RAIL - 20) / 6.4
        self.links.append(
            Link(
                path=path,
                label=_fitting(words or "ingredient", room),
                x=lower.x + (_RAIL + 12 if lower.x == upper.x else 2),
                y=lower.y - 12,
                problem=bool(part.problems),
            )
        )


def _rows(
    manifest: Manifest, problems: tuple[str, ...], *, loose: bool
) -> list[tuple[Tone, str, str]]:
    rows: list[tuple[Tone, str, str]] = []
    if loose:
        rows.append(("faint", "", "not linked from the active manifest"))
    rows.append(("plain", "Made with", manifest.claim_generator or "not stated"))
    rows.append(("plain", "Signed by", manifest.signer or "not stated"))
    rows.append(("plain", "Signed on", manifest.signed_at or "no time stated"))
    rows += [("plain", "Action", action) for action in manifest.actions[:_MAX_LINES]]
    if len(manifest.actions) > _MAX_LINES:
        rows.append(("faint", "", f"{len(manifest.actions) - _MAX_LINES} more actions"))
    if manifest.ai:
        rows.append(("ai", "AI signal", manifest.ai))
    return rows + _problem_rows(problems)


def _problem_rows(problems: tuple[str, ...]) -> list[tuple[Tone, str, str]]:
    rows: list[tuple[Tone, str, str]] = [
        ("problem", "Problem", problem) for problem in problems[:_MAX_LINES]
    ]
    if len(problems) > _MAX_LINES:
        rows.append(("problem", "", f"{len(problems) - _MAX_LINES} more problems"))
    return rows


def _fitting(text: str, columns: float) -> str:
    """Cut text to a width in columns; characters of East Asian scripts take two."""
    shown, used = clipped(text, 200), 0
    for position, character in enumerate(shown):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > columns:
            return f"{shown[: max(position - 1, 0)]}…"
    return shown
