"""What Light-ASD's scan of shifts is worth: real clips with their own and with another's sound.

``python -m avaudit.detectors.sync.lightasd.evaluate MANIFEST... --weights FILE --out DIR`` writes
``trials.csv`` and ``scores.csv`` for ``avaudit bench``. The weights were learnt from films (AVA),
none of which is here, so every clip is one that they have not seen.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch import Tensor

from avaudit.atomic import write_atomic
from avaudit.conditions.impose import impose_video
from avaudit.confinement.limits import Limits
from avaudit.errors import AvauditError, ExaminationError
from avaudit.media.faces.finder import FaceFinder
from avaudit.media.faces.networks import FaceNetworks
from avaudit.media.intake import open_media
from avaudit.media.types import SampleArray

from ..offset.clips import KEPT_BACK, Clip, read_clips
from ..scans import SHORTEST_S, Scan, offset_and_confidence
from ..stretches import PER_PICTURE, PICTURES_PER_S, TAIL, Stretch, Stretches
from .detector import STRETCH_S, lower_face
from .scan import LightAsdScanner

STRANGERS = 4
CLEAN = "clean"

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A clip, the stretches of the face that is seen longest, and their pictures encoded."""

    clip: Clip
    stretches: list[Stretch]
    seen: list[Tensor]

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        """The sound of the longest stretch."""
        return max((s.sound for s in self.stretches), key=len)


def evaluate(
    manifests: Sequence[Path],
    weights: Path,
    out: Path,
    *,
    conditions: Sequence[str] = (),
    seed: int = 0,
    progress: Say = lambda _: None,
) -> Path:
    """Score every real clip with its own sound and with that of strangers, half of its source.

    Returns
    -------
    path
        ``out / "scores.csv"``; beside it lies ``trials.csv``, the manifest.

    Raises
    ------
    AvauditError
        When the manifests or the weights cannot be read.
    """
    scanner = LightAsdScanner(weights)
    clips = read_clips(manifests)
    about, scores = io.StringIO(), io.StringIO()
    manifest = csv.writer(about, lineterminator="\n")
    table = csv.writer(scores, lineterminator="\n")
    manifest.writerow(["path", "label", "identity", "source", "known_offset_s"])
    table.writerow(["path", "condition", "score", "offset_s", "reason"])
    for condition in (CLEAN, *conditions):
        found = list(_all_watched(clips, condition, scanner, out, progress))
        progress(f"{condition}: {len(found)} clips")
        for name, one, sound in _trials(found, np.random.default_rng(seed)):
            if condition == CLEAN:
                other = sound is not None
                known = "0" if one.clip.corpus == KEPT_BACK and not other else ""
                manifest.writerow([name, int(other), one.clip.unit, one.clip.source, known])
            table.writerow([name, condition, *_answer(scanner, one, sound)])
    write_atomic(out / "trials.csv", about.getvalue().encode())
    write_atomic(out / "scores.csv", scores.getvalue().encode())
    return out / "scores.csv"


def _trials(
    watched: Sequence[Watched], rng: np.random.Generator
) -> Iterator[tuple[str, Watched, SampleArray | None]]:
    """Give names of trials, the faces, and the sound of a stranger (None: their own)."""
    for one in watched:
        strangers = [w for w in watched if w.clip.unit != one.clip.unit]
        near = [w for w in strangers if w.clip.source == one.clip.source] or strangers
        pools = [near] * (STRANGERS // 2) + [strangers] * (STRANGERS - STRANGERS // 2)
        yield f"{one.clip.path.name}#0", one, None
        for place, pool in enumerate(pools, 1):
            other = pool[int(rng.integers(len(pool)))]
            yield f"{one.clip.path.name}#{place}", one, other.sound


def _answer(
    scanner: LightAsdScanner, one: Watched, sound: SampleArray | None
) -> tuple[str, str, str]:
    """Give score, offset and why there is none, as the detector does for the one face."""
    scans: list[Scan] = []
    for stretch, seen in zip(one.stretches, one.seen, strict=True):
        given = stretch.sound if sound is None else sound
        count = min(len(seen), (len(given) - TAIL) // PER_PICTURE)
        if count >= SHORTEST_S * PICTURES_PER_S:
            scans.append(scanner.compare(seen[:count], given[: count * PER_PICTURE + TAIL]))
    if not scans:
        return "", "", "too_short"
    agreement = np.average(
        np.stack([s.agreement for s in scans]), axis=0, weights=[s.pictures for s in scans]
    )
    offset, confidence = offset_and_confidence(agreement)
    return f"{-confidence:.6f}", f"{offset / PICTURES_PER_S:.3f}", ""


def _all_watched(
    clips: Sequence[Clip], condition: str, scanner: LightAsdScanner, out: Path, progress: Say
) -> Iterator[Watched]:
    for count, clip in enumerate(clips, 1):
        try:
            data = clip.path.read_bytes()
            if condition != CLEAN:
                data = impose_video(data, condition)
            stretches = watched(data, out / "stretches")
        except (OSError, AvauditError) as error:
            progress(f"{clip.path}: cannot be used: {error}")
            continue
        if stretches:
            seen = [scanner.seen(stretch.crops) for stretch in stretches]
            yield Watched(clip=clip, stretches=stretches, seen=seen)
        if count % 50 == 0:
            progress(f"{condition}: read {count} clips")


def watched(data: bytes, folder: Path) -> list[Stretch]:
    """Give the stretches of the longest face of a clip; the folder keeps what was read."""
    file = folder / f"{hashlib.sha256(data).hexdigest()[:32]}.npz"
    if not file.is_file():
        stretches = _read(data)
        buffer = io.BytesIO()
        held: dict[str, npt.NDArray[np.generic]] = {"count": np.array(len(stretches))}
        for place, one in enumerate(stretches):
            held[f"crops{place}"], held[f"sound{place}"] = one.crops, one.sound
            held[f"about{place}"] = np.array([one.track, one.start_s])
        np.savez(buffer, **held)  # type: ignore[arg-type]
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(file, buffer.getvalue())
    with np.load(file, allow_pickle=False) as kept:
        return [
            Stretch(
                int(kept[f"about{n}"][0]),
                float(kept[f"about{n}"][1]),
                kept[f"crops{n}"],
                kept[f"sound{n}"],
            )
            for n in range(int(kept["count"]))
        ]


def _read(data: bytes) -> list[Stretch]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        opened = open_media(file.fileno(), Limits(), threads=1)
        if opened.chunks is None:
            raise opened.problem or ExaminationError("no_clip", "it is no clip")
        collected = Stretches(lower_face, longest_s=STRETCH_S, shortest_s=SHORTEST_S)
        finder = FaceFinder(_networks(), opened.media.kind)
        found: list[Stretch] = []
        for chunk in opened.chunks():
            found += collected.feed(replace(chunk, faces=finder.find(chunk)))
        found += collected.flush()
    length: dict[int, int] = {}
    for one in found:
        length[one.track] = length.get(one.track, 0) + len(one.crops)
    return [s for s in found if s.track == max(length, key=lambda track: length[track])]


@cache
def _networks() -> FaceNetworks:
    return FaceNetworks()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as ``python -m avaudit.detectors.sync.lightasd.evaluate``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--weights", type=Path, required=True, help="pretrain_AVA_CVPR.model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--conditions", default="", help="of clips, comma-separated")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    path = evaluate(
        given.manifests,
        given.weights,
        given.out,
        conditions=[name for name in given.conditions.split(",") if name],
        seed=given.seed,
        progress=say,
    )
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
