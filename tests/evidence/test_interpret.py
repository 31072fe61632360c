"""Findings become evidence: envelope, bounds, words, segments; families and contradictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from avaudit.card import Card, Question as Asked
from avaudit.conclude import conclude
from avaudit.errors import AvauditError
from avaudit.evidence.apply import interpret
from avaudit.evidence.band import Band
from avaudit.evidence.bounds import Bounds
from avaudit.evidence.calibration import Calibration
from avaudit.evidence.fusion import fuse
from avaudit.evidence.tables import CalibrationTables, ConditionTable
from avaudit.evidence.verbal import VerbalStep, strength_of
from avaudit.result import DetectorRef, Finding, Indication, Question, Segment

QUESTION = Asked(
    h1="The speech was made by a machine.",
    h2="The speech was recorded from a person.",
    h1_points_to="generated",
    h2_points_to="captured",
)
CLEAN = {"audio_codec": "pcm_s16le", "bandwidth_hz": 8000.0, "snr_db": 40.0}
PHONE = {"audio_codec": "pcm_s16le", "bandwidth_hz": 3400.0}


def table(slope: float = 1.0, limit: float = 2.5) -> ConditionTable:
    return ConditionTable(
        curve=Calibration(method="logistic", scores=(-4.0, 4.0), log10_lr=(-4 * slope, 4 * slope)),
        bounds=Bounds(low=-limit, high=limit),
        band=Band(scores=(-4.0, 4.0), low=(-5.0, 3.0), high=(-3.0, 5.0), level=0.95),
        n_h1=120,
        n_h2=140,
        n_sources=6,
        domain_distance=2.0,
        measured={"cllr": 0.4, "cllr_min": 0.35, "eer": 0.1},
    )


def card(of: str | None = "audio", **tables: ConditionTable) -> Card:
    written = CalibrationTables(
        data="toy", manifest_sha256="0" * 64, date="2026-01-01", command="avaudit bench toy",
        detector_version="1", of=of, conditions=tables,  # type: ignore[arg-type]
        segments={"clean": table(0.5)},
    )  # fmt: skip
    extra = {"calibration": written.to_dict()} if tables else {}
    return Card(
        name="speech.toy", version="1", title="Toy", asks="?", does_not_say=("x",), sha256="0" * 64,
        question=QUESTION, extra=extra,
    )  # fmt: skip


def finding(score: float = 1.5, name: str = "speech.toy", **more: Any) -> Finding:
    return Finding(
        subject="s1",
        detector=DetectorRef(name=name, version="1"),
        question=Question(h1=QUESTION.h1, h2=QUESTION.h2),
        outcome="scored",
        score=score,
        **more,
    )


def test_a_scored_finding_gets_ratio_bounds_strength_and_origin() -> None:
    segments = [Segment(start_s=0, end_s=4, score=2.0), Segment(start_s=4, end_s=8)]
    got = interpret(finding(segments=segments), card(clean=table()), CLEAN)
    assert got.outcome == "scored"
    assert (got.log10_lr, got.log10_lr_low, got.log10_lr_high) == (1.5, 0.5, 2.5)
    assert got.strength == "moderate support for H1"
    assert got.calibration is not None
    assert got.calibration["data_set"] == "toy"
    assert (got.calibration["n_h1"], got.calibration["n_h2"]) == (120, 140)
    assert (got.calibration["condition"], got.calibration["method"]) == ("clean", "logistic")
    assert (got.calibration["cllr"], got.calibration["eer"]) == (0.4, 0.1)
    assert [s.log10_lr for s in got.segments] == [1.0, None]
    assert [(i.points_to, i.weight) for i in got.indications] == [("generated", "weak")]
    assert "32 times more probable" in got.indications[0].text
    assert "the speech was made by a machine" in got.indications[0].text


def test_the_ratio_and_its_interval_stop_at_the_bounds() -> None:
    got = interpret(finding(4.2), card(clean=table()), CLEAN)
    assert (got.log10_lr, got.log10_lr_high) == (2.5, 2.5)
    low = interpret(finding(-3.9), card(clean=table()), CLEAN)
    assert (low.log10_lr, low.log10_lr_low) == (-2.5, -2.5)
    assert low.strength == "moderately strong support for H2"


def test_without_tables_there_is_a_score_and_no_ratio() -> None:
    got = interpret(finding(), card(), CLEAN)
    assert (got.outcome, got.log10_lr) == ("scored", None)
    assert got.reason is not None
    assert got.reason.code == "not_calibrated"


def test_the_condition_of_the_item_chooses_the_table_or_there_is_no_ratio() -> None:
    both = card(clean=table(), telephone_8k=table(0.2))
    assert interpret(finding(), both, CLEAN).log10_lr == 1.5
    assert interpret(finding(), both, PHONE).log10_lr == pytest.approx(0.3)
    alone = interpret(finding(), card(clean=table()), PHONE)
    assert (alone.outcome, alone.log10_lr, alone.score) == ("abstained", None, 1.5)
    assert alone.reason is not None
    assert alone.reason.code == "condition_not_covered"
    assert "3400 Hz" in alone.reason.text


@pytest.mark.parametrize("measured", [None, {}, {"not_measured": "no memory"}])
def test_unmeasured_conditions_are_not_taken_for_clean(measured: dict[str, Any] | None) -> None:
    got = interpret(finding(), card(clean=table()), measured)
    assert got.reason is not None
    assert got.reason.code == "condition_not_covered"
    # a detector of bytes has no conditions
    assert interpret(finding(), card(of=None, clean=table()), measured).log10_lr == 1.5


@pytest.mark.parametrize(
    ("score", "facts", "code"),
    [
        (5.0, {}, "out_of_domain"),
        (-9.0, {}, "out_of_domain"),
        (1.0, {"domain_distance": 2.1}, "out_of_domain"),
        (1.0, {"domain_distance": 1.9}, None),
        (4.5, {}, None),
    ],
)
def test_items_unlike_the_calibration_get_no_ratio(
    score: float, facts: dict[str, float], code: str | None
) -> None:
    got = interpret(finding(score, facts=facts), card(clean=table()), CLEAN)
    assert (got.reason.code if got.reason else None) == code
    assert (got.log10_lr is None) == (code is not None)


def test_damaged_tables_are_an_error_not_a_ratio() -> None:
    broken = card(clean=table())
    broken.extra["calibration"]["conditions"]["clean"]["curve"]["log10_lr"] = [1.0, -1.0]
    with pytest.raises(AvauditError, match=r"cannot be used.*never fall"):
        interpret(finding(), broken, CLEAN)


def test_tables_survive_the_card() -> None:
    tables = card(clean=table()).extra["calibration"]
    assert CalibrationTables.from_dict(tables).to_dict() == tables


@pytest.mark.parametrize(
    ("log10_lr", "said"),
    [
        (0.0, "no support for one proposition over the other"),
        (np.log10(2), "weak support for H1"),
        (-1.0, "moderate support for H2"),
        (2.0, "moderately strong support for H1"),
        (3.0, "strong support for H1"),
        (-4.5, "very strong support for H2"),
        (6.0, "extremely strong support for H1"),
    ],
)
def test_the_scale_of_enfsi(log10_lr: float, said: str) -> None:
    assert strength_of(log10_lr) == said


def test_another_scale_can_be_set() -> None:
    scale = [VerbalStep(from_lr=1, word="limited"), VerbalStep(from_lr=50, word="great")]
    assert strength_of(1.0, scale) == "limited support for H1"
    with pytest.raises(ValueError, match="rise"):
        strength_of(1.0, scale[::-1])


def rated(name: str, log10_lr: float | None) -> Finding:
    return finding(name=name).model_copy(update={"log10_lr": log10_lr})


def test_within_a_family_the_weakest_speaks_and_silence_counts_for_nothing() -> None:
    (fused,) = fuse([rated("speech.a", 2.0), rated("speech.b", 0.7), rated("speech.c", None)])
    assert fused.detectors == ("speech.a", "speech.b")
    assert fused.speaks is not None
    assert fused.speaks.detector.name == "speech.b"
    assert fuse([rated("speech.c", None)]) == []


def test_opposite_directions_in_a_family_state_no_ratio() -> None:
    findings = [rated("speech.a", 2.0), rated("speech.b", -1.5)]
    (fused,) = fuse(findings)
    assert fused.speaks is None
    conclusion = conclude("s1", findings)
    assert "speech.a supports H1 (log10 LR +2)" in conclusion.contradictions[0]
    assert conclusion.families is not None
    assert conclusion.families[0].log10_lr is None
    # a ratio near 1 says nothing, so it contradicts nothing; it is the weakest
    (mild,) = fuse([rated("speech.a", 2.0), rated("speech.b", -0.1)])
    assert mild.speaks is not None
    assert mild.speaks.detector.name == "speech.b"


def test_only_the_cautious_detector_of_a_family_is_named_in_the_conclusion() -> None:
    strong = interpret(finding(2.4, name="speech.a"), card(clean=table()), CLEAN)
    mild = interpret(finding(1.2, name="speech.b"), card(clean=table()), CLEAN)
    conclusion = conclude("s1", [strong, mild])
    assert [line for line in conclusion.supports if "speech.a" in line] == []
    assert "speech.b" in conclusion.supports[0]


def test_a_trusted_camera_beside_a_synthetic_score_is_a_contradiction() -> None:
    scored = interpret(finding(2.4), card(clean=table()), CLEAN)
    signed = Finding(
        subject="s1",
        detector=DetectorRef(name="provenance.c2pa", version="1"),
        outcome="observed",
        indications=[Indication(points_to="captured", weight="strong", text="A camera signed.")],
    )
    conclusion = conclude("s1", [scored, signed])
    assert len(conclusion.contradictions) == 1
    assert "provenance.c2pa says: A camera signed." in conclusion.contradictions[0]
    assert conclude("s1", [signed]).contradictions == []
