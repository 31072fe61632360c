"""The view of one finding: question, answer, facts, limits and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from avaudit.result import Artefact, Finding, Question, Reason, Subject

from .cells import Pair, cell_of
from .drawings import Regions, Scale, Timeline, regions_of, scale_of, timeline_of
from .facts import Block, Chained, blocks_of
from .images import Picture, Pictures
from .numbers import likelihood_ratio, number
from .statuses import OUTCOMES, POINTS, Badge, Status, statuses_of
from .text import one_line, shortened

MAX_PICTURES = 12


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """What a finding speaks for, and how much."""

    badge: Badge
    text: str


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """A file kept with the report, shown where it is a picture."""

    name: str
    caption: str
    path: str
    sha256: str
    picture: Picture | None


@dataclass(frozen=True, kw_only=True)
class Score:
    """The numbers of a scored finding, and in words what they mean or why one is missing."""

    pairs: list[Pair]
    words: str
    scale: Scale | None


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """One finding, ready for the page."""

    anchor: str
    title: str
    asks: str
    badge: Badge
    summary: str
    question: Question | None
    reason: Reason | None
    score: Score | None
    calibration: list[Block]
    pointers: list[Pointer]
    statuses: list[Status]
    facts: list[Block]
    timeline: Timeline | None
    regions: Regions | None
    exhibits: list[Exhibit]
    does_not_say: list[str]
    extra: list[Block]
    origin: list[Pair]


def finding_view(
    finding: Finding, subject: Subject, *, anchor: str, pictures: Pictures, preview: str = ""
) -> FindingView:
    """Build the view of one finding; ``preview`` is the subject's thumbnail, for regions."""
    detector = finding.detector
    exhibits = [
        _exhibit(artefact, pictures if n <= MAX_PICTURES else None)
        for n, artefact in enumerate(finding.artefacts, 1)
    ]
    by_name = {e.name: e.picture.uri for e in exhibits if e.picture and e.picture.uri}
    facts = blocks_of(finding.facts, pictures=by_name)
    drawn = {name for block in facts if isinstance(block, Chained) for name in block.chain.pictures}
    return FindingView(
        anchor=anchor,
        title=shortened(one_line(detector.title or detector.name), 200),
        asks=detector.asks or "",
        badge=OUTCOMES[finding.outcome],
        summary=finding.summary,
        question=finding.question,
        reason=finding.reason,
        score=_score(finding),
        calibration=blocks_of(finding.calibration or {}),
        pointers=[
            Pointer(badge=pointer_badge(i.points_to, i.weight), text=i.text)
            for i in finding.indications
        ],
        statuses=statuses_of(finding.facts),
        facts=facts,
        timeline=timeline_of(finding.segments, subject),
        regions=regions_of(finding.regions, subject, preview),
        exhibits=[_drawn_above(e) if e.name in drawn else e for e in exhibits],
        does_not_say=list(finding.does_not_say),
        extra=blocks_of(finding.model_extra or {}),
        origin=_origin(finding),
    )


def pointer_badge(kind: str, weight: str) -> Badge:
    """Give the badge of an indication; a kind this version does not know gets a plain one."""
    known = POINTS.get(kind) or Badge(
        mark="question", word=shortened(one_line(kind.replace("_", " ")), 60), tone="plain"
    )
    return Badge(mark=known.mark, word=known.word, tone=known.tone, strength=weight)


def _score(finding: Finding) -> Score | None:
    if finding.score is None and finding.log10_lr is None and finding.outcome != "scored":
        return None
    values = [
        ("Score", "score", finding.score),
        ("log10 LR", "log10_lr", finding.log10_lr),
        ("lower bound", "log10_lr_low", finding.log10_lr_low),
        ("upper bound", "log10_lr_high", finding.log10_lr_high),
        ("Strength", "strength", finding.strength),
    ]
    pairs = [
        Pair(label=label, key=key, cell=cell_of(key, value))
        for label, key, value in values
        if value is not None
    ]
    return Score(pairs=pairs, words=_score_words(finding), scale=scale_of(finding))


def _score_words(finding: Finding) -> str:
    if finding.log10_lr is not None:
        words = likelihood_ratio(finding.log10_lr)
        return f"The result is {words}. This is not the probability of H1 or of H2."
    why = "" if finding.reason else " No calibration is recorded for this detector."
    return (
        f"There is no likelihood ratio for this score.{why} "
        "The score is not a probability; without a likelihood ratio it says nothing of strength."
    )


def _exhibit(artefact: Artefact, pictures: Pictures | None) -> Exhibit:
    picture = None
    if artefact.media_type.startswith("image/"):
        limit = Picture(why_not="not shown here: the finding has more pictures than fit the page")
        picture = pictures.of(artefact) if pictures else limit
    caption = artefact.title or (artefact.role or "").replace("_", " ") or "File kept as evidence"
    return Exhibit(
        name=artefact.name or artefact.path.rsplit("/", 1)[-1],
        caption=shortened(one_line(caption), 400),
        path=shortened(one_line(artefact.path), 400),
        sha256=artefact.sha256,
        picture=picture,
    )


def _drawn_above(exhibit: Exhibit) -> Exhibit:
    """Name a picture of the chain without embedding it twice."""
    return replace(exhibit, picture=Picture(why_not="shown in the chain above"))


def _origin(finding: Finding) -> list[Pair]:
    """Give what is needed to name the method exactly."""
    detector = finding.detector
    values = [
        ("Detector", "detector", f"{detector.name} {detector.version}"),
        ("Card SHA-256", "card_sha256", detector.card_sha256),
        ("Weights SHA-256", "weights_sha256", detector.weights_sha256),
        ("Took", "seconds", None if finding.seconds is None else f"{number(finding.seconds)} s"),
    ]
    return [
        Pair(label=label, key=key, cell=cell_of(key, value))
        for label, key, value in values
        if value is not None
    ]
