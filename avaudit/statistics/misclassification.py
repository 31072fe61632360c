"""Rates seen through an imperfect judge or an inferred attribute."""

from __future__ import annotations

import math

import numpy as np

from .estimate import Estimate, undefined

MIN_YOUDEN = 0.05
METHOD = "rogan-gladen"


def rogan_gladen(
    k: float,
    n: float,
    *,
    se: float,
    sp: float,
    n_se: float | None = None,
    n_sp: float | None = None,
    n_effective: float | None = None,
    level: float = 0.95,
    n_draws: int = 10_000,
    rng: np.random.Generator,
) -> Estimate:
    """Estimate the true rate behind an observed one, given how often the judge is right.

    Parameters
    ----------
    k, n
        Items that the judge called positive, and items judged; 0 <= k <= n.
    se, sp
        Sensitivity and specificity of the judge, in [0, 1].
    n_se, n_sp
        Positives and negatives on which they were measured; None where they are known exactly
        (almost never: their uncertainty is often the larger part).
    n_effective
        Independent items that ``n`` is worth where identities repeat (see ``effective_size``).
    level, n_draws, rng
        Nominal coverage in (0, 1); draws of the three rates from beta distributions (Jeffreys'
        prior) that the interval is made of; source of randomness.

    Returns
    -------
    Estimate
        (k/n + sp - 1) / (se + sp - 1), cut to [0, 1] with a note where it lies outside. NaN with
        a reason where se + sp <= 1.05: such a judge hardly knows more than a coin, and the
        correction would blow up its noise. Bounds are NaN too where more than 5 % of the drawn
        judges are of that kind.

    Raises
    ------
    ValueError
        If a count or rate is out of range.

    References
    ----------
    Rogan & Gladen (1978), *Estimating prevalence from the results of a screening test*, Am. J.
    Epidemiol. 107; uncertainty of the judge: Lang & Reiczigel (2014), Prev. Vet. Med. 113.

    Examples
    --------
    >>> rate = rogan_gladen(30, 100, se=0.9, sp=0.8, rng=np.random.default_rng(0))
    >>> round(rate.value, 4)
    0.1429
    """
    if not 0 <= k <= n:
        raise ValueError(f"events and trials need 0 <= k <= n, not k = {k} and n = {n}")
    if not (0 <= se <= 1 and 0 <= sp <= 1):
        raise ValueError("sensitivity and specificity lie in [0, 1]")
    if n == 0:
        return undefined("no trials", n=0, method=METHOD, level=level)
    if se + sp <= 1 + MIN_YOUDEN:
        reason = f"the judge is too weak to correct for: se + sp = {se + sp:.3g}, 1.05 needed"
        return undefined(reason, n=int(n), method=METHOD, level=level)
    value = (k / n + sp - 1) / (se + sp - 1)
    observed = _beta(k / n, n_effective or n, n_draws, rng)
    sensitivity = _beta(se, n_se, n_draws, rng)
    specificity = _beta(sp, n_sp, n_draws, rng)
    youden = sensitivity + specificity - 1
    sound = youden > MIN_YOUDEN
    low = high = math.nan
    notes = []
    if np.mean(~sound) > 0.05:
        notes.append("too few items show how good the judge is: no bounds")
    else:
        drawn = np.clip((observed + specificity - 1)[sound] / youden[sound], 0, 1)
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]).tolist()
    if not 0 <= value <= 1:
        notes.append(f"cut to [0, 1] from {value:.3g}: the judge errs more or less than stated")
    return Estimate(
        value=min(1.0, max(0.0, value)),
        low=low,
        high=high,
        level=level,
        n=int(n),
        method=f"{METHOD}, {n_draws:,} draws",
        reason="; ".join(notes),
    )


def _beta(
    rate: float, n: float | None, n_draws: int, rng: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Draw a rate measured on n items; the rate itself where it is known exactly."""
    if n is None:
        return np.full(n_draws, rate)
    return rng.beta(rate * n + 0.5, (1 - rate) * n + 0.5, size=n_draws)
