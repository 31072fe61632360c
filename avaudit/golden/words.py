"""Word embedding associations of Caliskan, Bryson and Narayanan 2017, from their word lists."""

from __future__ import annotations

import csv
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..statistics import Association, association, association_values, single_association
from .rows import Golden

SOURCE = "Caliskan, Bryson and Narayanan 2017 (GloVe 840B)"
VECTORS, ITEMS, NAMES = "weat_glove.npz", "weat_items.csv", "gender_name_stats.csv"

# study: targets x, y; attributes a, b; effect d; exact one-sided p, where the partitions allow it
WEAT = {
    1: ("Flowers", "Insects", "Pleasant", "Unpleasant", 1.504315, None),
    2: ("Instruments", "Weapons", "Pleasant", "Unpleasant", 1.533989, None),
    3: ("EuropeanAmericanNames", "AfricanAmericanNames", "Pleasant", "Unpleasant", 1.405208, None),
    4: ("EuropeanAmericanNames", "AfricanAmericanNames", "Pleasant", "Unpleasant", 1.498582, None),
    5: ("EuropeanAmericanNames", "AfricanAmericanNames", "Pleasant", "Unpleasant", 1.283930, None),
    6: ("MaleNames", "FemaleNames", "Career", "Family", 1.813915, 7.77e-5),
    7: ("Math", "Arts", "MaleTerms", "FemaleTerms", 1.055015, 0.015695),
    8: ("Science", "Arts", "MaleTerms", "FemaleTerms", 1.237453, 0.004740),
    9: ("MentalDisease", "PhysicalDisease", "Temporary", "Permanent", 1.382755, 0.004329),
    10: ("YoungNames", "OldNames", "Pleasant", "Unpleasant", 1.212891, 0.005128),
}
SINGLE = {
    "Kelly": 0.99455943,
    "Tracy": 0.7649767,
    "Jamie": 0.07528516,
    "Jackie": 0.85222977,
    "Jesse": -0.61802081,
    "Courtney": 1.10971314,
}
WEAT1_TO_MEAN_VECTORS = 0.1547512
WEFAT2_CORRELATION = 0.8552431


@dataclass(frozen=True)
class _Words:
    vectors: dict[str, NDArray[np.float64]]
    items: dict[tuple[str, str], list[str]]
    shares: list[tuple[str, float]]

    def embed(self, study: str, condition: str) -> NDArray[np.float64]:
        return np.array([self.vectors[word] for word in self.items[study, condition]])


def word_rows(data: Path | None) -> list[Golden]:
    """Recompute WEAT 1 to 10, single names, and the correlation of WEFAT 2."""
    missing = _missing(data)
    words = None if missing or data is None else _read(data)
    rows: list[Golden] = []

    def add(name: str, published: float, ours: float, tolerance: float = 1e-6) -> None:
        rows.append(
            Golden(name=name, source=SOURCE, published=published, ours=ours, tolerance=tolerance,
                   reason=missing)
        )  # fmt: skip

    for study, (*_, effect, p) in WEAT.items():
        found = None if words is None else _weat(words, study)
        add(f"WEAT {study}: d", effect, found.effect if found else math.nan)
        if p is not None:
            add(f"WEAT {study}: exact one-sided p", p, found.p if found else math.nan)
    difference = math.nan if words is None else _to_mean_vectors(words)
    add("WEAT 1: difference, cosines with mean vectors", WEAT1_TO_MEAN_VECTORS, difference)
    effects = {} if words is None else _single(words)
    for name, effect in SINGLE.items():
        add(f"SC-WEAT {name}", effect, effects.get(name, math.nan))
    correlation = math.nan if words is None else _correlation(words, effects)
    add("WEFAT 2: correlation with the share of women", WEFAT2_CORRELATION, correlation)
    return rows


def _missing(data: Path | None) -> str:
    if data is None:
        return "no folder with the word vectors; give one with --data"
    lacking = [name for name in (VECTORS, ITEMS, NAMES) if not (data / name).is_file()]
    return f"{data} lacks {', '.join(lacking)}" if lacking else ""


def _read(data: Path) -> _Words:
    try:
        with np.load(data / VECTORS, allow_pickle=False) as archive:
            names, table = archive["words"], archive["vectors"].astype(np.float64)
        with (data / ITEMS).open(newline="", encoding="utf-8") as file:
            items: dict[tuple[str, str], list[str]] = {}
            for row in csv.DictReader(file):
                items.setdefault((row["study"], row["condition"]), []).append(row["word"])
        with (data / NAMES).open(newline="", encoding="utf-8") as file:
            shares = [(r["name"], float(r["proportion_female"])) for r in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"{data} does not hold the word vectors and lists: {error}") from error
    return _Words(dict(zip(names.tolist(), table, strict=True)), items, shares)


def _weat(words: _Words, study: int) -> Association:
    x, y, a, b, *_ = WEAT[study]
    sets = (words.embed(f"WEAT{study}", condition) for condition in (x, y, a, b))
    # a test that is not exact is not compared, so few draws do
    return association(
        *sets, alternative="greater", n_permutations=1000, rng=np.random.default_rng(study)
    )


def _to_mean_vectors(words: _Words) -> float:
    """Give the difference of cosines with mean attribute vectors (R package cbn, weat_boot)."""
    x, y, a, b = (words.embed("WEAT1", condition) for condition in WEAT[1][:4])
    means = a.mean(axis=0, keepdims=True), b.mean(axis=0, keepdims=True)
    return float(association_values(x, *means).mean() - association_values(y, *means).mean())


def _single(words: _Words) -> dict[str, float]:
    names = words.items["WEFAT2", "AndrogynousNames"]
    attributes = [words.embed("WEFAT2", f"{sex}Attributes") for sex in ("Female", "Male")]
    effects = single_association(words.embed("WEFAT2", "AndrogynousNames"), *attributes)
    return dict(zip(names, effects.tolist(), strict=True))


def _correlation(words: _Words, effects: dict[str, float]) -> float:
    """Correlate over the rows of the table of names, as published: two names occur twice in it.

    Over the 50 different names the correlation is 0.8476.
    """
    rows = [(effects[name], share) for name, share in words.shares if name in effects]
    return float(np.corrcoef(np.array(rows).T)[0, 1])
