"""The gaps probe: its metrics by hand and against fairlearn, controls, small groups."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from sklearn.metrics import roc_auc_score

from avaudit.adapters.resolve import resolve_model
from avaudit.errors import UsageError
from avaudit.manifest.read import read_manifest
from avaudit.plan import Scenario
from avaudit.probe import Context, ProbeResult
from avaudit.probes.gaps import GapsProbe
from avaudit.probes.gaps.detection import threshold_at
from avaudit.probes.gaps.transcription import errors, normalised

Ask = Callable[..., ProbeResult]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Give a function that runs the probe on rows whose answers stand beside them."""

    def run(rows: list[dict[str, Any]], **scenario: Any) -> ProbeResult:
        rows = [{"path": f"{i}.wav", **row} for i, row in enumerate(rows)]
        table = tmp_path / "data.csv"
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        context = Context(
            manifest=read_manifest(table),
            model=resolve_model(f"scores:{table}", cache=False),
            rng=np.random.default_rng(0),
            scratch=tmp_path,
            n_draws=200,
        )
        asked = {"id": "s", "probe": "gaps", "groups": ["g"], **scenario}
        return GapsProbe().run(Scenario.model_validate(asked), context)

    return run


def value(result: ProbeResult, group: str, metric: str | None = None) -> float:
    (row,) = [m for m in result.estimates if m.group == group and metric in (None, m.metric)]
    return row.estimate.value


def labelled(n: int = 200) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    return [
        {
            "label": int(rng.random() < 0.5), "prediction": int(rng.random() < 0.4 + 0.2 * (i % 2)),
            "score": round(float(rng.normal()), 3), "group.g": "ab"[i % 2],
            "group.h": "xy"[i // 2 % 2], "identity": f"p{i % 40}",
        }
        for i in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "function"),
    [
        ("accuracy", lambda t, p: np.mean(t == p)),
        ("selection_rate", lambda t, p: np.mean(p == 1)),
        ("true_positive_rate", lambda t, p: np.mean(p[t == 1] == 1)),
        ("false_positive_rate", lambda t, p: np.mean(p[t == 0] == 1)),
    ],
)
def test_rates_agree_with_fairlearn(ask: Ask, metric: str, function: Any) -> None:
    rows = labelled()
    truth, given, groups = (
        np.array([r[key] for r in rows]) for key in ("label", "prediction", "group.g")
    )
    oracle = MetricFrame(metrics=function, y_true=truth, y_pred=given, sensitive_features=groups)
    result = ask(rows, metric=metric)
    for group in "ab":
        assert value(result, group) == pytest.approx(oracle.by_group[group])
    assert value(result, "max − min") == pytest.approx(oracle.difference())


def test_own_function_through_fairlearn(ask: Ask, tmp_path: Path) -> None:
    code = tmp_path / "mine.py"
    code.write_text("def share(y_true, y_pred):\n    return float((y_pred == '1').mean())\n")
    rows = labelled()
    result = ask(rows, metric=f"{code}:share")
    for group in "ab":
        own = [r["prediction"] for r in rows if r["group.g"] == group]
        assert value(result, group) == pytest.approx(np.mean(own))
    assert 0 < result.tests[0].p <= 1


def test_auc_by_group(ask: Ask) -> None:
    rows = labelled()
    result = ask(rows, metric="auc")
    for group in "ab":
        own = [r for r in rows if r["group.g"] == group]
        oracle = roc_auc_score([r["label"] for r in own], [r["score"] for r in own])
        assert value(result, group) == pytest.approx(oracle)


def test_word_errors() -> None:
    assert normalised("It’s 3 o'clock — NOW!") == "its 3 oclock now"
    assert errors("a b c d", "a x c") == (2, 4)
    assert errors("abc", "axc", characters=True) == (1, 3)
    assert errors("a b", "") == (2, 2)


def test_wer_is_a_ratio_of_sums(ask: Ask) -> None:
    rows = [
        {"text": "one two three four", "transcript": "one two three", "group.g": "a"},
        {"text": "one", "transcript": "won", "group.g": "a"},
        {"text": "one two", "transcript": "one two", "group.g": "b"},
        {"text": "one two three", "transcript": "one three", "group.g": "b"},
    ] * 5
    result = ask([{**r, "identity": f"p{i}"} for i, r in enumerate(rows)], metric="wer")
    assert value(result, "a") == pytest.approx(2 / 5)
    assert value(result, "b") == pytest.approx(1 / 5)


def test_one_threshold_for_everybody(ask: Ask) -> None:
    rows = labelled()
    result = ask(rows, metric="fpr", options={"fpr_target": 0.1})
    real = [r for r in rows if r["label"] == 0]
    threshold = result.facts["threshold"]
    flagged = np.mean([r["score"] >= threshold for r in real])
    assert flagged <= 0.1
    assert value(result, "all") == pytest.approx(flagged)


@pytest.mark.parametrize(("target", "flagged"), [(0.0, 0), (0.25, 1), (0.5, 2), (1.0, 4)])
def test_threshold_flags_at_most_the_target(target: float, flagged: int) -> None:
    real = np.array([0.4, 0.1, 0.3, 0.2])
    assert (real >= threshold_at(real, target)).sum() == flagged


def test_ties_never_flag_more_than_the_target() -> None:
    real = np.array([0.5, 0.5, 0.5, 0.1])
    assert (real >= threshold_at(real, 0.5)).sum() == 0


def test_sync(ask: Ask) -> None:
    rows = [
        {"offset_s": 0.02 if i % 4 else 0.2, "known_offset_s": 0.0, "group.g": "ab"[i % 2]}
        for i in range(80)
    ]
    result = ask(rows, metric="within_tolerance")
    assert value(result, "a") == pytest.approx(0.5)
    assert value(result, "b") == pytest.approx(1.0)
    assert value(ask(rows, metric="offset_error_s"), "a") == pytest.approx(0.11)


def test_intersections_and_controls(ask: Ask) -> None:
    rows = labelled()
    crossed = ask(rows, metric="accuracy", groups=["g", "h"])
    assert {"a × x", "a × y", "b × x", "b × y"} <= {m.group for m in crossed.estimates}
    within = ask(rows, metric="accuracy", control=["h"])
    assert [t.metric for t in within.tests] == ["accuracy | x", "accuracy | y"]
    own = [
        r["label"] == r["prediction"] for r in rows if (r["group.g"], r["group.h"]) == ("a", "x")
    ]
    assert value(within, "a", "accuracy | x") == pytest.approx(np.mean(own))


def test_small_groups_are_shown_and_not_tested(ask: Ask) -> None:
    rows = labelled()
    rows += [{**rows[0], "group.g": "rare", "identity": "q"}] * 3
    rows += [{**rows[0], "group.g": "", "identity": "u"}] * 2
    result = ask(rows, metric="accuracy")
    assert "rare" in {m.group for m in result.estimates}
    assert "rare" not in result.tests[0].groups
    assert any("rare: 3 items" in c for c in result.cautions)
    assert any("2 items have no known group" in c for c in result.cautions)


def test_missing_answers_are_counted_not_dropped_in_silence(ask: Ask) -> None:
    rows = labelled()
    for row in rows[:10:2]:
        row["prediction"] = ""
    result = ask(rows, metric="accuracy")
    assert any("5 of 200" in c for c in result.cautions)


def test_what_is_asked_must_exist(ask: Ask) -> None:
    with pytest.raises(UsageError, match="accuracy"):
        ask(labelled(), metric="acuracy")
    with pytest.raises(UsageError, match="positive"):
        ask(labelled(), metric="true_positive_rate", options={"positive": "yes"})


def test_raw_and_shrunk_values_stand_side_by_side(ask: Ask) -> None:
    rows = labelled(300)
    for i, row in enumerate(rows):
        row["group.g"] = "abc"[i % 3] if i % 25 else "d"
    result = ask(rows, metric="accuracy")
    everybody = value(result, "all")
    shrunk, raw = value(result, "d, shrunk"), value(result, "d")
    assert min(raw, everybody) - 0.02 <= shrunk <= max(raw, everybody) + 0.02
    assert {m.role for m in result.estimates if m.group.endswith(", shrunk")} == {"detail"}
    crossed = ask(labelled(), metric="accuracy", groups=["g", "h"])
    assert "a × x, shrunk" in {m.group for m in crossed.estimates}
