"""Rows of a manifest by what is in them: faces and voices, asked for their vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from avaudit.errors import UsageError
from avaudit.manifest import Manifest
from avaudit.manifest.columns import identities, paths
from avaudit.probe import Context

Modality = Literal["face", "voice"]
COLUMNS = {"face": ("image_path", "video_path"), "voice": ("audio_path", "video_path")}
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """The rows of one modality that the model gave a vector for.

    ``vectors`` has the shape (n, d), row by row with ``manifest``; ``n_unanswered`` counts the rows
    that were left out.
    """

    manifest: Manifest
    vectors: FloatArray
    n_unanswered: int

    def people(self) -> NDArray[np.object_]:
        """Give the identity of each row; rows without one are each their own."""
        return people_of(self.manifest)


def people_of(manifest: Manifest) -> NDArray[np.object_]:
    """Give the identity of each row; rows without one are each their own."""
    known = identities(manifest)
    alone = np.array([f"row {n}" for n in range(len(manifest))], dtype=object)
    return alone if known is None else np.where(known == "", alone, known)


def rows_of(manifest: Manifest, modality: Modality) -> Manifest:
    """Give the rows that hold a face, or a voice.

    A column ``modality`` (``face`` or ``voice``) says so; without it, a row has a face where
    ``image_path`` or ``video_path`` is filled, a voice where ``audio_path`` or ``video_path`` is.

    Raises
    ------
    UsageError
        When the manifest does not tell, or has no such row.
    """
    frame = manifest.frame
    columns = [c for c in COLUMNS[modality] if c in frame]
    if "modality" in frame:
        keep = (frame["modality"] == modality).to_numpy(bool)
    elif columns:
        keep = np.any([(frame[c] != "").to_numpy(bool) for c in columns], axis=0)
    else:
        raise UsageError(
            f"{manifest.path}: which rows are {modality}s? Add a column 'modality' (face or "
            f"voice), or name the files in {' or '.join(COLUMNS[modality])}"
        )
    rows = np.flatnonzero(keep)
    if not len(rows):
        raise UsageError(f"{manifest.path}: no row holds a {modality}")
    return take(manifest, rows)


def take(manifest: Manifest, rows: NDArray[Any]) -> Manifest:
    """Give some rows of a manifest, by number; lines in errors stay those of the file."""
    kept = rows if manifest.kept is None else manifest.kept[rows]
    frame = manifest.frame.iloc[rows].reset_index(drop=True)
    return replace(manifest, frame=frame, kept=kept.astype(np.int64))


def embed(manifest: Manifest, modality: Modality, context: Context) -> Embedded:
    """Ask the model for the vectors of these rows, and leave out those it does not answer."""
    files = files_of(manifest, modality)
    ask = context.model.embed_faces if modality == "face" else context.model.embed_voices
    vectors = ask(files)
    answered = np.isfinite(vectors).all(axis=1) & (np.abs(vectors).sum(axis=1) > 0)
    rows = np.flatnonzero(answered)
    return Embedded(
        manifest=take(manifest, rows),
        vectors=vectors[rows],
        n_unanswered=int((~answered).sum()),
    )


def files_of(manifest: Manifest, modality: Modality) -> list[Path]:
    """Give the file of each row that holds its face, or its voice."""
    return paths(manifest, _kind(manifest, modality))


def _kind(manifest: Manifest, modality: Modality) -> Literal["audio", "image", "video", "any"]:
    own: Literal["audio", "image"] = "image" if modality == "face" else "audio"
    if f"{own}_path" in manifest.frame:
        return own
    return "any"
