"""From the scores of windows to one score and a profile in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from avaudit.detector import JsonValue, Segment

MAX_SEGMENTS = 1000


@dataclass(frozen=True)
class ScoredWindow:
    """A window's file times and its score."""

    start_s: float
    end_s: float
    score: float


def soft_maximum(scores: Sequence[float], softness: float) -> float:
    r"""Join the scores of windows: between their mean and their maximum.

    .. math:: \tau \ln \frac{1}{n} \sum_i e^{s_i / \tau}

    With scores that are log likelihood ratios divided by :math:`\tau`, this is the log likelihood
    ratio of "some window, each as likely as the other, is synthetic" against "none is". One window
    gives its own score; with more windows the mean over them steadies the answer, and a synthetic
    part in a recording still shows (a tenth of the windows costs :math:`\tau \ln 10`).

    Parameters
    ----------
    scores
        One per window, at least one.
    softness
        :math:`\tau > 0`, in units of the score: about the spread of scores within one natural
        recording, so that their highest one of many does not carry the sum.

    Examples
    --------
    >>> soft_maximum([1.5], 2.0)
    1.5
    >>> round(soft_maximum([10.0, -10.0], 1.0), 3)
    9.307
    """
    scaled = np.asarray(scores, np.float64) / softness
    highest = float(scaled.max())
    return softness * (highest + float(np.log(np.mean(np.exp(scaled - highest)))))


def profile(windows: Sequence[ScoredWindow]) -> list[Segment]:
    """Give the score over time: stretches that do not overlap, each as its lowest window says.

    A window that holds a synthetic part scores high although the part may lie anywhere in it; a
    stretch is called synthetic only as far as every window over it says so. This undoes the
    widening by the window's length.

    Parameters
    ----------
    windows
        In the order in which they were cut. Times that run backwards begin a new series.

    Returns
    -------
    list of Segment
        In that order, without stretches that no window covers; at most 1,000: those of very long
        files are joined, two by two, under the higher of their scores.
    """
    segments: list[Segment] = []
    group: list[ScoredWindow] = []
    reach_s = 0.0
    for window in windows:
        if group and not group[-1].start_s <= window.start_s < reach_s:
            segments += _stretches(group)
            group = []
        reach_s = max(window.end_s, reach_s) if group else window.end_s
        group.append(window)
    segments += _stretches(group)
    while len(segments) > MAX_SEGMENTS:
        segments = [_joined(segments[i : i + 2]) for i in range(0, len(segments), 2)]
    return segments


def statistics(windows: Sequence[ScoredWindow]) -> dict[str, JsonValue]:
    """Summarise the windows' scores, and say where the highest one lies."""
    scores = np.array([window.score for window in windows])
    top = windows[int(scores.argmax())]
    return {
        "lowest": float(scores.min()),
        "median": float(np.median(scores)),
        "mean": float(scores.mean()),
        "highest": top.score,
        "highest_start_s": round(top.start_s, 3),
        "highest_end_s": round(top.end_s, 3),
    }


def _stretches(group: Sequence[ScoredWindow]) -> list[Segment]:
    """Cut windows that overlap at every start and end."""
    cuts = sorted({time for window in group for time in (window.start_s, window.end_s)})
    found: list[Segment] = []
    first = 0
    for start_s, end_s in pairwise(cuts):
        while group[first].end_s <= start_s:
            first += 1
        covering = []
        for window in group[first:]:
            if window.start_s > start_s:
                break
            if window.end_s >= end_s:
                covering.append(window.score)
        if covering:
            found.append(Segment(start_s=start_s, end_s=end_s, score=min(covering)))
    return found


def _joined(pair: Sequence[Segment]) -> Segment:
    scores = [segment.score for segment in pair if segment.score is not None]
    return Segment(start_s=pair[0].start_s, end_s=pair[-1].end_s, score=max(scores))
