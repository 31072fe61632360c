"""The rule that gives the bounds of shared parts, on sources that are not measured on.

``python -m avaudit.detectors.known.match.choose --data MANIFEST [--pictures N]``

Every picture of the sources for choosing is looked up untouched, and ``--pictures`` of them under
each treatment of which a recall is asked. For every pair of bounds (least number of features in
agreement, furthest mean distance of their codes) recall and false matches are counted. Of those
with at most half of the false matches that may be (0.5 in 10,000 unrelated pairs) those are kept
whose mean recall is within one standard error of the highest (Breiman et al. 1984, Classification
and Regression Trees, section 3.4.3); of these, the strictest: fewest false matches, then most
features in agreement, then the smallest distance. Prints what it chose beside what ships, and
writes all bounds to ``OUT/known.match.bounds.csv``.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.errors import AvauditError
from avaudit.known import KnownIndex
from avaudit.known.geometry import FURTHEST_MEAN, LEAST_AGREEING
from avaudit.known.in_pictures import alignments_in, wholes_in

from .pictures import Entry, build, entries_of, halves, read_picture, watched
from .treatments import TREATMENTS, Treatment

AGREEING = range(4, 17)
DISTANCES = np.arange(5.0, 12.25, 0.25)
MOST_FALSE = 0.5 / 10_000
"""Of unrelated pairs for choosing: half of what is asked for."""
_REPORT_EVERY = 50

Table = npt.NDArray[np.int64]
"""By least number in agreement and furthest mean distance: how many."""


@dataclass(frozen=True)
class Chosen:
    """Bounds, with their mean recall and false matches on the pictures for choosing."""

    agreeing: int
    distance: float
    recall: float
    false: int


def tables(
    index: KnownIndex, entries: Sequence[Entry], chosen: Sequence[int], treatment: Treatment
) -> tuple[Table, Table]:
    """Count, for all bounds, the pictures found and the false matches by parts.

    A picture that the hash of the whole finds is found under all bounds.
    """
    found = np.zeros((len(AGREEING), len(DISTANCES)), np.int64)
    false = np.zeros_like(found)
    for done, number in enumerate(chosen, 1):
        query = watched(treatment(read_picture(entries[number].path)), asking=True).query()
        mine = np.zeros_like(found, bool)
        theirs: dict[int, npt.NDArray[np.bool_]] = {}
        for picture in query.pictures:
            whole = wholes_in(index, picture.words) if picture.words is not None else {}
            mine |= number in whole
            for item, part in () if picture.blobs is None else alignments_in(index, picture.blobs):
                sure = _sure(part.alignment.agreeing, part.alignment.distance)
                if item == number:
                    mine |= sure
                elif entries[item].group != entries[number].group and item not in whole:
                    theirs[item] = theirs.get(item, np.zeros_like(sure)) | sure
        found += mine
        false += sum(theirs.values(), np.zeros_like(found))
        if done % _REPORT_EVERY == 0:
            sys.stderr.write(f"looked up {done} of {len(chosen)}\n")
    return found, false


def _sure(agreeing: int, distance: float) -> npt.NDArray[np.bool_]:
    enough = agreeing >= np.array(AGREEING)
    near: npt.NDArray[np.bool_] = distance <= DISTANCES
    return enough[:, None] & near[None]


def best(recall: npt.NDArray[np.float64], false: Table, *, pictures: int, pairs: int) -> Chosen:
    """Apply the rule to recall and false matches of all bounds.

    Parameters
    ----------
    recall, false
        By bounds.
    pictures, pairs
        On how many pictures the recall rests, and how many unrelated pairs were compared.

    Raises
    ------
    AvauditError
        When all bounds have too many false matches.

    Examples
    --------
    >>> shape = (len(AGREEING), len(DISTANCES))
    >>> kept = best(np.ones(shape), np.zeros(shape, np.int64), pictures=10, pairs=100)
    >>> kept.agreeing, kept.distance
    (16, 5.0)
    """
    clean = false <= MOST_FALSE * pairs
    if not clean.any():
        raise AvauditError("all bounds have too many false matches among the pictures for choosing")
    highest = float(recall[clean].max())
    error = (highest * (1 - highest) / pictures) ** 0.5
    kept = np.argwhere(clean & (recall >= highest - error))
    row, column = min(kept.tolist(), key=lambda at: (false[*at], -at[0], at[1]))
    return Chosen(
        AGREEING[row],
        float(DISTANCES[column]),
        float(recall[row, column]),
        int(false[row, column]),
    )


def choose(
    entries: Sequence[Entry], index: KnownIndex, *, pictures: int, seed: int, out: Path
) -> Chosen:
    """Choose the bounds; see the module."""
    order = np.random.default_rng(seed).permutation(len(entries)).tolist()
    everyone, sample = range(len(entries)), sorted(order[:pictures])
    groups = [entry.group for entry in entries]
    others = [sum(group != own for group in groups) for own in groups]
    _, false = tables(index, entries, everyone, lambda rgb: rgb)
    pairs = sum(others)
    recalls = []
    for name, (treatment, goal) in TREATMENTS.items():
        if goal is None:
            continue
        found, more = tables(index, entries, sample, treatment)
        recalls.append(found / len(sample))
        false, pairs = false + more, pairs + sum(others[number] for number in sample)
        sys.stderr.write(f"{name}\n")
    recall = np.mean(recalls, axis=0)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "known.match.bounds.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["agreeing", "distance", "mean_recall", "false", "pairs"])
        for row, agreeing in enumerate(AGREEING):
            for column, distance in enumerate(DISTANCES):
                cells = (f"{recall[row, column]:.4f}", false[row, column], pairs)
                table.writerow([agreeing, distance, *cells])
    return best(recall, false, pictures=len(sample), pairs=pairs)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Choose the bounds of known.match.")
    parser.add_argument("--data", type=Path, required=True, help="manifest of pictures")
    parser.add_argument("--pictures", type=int, default=60, help="how many are treated")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    options = parser.parse_args(arguments)
    entries, _ = halves(entries_of(options.data))
    with tempfile.TemporaryDirectory() as temporary:
        index = build(entries, Path(temporary) / "known")
        kept = choose(entries, index, pictures=options.pictures, seed=options.seed, out=options.out)
    sources = len({entry.source for entry in entries})
    sys.stdout.write(
        f"{len(entries)} pictures of {sources} sources for choosing\n"
        f"chosen: at least {kept.agreeing} features, mean distance at most {kept.distance:g} of 64 "
        f"(mean recall {kept.recall:.3f}, false matches {kept.false})\n"
        f"ships:  at least {LEAST_AGREEING} features, mean distance at most {FURTHEST_MEAN:g}\n"
    )


if __name__ == "__main__":
    main()
