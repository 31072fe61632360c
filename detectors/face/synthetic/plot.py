"""The score over time as a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from avaudit.detector import ArtefactFile

if TYPE_CHECKING:
    from .examination import Track

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 220, 64, 34, 26
COLOURS = ("#1b6ca8", "#b5532a", "#3b7d4f", "#7a4f9a", "#8a6d1d")
REACH = 2.0
"""Scores that are shown at least, to both sides of 0."""


def draw(tracks: Sequence[Track], path: Path) -> ArtefactFile | None:
    """Draw the score of each window of each face; None where no face has two windows."""
    if max((len(track.times) for track in tracks), default=0) < 2:
        return None
    start_s = min(track.start_s for track in tracks)
    length_s = max(max(track.end_s for track in tracks) - start_s, 1e-3)
    scores = [score for track in tracks for score in track.scores]
    reach = 1.1 * max(REACH, *np.abs(scores))
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    bottom, right = HEIGHT - BOTTOM, WIDTH - 12

    def x(time_s: float) -> float:
        return LEFT + (time_s - start_s) / length_s * (right - LEFT)

    def y(score: float) -> float:
        return float((TOP + bottom) / 2 - score / reach * (bottom - TOP) / 2)

    pen.line((LEFT, y(0), right, y(0)), fill="#888888")
    pen.rectangle((LEFT, TOP, right, bottom), outline="#444444")
    for tick in (-reach / 1.1, 0.0, reach / 1.1):
        pen.text((12, y(tick) - 6), f"{tick:+.1f}", fill="black")
    for share in (0.0, 0.5, 1.0):
        at = start_s + share * length_s
        pen.text((min(x(at), right - 40), bottom + 4), f"{at:.1f} s", fill="black")
    for place, track in enumerate(tracks):
        colour = COLOURS[place % len(COLOURS)]
        if place < 6:
            pen.text((LEFT + place * 100, 6), f"track {track.number}", fill=colour)
        for (first, last), score in zip(track.times, track.scores, strict=True):
            level = y(score)
            pen.line((x(first), level, max(x(last), x(first) + 2), level), fill=colour, width=3)
    words = "up: more like a made face; 0: as recorded faces are on average; each line a window"
    pen.text((LEFT, HEIGHT - 16), words, fill="#444444")
    picture.save(path, format="PNG", optimize=False)
    return ArtefactFile(
        name=path.name,
        media_type="image/png",
        role="score_over_time",
        title="How much each face looks made over time, by face track (0: usual recorded face)",
    )
