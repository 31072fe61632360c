"""Makes real recordings with a synthetic insert, to see whether it is found.

A recording is 16 to 24 s of real clips of one source, joined in random order; in half of them lies,
at a random place, a 2-s piece of a synthetic clip of that source. All joints, also those between
real clips, are cross-fades of 5 ms, and all parts have the level of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avaudit.errors import UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, select, texts
from avaudit.manifest.table import Manifest
from avaudit.media.types import SampleArray

from .located import Interval
from .resample import SAMPLE_RATE
from .synthetic.material import decode

INSERT_S = 2.0
FADE_S = 0.005
SHORTEST_S, LONGEST_S = 16.0, 24.0
ENOUGH_S = SHORTEST_S + 0.5
"""Real speech that a source must have: cross-fades take some of it."""

MARGIN_S = 0.5
"""An insert begins at least this long after the start and ends as long before the end."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A made recording, and where the synthetic speech in it lies."""

    source: str
    samples: SampleArray
    insert: Interval | None
    synthetic: str = ""


@dataclass(frozen=True)
class Source:
    """A source of recordings, and its files of either class."""

    name: str
    real: tuple[Path, ...]
    synthetic: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A clip of a manifest: ``label`` 1 is synthetic, ``identity`` empty where it is not known."""

    path: Path
    label: int
    source: str
    identity: str


def read_rows(
    manifest: Path, where: Mapping[str, str] | None = None, *, new_people: bool = False
) -> list[Row]:
    """Read the clips of a manifest (``path``, ``label``, ``source``, maybe ``identity``).

    Parameters
    ----------
    manifest
        CSV of clips; label 1 is synthetic.
    where
        Only rows with these values; None takes ``use = evaluate`` where there is such a column.
    new_people
        Leave out everyone who also speaks in other rows, those that a model may have learnt from.

    Raises
    ------
    UsageError
        When the manifest cannot be read or no row is left.
    """
    table = read_manifest(manifest)
    if where is None:
        where = {"use": "evaluate"} if "use" in table.frame.columns else {}
    chosen = _rows(select(table, where))
    if new_people:
        kept = {row.path for row in chosen}
        known = {row.identity for row in _rows(table) if row.path not in kept} - {""}
        chosen = [row for row in chosen if row.identity not in known]
    return chosen


def _rows(table: Manifest) -> list[Row]:
    has_people = "identity" in table.frame.columns
    people = texts(table, "identity") if has_people else [""] * len(table)
    columns = (paths(table, "audio"), binary_labels(table), texts(table, "source"), people)
    return [
        Row(path=path, label=int(label), source=str(source), identity=_known(identity))
        for path, label, source, identity in zip(*columns, strict=True)
    ]


def _known(identity: object) -> str:
    return identity if isinstance(identity, str) else ""


def by_source(rows: Sequence[Row]) -> list[Source]:
    """Group clips by source."""
    return [
        Source(
            name,
            tuple(row.path for row in rows if row.source == name and row.label == 0),
            tuple(row.path for row in rows if row.source == name and row.label == 1),
        )
        for name in sorted({row.source for row in rows})
    ]


def make_recordings(
    sources: Sequence[Source], *, each: int, rng: np.random.Generator
) -> Iterator[Recording]:
    """Make ``each`` recordings with an insert and as many without, over all sources in turn.

    Sources with less than 16.5 s of real speech or no synthetic clip of 2 s are passed over.

    Raises
    ------
    UsageError
        When no source is left, or a file cannot be decoded.
    """
    usable = []
    for source in sources:
        real = [decode(path) for path in source.real]
        synthetic = [(path.name, decode(path)) for path in source.synthetic]
        long = [one for one in synthetic if len(one[1]) >= INSERT_S * SAMPLE_RATE]
        if long and sum(map(len, real)) >= ENOUGH_S * SAMPLE_RATE:
            usable.append((source.name, real, long))
    if not usable:
        raise UsageError(f"no source has {ENOUGH_S} s of real speech and a synthetic clip of 2 s")
    for number in range(2 * each):
        name, real, synthetic = usable[number // 2 % len(usable)]
        length = round(rng.uniform(SHORTEST_S, LONGEST_S) * SAMPLE_RATE)
        if number % 2:
            yield Recording(source=name, samples=_joined(real, length, rng), insert=None)
            continue
        base = _joined(real, length - round(INSERT_S * SAMPLE_RATE), rng)
        clip, sound = synthetic[int(rng.integers(len(synthetic)))]
        samples, insert = splice(base, sound, rng)
        yield Recording(source=name, samples=samples, insert=insert, synthetic=clip)


def splice(
    base: SampleArray, sound: SampleArray, rng: np.random.Generator
) -> tuple[SampleArray, Interval]:
    """Insert 2 s of a sound at a random place, at the level of what surrounds it.

    Returns
    -------
    samples, insert
        The spliced sound, and start and end of the insert in seconds, between the middles of the
        two cross-fades.
    """
    size, fade = round(INSERT_S * SAMPLE_RATE), round(FADE_S * SAMPLE_RATE)
    margin = round(MARGIN_S * SAMPLE_RATE)
    first = int(rng.integers(len(sound) - size + 1))
    at = int(rng.integers(margin, len(base) - margin + 1))
    around = base[max(at - size, 0) : at + size]
    piece = _levelled(sound[first : first + size], _level(around))
    # each cross-fade takes up its length: the base gives it on both sides
    whole = _crossfaded([base[: at + fade // 2], piece, base[at - fade // 2 :]])
    start_s = at / SAMPLE_RATE
    return whole, (start_s, start_s + (size - fade) / SAMPLE_RATE)


def _joined(real: Sequence[SampleArray], length: int, rng: np.random.Generator) -> SampleArray:
    order = rng.permutation(len(real))
    level = _level(real[order[0]])
    whole = _crossfaded([_levelled(real[place], level) for place in order])[:length]
    return whole / max(1.0, float(np.abs(whole).max()) / 0.99)


def _crossfaded(parts: Sequence[SampleArray]) -> SampleArray:
    fade = round(FADE_S * SAMPLE_RATE)
    rise = ((np.arange(fade) + 0.5) / fade).astype(np.float32)
    whole = [parts[0]]
    for part in parts[1:]:
        before = whole.pop()
        whole += [before[:-fade], before[-fade:] * rise[::-1] + part[:fade] * rise, part[fade:]]
    return np.concatenate(whole)


def _level(sound: SampleArray) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def _levelled(sound: SampleArray, level: float) -> SampleArray:
    return (sound * (level / max(_level(sound), 1e-9))).astype(np.float32)
