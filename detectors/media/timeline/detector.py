"""The timeline of a file, as decoded: counts, true frame intervals, gaps, damage."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from avaudit.card import Card, load_card
from avaudit.detector import Detector, Examination, Item, Need, Observed, Segment
from avaudit.media import Chunk, Frame, MediaInfo, MediaKind

GAP_FACTOR = 2.5
"""Pictures further apart than this many median intervals leave a gap."""
MAX_LISTED = 50
INTERVAL_RESOLUTION_S = 1e-4


class TimelineDetector(Detector):
    """Decodes everything once and reports what was really there."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.IMAGE, Need.FRAMES, Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset(
        {MediaKind.IMAGE, MediaKind.AUDIO, MediaKind.VIDEO}
    )

    @property
    def card(self) -> Card:
        """The card beside this file."""
        return load_card(__package__)

    def begin(self, item: Item) -> Examination:
        """Start a timeline."""
        return _Timeline(item.media)


class _Timeline(Examination):
    def __init__(self, media: MediaInfo) -> None:
        self._media = media
        self._pictures = _Pictures()
        self._sound = _Sound()
        self._damaged_packets = 0
        self._damage = ""

    def feed(self, chunk: Chunk) -> None:
        for frame in chunk.frames:
            self._pictures.add(frame)
        for block in chunk.audio:
            self._sound.add(block.start_s, block.end_s, len(block.samples), block.sample_rate)
        self._damaged_packets += chunk.damaged_packets
        self._damage = chunk.damage or self._damage

    def finish(self) -> Observed:
        facts: dict[str, Any] = {
            "pictures": self._pictures.facts(),
            "sound": self._sound.facts(),
            "damaged_packets": self._damaged_packets,
        }
        if self._damage:
            facts["first_damage"] = self._damage
        offset = self._start_offset()
        if offset is not None:
            facts["sound_start_minus_picture_start_s"] = round(offset, 6)
        return Observed(
            summary=self._summary(), facts=facts, segments=tuple(self._pictures.gap_segments())
        )

    def _start_offset(self) -> float | None:
        if self._pictures.count and self._sound.samples:
            return self._sound.start_s - self._pictures.first_s
        return None

    def _summary(self) -> str:
        parts = []
        if self._media.kind is MediaKind.IMAGE:
            parts.append(
                "The picture decodes completely."
                if self._pictures.count == 1
                else f"The animation decodes: {self._pictures.count} pictures."
            )
        elif self._pictures.count:
            parts.append(self._pictures.sentence())
        if self._sound.samples:
            parts.append(self._sound.sentence())
        offset = self._start_offset()
        if offset is not None and abs(offset) >= 0.001:
            when = "after" if offset > 0 else "before"
            parts.append(f"Sound starts {abs(offset):.3f} s {when} the pictures.")
        if self._damaged_packets:
            parts.append(f"{self._damaged_packets} damaged packets were skipped.")
        return " ".join(parts)


class _Pictures:
    """Running statistics of frame times; memory grows with distinct intervals, not with length."""

    def __init__(self) -> None:
        self.count = 0
        self.keyframes = 0
        self.first_s = 0.0
        self._last_s = 0.0
        self._end_s = 0.0
        self._backwards = 0
        self._intervals: Counter[int] = Counter()
        self._long: list[tuple[float, float]] = []
        self._sizes: set[tuple[int, int]] = set()

    def add(self, frame: Frame) -> None:
        if self.count:
            step = frame.time_s - self._last_s
            if step <= 0:
                self._backwards += 1
            else:
                self._intervals[round(step / INTERVAL_RESOLUTION_S)] += 1
                self._note_long(step, frame.time_s)
        else:
            self.first_s = frame.time_s
        self.count += 1
        self.keyframes += frame.keyframe
        self._last_s = frame.time_s
        self._end_s = max(self._end_s, frame.time_s + (frame.duration_s or 0.0))
        if len(self._sizes) < MAX_LISTED:
            self._sizes.add((frame.width, frame.height))

    def _note_long(self, step: float, time_s: float) -> None:
        """Keep the longest intervals as candidates; which are gaps is known only at the end."""
        self._long.append((step, time_s))
        if len(self._long) > 4 * MAX_LISTED:
            self._long = sorted(self._long, reverse=True)[:MAX_LISTED]

    def _median_interval_s(self) -> float | None:
        total, seen = sum(self._intervals.values()), 0
        for ticks, number in sorted(self._intervals.items()):
            seen += number
            if 2 * seen >= total:
                return ticks * INTERVAL_RESOLUTION_S
        return None

    def _gaps(self) -> list[tuple[float, float]]:
        median = self._median_interval_s()
        if not median:
            return []
        longest = sorted(self._long, reverse=True)[:MAX_LISTED]
        return sorted(
            (time_s - step, time_s) for step, time_s in longest if step > GAP_FACTOR * median
        )

    def gap_segments(self) -> list[Segment]:
        return [Segment(start_s=a, end_s=b, label="no pictures") for a, b in self._gaps()]

    def _variable(self) -> bool:
        """Tell a variable rate from the rounding of timestamps (1 ms in Matroska)."""
        total = sum(self._intervals.values())
        median = self._median_interval_s()
        if not total or median is None:
            return False
        tolerance = max(0.0011, 0.02 * median)
        near = sum(
            number
            for ticks, number in self._intervals.items()
            if abs(ticks * INTERVAL_RESOLUTION_S - median) <= tolerance
        )
        return near < 0.98 * total

    def _mean_fps(self) -> float | None:
        span = self._last_s - self.first_s
        return (self.count - 1) / span if span > 0 else None

    def facts(self) -> dict[str, Any] | None:
        if not self.count:
            return None
        mean_fps = self._mean_fps()
        median = self._median_interval_s()
        return {
            "count": self.count,
            "keyframes": self.keyframes,
            "first_s": round(self.first_s, 6),
            "end_s": round(self._end_s, 6),
            "mean_fps": round(mean_fps, 4) if mean_fps else None,
            "median_interval_s": round(median, 6) if median else None,
            "variable_rate": self._variable(),
            "times_running_backwards": self._backwards,
            "gaps": [{"start_s": round(a, 6), "end_s": round(b, 6)} for a, b in self._gaps()],
            "sizes": [f"{width} × {height}" for width, height in sorted(self._sizes)],
        }

    def sentence(self) -> str:
        fps = self._mean_fps()
        rate = f" at {fps:.2f} pictures a second" if fps else ""
        kind = " (variable)" if self._variable() else ""
        gaps = len(self._gaps())
        told = f", with {gaps} gap{'s' if gaps > 1 else ''}" if gaps else ""
        return f"{self.count} pictures{rate}{kind}{told}."


class _Sound:
    def __init__(self) -> None:
        self.samples = 0
        self.start_s = 0.0
        self._end_s = 0.0
        self._rates: set[int] = set()
        self._gaps: list[dict[str, float]] = []
        self._gap_count = 0

    def add(self, start_s: float, end_s: float, samples: int, sample_rate: int) -> None:
        if not self.samples:
            self.start_s = start_s
        elif abs(start_s - self._end_s) > 1e-3:
            self._gap_count += 1
            if len(self._gaps) < MAX_LISTED:
                self._gaps.append({"start_s": round(self._end_s, 6), "end_s": round(start_s, 6)})
        self.samples += samples
        self._end_s = end_s
        self._rates.add(sample_rate)

    def facts(self) -> dict[str, Any] | None:
        if not self.samples:
            return None
        return {
            "samples": self.samples,
            "sample_rates": sorted(self._rates),
            "start_s": round(self.start_s, 6),
            "end_s": round(self._end_s, 6),
            "gap_count": self._gap_count,
            "gaps": self._gaps,
        }

    def sentence(self) -> str:
        rate = min(self._rates)
        told = f", with {self._gap_count} gaps" if self._gap_count else ""
        return f"{self._end_s - self.start_s:.2f} s of sound at {rate} Hz{told}."
