"""Ways of learning and of reading, compared inside what is learnt from: never on reported clips.

``python -m avaudit.detectors.sync.offset.routes MANIFEST --out DIR``. Towers learn without a fold
of sources and people, the head is fitted on the other fold's readings, and what they say of the
fold is counted. The recipe takes :data:`CHOSEN`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.statistics import auc

from .clips import KEPT_BACK, read_clips
from .head import fit
from .inner import Example, Pair, examples_of, folds, without
from .learning import ACROSS
from .material import all_kept
from .model import SyncModel
from .reading import FEATURES
from .readings import offset_figures
from .towers import footage_of, towers_kept

Say = Callable[[str], None]
Floats = npt.NDArray[np.float64]


def _places(*names: str) -> tuple[int, ...]:
    return tuple(FEATURES.index(name) for name in names)


PRODUCTS = _places("height", "prominence", "evidence", "agreement", "speech")
SHARES = _places("prominence", "speech", "share")


@dataclass(frozen=True, kw_only=True)
class Route:
    """A way of learning and of scoring.

    Attributes
    ----------
    steps, pairs, first_seed, across
        Of the towers: steps, how many pairs are averaged, seeds, weight of telling clips apart.
    mirrored
        Whether mouths are looked at in the mirror as well.
    used
        Places of the features that the head uses.
    """

    name: str
    steps: int = 600
    pairs: int = 1
    first_seed: int = 0
    across: float = ACROSS
    mirrored: bool = False
    used: tuple[int, ...] = PRODUCTS


BASE = Route(name="features of products alone")
ALL = _places(*FEATURES)
ROUTES = (
    BASE,
    replace(BASE, name="prominence, speech and log share", used=SHARES),
    replace(BASE, name="the same and height", used=(*SHARES, *_places("height"))),
    replace(BASE, name="all seven features", used=ALL),
    replace(BASE, name="all seven, mouths also in the mirror", used=ALL, mirrored=True),
)
CHOSEN = ROUTES[3]
"""The way that :func:`main` finds to cost the fewest bits."""


def inner_model(
    route: Route, place: int, pairs: Sequence[Pair], held_out: Sequence[Pair], out: Path, say: Say
) -> SyncModel:
    """Train a route's towers without a fold, or read them where they were trained before."""
    left = without(pairs, held_out)
    footage = footage_of([clip for clip, _ in left], [seen for _, seen in left])
    towers = [
        towers_kept(
            out / f"inner-{route.steps}-{route.across:g}-{place}-{seed}.safetensors",
            footage,
            steps=route.steps,
            seed=seed,
            across=route.across,
            progress=say,
        )
        for seed in range(route.first_seed, route.first_seed + route.pairs)
    ]
    return SyncModel(towers, mirrored=route.mirrored)


def inner_examples(
    route: Route, pairs: Sequence[Pair], out: Path, say: Say, seed: int = 0
) -> list[list[Example]]:
    """Give, fold by fold, what towers that have not learnt from it read of it."""
    return [
        examples_of(inner_model(route, place, pairs, held_out, out, say), held_out, seed)
        for place, held_out in enumerate(folds(pairs))
    ]


def figures(by_fold: Sequence[Sequence[Example]], used: Sequence[int]) -> dict[str, float]:
    """Count what a route's scores are worth; heads are fitted on the other folds.

    Returns
    -------
    figures
        Of whole clips and of their first 2.5 s: AUC of own against another's sound, share of others
        above the quantile 0.98 of own, cost in bits; the cost of all parts together (``bits``).
    """
    scored = [pair for place in range(len(by_fold)) for pair in _scored(by_fold, place, used)]
    found: dict[str, float] = {"bits": _bits(scored)}
    for name, chosen in (
        ("whole", [(e, s) for e, s in scored if np.isinf(e.length_s)]),
        ("2.5 s", [(e, s) for e, s in scored if e.length_s < 3]),
    ):
        own, other = _by_truth(chosen)
        found[f"{name}: AUC"] = auc(other, own)
        found[f"{name}: flagged"] = float(np.mean(other > np.quantile(own, 0.98)))
        found[f"{name}: bits"] = _bits(chosen)
    return found


def _by_truth(
    scored: Sequence[tuple[Example, float]],
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]
]:
    own = np.array([s for e, s in scored if not e.other])
    return own, np.array([s for e, s in scored if e.other])


def _bits(scored: Sequence[tuple[Example, float]]) -> float:
    own, other = _by_truth(scored)
    cost = np.mean(np.logaddexp(0, -other)) + np.mean(np.logaddexp(0, own))
    return float(cost / 2 / np.log(2))


def _scored(
    by_fold: Sequence[Sequence[Example]], place: int, used: Sequence[int]
) -> list[tuple[Example, float]]:
    learnt = [e for n, part in enumerate(by_fold) if n != place for e in part]
    features = np.stack([e.reading.features for e in learnt])
    head = fit(features, np.array([e.other for e in learnt]), used)
    return [(e, head.score(e.reading.features)) for e in by_fold[place]]


def pairs_of(manifest: Path, out: Path, say: Say) -> list[Pair]:
    """Read the clips that are learnt from: not those of the corpus that is kept back."""
    clips = [c for c in read_clips([manifest]) if c.trainable and c.corpus != KEPT_BACK]
    kept = all_kept([clip.path for clip in clips], out / "clips", say)
    return [(clip, seen) for clip, seen in zip(clips, kept, strict=True) if seen is not None]


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Give figures by name as a Markdown table."""
    columns = list(next(iter(rows.values())))
    lines = [f"| route | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        f"| {name} | {' | '.join(f'{row[column]:.3f}' for column in columns)} |"
        for name, row in rows.items()
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the routes to a score, then the readings of the offset, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    pairs = pairs_of(given.manifest, given.out, say)
    read: dict[Route, list[list[Example]]] = {}
    rows: dict[str, dict[str, float]] = {}
    for route in ROUTES:
        towers = replace(route, name="", used=())  # the same towers read the same
        if towers not in read:
            read[towers] = inner_examples(route, pairs, given.out, say)
        rows[route.name] = figures(read[towers], route.used)
    sys.stdout.write(table(rows) + "\n")
    by_fold = folds(pairs)
    models = [inner_model(BASE, n, pairs, f, given.out, say) for n, f in enumerate(by_fold)]
    sys.stdout.write(table(offset_figures(models, by_fold)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
