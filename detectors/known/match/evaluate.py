"""Recall under what befalls pictures, and false matches among unrelated ones.

``python -m avaudit.detectors.known.match.evaluate --data MANIFEST [--pictures N] [--untouched N]``

Half of the sources are for choosing bounds (:mod:`.choose`) and play no part here; all pictures of
the others make up the index. A sample of them is treated in each way and looked up; what matches
outside a picture's own ``dup_group`` is a false match. The table is printed and written to
``bench-results/known.match.md``; with 150 and 300 pictures it takes about ten minutes of one core.
Only for pictures you trust: they are decoded in this process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avaudit.known import KnownIndex, Query, look_up
from avaudit.statistics import wilson

from .pictures import Entry, build, entries_of, halves, read_picture, watched
from .treatments import TREATMENTS, Treatment

_REPORT_EVERY = 50


@dataclass
class Count:
    """Answers under one treatment; ``hit`` are the pictures that had a false match."""

    looked_up: int = 0
    found: int = 0
    false: int = 0
    pairs: int = 0
    hit: set[int] = field(default_factory=set)


def count(
    index: KnownIndex, entries: Sequence[Entry], chosen: Sequence[int], treatment: Treatment
) -> tuple[Count, list[str]]:
    """Look treated pictures up; give the counts and a line for each false match."""
    result, told = Count(), []
    groups = [entry.group for entry in entries]
    for number in chosen:
        query: Query = watched(treatment(read_picture(entries[number].path)), asking=True).query()
        matches = look_up(index, query)
        result.looked_up += 1
        result.found += any(match.item.number == number for match in matches)
        own = groups[number]
        result.pairs += sum(group != own for group in groups)
        for match in matches:
            if groups[match.item.number] != own:
                result.false += 1
                result.hit.add(number)
                told.append(
                    f"{entries[number].path.name} ~ {match.item.name}: {match.measure}, "
                    f"{match.agreeing} of {match.of}, distance {match.distance:g}"
                )
        if result.looked_up % _REPORT_EVERY == 0:
            sys.stderr.write(f"looked up {result.looked_up} of {len(chosen)}\n")
    return result, told


def report(
    entries: Sequence[Entry], index: KnownIndex, *, pictures: int, untouched: int, seed: int
) -> str:
    """Measure everything and give it as Markdown."""
    order = np.random.default_rng(seed).permutation(len(entries)).tolist()
    sources = len({entry.source for entry in entries})
    lines = [
        f"Index of {len(entries)} pictures of {sources} sources on which no bound was chosen; "
        f"a sample of them treated in each way (seed {seed}).",
        "",
        "| treatment | looked up | found | recall, 95 % | asked for | false matches | unrelated |",
        "|---|---|---|---|---|---|---|",
    ]
    told: list[str] = []
    total = Count()
    for name, (treatment, goal) in TREATMENTS.items():
        chosen = sorted(order[: untouched if name == "untouched" else pictures])
        got, false = count(index, entries, chosen, treatment)
        told += [f"{name}: {line}" for line in false]
        total.false, total.pairs = total.false + got.false, total.pairs + got.pairs
        total.looked_up, total.hit = total.looked_up + got.looked_up, total.hit | got.hit
        recall = wilson(got.found, got.looked_up)
        lines.append(
            f"| {name} | {got.looked_up} | {got.found} | {recall.value:.3f} "
            f"[{recall.low:.2f}, {recall.high:.2f}] | "
            f"{f'≥ {goal:g}' if goal else ''} | {got.false} | {got.pairs:,} |"
        )
        sys.stderr.write(lines[-1] + "\n")
    lines += ["", _false_matches(total, min(len(order), max(pictures, untouched))), ""]
    lines += [f"* {line}" for line in told]
    return "\n".join(lines) + "\n"


def _false_matches(total: Count, distinct: int) -> str:
    """Give the rate of false matches; the interval takes each picture as one trial.

    Look-ups of one picture under many treatments are no independent trials. So the share of
    pictures with a false match has a Wilson interval, and a picture with one is counted as if it
    had one in every look-up, which overstates both bounds' meaning for pairs.
    """
    per_look_up = total.pairs / max(1, total.looked_up)
    share = wilson(len(total.hit), distinct)
    low, high = (10_000 * bound / per_look_up for bound in (share.low, share.high))
    return (
        f"False matches per 10,000 unrelated pairs: {10_000 * total.false / total.pairs:.4f} "
        f"({total.false} of {total.pairs:,}; asked for: ≤ 1). {len(total.hit)} of {distinct} "
        f"pictures had one under any treatment; were it so in every look-up: "
        f"[{low:.2f}, {high:.2f}]."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Recall and false matches of known.match.")
    parser.add_argument("--data", type=Path, required=True, help="manifest of pictures")
    parser.add_argument("--pictures", type=int, default=150, help="how many are treated")
    parser.add_argument("--untouched", type=int, default=300, help="how many are left as they are")
    parser.add_argument("--index", type=Path, help="folder to keep the index in, or with one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    options = parser.parse_args(arguments)
    _, entries = halves(entries_of(options.data))
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.index or Path(temporary) / "known"
        index = KnownIndex(folder)
        if len(index) != len(entries):
            index = build(entries, folder)
        text = report(
            entries,
            index,
            pictures=options.pictures,
            untouched=options.untouched,
            seed=options.seed,
        )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "known.match.md").write_text(text, "utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
