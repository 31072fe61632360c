"""One face that is followed from frame to frame."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..types import FaceObservation, Frame, TrackEndReason
from .crops import pose_of
from .motion import Motion, Window, motion_between
from .networks import Found

Array = npt.NDArray[np.float64]

DRAWN_S = 0.25
"""Time constant with which positions are drawn to what the network sees."""
HELD_S = 0.5
"""How long a face is followed by its motion alone while the network sees none."""
BELIEVED = 0.6
AGREED = 0.6
"""Agreement of two patches above which their motion is believed."""
JUMPED, JUMPED_BY, JUMPED_WITHIN_S = 0.85, 0.1, 0.1
"""A face whose agreement falls below the first, by more than the second under its usual one,
from one frame to the next, is another: continuous clips stay above 0.9, spliced ones below 0.8."""
USUAL = 0.2
FAR = 0.35
"""Distance, in face units, at which network and motion contradict one another."""
WINDOW_UNITS = 2.6
ABOVE_UNITS = 0.2
"""The window of motion reaches this much further up than down from the middle of the face."""


class FaceTrack:
    """State of one face: where it is, how it looked last, and whether it is still one."""

    def __init__(self, number: int, found: Found, frame: Frame) -> None:
        self.number = number
        self.box: Array = found.box.copy()
        self.landmarks: Array = found.landmarks.copy()
        self.confidence = found.confidence
        self.detected = True
        self.observations = 0
        self.last_s = frame.time_s
        self.seen_s = frame.time_s
        self.observed_s = frame.time_s
        self.agreement = 1.0
        self.jumped = False
        self._usual: float | None = None
        self._corrected_s = frame.time_s
        self._window = Window(0.0, 0.0, 1.0)
        self._patch: Array | None = None

    @property
    def square(self) -> Array:
        """The square (x, y, side) in which the network expects the face."""
        return square_of(self.box)

    @property
    def unsure(self) -> bool:
        """Whether the picture alone does not say where the face went."""
        return self.agreement < AGREED

    def predict(self, frame: Frame) -> None:
        """Move along with the picture."""
        step_s, self.last_s = frame.time_s - self.last_s, frame.time_s
        self.detected = False
        if self._patch is None:
            return
        motion = motion_between(self._patch, self._window.cut(frame.rgb), self._window)
        self.agreement = motion.agreement
        usual = motion.agreement if self._usual is None else self._usual
        self.jumped = (
            0.0 <= step_s <= JUMPED_WITHIN_S
            and self._window.lies_in(frame.width, frame.height)
            and motion.agreement < JUMPED
            and usual - motion.agreement > JUMPED_BY
        )
        self._usual = usual + USUAL * (motion.agreement - usual)
        if not self.unsure:
            self._move(motion)

    def _move(self, motion: Motion) -> None:
        self.landmarks = motion.of(self.landmarks)
        x, y, w, h = self.box
        middle = motion.of(np.array([[x + w / 2.0, y + h / 2.0]]))[0]
        w, h = w * motion.scale, h * motion.scale
        self.box = np.array([middle[0] - w / 2.0, middle[1] - h / 2.0, w, h])

    def correct(self, found: Found, *, detected: bool) -> None:
        """Be drawn to what the network saw, if it saw a face."""
        self.confidence, self.detected = found.confidence, detected
        if found.confidence < BELIEVED:
            return
        step_s, self._corrected_s = self.last_s - self._corrected_s, self.last_s
        self.seen_s = self.last_s
        unit = pose_of(self.landmarks).unit_px
        distance = float(np.hypot(*(found.landmarks - self.landmarks).T).mean()) / unit
        share = 1.0 - math.exp(-max(0.0, step_s) / DRAWN_S)
        if distance > FAR or self.unsure:
            share = max(share, 0.7)
        self.landmarks = self.landmarks + share * (found.landmarks - self.landmarks)
        self.box = self.box + share * (found.box - self.box)

    def settle(self, frame: Frame) -> FaceObservation | None:
        """Remember how the face looks, and give the observation; None where nothing was seen."""
        pose = pose_of(self.landmarks)
        middle_x, middle_y = np.mean([pose.eyes, pose.mouth], axis=0)
        self._window = Window(
            float(middle_x),
            float(middle_y) - ABOVE_UNITS * pose.unit_px,
            max(8.0, WINDOW_UNITS * pose.unit_px),
        )
        self._patch = self._window.cut(frame.rgb)
        if self.seen_s < self.last_s and self.unsure:
            return None
        self.observations += 1
        self.observed_s = frame.time_s
        x, y, w, h = (float(value) for value in self.box)
        landmarks = self.landmarks.copy()
        landmarks.flags.writeable = False
        return FaceObservation(
            track=self.number,
            frame=frame,
            box=(x, y, w, h),
            landmarks=landmarks,
            confidence=self.confidence,
            detected=self.detected,
        )

    def lost(self, frame: Frame) -> TrackEndReason | None:
        """Say why the face can no longer be followed; None while it can."""
        x, y, w, h = self.box
        inside_w = min(x + w, frame.width) - max(x, 0.0)
        inside_h = min(y + h, frame.height) - max(y, 0.0)
        if not np.all(np.isfinite(self.box)) or not np.all(np.isfinite(self.landmarks)):
            return "no_longer_a_face"
        if min(inside_w, inside_h) <= 0.0 or inside_w * inside_h < 0.5 * w * h:
            return "left_picture"
        if max(w, h) < 12.0 or max(w, h) > 2.0 * max(frame.width, frame.height):
            return "no_longer_a_face"
        return "no_longer_a_face" if self.last_s - self.seen_s > HELD_S else None


def square_of(box: Array) -> Array:
    """Give the square (x, y, side) about a box (x, y, w, h)."""
    x, y, w, h = box
    side = max(w, h)
    return np.array([x + (w - side) / 2.0, y + (h - side) / 2.0, side])


def overlap(one: Array, other: Array) -> float:
    """Give the intersection of two boxes (x, y, w, h) over their union.

    Examples
    --------
    >>> overlap(np.array([0, 0, 10, 10]), np.array([5, 0, 10, 10]))
    0.3333333333333333
    """
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right = min(one[0] + one[2], other[0] + other[2])
    bottom = min(one[1] + one[3], other[1] + other[3])
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    union = one[2] * one[3] + other[2] * other[3] - shared
    return float(shared / union) if union > 0.0 else 0.0
