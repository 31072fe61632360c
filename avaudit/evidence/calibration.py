"""From scores to log10 likelihood ratios: logistic regression, isotonic regression, kernels.

All three methods end in the same thing: knots of a curve that never falls, straight between
knots and held beyond the first and the last. A card stores the knots as plain numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from ..statistics.scores import Floats, checked_scores
from ._isotonic import isotonic, pooled

Method = Literal["logistic", "pav", "kde"]
METHODS: tuple[Method, ...] = get_args(Method)
RIDGE = 0.1
"""Penalty on the squared slope (score in standard deviations, weights summing to n)."""
GRID = 128
MAX_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A curve from score to log10 likelihood ratio.

    Attributes
    ----------
    method
        How it was fitted.
    scores, log10_lr
        The knots, shape (k,) each: scores rise, log10 likelihood ratios never fall.
    parameters
        For logistic regression: ``intercept`` and ``slope`` of the log10 likelihood ratio.
    """

    method: Method
    scores: tuple[float, ...]
    log10_lr: tuple[float, ...]
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        x, y = np.asarray(self.scores), np.asarray(self.log10_lr)
        if x.size != y.size or not x.size:
            raise ValueError("a calibration needs one likelihood ratio per score, at least one")
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise ValueError("the knots of a calibration are finite numbers")
        if np.any(np.diff(x) <= 0) or np.any(np.diff(y) < 0):
            raise ValueError("scores of knots must rise, and their likelihood ratios never fall")

    def at(self, scores: ArrayLike) -> Floats:
        """Give the log10 likelihood ratios of scores; beyond the knots, that of the last knot.

        Examples
        --------
        >>> line = Calibration(method="logistic", scores=(-1.0, 1.0), log10_lr=(-2.0, 2.0))
        >>> line.at([0.0, 0.5, 9.0]).tolist()
        [0.0, 1.0, 2.0]
        """
        values = checked_scores(np.atleast_1d(np.asarray(scores, dtype=np.float64)), "scores")
        return np.asarray(np.interp(values, self.scores, self.log10_lr), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Give the curve as plain values for a card."""
        return {
            "method": self.method,
            "scores": list(self.scores),
            "log10_lr": list(self.log10_lr),
            **({"parameters": dict(self.parameters)} if self.parameters else {}),
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Calibration:
        """Read what :meth:`to_dict` gave.

        Raises
        ------
        ValueError
            When a key is missing or the knots are no such curve.
        """
        if table.get("method") not in METHODS:
            raise ValueError(f"unknown method of calibration: {table.get('method')!r}")
        try:
            return cls(
                method=table["method"],
                scores=tuple(float(v) for v in table["scores"]),
                log10_lr=tuple(float(v) for v in table["log10_lr"]),
                parameters={k: float(v) for k, v in table.get("parameters", {}).items()},
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"the calibration lacks or spoils a key: {error}") from error


def calibrate(
    h1: ArrayLike,
    h2: ArrayLike,
    *,
    method: Method = "logistic",
    weights_h1: ArrayLike | None = None,
    weights_h2: ArrayLike | None = None,
) -> Calibration:
    r"""Fit a calibration to the scores of items whose truth is known.

    Both classes weigh the same, whatever their sizes, so that the odds the fit gives are
    likelihood ratios and not posterior odds of the collection.

    Parameters
    ----------
    h1, h2
        Finite scores of items where H1, H2 is true, shapes (n1,) and (n2,).
    method
        ``logistic``: :math:`\ln LR = a + b s` (Brümmer and du Preez 2006; Morrison 2013), with a
        small ridge on ``b`` so that separated classes give finite values; a falling line becomes
        LR = 1. ``pav``: isotonic regression by pooling adjacent violators, after one H1 item was
        added at the lowest and one H2 item at the highest score, so that no ratio is 0 or
        infinite. ``kde``: ratio of Gaussian kernel densities (Silverman's bandwidth), each mixed
        with one part in n + 1 of a uniform density, then made monotone.
    weights_h1, weights_h2
        How often each item counts, at least 0; default 1.

    Raises
    ------
    ValueError
        When a class has no item with weight, or a score is not finite.

    Notes
    -----
    The curve is held beyond the lowest and the highest score: it never extrapolates.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> curve = calibrate(rng.normal(1, 1, 5000), rng.normal(-1, 1, 5000))
    >>> round(curve.parameters["slope"] * math.log(10), 1)  # ln LR = 2 s
    2.0
    """
    one = _class(h1, weights_h1, "h1")
    two = _class(h2, weights_h2, "h2")
    fitted = _FITS[method](one, two)
    return _rounded(fitted)


@dataclass(frozen=True)
class _Class:
    scores: Floats
    weights: Floats

    @property
    def total(self) -> float:
        return float(self.weights.sum())


def _class(scores: ArrayLike, weights: ArrayLike | None, name: str) -> _Class:
    values = checked_scores(scores, name)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds an infinite score, which cannot be calibrated")
    times = np.ones(values.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if times.shape != values.shape or np.any(times < 0):
        raise ValueError(f"weights of {name} must be one number of at least 0 for each score")
    if not times.sum() > 0:
        raise ValueError(f"{name} has no items, so nothing can be calibrated")
    return _Class(values[times > 0], times[times > 0])


def _logistic(one: _Class, two: _Class) -> Calibration:
    scores = np.concatenate([one.scores, two.scores])
    truth = np.repeat([1.0, 0.0], [one.scores.size, two.scores.size])
    n = one.total + two.total
    balance = np.concatenate([one.weights / one.total, two.weights / two.total]) * n / 2
    centre = float(balance @ scores) / n
    spread = math.sqrt(float(balance @ (scores - centre) ** 2) / n)
    low, high = float(scores.min()), float(scores.max())
    if spread <= 1e-12 * max(1.0, abs(centre)):
        return _flat("logistic", low)
    level, slope = _newton((scores - centre) / spread, truth, balance)
    if slope <= 0.0:
        return _flat("logistic", low)
    slope10 = slope / spread / math.log(10)
    intercept10 = level / math.log(10) - slope10 * centre
    return Calibration(
        method="logistic",
        scores=(low, high),
        log10_lr=(intercept10 + slope10 * low, intercept10 + slope10 * high),
        parameters={"intercept": intercept10, "slope": slope10},
    )


def _newton(x: Floats, truth: Floats, weights: Floats) -> tuple[float, float]:
    """Minimise the penalised, weighted logistic loss; it is convex, so there is one minimum."""
    design = np.stack([np.ones_like(x), x], axis=1)
    penalty = np.array([0.0, RIDGE])

    def loss(beta: Floats) -> float:
        line = design @ beta
        fit = float(weights @ (np.logaddexp(0.0, line) - truth * line))
        return fit + 0.5 * float(penalty @ beta**2)

    beta = np.zeros(2)
    here = loss(beta)
    for _ in range(MAX_STEPS):
        p = 0.5 * (1.0 + np.tanh(0.5 * (design @ beta)))
        slope = design.T @ (weights * (p - truth)) + penalty * beta
        curvature = (design * (weights * p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        curvature[0, 0] += 1e-12 * weights.sum()
        step = np.linalg.solve(curvature, slope)
        share = 1.0
        while (there := loss(beta - share * step)) > here and share > 1e-6:
            share /= 2
        beta, done = beta - share * step, here - there <= 1e-13 * abs(here)
        here = min(here, there)
        if done:
            break
    return float(beta[0]), float(beta[1])


def _pav(one: _Class, two: _Class) -> Calibration:
    low = min(one.scores.min(), two.scores.min())
    high = max(one.scores.max(), two.scores.max())
    levels, hits, misses = pooled(
        np.append(one.scores, low), np.append(one.weights, 1.0),
        np.append(two.scores, high), np.append(two.weights, 1.0),
    )  # fmt: skip
    share, starts, ends = isotonic(hits, misses)
    ratio = np.log10(share / (1 - share)) + math.log10((two.total + 1) / (one.total + 1))
    return _curve("pav", np.concatenate([levels[starts], levels[ends]]), np.tile(ratio, 2))


def _kde(one: _Class, two: _Class) -> Calibration:
    low = float(min(one.scores.min(), two.scores.min()))
    high = float(max(one.scores.max(), two.scores.max()))
    if high - low <= 0:
        return _flat("kde", low)
    grid = np.linspace(low, high, GRID)
    f1, f2 = (_density(grid, part, high - low) for part in (one, two))
    share, starts, ends = isotonic(f1, f2)
    ratio = np.log10(share / (1 - share))
    return _curve("kde", np.concatenate([grid[starts], grid[ends]]), np.tile(ratio, 2))


def _density(grid: Floats, part: _Class, width: float) -> Floats:
    n = part.total
    mean = float(part.weights @ part.scores) / n
    spread = math.sqrt(float(part.weights @ (part.scores - mean) ** 2) / n)
    order = np.argsort(part.scores)
    steps = np.cumsum(part.weights[order]) / n
    quarter, three = (part.scores[order][np.searchsorted(steps, q)] for q in (0.25, 0.75))
    scale = min(v for v in (spread, (three - quarter) / 1.34, math.inf) if v > 0)
    bandwidth = 0.9 * scale * n**-0.2 if math.isfinite(scale) else 0.0
    bandwidth = max(bandwidth, width / GRID)
    distance = (grid[:, None] - part.scores[None, :]) / bandwidth
    kernels = np.exp(-0.5 * distance**2) @ part.weights / (bandwidth * math.sqrt(2 * math.pi))
    return np.asarray((kernels + 1.0 / width) / (n + 1.0), dtype=np.float64)


def _flat(method: Method, score: float) -> Calibration:
    """Give LR = 1 everywhere: the scores say nothing, or point the wrong way."""
    line = {"intercept": 0.0, "slope": 0.0} if method == "logistic" else {}
    return Calibration(method=method, scores=(score,), log10_lr=(0.0,), parameters=line)


def _curve(method: Method, scores: Floats, log10_lr: Floats) -> Calibration:
    knots, first = np.unique(scores, return_index=True)
    heights = np.maximum.accumulate(log10_lr[first])
    return Calibration(method=method, scores=tuple(knots), log10_lr=tuple(heights))


def _rounded(fitted: Calibration) -> Calibration:
    """Keep nine digits: what a card stores is then exactly what was fitted."""
    scores = np.array([float(f"{v:.9g}") for v in fitted.scores])
    heights = np.array([float(f"{v:.9g}") for v in fitted.log10_lr])
    curve = _curve(fitted.method, scores, heights)
    parameters = {k: float(f"{v:.9g}") for k, v in fitted.parameters.items()}
    return Calibration(
        method=curve.method,
        scores=tuple(float(v) for v in curve.scores),
        log10_lr=tuple(float(v) for v in curve.log10_lr),
        parameters=parameters,
    )


_FITS: dict[str, Callable[[_Class, _Class], Calibration]] = {
    "logistic": _logistic,
    "pav": _pav,
    "kde": _kde,
}
