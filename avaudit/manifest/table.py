"""A data set as a table: one row per clip or per trial, with groups and identities."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PATH_COLUMNS = ("path", "audio_path", "video_path", "image_path")
GROUP_PREFIX = "group."


class Shape(StrEnum):
    """What a row stands for."""

    CLIPS = "clips"
    TRIALS = "trials"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest as read from CSV, Parquet or JSON lines.

    Attributes
    ----------
    path, sha256
        The file and the SHA-256 of its bytes.
    shape
        One row per clip, or one row per trial (columns ``left`` and ``right``).
    frame
        The table. Text columns hold ``str``, missing text is ``""``; numeric columns
        (``label``, ``score``, ``known_offset_s`` ...) hold numbers or NaN. The index is 0 … n−1;
        :meth:`line` says where a row stands in the file.
    first_row
        Line number in the file of row 0 (2 for CSV with a header, 1 for JSON lines and Parquet).
    kept
        Positions in the file of the rows that are here, where some were left out
        (:func:`avaudit.manifest.select`); None when all are here.
    """

    path: Path
    sha256: str
    shape: Shape
    frame: pd.DataFrame = field(repr=False, compare=False)
    first_row: int = 2
    kept: NDArray[np.int64] | None = field(default=None, repr=False, compare=False)

    def line(self, row: int) -> int:
        """Line number in the file of row ``row``, where each row takes one line."""
        return self.first_row + (row if self.kept is None else int(self.kept[row]))

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def folder(self) -> Path:
        """The folder that paths in the table are relative to."""
        return self.path.parent

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the group columns, without prefix, sides merged for trials.

        ``group.gender`` gives ``gender``; so do ``left.group.gender`` and
        ``right.group.gender``. ``group.gender.source`` is not a group.
        """
        names: dict[str, None] = {}
        for column in map(str, self.frame.columns):
            name = column.removeprefix("left.").removeprefix("right.")
            if name.startswith(GROUP_PREFIX) and not name.endswith(".source"):
                names[name.removeprefix(GROUP_PREFIX)] = None
        return tuple(names)
