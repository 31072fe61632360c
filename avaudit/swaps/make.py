"""From a manifest of clips to one with edited copies beside the originals."""

from __future__ import annotations

import os
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AvauditError, UsageError
from ..hearing import HearingError, Listener, Sound
from ..manifest import Manifest, Shape, paths, texts
from ..manifest.table import PATH_COLUMNS
from ..registry import unknown_name
from .voices import KINDS, median_f0_hz, shift_of, shift_voice

MANIFEST_NAME = "manifest.csv"
OF, KIND = "counterfactual_of", "swap_kind"
GENDERS = ("group.gender", "group.sex")


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was made.

    Attributes
    ----------
    manifest
        The new manifest.
    copies
        Number of edited copies.
    left_out
        Why clips have no copy, one line per clip and kind.
    """

    manifest: Path
    copies: int
    left_out: tuple[str, ...]


def make_swaps(
    manifest: Manifest,
    folder: Path,
    kinds: Sequence[str],
    *,
    confinement: str = "required",
    progress: Callable[[int, int, str], None] | None = None,
) -> Made:
    """Write edited copies of all voices, and a manifest that pairs them with their originals.

    Parameters
    ----------
    manifest
        Clips; the sound is taken from ``audio_path``, else ``path`` or ``video_path``.
    folder
        Where the copies (16-bit WAV, mono) and ``manifest.csv`` are put; made if need be.
    kinds
        From :data:`KINDS`, each once. Take ``placebo`` with every other kind.
    confinement
        ``required`` or ``best_effort``, as in the settings.
    progress
        Called with clips done, clips in all, and a name.

    Raises
    ------
    UsageError
        When a kind is not known, the manifest holds trials or copies already, or the folder holds
        a manifest.
    AvauditError
        When nothing could be made, or a file cannot be written.
    """
    _check(manifest, folder, kinds)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AvauditError(f"{folder}: the folder cannot be made: {error.strerror}") from error
    named = {"audio_path", "path"} & set(manifest.frame.columns)
    files = paths(manifest, "audio" if named else "any")
    rows, left_out = _rows(manifest, folder), []
    copies = []
    gender = _gender(manifest)
    with Listener(confinement) as listener:
        for number, file in enumerate(files):
            try:
                sound = listener.hear(file)
            except HearingError as error:
                left_out.append(str(error))
                continue
            for kind in kinds:
                name = f"{number:06d}-{kind}.wav"
                try:
                    _write_copy(folder / name, sound, kind, gender[number])
                except AvauditError as error:
                    left_out.append(f"{file}: {kind}: {error}")
                    continue
                copies.append(_copy_row(rows[number], name, kind))
            if progress is not None:
                progress(number + 1, len(files), file.name)
    if not copies:
        raise AvauditError(f"{manifest.path}: no copy could be made; " + "; ".join(left_out[:3]))
    return Made(
        manifest=_write_manifest(folder / MANIFEST_NAME, [*rows, *copies]),
        copies=len(copies),
        left_out=tuple(left_out),
    )


def _check(manifest: Manifest, folder: Path, kinds: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(unknown_name("kind of swap", kind, list(KINDS)))
    if not kinds or len(set(kinds)) < len(kinds):
        raise UsageError("name at least one kind of swap, each once")
    if manifest.shape is not Shape.CLIPS:
        raise UsageError(f"{manifest.path}: swaps are made of clips, and this table holds trials")
    if OF in manifest.frame and (texts(manifest, OF) != "").any():
        raise UsageError(f"{manifest.path}: it holds edited copies already (column {OF})")
    if (folder / MANIFEST_NAME).exists():
        raise UsageError(f"{folder / MANIFEST_NAME} exists; choose another folder")


def _rows(manifest: Manifest, folder: Path) -> list[dict[str, Any]]:
    """Give the table's rows as text, with paths that start from the new folder."""
    columns = {str(name): texts(manifest, str(name)) for name in manifest.frame.columns}
    base = os.path.abspath(folder)  # noqa: PTH100 - links are kept
    for name in PATH_COLUMNS:
        if name in columns:
            columns[name] = np.array(
                [p and os.path.relpath(manifest.folder / p, base) for p in columns[name]],
                dtype=object,
            )
    columns[OF] = columns[KIND] = np.full(len(manifest), "", dtype=object)
    return [{name: column[row] for name, column in columns.items()} for row in range(len(manifest))]


def _copy_row(row: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
    column = "audio_path" if row.get("audio_path") else "path" if row.get("path") else "video_path"
    copy = {**row, column: name, OF: row[column], KIND: kind}
    if column == "audio_path" and copy.get("video_path"):
        copy["video_path"] = ""  # it still has the original voice
    if copy.get("clip_id"):
        copy[OF] = copy["clip_id"]
        copy["clip_id"] = f"{copy['clip_id']}-{kind}"
    return copy


def _gender(manifest: Manifest) -> list[str]:
    for name in GENDERS:
        if name in manifest.frame:
            return [str(value) for value in texts(manifest, name)]
    return [""] * len(manifest)


def _write_copy(path: Path, sound: Sound, kind: str, gender: str) -> None:
    f0 = median_f0_hz(sound.samples, sound.sample_rate) if KINDS[kind] is None else float("nan")
    shift = shift_of(kind, gender=gender, median_f0_hz=f0)
    made = shift_voice(sound.samples, sound.sample_rate, shift)
    try:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sound.sample_rate)
            file.writeframes(np.round(made * 32767).astype("<i2").tobytes())
    except OSError as error:
        raise AvauditError(f"cannot write {path}: {error.strerror}") from error


def _write_manifest(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    import csv
    import io

    from ..atomic import write_atomic

    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, text.getvalue().encode("utf-8"))
    return path
