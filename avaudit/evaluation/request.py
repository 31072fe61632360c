"""What a bench is asked for, and which part of an item a detector judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..card import Card, parse_card
from ..detector import Detector, Need
from ..errors import UsageError
from ..evidence.calibration import Method
from ..evidence.envelope import CLEAN
from ..evidence.tables import Part
from ..registry import DETECTORS, load, names

SCORES = "scores:"


@dataclass(frozen=True, kw_only=True)
class BenchRequest:
    """What to bench.

    Attributes
    ----------
    what
        The name of a detector, or ``scores:FILE``.
    data
        The manifest.
    conditions
        Names of conditions to impose; of a file of scores, those to use (all when None).
    where
        Columns and values that choose rows of the manifest.
    scores_out
        Where the scores are written, for a later ``scores:FILE``.
    write_card
        Whether the calibration is written into a card.
    card
        Which card: a file, or the name of a detector; default that of the benched detector.
    method
        Of calibration.
    seed
        Of all draws: the same request gives the same numbers.
    command
        The command line, as the card will state it.
    """

    what: str
    data: Path
    conditions: tuple[str, ...] | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scores_out: Path | None = None
    write_card: bool = False
    card: str | None = None
    method: Method = "logistic"
    level: float = 0.95
    seed: int = 0
    command: str = ""

    @property
    def scores_file(self) -> Path | None:
        """The file of scores, where that is what is benched."""
        return Path(self.what.removeprefix(SCORES)) if self.what.startswith(SCORES) else None


def part_of(detector: Detector) -> Part | None:
    """Give the part of an item whose conditions count; None for detectors that read bytes."""
    needs = detector.needs - {Need.BYTES}
    if not needs:
        return None
    if needs == {Need.AUDIO}:
        return "audio"
    return "image" if needs == {Need.IMAGE} else "video"


def card_to_write(request: BenchRequest) -> tuple[Path, Card, Part | None]:
    """Give the card a calibration goes into, and the part of an item it is about.

    Raises
    ------
    UsageError
        When there is no such card, it is not a file, or its detector is not installed.
    """
    wanted = request.card
    if wanted is None:
        if request.scores_file is not None:
            raise UsageError("--write-card with scores:FILE needs --card: whose scores are these?")
        wanted = request.what
    if not wanted.endswith(".toml"):
        detector: Detector = load(DETECTORS, wanted)()
        if detector.card.path is None:
            raise UsageError(f"the card of {wanted} is no file that can be written")
        return detector.card.path, detector.card, part_of(detector)
    path = Path(wanted)
    try:
        card = parse_card(path.read_bytes(), str(path), path)
    except OSError as error:
        raise UsageError(f"{path}: the card cannot be read: {error.strerror}") from error
    if card.name not in names(DETECTORS):
        raise UsageError(f"{path}: '{card.name}' is no installed detector")
    return path, card, part_of(load(DETECTORS, card.name)())


def wanted_conditions(request: BenchRequest) -> tuple[str, ...]:
    """Give the conditions to impose, ``clean`` always first."""
    return tuple(dict.fromkeys((CLEAN, *(request.conditions or ()))))
