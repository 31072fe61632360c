"""The offset over time as a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from avaudit.detector import ArtefactFile

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 260, 64, 34, 26
COLOURS = ("#1b6ca8", "#b5532a", "#3b7d4f", "#7a4f9a", "#8a6d1d")
CERTAIN = 4.0
"""Peaks that stand out less than this, in robust standard deviations, are drawn hollow."""

SHOWN_S = 0.5

Points = Sequence[tuple[float, float, float]]


def draw(
    tracks: Sequence[tuple[int, str, Points]], path: Path, window_s: tuple[float, float]
) -> ArtefactFile | None:
    """Draw the offsets of faces over time.

    Parameters
    ----------
    tracks
        Number and role of each face track, and its points (time, offset, prominence).
    path
        Where the PNG is written.
    window_s
        Offsets that viewers do not notice: shaded.

    Returns
    -------
    artefact
        None where there is no point to draw.
    """
    times = [point[0] for _, _, points in tracks for point in points]
    if not times:
        return None
    low_s, high_s = min(times) - 1.0, max(times) + 1.0
    reach_s = max(SHOWN_S, *(abs(p[1]) for _, _, points in tracks for p in points)) * 1.1
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(picture)

    def x(time_s: float) -> float:
        return LEFT + (time_s - low_s) / (high_s - low_s) * (WIDTH - LEFT - 12)

    def y(offset_s: float) -> float:
        middle = (TOP + HEIGHT - BOTTOM) / 2
        return middle - offset_s / reach_s * (HEIGHT - BOTTOM - TOP) / 2

    pen.rectangle((LEFT, y(window_s[1]), WIDTH - 12, y(window_s[0])), fill="#e6f0e6")
    pen.line((LEFT, y(0), WIDTH - 12, y(0)), fill="#888888")
    pen.rectangle((LEFT, TOP, WIDTH - 12, HEIGHT - BOTTOM), outline="#444444")
    for tick in (-reach_s / 1.1, 0.0, reach_s / 1.1):
        pen.text((6, y(tick) - 6), f"{1000 * tick:+.0f} ms", fill="black")
    for share in (0.0, 0.5, 1.0):
        time_s = max(0.0, low_s) + share * (high_s - max(0.0, low_s))
        pen.text((min(x(time_s), WIDTH - 60), HEIGHT - BOTTOM + 4), f"{time_s:.1f} s", fill="black")
    for place, (number, role, points) in enumerate(tracks):
        colour = COLOURS[place % len(COLOURS)]
        if place < 4:
            words = f"track {number}: {role.replace('_', ' ')}"
            pen.text((LEFT + place * 160, 6), words, fill=colour)
        for time_s, offset_s, prominence in points:
            box = (x(time_s) - 3, y(offset_s) - 3, x(time_s) + 3, y(offset_s) + 3)
            pen.ellipse(box, outline=colour, fill=colour if prominence >= CERTAIN else "white")
    words = "up: sound late; shaded: ITU-R BT.1359; hollow: uncertain"
    pen.text((LEFT, HEIGHT - 16), words, fill="#444444")
    picture.save(path, format="PNG", optimize=False)
    return ArtefactFile(
        name=path.name,
        media_type="image/png",
        role="offset_over_time",
        title="How late the sound is over time, by face track (shaded: not noticed, ITU-R BT.1359)",
    )
