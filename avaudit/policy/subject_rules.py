"""Rules over the subjects of a scan: each asks something of every file it concerns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .base import ReportKind, Rule, Texts, listed, percent

Integrity = Literal["valid", "invalid", "absent", "unreadable", "remote_only", "not_supported"]
Trust = Literal["trusted", "trusted_legacy", "untrusted", "unknown"]
AiSignal = Literal["fully_generated", "partly_generated", "edited_with_ai", "none", "unknown"]
Says = Literal["generated", "edited", "captured", "removed_manifest"]
Weight = Literal["low", "medium", "high"]

NOT_FOR = (
    "format_not_supported",
    "no_sound",
    "silence",
    "no_picture",
    "no_speech",
    "no_face",
    "no_faces",
)
"""Abstentions that say the question does not arise for this file."""

EARLY_S, LATE_S = 0.045, 0.125
"""Offsets viewers do not notice: Recommendation ITU-R BT.1359-1."""


class SubjectRule(Rule):
    """A rule about files.

    Attributes
    ----------
    match, unless
        Globs on the names of the files it concerns, and of those it does not.
    media
        Globs on their media types, such as ``image/*``.
    declared
        Only files that the policy declares to be this.
    at_least
        With fewer concerned files than this the rule is undecided.
    tolerate
        Share of the concerned files that may fail. A count over these files, not an estimate.
    """

    match: Texts = ("*",)
    unless: Texts = ()
    media: Texts = ()
    declared: Literal["real", "generated"] | None = None
    at_least: int = Field(0, ge=0)
    tolerate: float = Field(0.0, ge=0, lt=1)

    @property
    def reads(self) -> frozenset[ReportKind]:
        """Scans."""
        return frozenset({"scan"})

    def whom(self) -> str:
        """Whom the rule concerns, in words."""
        parts = [f"every file declared {self.declared}" if self.declared else "every file"]
        if self.match != ("*",):
            parts.append(f"named like {listed(self.match)}")
        if self.unless:
            parts.append(f"unless named like {listed(self.unless)}")
        if self.media:
            parts.append(f"of type {listed(self.media)}")
        return " ".join(parts)


class DetectorRule(SubjectRule):
    """A rule about what certain detectors answered.

    Attributes
    ----------
    detectors
        Their names, or globs.
    no_answer
        What an abstention comes to. A detector that failed, or never examined the file, always
        leaves it undecided.
    not_for
        Codes of abstentions that say the question does not arise: these do not count at all.
    """

    detectors: Texts = Field(min_length=1)
    no_answer: Literal["insufficient", "pass", "fail"] = "insufficient"
    not_for: Texts = NOT_FOR

    def _if_silent(self) -> str:
        words = {"insufficient": "is undecided", "pass": "passes", "fail": "fails"}
        return f" (where a detector abstains, the file {words[self.no_answer]})"


class ProvenanceRule(SubjectRule):
    """What ``provenance.c2pa`` must say of the signed manifest.

    ``trust``, ``trust_lists``, ``ai_signal`` and ``max_ingredient_problems`` are asked of files
    whose manifest was read; whether there must be one is asked by ``integrity``.
    """

    kind: Literal["provenance"] = "provenance"
    integrity: Annotated[tuple[Integrity, ...], Field(min_length=1)] = ("valid",)
    trust: tuple[Trust, ...] = ()
    trust_lists: Texts = ()
    ai_signal: tuple[AiSignal, ...] = ()
    max_ingredient_problems: int | None = Field(None, ge=0)

    def asks(self) -> str:
        """In words."""
        parts = [f"its C2PA manifest is {listed(self.integrity)}"]
        if self.trust:
            parts.append(f"the signer is {listed(self.trust)}")
        if self.trust_lists:
            parts.append(f"by the trust list {listed(self.trust_lists)}")
        if self.ai_signal:
            parts.append(f"the manifest says of AI {listed(self.ai_signal)}")
        if self.max_ingredient_problems is not None:
            parts.append(f"it records at most {self.max_ingredient_problems} ingredient problems")
        return "; ".join(parts)


class MetadataRule(SubjectRule):
    """What the unsigned metadata must claim, or must not."""

    kind: Literal["metadata"] = "metadata"
    forbid: tuple[Says, ...] = ()
    require: tuple[Says, ...] = ()
    min_weight: Weight = "low"

    @model_validator(mode="after")
    def _asks_something(self) -> MetadataRule:
        if not (self.forbid or self.require):
            raise ValueError("say forbid or require")
        return self

    def asks(self) -> str:
        """In words."""
        parts = []
        if self.forbid:
            parts.append(f"its metadata does not say {listed(self.forbid)}")
        if self.require:
            parts.append(f"its metadata says {listed(self.require)}")
        weight = (
            "" if self.min_weight == "low" else f" (claims of weight {self.min_weight} or more)"
        )
        return "; ".join(parts) + weight


class WatermarkRule(DetectorRule):
    """Whether a known watermark of a generator must or must not be in the file."""

    kind: Literal["watermark"] = "watermark"
    payload: Literal["forbid", "require"]
    detectors: Texts = ("watermark.*",)

    def asks(self) -> str:
        """In words."""
        verb = "finds no" if self.payload == "forbid" else "finds a"
        said = f"{listed(self.detectors)} {verb} known watermark of a generator"
        return said + self._if_silent()


class EvidenceRule(DetectorRule):
    """How strong evidence for H1 may be: the interval of the likelihood ratio is judged.

    A file fails where the lower bound of log10 LR is at least ``max_log10_lr``, passes where the
    upper bound is below, and is undecided between. Raw scores are never judged.
    """

    kind: Literal["evidence"] = "evidence"
    max_log10_lr: float

    def asks(self) -> str:
        """In words."""
        said = f"the log10 likelihood ratio of {listed(self.detectors)} is below"
        return f"{said} {self.max_log10_lr:g}{self._if_silent()}"


class CoverageRule(SubjectRule):
    """How many examinations may have no answer.

    Attributes
    ----------
    max_no_answer
        Largest share of examinations that abstained or, for a detector named in full, were not
        made. Abstentions with a code in ``not_for`` do not count at all.
    max_failed
        Largest share of examinations that failed with an error.
    """

    kind: Literal["coverage"] = "coverage"
    detectors: Texts = ("*",)
    max_no_answer: float | None = Field(None, ge=0, le=1)
    max_failed: float | None = Field(0.0, ge=0, le=1)
    not_for: Texts = NOT_FOR
    tolerate: float = Field(0.0, ge=0, le=0)

    def asks(self) -> str:
        """In words."""
        parts = []
        if self.max_failed is not None:
            parts.append(f"at most {percent(self.max_failed)} of the examinations fail")
        if self.max_no_answer is not None:
            parts.append(f"at most {percent(self.max_no_answer)} give no answer")
        which = "" if self.detectors == ("*",) else f" (by {listed(self.detectors)})"
        return (" and ".join(parts) or "nothing") + which


class ContradictionsRule(SubjectRule):
    """No two findings of a file may contradict each other."""

    kind: Literal["contradictions"] = "contradictions"

    def asks(self) -> str:
        """In words."""
        return "no two findings contradict each other"


class KnownRule(DetectorRule):
    """No match with known media of these labels."""

    kind: Literal["known"] = "known"
    labels: Texts = ("*",)
    detectors: Texts = ("known.*",)
    max_distance: float | None = Field(None, ge=0)

    def asks(self) -> str:
        """In words."""
        what = "known media" if self.labels == ("*",) else f"media labelled {listed(self.labels)}"
        near = "" if self.max_distance is None else f" within a distance of {self.max_distance:g}"
        return f"it matches no {what}{near}{self._if_silent()}"


class SyncRule(DetectorRule):
    """Sound and lips within a window: the interval of the offset is judged.

    ``early_s`` and ``late_s`` are how far sound may come before and after the picture, in
    seconds. The defaults are the limits of detectability in ITU-R BT.1359-1.
    """

    kind: Literal["sync"] = "sync"
    early_s: float = Field(EARLY_S, ge=0)
    late_s: float = Field(LATE_S, ge=0)
    detectors: Texts = ("sync.offset",)

    def asks(self) -> str:
        """In words."""
        return (
            f"the sound comes at most {self.early_s:g} s before and {self.late_s:g} s after "
            f"the lips, over the whole interval of the measured offset{self._if_silent()}"
        )
