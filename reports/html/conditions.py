"""The conditions of a file as one line: coding, band, noise, quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .numbers import number
from .text import one_line, shortened

_MOST = 60


def conditions_line(conditions: Mapping[str, Any]) -> str:
    """Give what was measured of a file as one line for the reader; empty where nothing was.

    Values of other types than expected (a report may come from anywhere) are left out.
    """
    parts = (_sound, _picture, _faces, _problem)
    return " · ".join(text for part in parts for text in part(conditions))


def _sound(conditions: Mapping[str, Any]) -> Iterator[str]:
    if codec := _word(conditions, "audio_codec"):
        rate = _number(conditions, "audio_bit_rate")
        yield f"{codec} at {number(round(rate / 1000))} kb/s" if rate else codec
    if (band := _number(conditions, "bandwidth_hz")) is not None:
        rate = _number(conditions, "sample_rate_hz")
        of = f" of {number(rate / 2000)}" if rate else ""
        yield f"sound up to {number(round(band / 1000, 2))}{of} kHz"
    if (snr := _number(conditions, "snr_db")) is not None:
        yield f"SNR {number(round(snr))} dB"
    if (clipped := _number(conditions, "clipped_share")) is not None and clipped >= 0.001:
        yield f"{number(round(100 * clipped, 1))} % of the samples clipped"


def _picture(conditions: Mapping[str, Any]) -> Iterator[str]:
    if video := _word(conditions, "video_codec"):
        bits = _number(conditions, "bits_per_pixel")
        yield f"{video} at {number(round(bits, 3))} bits per pixel" if bits else video
    if (quality := _number(conditions, "jpeg_quality")) is not None:
        yield f"JPEG quality about {number(quality)}"
    if (blocks := _number(conditions, "blockiness")) is not None:
        yield f"blockiness {number(round(blocks, 2))}"
    if (detail := _number(conditions, "fine_detail_db")) is not None:
        yield f"fine detail {number(round(detail))} dB"


def _faces(conditions: Mapping[str, Any]) -> Iterator[str]:
    share = _number(conditions, "face_share")
    if share is not None and not share:
        yield "no face"
    if (height := _number(conditions, "face_px")) is not None:
        where = f" in {number(round(100 * share))} % of the frames" if share else ""
        yield f"faces {number(round(height))} pixels high{where}"


def _problem(conditions: Mapping[str, Any]) -> Iterator[str]:
    if problem := _word(conditions, "not_measured"):
        yield f"not measured: {problem}"


def _number(conditions: Mapping[str, Any], key: str) -> float | None:
    value = conditions.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _word(conditions: Mapping[str, Any], key: str) -> str:
    value = conditions.get(key)
    return shortened(one_line(value), _MOST) if isinstance(value, str) else ""
