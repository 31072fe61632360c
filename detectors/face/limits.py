"""How small a face can be, and how fast the pictures may come, before it is lost.

Real clips are reduced until their faces have a given height, or get a picture in between every
two; the faces found are compared with those of the clip as it is::

    python -m avaudit.detectors.face.limits ../shared/data/talk/manifest.csv
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from avaudit.confinement.limits import Limits
from avaudit.errors import AvauditError, ExaminationError, UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts
from avaudit.media.faces import pose_of
from avaudit.media.faces.finder import FaceFinder
from avaudit.media.faces.networks import FaceNetworks
from avaudit.media.intake import open_media
from avaudit.media.types import Chunk, Frame, MediaKind, RgbArray

HEIGHTS_PX = (100, 50, 25, 18, 13)
SECONDS = 4.0

Points = npt.NDArray[np.float64]


@dataclass
class Seen:
    """What was found in one version of a clip: landmarks by moment, losses by reason."""

    frames: int = 0
    marks: dict[float, Points] = field(default_factory=dict)
    heights: list[float] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    tracks: set[int] = field(default_factory=set)
    searches: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one real clip of every source and print a line for each version."""
    parser = argparse.ArgumentParser(prog="python -m avaudit.detectors.face.limits")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--clips", type=int, default=12, help="as many sources, one clip each")
    chosen = parser.parse_args(arguments)
    try:
        files = _files(chosen.manifest)[: chosen.clips]
        networks = FaceNetworks()
        found = [measured(frames_of(file), networks) for file in files]
    except AvauditError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, UsageError) else 4
    for name in dict.fromkeys(name for one in found for name in one):
        sys.stdout.write(told(name, [one for one in found if name in one]) + "\n")
    return 0


def _files(manifest: Path) -> list[Path]:
    table = read_manifest(manifest)
    columns = table.frame.columns
    source = next((name for name in ("source_repo", "source") if name in columns), None)
    if source is None:
        raise UsageError(f"{manifest}: the column source_repo (or source) is needed")
    rows = zip(paths(table, "video"), binary_labels(table), texts(table, source), strict=True)
    first: dict[str, Path] = {}
    for path, label, origin in rows:
        if not label:
            first.setdefault(str(origin), Path(path))
    return list(first.values())


def frames_of(path: Path) -> list[tuple[float, RgbArray]]:
    """Give the pictures of the first seconds of a clip with their times.

    Raises
    ------
    AvauditError
        When it cannot be decoded.
    """
    held = []
    try:
        with path.open("rb") as file:
            opened = open_media(file.fileno(), Limits(), threads=1)
            if opened.chunks is None:
                raise opened.problem or ExaminationError("no_clip", "it is no clip")
            for chunk in opened.chunks():
                held += [(frame.time_s, frame.rgb) for frame in chunk.frames]
                if chunk.end_s >= SECONDS:
                    break
    except (OSError, ExaminationError) as error:
        raise AvauditError(f"{path}: cannot be used: {error}") from error
    return held


def measured(
    frames: Sequence[tuple[float, RgbArray]], networks: FaceNetworks
) -> dict[str, tuple[Seen, Seen]]:
    """Give, by version of the clip, what is found in it beside what is found in the clip itself."""
    whole = find(frames, networks)
    if not whole.heights:
        return {}
    height = float(np.median(whole.heights))
    versions: dict[str, tuple[Seen, Seen]] = {"as it is": (whole, whole)}
    for wanted in HEIGHTS_PX:
        if wanted < height:
            small = [(time_s, _reduced(rgb, wanted / height)) for time_s, rgb in frames]
            versions[f"faces {wanted} px high"] = (find(small, networks), whole)
    versions["twice the rate"] = (find(doubled(frames), networks), whole)
    return versions


def find(frames: Sequence[tuple[float, RgbArray]], networks: FaceNetworks) -> Seen:
    """Follow the faces of pictures; landmarks are in shares of the width."""
    finder, seen = FaceFinder(networks, MediaKind.VIDEO), Seen(frames=len(frames))
    by_second: dict[int, list[Frame]] = {}
    for index, (time_s, rgb) in enumerate(frames):
        height, width = rgb.shape[:2]
        frame = Frame(index=index, time_s=time_s, width=width, height=height, load=_kept(rgb))
        by_second.setdefault(int(time_s), []).append(frame)
    for second, held in sorted(by_second.items()):
        part = finder.find(
            Chunk(index=second, start_s=second, end_s=second + 1, frames=tuple(held))
        )
        seen.searches += part.searches
        seen.lost.update(end.reason for end in part.ends)
        largest: dict[float, float] = {}
        for face in part.observations:
            seen.tracks.add(face.track)
            if face.box[3] > largest.get(face.time_s, 0.0):
                largest[face.time_s] = face.box[3]
                seen.marks[face.time_s] = face.landmarks / face.frame.width
        seen.heights += largest.values()
    return seen


def _kept(rgb: RgbArray) -> Callable[[], RgbArray]:
    return lambda: rgb


def _reduced(rgb: RgbArray, factor: float) -> RgbArray:
    height, width = rgb.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))


def doubled(frames: Sequence[tuple[float, RgbArray]]) -> list[tuple[float, RgbArray]]:
    """Put the mean of every two pictures between them."""
    out = list(frames[:1])
    for (before_s, before), (time_s, rgb) in pairwise(frames):
        between = (before.astype(np.uint16) + rgb) // 2
        out += [((before_s + time_s) / 2.0, between.astype(np.uint8)), (time_s, rgb)]
    return out


def told(name: str, found: Sequence[dict[str, tuple[Seen, Seen]]]) -> str:
    """Sum a version up over clips."""
    both = [one[name] for one in found]
    frames = sum(seen.frames for seen, _ in both)
    with_face = sum(len(seen.marks) for seen, _ in both)
    off = [value for seen, whole in both for value in _off(seen, whole)]
    lost: Counter[str] = sum((seen.lost for seen, _ in both), Counter())
    clips = sum(len(seen.marks) >= 0.9 * seen.frames for seen, _ in both)
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(lost.items())) or "none"
    place = f"{np.median(off):.3f} (95 %: {np.quantile(off, 0.95):.3f})" if off else "-"
    return (
        f"{name}: {with_face} of {frames} pictures with a face ({with_face / frames:.3f}), in "
        f"{clips} of {len(both)} clips nine tenths or more; "
        f"{sum(len(seen.tracks) for seen, _ in both)} tracks; lost: {reasons}; "
        f"landmarks off by {place} face units; {sum(s.searches for s, _ in both)} searches"
    )


def _off(seen: Seen, whole: Seen) -> list[float]:
    """Give how far the landmarks lie from those of the clip itself, in face units."""
    off = []
    for time_s in seen.marks.keys() & whole.marks.keys():
        theirs = whole.marks[time_s]
        distance = np.hypot(*(seen.marks[time_s] - theirs).T).mean()
        off.append(float(distance / pose_of(theirs).unit_px))
    return sorted(off)


if __name__ == "__main__":
    sys.exit(main())
