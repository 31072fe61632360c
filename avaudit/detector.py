"""What a detector is: the only interface a new one has to meet.

A detector is one class named by one entry point in the group
``avaudit.detectors``. It declares what it needs, is opened on one item at a
time, is fed that item's chunks in order of time, and answers with a raw score
or typed facts. It never returns a verdict and never holds a threshold: likelihood
ratios, gates and conclusions are made from its answer in one place.

All of its code that touches a file runs in the confined worker
(:mod:`avaudit.confinement`): no network, no files but its scratch folder, and
only the read-only data folders it declares.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Literal, Protocol, runtime_checkable

from .card import Card
from .media.types import Chunk, MediaInfo, MediaKind

JsonValue = Any
"""Anything ``json.dumps`` takes with ``allow_nan=False``."""


class Need(StrEnum):
    """What a detector has to be given. Decoding happens only if somebody needs its result."""

    BYTES = "bytes"
    """The file's raw bytes, through :meth:`Item.open`."""
    IMAGE = "image"
    """The picture of a still image (the first one of an animation)."""
    FRAMES = "frames"
    """All frames of a video or animation."""
    AUDIO = "audio"
    """Sound, mono float32 at the file's own rate."""
    FACES = "faces"
    """Face tracks (frames are implied)."""


IndicationKind = Literal[
    "generated", "edited", "captured", "altered_after_signing", "provenance_removed"
]
Weight = Literal["strong", "moderate", "weak"]


@dataclass(frozen=True, kw_only=True)
class Indication:
    """One thing a finding speaks for, in words, so that conclusions need not know the detector.

    ``points_to`` names what is indicated, ``weight`` how much (``strong``: authenticated or
    near-proof; ``moderate``: an explicit but unauthenticated statement; ``weak``: a hint), and
    ``text`` is a sentence a reader understands without context.
    """

    points_to: IndicationKind
    weight: Weight
    text: str


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of time with its own score or label, in seconds."""

    start_s: float
    end_s: float
    score: float | None = None
    label: str | None = None


@dataclass(frozen=True, kw_only=True)
class Region:
    """A rectangle in the displayed picture, in pixels from the top left corner."""

    x: float
    y: float
    w: float
    h: float
    frame_s: float | None = None
    score: float | None = None


@dataclass(frozen=True, kw_only=True)
class ArtefactFile:
    """A file the detector wrote into its scratch folder and wants kept with the report.

    ``name`` is a bare file name in :attr:`Item.scratch`; ``role`` says what it shows
    (``heat_map``, ``ingredient_thumbnail`` ...); ``title`` is a caption for people.
    """

    name: str
    media_type: str
    role: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A raw score whose direction is fixed: higher speaks for H1 of the card's question."""

    score: float
    summary: str
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    regions: tuple[Region, ...] = ()
    artefacts: tuple[ArtefactFile, ...] = ()
    indications: tuple[Indication, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Typed facts without a score: a manifest, a tag, a timeline."""

    summary: str
    facts: Mapping[str, JsonValue]
    segments: tuple[Segment, ...] = ()
    regions: tuple[Region, ...] = ()
    artefacts: tuple[ArtefactFile, ...] = ()
    indications: tuple[Indication, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Abstained:
    """The detector has looked and will not say: ``code`` is a stable word, ``text`` the reason."""

    code: str
    text: str
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


Outcome = Scored | Observed | Abstained


class Item(Protocol):
    """One file under examination, as its detectors see it."""

    @property
    def media(self) -> MediaInfo:
        """What intake found: kind, media type, size, declared streams."""
        ...

    @property
    def sidecar(self) -> bytes | None:
        """Bytes of a C2PA sidecar lying beside the file (``clip.c2pa``), if there is one."""
        ...

    @property
    def scratch(self) -> Path:
        """A folder of this item and detector alone: the only place that can be written."""
        ...

    @property
    def data_dirs(self) -> Mapping[str, Path]:
        """The read-only data folders the detector declared in ``reads``, by name."""
        ...

    def open(self) -> BinaryIO:
        """Open the file's bytes: a fresh, seekable, read-only stream at position 0."""
        ...


class Examination(ABC):
    """A detector at work on one item. Keeps running state only, never the chunks."""

    def feed(self, chunk: Chunk) -> None:  # noqa: B027 - byte detectors get no chunks
        """Take the next chunk. Not called for detectors that need only bytes."""

    @abstractmethod
    def finish(self) -> Outcome:
        """Answer, after the last chunk.

        Raises
        ------
        ExaminationError
            When the examination failed. Any other exception counts as a failure too.
        """


class Answered(Examination):
    """An examination whose answer was known before it began, such as missing weights.

    No face is looked for on its account.
    """

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def finish(self) -> Outcome:
        """Give the answer."""
        return self._outcome


class Detector(ABC):
    """One question that can be asked of one media file.

    Class attributes state what the detector needs and to what it applies; an item of a kind
    not in ``kinds`` gets an abstention ``format_not_supported`` without the detector being opened.

    Attributes
    ----------
    needs
        What it must be given; see :class:`Need`.
    kinds
        The kinds of media it applies to.
    reads
        Names of folders below the avaudit home (``trust``, ``weights``, ``known``) that it
        reads. The confined worker opens just these.
    address_space_bytes
        Extra address space, beyond the default limit, that its model needs. 0 for most.
    """

    needs: ClassVar[frozenset[Need]]
    kinds: ClassVar[frozenset[MediaKind]]
    reads: ClassVar[tuple[str, ...]] = ()
    address_space_bytes: ClassVar[int] = 0

    @property
    @abstractmethod
    def card(self) -> Card:
        """The detector's card, read from ``card.toml`` beside its code."""

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:  # noqa: B027 - most need nothing
        """Import and load what is heavy, once, before the walls of the worker go up.

        Called in the worker, and only there, if the detector was asked for. No untrusted byte is
        read here; what is missing is for :meth:`begin` and the finding to say, not an error.

        Parameters
        ----------
        data_dirs
            The folders for the names in ``reads``; they need not exist.
        """

    @abstractmethod
    def begin(self, item: Item) -> Examination:
        """Start examining ``item``. Called in the confined worker."""


@runtime_checkable
class Trainable(Protocol):
    """A detector whose shipped model can be made again: the recipe of ``avaudit train``.

    Optional: a detector class that has this method is trainable.
    """

    def train(self, data: Path, out: Path, *, seed: int, progress: Callable[[str], None]) -> Path:
        """Make the model from a manifest and give the file of weights.

        Parameters
        ----------
        data
            Manifest. Only rows whose licence allows it (``use = train``) may be learnt from.
        out
            Folder for the weights and for what a stopped run needs to go on.
        seed
            The same seed, data and machine give the same bytes.
        progress
            Called with a line for people.

        Raises
        ------
        AvauditError
            When the data cannot be learnt from.
        """
        ...
