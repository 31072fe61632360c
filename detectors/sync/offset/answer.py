"""From judged faces to the detector's answer: one score, facts, segments, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avaudit.detector import Abstained, JsonValue, Outcome, Scored, Segment
from avaudit.media.types import Chunk

from .curve import Slots, joined
from .head import Head
from .hearing import Hearing
from .plot import draw
from .reading import Reading, over_time, read
from .speakers import AT_REST, Judged, judge
from .watching import Stretch

LEAST_SPEECH_S = 1.0
SILENT_DBFS = -60.0
SMALLEST_UNIT_PX = 9.0
"""Faces whose eyes are nearer than this show too little of their lips."""

LARGEST_YAW_DEG = 60.0
STILL = 0.004
"""Motion below which a face is a still picture."""

EARLIEST_S, LATEST_S = -0.045, 0.125
"""ITU-R BT.1359-1: viewers begin to notice sound that is earlier or later than this."""

SEGMENT_SLOTS = 4
MOST_LISTED = 50


@dataclass
class Seen:
    """What was met on the way: frames, faces, and medians of each track's stretches."""

    frames: int = 0
    frames_with_face: int = 0
    units_px: dict[int, list[float]] = field(default_factory=dict)
    yaws_deg: dict[int, list[float]] = field(default_factory=dict)
    spans_s: dict[int, tuple[float, float]] = field(default_factory=dict)
    tracks_lost: dict[str, int] = field(default_factory=dict)
    face_tracks: set[int] = field(default_factory=set)

    def take(self, chunk: Chunk) -> None:
        """Count the frames and faces of a chunk."""
        self.frames += len(chunk.frames)
        if chunk.faces is None:
            return
        self.frames_with_face += len({face.time_s for face in chunk.faces.observations})
        self.face_tracks |= {face.track for face in chunk.faces.observations}
        for end in chunk.faces.ends:
            self.tracks_lost[end.reason] = self.tracks_lost.get(end.reason, 0) + 1

    def note(self, stretch: Stretch) -> None:
        """Remember how the face of a stretch looked."""
        self.units_px.setdefault(stretch.track, []).append(stretch.unit_px)
        self.yaws_deg.setdefault(stretch.track, []).append(stretch.yaw_deg)
        first, last = float(stretch.times_s[0]), float(stretch.times_s[-1])
        start, _ = self.spans_s.get(stretch.track, (first, last))
        self.spans_s[stretch.track] = (start, last)

    def unit_px(self, tracks: Sequence[int]) -> float:
        """Give the median size of some tracks' faces."""
        return float(np.median([v for t in tracks for v in self.units_px.get(t, [0.0])]))

    def yaw_deg(self, tracks: Sequence[int]) -> float:
        """Give the median turn of some tracks' faces."""
        return float(np.median([v for t in tracks for v in self.yaws_deg.get(t, [0.0])]))


def answer(
    tracks: Mapping[int, Slots], seen: Seen, hearing: Hearing, head: Head, scratch: Path
) -> Outcome:
    """Judge the faces and answer."""
    facts: dict[str, JsonValue] = {
        "sound_s": round(hearing.sound_s, 3),
        "speech_s": round(hearing.speech_s, 3),
        "frames": seen.frames,
        "frames_with_face": seen.frames_with_face,
        "face_tracks": len(seen.face_tracks),
        "tracks_lost": dict(sorted(seen.tracks_lost.items())),
    }
    why = _nothing_to_compare(seen, hearing)
    if why is not None:
        return Abstained(code=why[0], text=why[1], facts=facts)
    usable = {
        number: slots
        for number, slots in tracks.items()
        if seen.unit_px([number]) >= SMALLEST_UNIT_PX and seen.yaw_deg([number]) <= LARGEST_YAW_DEG
    }
    units = judge(usable, head)
    facts["tracks"] = [_told(unit, seen) for unit in units[:MOST_LISTED]]
    scored = [unit for unit in units if unit.score is not None]
    if not scored:
        code, text = _unscored(units, usable, tracks, seen)
        return Abstained(code=code, text=text, facts=facts)
    return _scored(scored, seen, facts, head, scratch)


def _nothing_to_compare(seen: Seen, hearing: Hearing) -> tuple[str, str] | None:
    if hearing.sound_s <= 0:
        return "no_sound", "The file has no sound."
    if hearing.loudest_dbfs < SILENT_DBFS:
        return "silence", f"No sound reaches {SILENT_DBFS:g} dBFS."
    if hearing.speech_s < LEAST_SPEECH_S:
        return "no_speech", f"{hearing.speech_s:.1f} s of speech; {LEAST_SPEECH_S:g} s are needed."
    if not seen.face_tracks:
        return "no_face", f"No face was found in {seen.frames} pictures."
    return None


def _unscored(
    units: Sequence[Judged], usable: Mapping[int, Slots], tracks: Mapping[int, Slots], seen: Seen
) -> tuple[str, str]:
    if tracks and not usable:
        if all(seen.unit_px([number]) < SMALLEST_UNIT_PX for number in tracks):
            return "face_too_small", "The faces are too small to show the lips."
        return "side_view", f"The faces are turned by more than {LARGEST_YAW_DEG:g} degrees."
    still = [unit for unit in units if unit.role == "lips_at_rest"]
    if still and all(float(np.max(unit.slots.motion)) < STILL for unit in still):
        return "not_speaking_face", "Somebody speaks, and the face is a still picture."
    if still:
        return "off_screen_speaker", "Somebody speaks, and no face in the picture moves its lips."
    return "too_short", "Speech and a face are seen together for less than 1.5 s."


def _scored(
    scored: Sequence[Judged], seen: Seen, facts: dict[str, JsonValue], head: Head, scratch: Path
) -> Scored:
    worst = max(scored, key=lambda unit: unit.score if unit.score is not None else -np.inf)
    assert worst.score is not None
    speaking = [unit for unit in scored if unit.role == "speaks"]
    reading = read(joined(unit.slots for unit in speaking)) if speaking else None
    about = speaking or scored
    facts["face_px"] = round(2.5 * seen.unit_px([t for unit in about for t in unit.tracks]), 1)
    facts["judged_s"] = round(sum(unit.speech_s for unit in scored), 2)
    facts |= _offset_facts(reading)
    plot = draw(
        [(unit.tracks[0], unit.role, over_time(unit.slots)) for unit in scored],
        scratch / "offset.png",
        (EARLIEST_S, LATEST_S),
    )
    return Scored(
        score=worst.score,
        summary=_summary(reading, [unit for unit in scored if unit.role == "other_sound"]),
        facts=facts,
        segments=tuple(s for unit in scored for s in _segments(unit, head)),
        artefacts=(plot,) if plot is not None else (),
    )


def _offset_facts(reading: Reading | None) -> dict[str, JsonValue]:
    if reading is None:
        return {"offset_s": None, "bt1359": None}
    place = "within"
    if reading.offset_s < EARLIEST_S:
        place = "sound_earlier"
    elif reading.offset_s > LATEST_S:
        place = "sound_later"
    return {
        "offset_s": round(reading.offset_s, 4),
        "offset_low_s": round(reading.low_s, 4),
        "offset_high_s": round(reading.high_s, 4),
        "confidence": round(reading.prominence, 2),
        "bt1359": {"earliest_s": EARLIEST_S, "latest_s": LATEST_S, "offset_is": place},
    }


def _summary(reading: Reading | None, other: Sequence[Judged]) -> str:
    said = []
    if reading is not None:
        size_ms = abs(1000 * reading.offset_s)
        late = "late" if reading.offset_s > 0 else "early"
        bounds = f"{1000 * reading.low_s:+.0f} to {1000 * reading.high_s:+.0f} ms"
        said.append(f"Lips and sound match; the sound is {size_ms:.0f} ms {late} ({bounds}).")
    if other:
        numbers = [str(number) for unit in other for number in unit.tracks]
        said.append(f"No offset was found at which face track {', '.join(numbers[:5])} matches.")
    return " ".join(said)


def _told(unit: Judged, seen: Seen) -> dict[str, JsonValue]:
    spans = [seen.spans_s[t] for t in unit.tracks if t in seen.spans_s]
    reading = unit.reading
    return {
        "tracks": list(unit.tracks[:MOST_LISTED]),
        "role": unit.role,
        "start_s": round(min((s for s, _ in spans), default=0.0), 3),
        "end_s": round(max((e for _, e in spans), default=0.0), 3),
        "speech_s": round(unit.speech_s, 2),
        "score": unit.score,
        "offset_s": None if reading is None else round(reading.offset_s, 4),
        "offset_low_s": None if reading is None else round(reading.low_s, 4),
        "offset_high_s": None if reading is None else round(reading.high_s, 4),
        "confidence": None if reading is None else round(reading.prominence, 2),
        "lip_motion": round(float(np.median(unit.slots.motion)), 4) if len(unit.slots) else 0.0,
        "at_rest_below": AT_REST,
        "face_px": round(2.5 * seen.unit_px(unit.tracks), 1),
        "yaw_deg": round(seen.yaw_deg(unit.tracks), 1),
    }


def _segments(unit: Judged, head: Head) -> list[Segment]:
    """Score successive stretches of about four seconds."""
    found = []
    count = len(unit.slots)
    for first in range(0, count, SEGMENT_SLOTS):
        last = min(first + SEGMENT_SLOTS, count)
        if last - first < SEGMENT_SLOTS and count > SEGMENT_SLOTS:
            continue
        rows = np.zeros(count, np.bool_)
        rows[first:last] = True
        local = read(unit.slots, rows)
        if local is None:
            continue
        found.append(
            Segment(
                start_s=round(float(unit.slots.start_s[first]), 3),
                end_s=round(float(unit.slots.start_s[last - 1]) + 1.0, 3),
                score=head.score(local.features),
                label=f"track {unit.tracks[0]}, sound {1000 * local.offset_s:+.0f} ms",
            )
        )
    return found
