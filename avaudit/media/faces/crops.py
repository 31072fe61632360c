"""Cutting stable crops around a tracked face.

All crops turn the eyes level, have their middle and scale from the five landmarks, and repeat
the picture's border where they reach beyond it. The scale is the *face unit*: the larger of the
distance between the eyes and that from eyes to mouth. The two are about equal in a frontal face;
turning the head shortens the one, nodding the other, so their maximum is stable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..types import FaceObservation, PointArray, RgbArray

Grey = npt.NDArray[np.uint8]

NOSE_DEPTH = 0.45
"""How far the tip of the nose stands before the eyes, in distances between the eyes."""


@dataclass(frozen=True)
class Pose:
    """Where a face looks in the picture plane.

    ``unit_px`` is the face unit, ``roll_deg`` the clockwise turn of the eyes against the
    horizontal, ``yaw_deg`` a coarse estimate (within about 10 degrees) of the head's turn,
    positive where the nose points to the right of the picture.
    """

    eyes: tuple[float, float]
    mouth: tuple[float, float]
    unit_px: float
    roll_deg: float
    yaw_deg: float


def pose_of(landmarks: PointArray) -> Pose:
    """Give the pose that five landmarks imply.

    Parameters
    ----------
    landmarks
        Shape (5, 2), in the order of :attr:`avaudit.media.types.FaceObservation.landmarks`.

    Examples
    --------
    >>> import numpy as np
    >>> frontal = np.array([[0.0, 0.0], [30.0, 0.0], [15.0, 18.0], [1.0, 31.0], [29.0, 31.0]])
    >>> pose = pose_of(frontal)
    >>> pose.unit_px, pose.roll_deg, pose.yaw_deg
    (31.0, 0.0, 0.0)
    """
    left, right, nose, mouth_left, mouth_right = np.asarray(landmarks, dtype=np.float64)
    eyes, mouth = (left + right) / 2.0, (mouth_left + mouth_right) / 2.0
    across, down = right - left, mouth - eyes
    width, height = float(np.hypot(*across)), float(np.hypot(*down))
    roll = math.atan2(across[1], across[0])
    sideways = (nose - (eyes + mouth) / 2.0) @ np.array([math.cos(roll), math.sin(roll)])
    yaw = math.atan2(float(sideways), NOSE_DEPTH * max(width, 1e-6))
    return Pose(
        eyes=(float(eyes[0]), float(eyes[1])),
        mouth=(float(mouth[0]), float(mouth[1])),
        unit_px=max(width, height, 1e-6),
        roll_deg=math.degrees(roll),
        yaw_deg=math.degrees(yaw),
    )


def face_crop(face: FaceObservation, size: int = 224, *, extent: float = 4.0) -> RgbArray:
    """Cut the whole face: square, eyes level, always at the same scale relative to the face.

    Parameters
    ----------
    face
        An observation of the chunk at hand.
    size
        Edge of the crop, in pixels.
    extent
        Edge of the crop in face units; 4 shows the head with a margin, 3 the face alone.

    Returns
    -------
    crop
        ``uint8`` of shape (size, size, 3), RGB.
    """
    pose = pose_of(face.landmarks)
    middle = ((pose.eyes[0] + pose.mouth[0]) / 2.0, (pose.eyes[1] + pose.mouth[1]) / 2.0)
    return turned_square(face.frame.rgb, middle, extent * pose.unit_px, pose.roll_deg, size)


def mouth_crop(face: FaceObservation, size: int = 96, *, extent: float = 2.0) -> Grey:
    """Cut the mouth: square, grey, eyes level, always at the same scale relative to the face.

    Parameters
    ----------
    face
        An observation of the chunk at hand.
    size
        Edge of the crop, in pixels.
    extent
        Edge of the crop in face units; the mouth itself is about one unit wide.

    Returns
    -------
    crop
        ``uint8`` of shape (size, size): luminance (ITU-R BT.601).
    """
    pose = pose_of(face.landmarks)
    side = extent * pose.unit_px
    crop = turned_square(face.frame.rgb, pose.mouth, side, pose.roll_deg, size)
    return np.asarray(Image.fromarray(crop).convert("L"))


def native_crop(face: FaceObservation, *, extent: float = 1.3) -> tuple[RgbArray, tuple[int, int]]:
    """Cut the face as it lies in the picture: no turning, no resampling, no border.

    Parameters
    ----------
    face
        An observation of the chunk at hand.
    extent
        Edge of the crop in edges of the box (the longer one).

    Returns
    -------
    crop, corner
        ``uint8`` of shape (h, w, 3), a view where possible, and the (x, y) of its top left pixel
        in the picture. It is empty where the box lies outside the picture.
    """
    x, y, w, h = face.box
    half = extent * max(w, h) / 2.0
    left, top = round(x + w / 2.0 - half), round(y + h / 2.0 - half)
    right, bottom = round(x + w / 2.0 + half), round(y + h / 2.0 + half)
    left, top = max(0, left), max(0, top)
    return face.frame.rgb[top : max(top, bottom), left : max(left, right)], (left, top)


def turned_square(
    picture: RgbArray, middle: tuple[float, float], side_px: float, roll_deg: float, size: int
) -> RgbArray:
    """Cut a square that is turned by ``roll_deg`` around ``middle``, and scale it to ``size``."""
    roll = math.radians(roll_deg)
    cos, sin = math.cos(roll), math.sin(roll)
    reach = side_px / 2.0 * (abs(cos) + abs(sin)) + 2.0
    region, (left, top) = _region(picture, middle, reach)
    image = Image.fromarray(region)
    # affine sampling looks at four pixels only, so what is much larger is averaged before
    factor = max(1, int(side_px / size))
    if factor > 1:
        image = image.reduce(factor)
    step = side_px / size / factor
    x0, y0 = (middle[0] - left) / factor, (middle[1] - top) / factor
    half = size / 2.0
    matrix = (
        *(step * cos, -step * sin, x0 - step * (cos * half - sin * half)),
        *(step * sin, step * cos, y0 - step * (sin * half + cos * half)),
    )
    crop = image.transform(
        (size, size), Image.Transform.AFFINE, matrix, resample=Image.Resampling.BILINEAR
    )
    return np.asarray(crop)


def _region(
    picture: RgbArray, middle: tuple[float, float], reach: float
) -> tuple[RgbArray, tuple[int, int]]:
    """Give the part of the picture around a point, its border repeated where it ends."""
    height, width = picture.shape[:2]
    left, right = math.floor(middle[0] - reach), math.ceil(middle[0] + reach)
    top, bottom = math.floor(middle[1] - reach), math.ceil(middle[1] + reach)
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return picture[top:bottom, left:right], (left, top)
    columns = np.clip(np.arange(left, right), 0, width - 1)
    rows = np.clip(np.arange(top, bottom), 0, height - 1)
    return picture[rows[:, None], columns[None, :]], (left, top)
