"""The index of known media: items, hashes, local features and landmarks, on disk.

Everything is appended and counts only once it is committed (see :mod:`.columns`), so that a
process killed at any point loses what it had not committed and nothing else. Readers map the
files and need no lock: what is committed is never changed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import AvauditError
from ..home import home_dir
from .columns import Array, ColumnWriter, Lock, mapped, read_state, write_state
from .features import RECORD, key_of_codes
from .fingerprint import KINDS, Fingerprint, Kind
from .postings import Segment, merged
from .search import WORDS

ITEM = np.dtype(
    [
        ("sha256", "u1", (32,)),
        ("kind", "u1"),
        ("width", "<u4"),
        ("height", "<u4"),
        ("duration_s", "<f4"),
        ("brightness", "<f4"),
        ("added", "<i8"),
        *((f"{part}_{end}", "<u8") for part in ("text", "thumbs", "blobs") for end in ("at", "n")),
        ("pictures", "<u4"),
        ("landmarks", "<u4"),
    ]
)
COLUMNS: dict[str, np.dtype[Any]] = {
    "items": ITEM,
    "sha": np.dtype("<u8"),
    "text": np.dtype("u1"),
    "thumbs": np.dtype("u1"),
    "blobs": RECORD,
    **{f"pdq{word}": np.dtype("<u8") for word in range(WORDS)},
    "pdq_item": np.dtype("<u4"),
    "pdq_time_s": np.dtype("<f4"),
}
POSTINGS = ("blob", "sound")
READ_ATTEMPTS = 5


def known_dir() -> Path:
    """Give the folder of the index below the avaudit home."""
    return home_dir() / "known"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One known item; ``number`` is its place in the index, ``id`` the start of its sha256."""

    number: int
    id: str
    sha256: str
    label: str
    name: str
    kind: Kind
    width: int
    height: int
    duration_s: float
    brightness: float
    pictures: int


class KnownIndex:
    """A committed state of the index, mapped for reading.

    Parameters
    ----------
    folder
        The folder; one that does not exist is an empty index.

    Raises
    ------
    AvauditError
        When the index is damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = Path(place) / "known"
    ...     with appending(folder) as writer:
    ...         _ = writer.add(Fingerprint(kind="image"), "a" * 64, label="mine", name="a.png")
    ...     KnownIndex(folder).item(0).label
    'mine'
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for attempt in range(READ_ATTEMPTS):
            state = read_state(folder)
            try:
                self._map(state)
            except AvauditError:
                # a segment may have been merged away between the two reads
                if attempt == READ_ATTEMPTS - 1 or read_state(folder) == state:
                    raise
            else:
                return

    def _map(self, state: Mapping[str, Any]) -> None:
        counts = state["counts"]
        self._columns: dict[str, Array] = {
            name: mapped(self.folder / f"{name}.col", dtype, int(counts.get(name, 0)))
            for name, dtype in COLUMNS.items()
        }
        self.postings = {
            name: [segment.read(self.folder) for segment in _segments(state, name)]
            for name in POSTINGS
        }

    def __len__(self) -> int:
        return len(self._columns["items"])

    @property
    def words(self) -> list[npt.NDArray[np.uint64]]:
        """The four columns of PDQ words."""
        return [self._columns[f"pdq{word}"] for word in range(WORDS)]

    @property
    def owners(self) -> npt.NDArray[np.uint32]:
        """For each hash, the number of the item it belongs to."""
        return self._columns["pdq_item"]

    @property
    def times_s(self) -> npt.NDArray[np.float32]:
        """For each hash, when its picture is shown."""
        return self._columns["pdq_time_s"]

    def item(self, number: int) -> Item:
        """Read one item."""
        record = self._columns["items"][number]
        told = json.loads(self._slice(record, "text").tobytes())
        sha256 = record["sha256"].tobytes().hex()
        return Item(
            number=number,
            id=sha256[:16],
            sha256=sha256,
            label=told["label"],
            name=told["name"],
            kind=KINDS[int(record["kind"])],
            width=int(record["width"]),
            height=int(record["height"]),
            duration_s=float(record["duration_s"]),
            brightness=float(record["brightness"]),
            pictures=int(record["pictures"]),
        )

    def blobs(self, number: int) -> npt.NDArray[np.void]:
        """Give the local features of an item."""
        return self._slice(self._columns["items"][number], "blobs")

    def thumbnail(self, number: int) -> bytes:
        """Give the small JPEG of an item; empty where none was kept."""
        return self._slice(self._columns["items"][number], "thumbs").tobytes()

    def with_sha256(self, sha256: str) -> list[int]:
        """Give the items that are this file, byte for byte."""
        raw = bytes.fromhex(sha256)
        near = np.flatnonzero(self._columns["sha"] == np.frombuffer(raw[:8], "<u8")[0])
        return [int(n) for n in near if self._columns["items"][n]["sha256"].tobytes() == raw]

    def _slice(self, record: Any, column: str) -> Array:
        start, count = int(record[f"{column}_at"]), int(record[f"{column}_n"])
        return self._columns[column][start : start + count]

    def stats(self) -> dict[str, Any]:
        """Give how much is in the index, in numbers."""
        items = self._columns["items"]
        kinds = np.bincount(items["kind"], minlength=len(KINDS)) if len(items) else [0] * len(KINDS)
        return {
            "items": len(items),
            "by_kind": {kind: int(n) for kind, n in zip(KINDS, kinds, strict=True)},
            "picture_hashes": len(self.owners),
            "local_features": len(self._columns["blobs"]),
            "landmarks": int(items["landmarks"].sum(dtype=np.int64)) if len(items) else 0,
            "segments": {name: len(parts) for name, parts in self.postings.items()},
            "bytes": size_bytes(self.folder),
            "folder": str(self.folder),
        }

    def labels(self) -> dict[str, int]:
        """Count the items of each label; reads the name of every item."""
        counted: dict[str, int] = {}
        for number in range(len(self)):
            told = json.loads(self._slice(self._columns["items"][number], "text").tobytes())
            counted[told["label"]] = counted.get(told["label"], 0) + 1
        return dict(sorted(counted.items()))


def size_bytes(folder: Path) -> int:
    """Give how much room the files of an index take; 0 where there is none."""
    if not folder.is_dir():
        return 0
    return sum(path.stat().st_size for path in folder.glob("*.*") if path.is_file())


class KnownWriter:
    """Adds items; see :func:`appending`. What was added counts from the next commit on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        state = read_state(folder)
        self._segments = {name: _segments(state, name) for name in POSTINGS}
        self._next_segment = int(state["next_segment"])
        held = {s.name for parts in self._segments.values() for s in parts}
        for stray in folder.glob("*.seg"):
            if stray.name not in held:  # left by a process that was killed
                stray.unlink()
        self._columns = ColumnWriter(folder, COLUMNS, state["counts"])
        self._pending: dict[str, list[tuple[Array, Array]]] = {name: [] for name in POSTINGS}
        self.uncommitted = 0

    @property
    def count(self) -> int:
        """How many items there are, those not yet committed included."""
        return self._columns.counts["items"]

    def add(self, print_: Fingerprint, sha256: str, *, label: str, name: str) -> int:
        """Add one item and give its number."""
        write = self._columns.append
        number = self.count
        record = np.zeros(1, ITEM)
        raw = np.frombuffer(bytes.fromhex(sha256), np.uint8)
        record["sha256"][0] = raw
        record["kind"] = KINDS.index(print_.kind)
        for key in ("width", "height", "duration_s", "brightness"):
            record[key] = getattr(print_, key)
        record["added"] = int(time.time())
        text = json.dumps({"label": label, "name": name}, ensure_ascii=False).encode()
        parts: dict[str, Array] = {
            "text": np.frombuffer(text, np.uint8),
            "thumbs": np.frombuffer(print_.thumbnail, np.uint8),
            "blobs": print_.blobs,
        }
        for part, values in parts.items():
            record[f"{part}_at"], record[f"{part}_n"] = write(part, values), len(values)
        record["pictures"], record["landmarks"] = len(print_.words), len(print_.keys)
        for word in range(WORDS):
            write(f"pdq{word}", print_.words[:, word])
        write("pdq_item", np.full(len(print_.words), number, np.uint32))
        write("pdq_time_s", print_.times_s)
        write("sha", raw[:8].view("<u8"))
        write("items", record)
        self._post("blob", key_of_codes(print_.blobs["code"]), number, None)
        self._post("sound", print_.keys, number, print_.frames)
        self.uncommitted += 1
        return number

    def _post(self, name: str, keys: Array, number: int, low: Array | None) -> None:
        if len(keys):
            values = np.full(len(keys), number << 32, np.uint64)
            self._pending[name].append((keys, values if low is None else values | low))

    def commit(self) -> None:
        """Make all that was added count: force it to disk, then rename the new state into place."""
        if not self.uncommitted:
            return
        obsolete: list[str] = []
        for name, pending in self._pending.items():
            if pending:
                keys, values = (np.concatenate(column) for column in zip(*pending, strict=True))
                before = self._segments[name]
                file = f"{name}-{self._next_segment:08d}.seg"
                self._next_segment += 1
                self._segments[name] = merged(self._folder, before, keys, values, file)
                obsolete += [s.name for s in before if s not in self._segments[name]]
                pending.clear()
        self._columns.sync()
        write_state(self._folder, self._state())
        self.uncommitted = 0
        for old in obsolete:
            (self._folder / old).unlink()

    def _state(self) -> dict[str, Any]:
        return {
            "format": read_state(self._folder)["format"],
            "counts": self._columns.counts,
            "segments": {
                name: [{"name": s.name, "count": s.count} for s in parts]
                for name, parts in self._segments.items()
            },
            "next_segment": self._next_segment,
        }

    def close(self) -> None:
        """Close the files without committing."""
        self._columns.close()


@contextmanager
def appending(folder: Path) -> Iterator[KnownWriter]:
    """Open the index for adding, alone; what was added is committed when the block ends well.

    Raises
    ------
    UsageError
        When another process is adding.
    AvauditError
        When the index is damaged or cannot be written.
    """
    lock = Lock(folder)
    try:
        writer = KnownWriter(folder)
        try:
            yield writer
            writer.commit()
        except OSError as error:
            raise AvauditError(
                f"{folder}: the index cannot be written: {error.strerror or error}"
            ) from error
        finally:
            writer.close()
    finally:
        lock.release()


def _segments(state: Mapping[str, Any], name: str) -> Sequence[Segment]:
    return [Segment(s["name"], int(s["count"])) for s in state["segments"].get(name, ())]
