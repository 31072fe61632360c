"""Which named condition an item is in, of those a detector's card has a calibration for.

The rules are few and stand here in order; the first that fits decides. What fits a rule but no
name of the card is *not covered*: better no calibration than that of another condition.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from .measure import Conditions

TELEPHONE_HZ = 4700.0
WIDE_BAND_HZ = 7000.0
CLIPPED_SHARE = 0.01
NOISY_DB, VERY_NOISY_DB, TOO_NOISY_DB = 23.0, 15.0, 3.0
NEAR_RATE = 1.6
"""A calibration at another bit rate serves up to this factor away."""
AUDIO_LADDERS = {"mp3": (128, 64, 32), "aac": (96, 64), "opus": (24, 16, 12)}
LOSSLESS = ("pcm", "flac", "alac", "wavpack", "ape", "tta")
FINE_KBITS = 80.0
"""Per channel: from here on, other lossy coders count as clean."""
SOFT_DB = -9.5
BLOCKY, VERY_BLOCKY = 1.3, 2.0


@dataclass(frozen=True)
class Match:
    """The nearest condition of a card, or None with the reason; ``reason`` is for the reader."""

    name: str | None
    reason: str


@dataclass(frozen=True)
class _Fit:
    """What a rule saw, and the names that would do, the nearest first."""

    seen: str
    names: tuple[str, ...]


_Rule = Callable[[Conditions], "_Fit | None"]


def match(
    conditions: Conditions, available: Collection[str], *, of: Literal["audio", "image", "video"]
) -> Match:
    """Name the condition of a card that is nearest to what was measured.

    Parameters
    ----------
    conditions
        What was measured.
    available
        The names the card has a calibration for.
    of
        Which part of the item the detector judges.

    Returns
    -------
    match
        ``name`` is one of ``available``, or None where the item's condition is not covered.

    Examples
    --------
    >>> measured = Conditions(audio_codec="pcm_s16le", bandwidth_hz=3400.0)
    >>> match(measured, ["clean", "telephone_8k"], of="audio")
    Match(name='telephone_8k', reason='sound ends at 3400 Hz')
    >>> match(measured, ["clean"], of="audio").name is None
    True
    """
    fits = [fit for rule in _RULES[of] if (fit := rule(conditions)) is not None]
    first = fits[0] if fits else _Fit("no trace of a known condition", ("clean",))
    seen = "; also ".join(fit.seen for fit in fits) or first.seen
    name = next((name for name in first.names if name in available), None)
    if name is None:
        return Match(None, f"{seen}: the card has no calibration for this")
    return Match(name, seen)


# --- sound ----------------------------------------------------------------------------------


def _narrow(c: Conditions) -> _Fit | None:
    if c.bandwidth_hz is None or c.bandwidth_hz >= TELEPHONE_HZ:
        return None
    return _Fit(f"sound ends at {c.bandwidth_hz:.0f} Hz", ("telephone_8k", "resample_8k"))


def _coding(c: Conditions) -> _Fit | None:
    codec = (c.audio_codec or "").removeprefix("lib")
    if not codec or codec.startswith(LOSSLESS):
        return None
    family = next((name for name in AUDIO_LADDERS if codec.startswith(name)), None)
    if c.audio_bit_rate is None:
        names = tuple(f"{family}_{rung}k" for rung in AUDIO_LADDERS[family]) if family else ()
        return _Fit(f"{codec} at an unknown bit rate", names)
    kbits = c.audio_bit_rate / 1000.0 / max(1, c.audio_channels or 1)
    seen = f"{codec} at {kbits:.0f} kb/s per channel"
    if family is None:
        return None if kbits >= FINE_KBITS else _Fit(seen, ())
    ladder = AUDIO_LADDERS[family]
    if kbits > ladder[0] * NEAR_RATE:
        return None
    distance = {rung: abs(math.log(max(kbits, 1e-3) / rung)) for rung in ladder}
    near = [rung for rung in ladder if distance[rung] <= math.log(NEAR_RATE) + 1e-9]
    near.sort(key=lambda rung: distance[rung])
    return _Fit(seen, tuple(f"{family}_{rung}k" for rung in near))


def _limited_band(c: Conditions) -> _Fit | None:
    if c.bandwidth_hz is None or not TELEPHONE_HZ <= c.bandwidth_hz < WIDE_BAND_HZ:
        return None
    return _Fit(f"sound ends at {c.bandwidth_hz:.0f} Hz", ())


def _clipping(c: Conditions) -> _Fit | None:
    if c.clipped_share is None or c.clipped_share < CLIPPED_SHARE:
        return None
    return _Fit(f"{c.clipped_share:.1%} of the samples at full scale", ("clipped_5pct",))


def _noise(c: Conditions) -> _Fit | None:
    if c.snr_db is None or c.snr_db >= NOISY_DB:
        return None
    level = 20 if c.snr_db >= VERY_NOISY_DB else 10
    kinds = ("noise", "pink", "babble") if c.snr_db >= TOO_NOISY_DB else ()
    return _Fit(f"SNR {c.snr_db:.0f} dB", tuple(f"{kind}_{level}db" for kind in kinds))


# --- pictures -------------------------------------------------------------------------------


def _jpeg(c: Conditions) -> _Fit | None:
    quality = c.jpeg_quality
    if quality is None or quality >= 96:
        return None
    near = (q for q, low in ((90, 80), (70, 60), (50, 35)) if quality >= low)
    rung = next(near, None)
    return _Fit(f"JPEG quality {quality}", (f"jpeg_q{rung}",) if rung else ())


def _webp(c: Conditions) -> _Fit | None:
    if c.image_codec != "webp" or c.bits_per_pixel is None or c.bits_per_pixel > 4.0:
        return None
    order = ("webp_q80", "webp_q50") if c.bits_per_pixel >= 0.8 else ("webp_q50", "webp_q80")
    return _Fit(f"WebP at {c.bits_per_pixel:.2g} bits per pixel", order)


def _blocks(c: Conditions) -> _Fit | None:
    if c.blockiness is None or c.blockiness < BLOCKY or c.image_codec == "jpeg":
        return None
    order = ("jpeg_q70", "jpeg_q50") if c.blockiness < VERY_BLOCKY else ("jpeg_q50", "jpeg_q70")
    return _Fit(f"an 8×8 grid (blockiness {c.blockiness:.2f})", order)


def _soft(c: Conditions) -> _Fit | None:
    if c.fine_detail_db is None or c.fine_detail_db > SOFT_DB:
        return None
    return _Fit(
        f"fine detail {c.fine_detail_db:.0f} dB", ("scale_half_back", "blur_1px", "screenshot")
    )


# --- clips ----------------------------------------------------------------------------------


def _few_lines(c: Conditions) -> _Fit | None:
    lines = min(c.width or 0, c.height or 0)
    if not lines or lines > 480:
        return None
    seen = f"{lines} lines"
    return _Fit(seen, ("reshare_240p",) if lines <= 300 else ("reshare_480p",))


def _slow(c: Conditions) -> _Fit | None:
    if c.fps is None or not 0.0 < c.fps < 18.0:
        return None
    return _Fit(f"{c.fps:.3g} pictures a second", ("fps_15",) if c.fps >= 10.0 else ())


def _thin(c: Conditions) -> _Fit | None:
    if c.bits_per_pixel is None or c.bits_per_pixel >= 0.2:
        return None
    crf = 23 if c.bits_per_pixel >= 0.07 else 28 if c.bits_per_pixel >= 0.025 else 35
    return _Fit(f"{c.bits_per_pixel:.2g} bits per pixel", (f"h264_crf{crf}",))


_RULES: dict[str, tuple[_Rule, ...]] = {
    "audio": (_narrow, _coding, _limited_band, _clipping, _noise),
    "image": (_jpeg, _webp, _blocks, _soft),
    "video": (_few_lines, _slow, _thin),
}
