"""Two detectors on the same clips, within sources: how far apart, and what each of them sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from avaudit.confinement.limits import Limits
from avaudit.errors import AvauditError, ExaminationError
from avaudit.media.intake import open_media
from avaudit.statistics import auc

from .learning import source_weights
from .material import Clip, Measured
from .measures import GROUPS
from .model import Row
from .regions import REGIONS

DRAWS = 1000

Figures = dict[str, Any]
Places = npt.NDArray[np.intp]


def compared(
    clips: Sequence[Clip], one: Row, other: Row, seen: Mapping[str, Row], *, seed: int = 0
) -> dict[str, Figures]:
    """Compare two scores within the sources that hold both classes.

    Parameters
    ----------
    clips
        n of them.
    one, other
        Their scores, (n,); higher for made faces.
    seen
        Plain facts of each clip by name, (n,) each: height of the face, sharpness, bits.

    Returns
    -------
    figures
        ``difference`` of the mean AUC within sources, with 95 % intervals: people resampled
        within these sources, and sources resampled as well; once for all sources that hold both
        classes and once for those with two or more clips of each. ``leans_on``: rank correlation
        of each score with each fact over the real clips. ``fact_alone``: what a fact tells by
        itself within sources, in its better direction. ``other_without``: the other score after
        what real clips of other sources score at such size and sharpness was taken off.
        ``both together``: the mean of one and that.
    """
    rng = np.random.default_rng(seed)
    labels = np.array([clip.label for clip in clips])
    sources = np.array([clip.source for clip in clips])
    people = np.array([clip.identity for clip in clips])
    told: dict[str, Figures] = {}
    for name, least in (("sources with both classes", 1), ("two or more of each", 2)):
        strata = [
            inside
            for inside in (np.flatnonzero(sources == source) for source in np.unique(sources))
            if min((labels[inside] == 1).sum(), (labels[inside] == 0).sum()) >= least
        ]
        told[name] = _difference(strata, labels, people, (one, other), rng)
    real = labels == 0
    told["leans_on"] = {
        name: {fact: _rank_correlation(score[real], values[real]) for fact, values in seen.items()}
        for name, score in (("one", one), ("other", other))
    }
    told["fact_alone"] = {
        fact: _either_way(values, labels, sources) for fact, values in seen.items()
    }
    told["other_without"] = {
        " and ".join(facts): _both_ways(
            _without(other, [seen[fact] for fact in facts], labels, sources), labels, sources
        )
        for facts in _first_ones(list(seen))
    }
    told["both together"] = _together(one, other, list(seen.values())[:2], labels, sources)
    return told


def _together(
    one: Row, other: Row, facts: Sequence[Row], labels: Row, sources: npt.NDArray[np.str_]
) -> dict[str, float]:
    """Give what the mean of both tells, the other one after the facts were taken off."""
    left = _without(other, facts, labels, sources)
    both = [score / score[labels == 0].std() for score in (one, left)]
    return _both_ways(np.mean(both, axis=0), labels, sources)


def facts_of(clips: Sequence[Clip], found: Sequence[Measured]) -> dict[str, Row]:
    """Give the facts that :func:`compared` looks at, each (clips,).

    Raises
    ------
    AvauditError
        When a clip cannot be opened.
    """
    finest = [at for at in range(len(GROUPS["slope"])) if at < len(REGIONS)]
    return {
        "log height of the face": np.array([np.log(np.median(one.face_px)) for one in found]),
        "sharpness": np.array([one.groups["slope"][:, finest].mean() for one in found]),
        "log bits per pixel": np.array([_bits(clip) for clip in clips]),
    }


def _bits(clip: Clip) -> float:
    try:
        with clip.path.open("rb") as file:
            media = open_media(file.fileno(), Limits(), threads=1).media
    except (OSError, ExaminationError) as error:
        raise AvauditError(f"{clip.path}: cannot be used: {error}") from error
    if not (media.duration_s and media.fps and media.width and media.height):
        return float("nan")
    pixels = media.duration_s * media.fps * media.width * media.height
    return float(np.log(8.0 * media.size_bytes / pixels))


def _difference(
    strata: Sequence[Places],
    labels: Row,
    people: npt.NDArray[np.str_],
    both: tuple[Row, Row],
    rng: np.random.Generator,
) -> Figures:
    if not strata:
        return {"sources": 0}
    values = np.array([[_auc(score, labels, inside) for score in both] for inside in strata])
    fixed, drawn = [], []
    for _ in range(DRAWS):
        rows = np.array([_redrawn(inside, labels, people, both, rng) for inside in strata])
        if np.isfinite(rows).any():
            fixed.append(np.nanmean(rows))
        rows = rows[rng.integers(len(rows), size=len(rows))]
        if np.isfinite(rows).any():
            drawn.append(np.nanmean(rows))
    return {
        "sources": len(strata),
        "one": round(float(values[:, 0].mean()), 3),
        "other": round(float(values[:, 1].mean()), 3),
        "difference": round(float((values[:, 0] - values[:, 1]).mean()), 3),
        "interval, people resampled": _interval(fixed),
        "interval, sources and people resampled": _interval(drawn),
    }


def _redrawn(
    inside: Places,
    labels: Row,
    people: npt.NDArray[np.str_],
    both: tuple[Row, Row],
    rng: np.random.Generator,
) -> float:
    """Give the difference in a source after drawing its people anew; NaN if a class is lost."""
    names = np.unique(people[inside])
    drawn = rng.choice(names, len(names))
    places = np.concatenate([inside[people[inside] == name] for name in drawn])
    one, other = (_auc(score, labels, places) for score in both)
    return one - other


def _auc(score: Row, labels: Row, inside: Places) -> float:
    made, real = inside[labels[inside] == 1], inside[labels[inside] == 0]
    return auc(score[made], score[real]) if len(made) and len(real) else float("nan")


def _within(score: Row, labels: Row, sources: npt.NDArray[np.str_]) -> float:
    found = [_auc(score, labels, np.flatnonzero(sources == name)) for name in np.unique(sources)]
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def _either_way(values: Row, labels: Row, sources: npt.NDArray[np.str_]) -> float:
    known = np.isfinite(values)
    up = _within(values[known], labels[known], sources[known])
    return round(max(up, 1.0 - up), 3)


def _both_ways(score: Row, labels: Row, sources: npt.NDArray[np.str_]) -> dict[str, float]:
    pooled = auc(score[labels == 1], score[labels == 0])
    return {
        "within sources": round(_within(score, labels, sources), 3),
        "all clips": round(float(pooled), 3),
    }


def _without(score: Row, facts: Sequence[Row], labels: Row, sources: npt.NDArray[np.str_]) -> Row:
    """Take off what real clips of other sources score where the facts are the same."""
    line = np.stack([np.ones(len(score)), *facts], axis=1)
    left = np.empty(len(score))
    for source in np.unique(sources):
        inside = sources == source
        others = ~inside & (labels == 0)
        root = np.sqrt(source_weights(sources[others]))
        fit = np.linalg.lstsq(line[others] * root[:, None], score[others] * root, rcond=None)[0]
        left[inside] = score[inside] - line[inside] @ fit
    return left


def _first_ones(names: Sequence[str]) -> list[list[str]]:
    return [list(names[: count + 1]) for count in range(min(2, len(names)))]


def _rank_correlation(one: Row, other: Row) -> float:
    from scipy.stats import spearmanr

    known = np.isfinite(one) & np.isfinite(other)
    return round(float(spearmanr(one[known], other[known]).statistic), 3)


def _interval(drawn: Sequence[float]) -> list[float]:
    return [round(float(value), 3) for value in np.quantile(drawn, [0.025, 0.975])]
