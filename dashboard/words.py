"""Words and numbers as people read them, the same on every page."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from .say import plain

POINTS = {
    "generated": "generated",
    "edited": "edited",
    "captured": "captured",
    "altered_after_signing": "altered after signing",
    "provenance_removed": "provenance removed",
    "supports_h1": "supports H1",
    "supports_h2": "supports H2",
}
REVIEW_WORDS = {
    "open": "open",
    "accepted": "accepted",
    "disputed": "disputed",
    "disagreement": "disagreement",
    "second examiner": "second examiner asked",
}


def points_to(word: str | None) -> str:
    """Say what a finding points to; a word this version does not know is shown as it is."""
    if word is None:
        return ""
    return POINTS.get(word, plain(word.replace("_", " "), 60))


def number(value: float | None) -> str:
    """Round to four significant digits, thousands separated; an absent number is a dash.

    Examples
    --------
    >>> number(1234567), number(0.123456), number(None)
    ('1,234,567', '0.1235', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if value != 0 and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def clock(seconds: float) -> str:
    """Give a time on the clock of a file.

    Examples
    --------
    >>> clock(4.04), clock(125.3), clock(7325), clock(-0.5)
    ('0:04.04', '2:05.3', '2:02:05', '-0:00.5')
    """
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(round(abs(seconds), 2), 60)
    shown = f"{rest:05.2f}".rstrip("0").rstrip(".")
    hours, minutes = divmod(int(minutes), 60)
    return f"{sign}{hours}:{minutes:02}:{shown}" if hours else f"{sign}{minutes}:{shown}"


def utc(text: str) -> str:
    """Give a time stamp in UTC to the minute.

    Examples
    --------
    >>> utc("2026-03-01T10:30:09+02:00")
    '2026-03-01 08:30 UTC'
    """
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):
        return plain(text, 60)


def ratio_words(log10_lr: float) -> str:
    """Give a likelihood ratio in words, rounded to one digit.

    Examples
    --------
    >>> ratio_words(2.31)
    'about 200 times more probable under H1 than under H2'
    """
    if abs(log10_lr) < math.log10(1.5):
        return "about as probable under H1 as under H2"
    first, second = ("H1", "H2") if log10_lr > 0 else ("H2", "H1")
    size = abs(log10_lr)
    times = f"10^{size:.0f}" if size >= 6 else f"{float(f'{10**size:.1g}'):,.0f}"
    return f"about {times} times more probable under {first} than under {second}"
