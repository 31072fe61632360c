"""Numbers and times as people read them; the exact value stays beside, in a ``title``."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from .text import one_line, shortened


def number(value: float) -> str:
    """Round to four significant digits, thousands separated.

    Examples
    --------
    >>> number(1234567), number(0.123456), number(29.97), number(3.2e-9)
    ('1,234,567', '0.1235', '29.97', '3.2e-09')
    """
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else str(value)
    if value != 0 and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.4g}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def byte_size(count: int) -> str:
    """Give a size in decimal units.

    Examples
    --------
    >>> byte_size(999), byte_size(1_234_567)
    ('999 bytes', '1.2 MB')
    """
    if count < 1000:
        return f"{count} bytes"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95 or unit == "GB":
            return f"{size:.1f} {unit}"
    raise AssertionError("unreachable")


def duration(seconds: float) -> str:
    """Give a duration in hours, minutes and seconds.

    Examples
    --------
    >>> duration(4.04), duration(125.32), duration(7325)
    ('4.04 s', '2 min 5.3 s', '2 h 2 min 5 s')
    """
    if seconds < 60:
        return f"{number(float(seconds))} s"
    minutes, rest = divmod(round(seconds, 1), 60)
    if minutes < 60:
        return f"{minutes:.0f} min {rest:.3g} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:.0f} h {minutes:.0f} min {rest:.0f} s"


def seconds(value: float) -> str:
    """Give a time or a span in seconds, to the millisecond.

    Examples
    --------
    >>> seconds(71.2), seconds(3725.1234), seconds(0.0), seconds(0.00002)
    ('71.2 s', '3,725.123 s', '0 s', '2e-05 s')
    """
    if 0 < abs(value) < 0.001:
        return f"{value:.3g} s"
    whole, _, part = f"{value:,.3f}".partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part} s" if part else f"{whole} s"


def utc(text: str) -> str:
    """Give a time stamp in UTC; one without a zone is given as it stands, and said to have none.

    Examples
    --------
    >>> utc("2026-03-01T10:30:00+02:00")
    '2026-03-01 08:30:00 UTC'
    >>> utc("2026-03-01T10:30:00")
    '2026-03-01T10:30:00 (no time zone stated)'
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return shortened(one_line(text), 200)
    if len(text) <= 10:
        return text
    if when.tzinfo is None:
        return f"{text} (no time zone stated)"
    try:
        return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except OverflowError:
        return text


def likelihood_ratio(log10_lr: float) -> str:
    """Give a likelihood ratio in words, rounded to one digit as its precision allows.

    Examples
    --------
    >>> likelihood_ratio(2.31)
    'about 200 times more probable under H1 than under H2'
    >>> likelihood_ratio(0.0)
    'about as probable under H1 as under H2'
    """
    if abs(log10_lr) < math.log10(1.5):
        return "about as probable under H1 as under H2"
    first, second = ("H1", "H2") if log10_lr > 0 else ("H2", "H1")
    size = abs(log10_lr)
    times = f"10^{size:.0f}" if size >= 6 else f"{float(f'{10**size:.1g}'):,.0f}"
    return f"about {times} times more probable under {first} than under {second}"
