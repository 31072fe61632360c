"""Do the 95 % intervals cover? ``python -m avaudit.simulation.coverage`` writes the table.

Data with a known truth are made many times over and the share of intervals that hold it is
counted. Gaps are checked with the very test that :func:`avaudit.statistics.group_rates` inverts,
at the true gap: the interval is at least as wide as what the test keeps.
"""

from __future__ import annotations

import argparse
import math
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from ..statistics import clustered_newcombe, clustered_wilson, newcombe, wilson
from ..statistics._grouped import Cells, noise, summarise
from ..statistics._range_interval import RangeTest

Floats = NDArray[np.float64]

ICC = 0.3
ITEMS_PER_IDENTITY = 5
RATES = (0.7, 0.95)  # a single rate's coverage swings with p: it is averaged over this range
SIZES = (30, 100, 300, 1000, 3000)
GROUPS = (2, 4, 8, 16)
GAPS = {30: (0.0, 0.1, 0.3), 300: (0.0, 0.05), 3000: (0.0, 0.05)}
PATTERNS = ("even", "one apart", "two camps")
SEED = 20_261_125


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row of the table: a setting and the share of runs whose interval held the truth."""

    quantity: str
    groups: int
    n: int
    gap: float
    pattern: str
    icc: float
    runs: int
    held: float

    @property
    def error(self) -> float:
        """Standard error of the share."""
        return math.sqrt(self.held * (1 - self.held) / self.runs)


def draw_events(
    rates: Floats, n: int, icc: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw events and trials per identity, shape ``(groups, identities)``; beta-binomial."""
    size = 1 if icc == 0 else ITEMS_PER_IDENTITY
    shape = (len(rates), n // size)
    own = np.broadcast_to(rates[:, None], shape)
    if icc > 0:
        weight = (1 - icc) / icc
        own = rng.beta(own * weight, (1 - own) * weight)
    return rng.binomial(size, own).astype(np.float64), np.full(shape, float(size))


def pattern_of_rates(groups: int, gap: float, pattern: str, rng: np.random.Generator) -> Floats:
    """Place group rates ``gap`` apart below or around a base rate, all within [0.02, 0.98]."""
    place = {
        "even": np.linspace(-1, 0, groups),
        "one apart": -np.eye(groups)[0],
        "two camps": -(np.arange(groups) % 2).astype(np.float64),
    }[pattern]
    low, high = RATES
    base = rng.uniform(max(low, gap + 0.02), high)
    return np.asarray(base + gap * place)


def rate_held(n: int, icc: float, rng: np.random.Generator) -> bool:
    """Whether one interval of a rate holds it."""
    p = rng.uniform(*RATES)
    events, trials = draw_events(np.array([p]), n, icc, rng)
    got = clustered_wilson(events[0], trials[0]) if icc else wilson(events.sum(), trials.sum())
    return bool(got.low <= p <= got.high)


def difference_held(n: int, gap: float, icc: float, rng: np.random.Generator) -> bool:
    """Whether one interval of a difference holds it."""
    rates = pattern_of_rates(2, gap, "even", rng)
    events, trials = draw_events(rates, n, icc, rng)
    if icc:
        got = clustered_newcombe(events[0], trials[0], events[1], trials[1])
    else:
        got = newcombe(events[0].sum(), trials[0].sum(), events[1].sum(), trials[1].sum())
    return bool(got.low <= rates[0] - rates[1] <= got.high)


def gap_held(
    groups: int, n: int, gap: float, pattern: str, icc: float, rng: np.random.Generator
) -> bool:
    """Whether one interval of the largest gap holds it."""
    rates = pattern_of_rates(groups, gap, pattern, rng)
    events, trials = draw_events(rates, n, icc, rng)
    if not icc:  # counts say it all; items would only be slow
        events, trials = events.sum(axis=1, keepdims=True), trials.sum(axis=1, keepdims=True)
    units = events.shape[1]
    cells = Cells(
        labels=tuple(str(g) for g in range(groups)),
        unit=np.arange(groups * units),
        group=np.repeat(np.arange(groups), units),
        num=events.ravel(),
        den=trials.ravel(),
        items=np.full(groups, n),
        n_units=groups * units,
        clustered=icc > 0,
        spanning=False,
        n_missing=0,
    )
    summary, _ = summarise(cells, rates=True)
    return RangeTest(summary, noise(summary, 1000, rng), 0.95, rng).keeps(gap)


def settings(*, quick: bool) -> Iterator[tuple[str, int, int, float, str, float]]:
    """Yield quantity, groups, n, gap, pattern and icc of every row."""
    for icc in (0.0, ICC):
        for n in SIZES:
            yield "rate", 1, n, 0.0, "", icc
        for n in SIZES:
            for gap in (0.0, 0.1):
                yield "difference", 2, n, gap, "", icc
        for groups in (2, 4) if quick else GROUPS:
            for n in (300,) if quick else GAPS:
                for gap in GAPS[n]:
                    varied = groups > 2 and gap == max(GAPS[n])
                    for pattern in PATTERNS if varied else PATTERNS[:1]:
                        yield "max - min", groups, n, gap, pattern if gap else "", icc


def measure(
    setting: tuple[str, int, int, float, str, float], runs: int, rng: np.random.Generator
) -> Cell:
    """Count how often the interval of one setting holds the truth."""
    quantity, groups, n, gap, pattern, icc = setting
    once: Callable[[], bool]
    if quantity == "rate":
        once = lambda: rate_held(n, icc, rng)  # noqa: E731
    elif quantity == "difference":
        once = lambda: difference_held(n, gap, icc, rng)  # noqa: E731
    else:
        once = lambda: gap_held(groups, n, gap, pattern or "even", icc, rng)  # noqa: E731
    held = sum(once() for _ in range(runs)) / runs
    return Cell(
        quantity=quantity,
        groups=groups,
        n=n,
        gap=gap,
        pattern=pattern,
        icc=icc,
        runs=runs,
        held=held,
    )


def simulate(
    *, quick: bool = False, runs: int | None = None, seed: int = SEED, workers: int = 1
) -> Iterator[Cell]:
    """Yield every row: some minutes of one core, or a few seconds when ``quick``.

    Each row has a generator of its own, so the result does not depend on the workers.
    """
    rows = list(settings(quick=quick))
    count = runs or (200 if quick else 1000)
    generators = [np.random.default_rng([seed, place]) for place in range(len(rows))]
    if workers == 1:
        yield from map(measure, rows, [count] * len(rows), generators)
    else:
        with ProcessPoolExecutor(workers) as pool:
            yield from pool.map(measure, rows, [count] * len(rows), generators)


def fairlearn_holds_zero(runs: int = 60, n: int = 1000, seed: int = SEED) -> int:
    """Count the runs in which fairlearn's bootstrap interval of a difference holds a true 0."""
    from fairlearn.metrics import MetricFrame, selection_rate

    rng = np.random.default_rng(seed)
    groups = np.repeat(["a", "b"], n)
    held = 0
    for _ in range(runs):
        outcome = (rng.random(2 * n) < 0.9).astype(int)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = MetricFrame(
                metrics=selection_rate,
                y_true=outcome,
                y_pred=outcome,
                sensitive_features=groups,
                n_boot=100,
                ci_quantiles=[0.025, 0.975],
                random_state=int(rng.integers(2**31)),
            )
            low, high = frame.difference_ci()
        held += low <= 0 <= high
    return held


def _far(cells: list[Cell]) -> int:
    """Count the rows that chance alone would hardly put outside 93 to 97 %."""
    return sum(
        cell.held + 2 * cell.error < 0.93 or cell.held - 2 * cell.error > 0.97 for cell in cells
    )


def _extremes(cells: list[Cell]) -> list[str]:
    """Name the rows of gaps and of all else that hold the truth least and most often."""
    lines = []
    for what, chosen in (
        ("gaps", [cell for cell in cells if cell.quantity == "max - min"]),
        ("rates and differences", [cell for cell in cells if cell.quantity != "max - min"]),
    ):
        if chosen:
            least, most = (f(chosen, key=lambda cell: cell.held) for f in (min, max))
            lines.append(f"Of the {what}, {_named(least)} covers least and {_named(most)} most.")
    return lines


def _named(cell: Cell) -> str:
    parts = [f"n = {cell.n:,}", f"correlation {cell.icc:g}"]
    if cell.quantity != "rate":
        parts = [f"{cell.groups} groups", f"gap {cell.gap:g}", cell.pattern, *parts]
    return f"{100 * cell.held:.1f} % ({', '.join(filter(None, parts))})"


def table(cells: list[Cell], fairlearn_held: int, fairlearn_runs: int, seconds: float) -> str:
    """Write the page."""
    runs = cells[0].runs
    good = sum(0.93 <= cell.held <= 0.97 for cell in cells)
    lines = [
        "# Coverage of the intervals",
        "",
        "Written by `python -m avaudit.simulation.coverage`; nothing here is typed by hand.",
        f"Nominal 95 %, {runs:,} runs per row (standard error about "
        f"{100 * math.sqrt(0.95 * 0.05 / runs):.1f} points), {seconds:.0f} s of one core.",
        f"Rates are drawn uniformly from {RATES[0]} to {RATES[1]} (the highest group, where there "
        f"is a gap). Clustered rows: {ITEMS_PER_IDENTITY} items per identity, beta-binomial, "
        f"correlation {ICC} within identities.",
        "Patterns of the groups between the lowest and the highest: evenly spaced; one group "
        "apart from all others; half of them at either end (two camps).",
        "",
        f"{good} of {len(cells)} rows lie within 93 to 97 %; the others are marked. "
        f"{_far(cells)} of those lie farther out than two of their own standard errors.",
        "",
        *_extremes(cells),
        "",
        "| quantity | groups | n per group | true gap | pattern | correlation | covered | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for cell in cells:
        mark = "" if 0.93 <= cell.held <= 0.97 else ("above" if cell.held > 0.97 else "below")
        gap = "" if cell.quantity == "rate" else f"{cell.gap:g}"
        lines.append(
            f"| {cell.quantity} | {cell.groups} | {cell.n:,} | {gap} | {cell.pattern} | "
            f"{cell.icc:g} | {100 * cell.held:.1f} % | {mark} |"
        )
    lines += [
        "",
        "## Beside it: the percentile bootstrap",
        "",
        "fairlearn's `MetricFrame(n_boot=100).difference_ci()`, two groups of 1,000 with the same "
        f"rate of 0.9: the interval held the true difference of 0 in {fairlearn_held} of "
        f"{fairlearn_runs} runs. A bootstrapped max - min is never below 0 and hardly ever 0.",
        "",
    ]
    return "\n".join(lines)


def _cpu_seconds() -> float:
    """Give the processor time of this process and its finished workers."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> None:
    """Run the simulation and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and runs")
    parser.add_argument("--runs", type=int, help="runs per row")
    parser.add_argument("--fairlearn-runs", type=int, default=60)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    arguments = parser.parse_args()
    rows = simulate(quick=arguments.quick, runs=arguments.runs, workers=arguments.workers)
    total = len(list(settings(quick=arguments.quick)))
    cells = list(track(rows, "Coverage", total=total, console=Console(stderr=True)))
    held = fairlearn_holds_zero(arguments.fairlearn_runs)
    page = table(cells, held, arguments.fairlearn_runs, _cpu_seconds())
    arguments.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
