"""Clips of a manifest as the recipe and its evaluation use them: measured window by window."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from avaudit.atomic import write_atomic
from avaudit.confinement.limits import Limits
from avaudit.errors import AvauditError, ExaminationError, UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts
from avaudit.media.intake import open_media

from .collecting import Collector, Window
from .making import KINDS, made
from .measures import GROUPS, measure
from .regions import Float

if TYPE_CHECKING:
    from avaudit.media.faces.networks import FaceNetworks

VERSION = "2"
"""Raised when a measurement changes: what was measured before is then not used."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A row of the manifest; ``method`` is empty for recordings."""

    name: str
    path: Path
    label: int
    source: str
    method: str
    identity: str
    gender: str
    trainable: bool


@dataclass(frozen=True)
class Measured:
    """Windows of faces.

    ``groups`` holds (windows, measurements) per group; ``tracks``, ``faces`` (moments of the
    window), ``face_px`` (height of the face) and ``movement`` are (windows,).
    """

    groups: Mapping[str, Float]
    tracks: npt.NDArray[np.int64]
    faces: npt.NDArray[np.int64]
    face_px: npt.NDArray[np.float64]
    movement: npt.NDArray[np.float64]


def read_clips(manifest: Path) -> list[Clip]:
    """Read the rows of a manifest.

    Columns ``path``, ``label`` (1: made), ``source_repo`` or ``source``, ``identity``; perhaps
    ``method``, ``group.gender`` and ``use`` (only ``train`` is learnt from; without it, all).

    Raises
    ------
    UsageError
        When the manifest cannot be read or lacks a column.
    """
    table = read_manifest(manifest)
    columns = set(table.frame.columns)
    source = next((name for name in ("source_repo", "source") if name in columns), None)
    if source is None or "identity" not in columns:
        raise UsageError(f"{manifest}: the columns source_repo (or source) and identity are needed")

    def column(name: str, default: str) -> list[str]:
        if name not in columns:
            return [default] * len(table)
        return [str(value) for value in texts(table, name)]

    listed = zip(
        column("path", ""),
        paths(table, "video"),
        binary_labels(table),
        column(source, ""),
        column("method", ""),
        column("identity", ""),
        column("group.gender", "unknown"),
        column("use", "train"),
        strict=True,
    )
    return [
        Clip(
            name=name,
            path=Path(path),
            label=int(label),
            source=origin,
            method=method if label else "",
            identity=who,
            gender=gender,
            trainable=use == "train",
        )
        for name, path, label, origin, method, who, gender, use in listed
    ]


def all_measured(clips: Sequence[Clip], folder: Path, progress: Say) -> list[Measured]:
    """Measure the windows of clips, each only once: the folder keeps what was measured.

    Raises
    ------
    AvauditError
        When a clip cannot be read or shows no face.
    """
    return [
        _kept(folder / f"{_digest(clip.path)}-{VERSION}.npz", partial(windows_of, clip.path))
        for clip in _told(clips, "measured", progress)
    ]


def all_pairs(
    clips: Sequence[Clip], kinds: Sequence[str], folder: Path, progress: Say
) -> list[list[Measured]]:
    """Make pairs from the first full window of each clip: per clip a list, one entry a kind.

    Each entry has two windows: the recorded face and the machined one.
    """
    pairs = []
    for clip in _told(clips, "machined", progress):
        window = cache(partial(_first, clip.path))
        digest = _digest(clip.path)
        pairs.append(
            [
                _kept(folder / f"{digest}-{kind}-{VERSION}.npz", partial(_pair, clip, kind, window))
                for kind in kinds
            ]
        )
    return pairs


def all_coded(clips: Sequence[Clip], condition: str, folder: Path, progress: Say) -> list[Measured]:
    """Measure the first window of each face of clips on which a condition was imposed.

    Only the first four seconds are looked at: enough to say what the condition does.

    Raises
    ------
    AvauditError
        When a clip cannot be read or shows no face in that condition.
    """
    return [
        _kept(
            folder / f"{_digest(clip.path)}-{condition}-{VERSION}.npz",
            partial(_coded, clip, condition, folder),
        )
        for clip in _told(clips, condition, progress)
    ]


def _coded(clip: Clip, condition: str, folder: Path) -> list[Window]:
    from avaudit.conditions.impose import impose_video

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".mp4") as file:
        file.write(impose_video(clip.path.read_bytes(), condition))
        file.flush()
        return list(windows_of(Path(file.name), first=True))


def _first(path: Path) -> Window:
    return max(windows_of(path, first=True), key=lambda one: len(one.crops))


def _pair(clip: Clip, kind: str, first: Callable[[], Window]) -> list[Window]:
    window = first()
    rng = np.random.default_rng([zlib.crc32(clip.name.encode()), 0, list(KINDS).index(kind)])
    sides = made(window.crops, window.times_s, kind, rng)
    return [replace(window, crops=crops) for crops in sides]


def _told(clips: Sequence[Clip], what: str, progress: Say) -> Iterator[Clip]:
    for count, clip in enumerate(clips, 1):
        yield clip
        if count % 20 == 0 or count == len(clips):
            progress(f"{what} {count} of {len(clips)} clips")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def _kept(file: Path, windows: Callable[[], Iterable[Window]]) -> Measured:
    if not file.is_file():
        found = measured(windows())
        buffer = io.BytesIO()
        about = {"tracks": found.tracks, "faces": found.faces, "face_px": found.face_px}
        about |= {"movement": found.movement}
        arrays: dict[str, Any] = {**about, **found.groups}
        np.savez(buffer, **arrays)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, buffer.getvalue())
    with np.load(file, allow_pickle=False) as held:
        groups = {name: held[name] for name in GROUPS}
        rest = (held[name] for name in ("tracks", "faces", "face_px", "movement"))
        return Measured(groups, *rest)


def measured(windows: Iterable[Window]) -> Measured:
    """Measure windows.

    Raises
    ------
    AvauditError
        When there is none.
    """
    rows = [(measure(w.crops), w.track, len(w.crops), w.face_px, w.movement) for w in windows]
    if not rows:
        raise AvauditError("no face was found in the clip")
    groups, tracks, faces, face_px, movement = zip(*rows, strict=True)
    return Measured(
        {name: np.stack([one[name] for one in groups]) for name in GROUPS},
        np.array(tracks),
        np.array(faces),
        np.array(face_px),
        np.array(movement),
    )


def windows_of(path: Path, *, first: bool = False) -> Iterator[Window]:
    """Give the windows of a clip, as the detector sees them; ``first``: until one is full.

    Raises
    ------
    AvauditError
        When the clip cannot be decoded.
    """
    from avaudit.media.faces.finder import FaceFinder

    collector = Collector()
    try:
        with path.open("rb") as file:
            opened = open_media(file.fileno(), Limits(), threads=1)
            if opened.chunks is None:
                raise opened.problem or ExaminationError("no_clip", "it is no clip")
            finder = FaceFinder(_networks(), opened.media.kind)
            for chunk in opened.chunks():
                full = collector.feed(finder.find(chunk))
                yield from full
                if first and full:
                    return
            yield from collector.flush()
    except (OSError, ExaminationError) as error:
        raise AvauditError(f"{path}: cannot be used: {error}") from error


@cache
def _networks() -> FaceNetworks:
    from avaudit.media.faces.networks import FaceNetworks

    return FaceNetworks()
