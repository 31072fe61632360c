"""Pictures as the detector meets them: measured window by window under a condition."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.conditions.impose import ImageCondition, impose_image
from avaudit.conditions.impose_image import Jpeg, Scaled

from .material import Picture, opened
from .measures import GROUPS, MEASURES, measure
from .planes import SMALLEST_PX, Float
from .windows import windows

CONDITIONS: Mapping[str, ImageCondition] = {
    "clean": ImageCondition("clean", "as it came"),
    "jpeg75": ImageCondition("jpeg75", "JPEG, quality 75", (Jpeg(quality=75),)),
    "half": ImageCondition("half", "half the width and height", (Scaled(factor=0.5),)),
}
SUBSETS = ("faces_matched", "scenes_matched")
"""Subsets in which format, size and JPEG quality do not separate the classes."""
_REPORT_EVERY = 100


@dataclass(frozen=True)
class MeasuredPictures:
    """Pictures, the measurements of their windows by group, and whose each window is."""

    pictures: Sequence[Picture]
    groups: Mapping[str, Float]
    owner: npt.NDArray[np.intp]


def tested(
    pictures: Sequence[Picture],
    condition: str,
    cache: Path,
    name: str,
    *,
    progress: Callable[[str], None],
) -> MeasuredPictures:
    """Measure the windows of all pictures that are large enough, or read them again.

    Parameters
    ----------
    condition
        A key of :data:`CONDITIONS`.
    cache, name
        Folder of what was measured, and what these pictures are called there.
    """
    file = cache / f"{name}-{condition}-{MEASURES}.npz"
    if not file.is_file():
        _write(file, pictures, CONDITIONS[condition], progress)
    with np.load(file, allow_pickle=False) as held:
        return MeasuredPictures(pictures, {name: held[name] for name in GROUPS}, held["owner"])


def _write(
    file: Path,
    pictures: Sequence[Picture],
    condition: ImageCondition,
    progress: Callable[[str], None],
) -> None:
    found, owners = [], []
    for number, picture in enumerate(pictures):
        rgb = impose_image(np.asarray(opened(picture)), condition)
        if min(rgb.shape[:2]) >= SMALLEST_PX:
            cut = [measure(one.rgb) for one in windows(rgb)]
            found += cut
            owners += [number] * len(cut)
        if (number + 1) % _REPORT_EVERY == 0:
            progress(f"measured {number + 1} of {len(pictures)}, {condition.name}")
    held = io.BytesIO()
    groups = {name: np.array([one[name] for one in found], np.float32) for name in GROUPS}
    np.savez(held, allow_pickle=False, owner=np.array(owners, np.intp), **groups)
    write_atomic(file, held.getvalue())
