"""The self audit: rates by group, operating point, misleading evidence, and the card's table."""

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avaudit.adapters.resolve import resolve_model
from avaudit.errors import UsageError
from avaudit.manifest.read import read_manifest
from avaudit.plan import Scenario
from avaudit.probe import Context, ProbeResult
from avaudit.probes.self_audit import SelfProbe, write_groups
from avaudit.probes.self_audit.card import MARKS
from avaudit.statistics import Estimate

Row = dict[str, Any]
Ask = Callable[..., ProbeResult]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def run(rows: list[Row], seed: int = 0, **scenario: Any) -> ProbeResult:
        table = tmp_path / "scores.csv"
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        context = Context(
            manifest=read_manifest(table),
            model=resolve_model(f"scores:{table}", cache=False),
            rng=np.random.default_rng(seed),
            scratch=tmp_path,
            n_draws=300,
        )
        asked = {"id": "s", "probe": "self", "groups": ["accent"], **scenario}
        return SelfProbe().run(Scenario.model_validate(asked), context)

    return run


def scores(n: int = 400, *, lift: float = 0.0, seed: int = 0) -> list[Row]:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        accent, label = "ab"[i % 2], i // 2 % 2
        score = rng.normal() + 3 * label + lift * (accent == "b")
        rows.append({
            "path": f"{i}.wav", "label": label, "score": round(score, 4),
            "log10_lr": round(score - 1.5, 4), "group.accent": accent,
            "identity": f"{accent}{i // 8}",
        })  # fmt: skip
    return rows


def value(result: ProbeResult, metric: str, group: str) -> Estimate:
    (row,) = [m for m in result.estimates if m.group == group and m.metric == metric]
    return row.estimate


def test_rates_are_those_counted_by_hand(ask: Ask) -> None:
    rows = scores()
    rows[0]["score"] = ""
    result = ask(rows, options={"threshold": 1.0})
    for accent in "ab":
        own = [r for r in rows if r["group.accent"] == accent]
        real = [r for r in own if r["label"] == 0]
        flagged = [r["score"] >= 1 for r in real if r["score"] != ""]
        assert value(result, "fpr", accent).value == pytest.approx(np.mean(flagged))
        assert value(result, "lr_over_10", accent).value == pytest.approx(
            np.mean([r["log10_lr"] > 1 for r in real])
        )
        assert value(result, "lr_over_100", accent).value == pytest.approx(
            np.mean([r["log10_lr"] > 2 for r in real])
        )
        silent = [r["score"] == "" for r in own]
        assert value(result, "abstention_rate", accent).value == pytest.approx(np.mean(silent))
    assert [t.metric for t in result.tests] == ["fpr"]
    assert any("no usable answer for 1 of 400" in c for c in result.cautions)


def test_one_operating_point_and_a_planted_difference(ask: Ask) -> None:
    result = ask(scores(lift=1.0), options={"fpr_target": 0.1})
    assert value(result, "fpr", "all").value == pytest.approx(0.1, abs=0.01)
    assert result.tests[0].p < 0.01
    assert ask(scores()).tests[0].p > 0.05


def test_any_metric_may_be_the_tested_one(ask: Ask) -> None:
    rows = scores()
    for row in rows[1:200:2]:
        row["score"] = ""
    result = ask(rows, metric="abstention_rate")
    assert [t.metric for t in result.tests] == ["abstention_rate"]
    assert result.tests[0].p < 0.001
    assert {m.role for m in result.estimates if m.metric == "fpr"} == {"detail"}


def test_what_is_missing_is_named(ask: Ask) -> None:
    bare = [{k: v for k, v in r.items() if k not in ("log10_lr", "identity")} for r in scores()]
    cautions = " ".join(ask(bare).cautions)
    assert "log10_lr" in cautions
    assert "identity" in cautions
    with pytest.raises(UsageError, match="column log10_lr"):
        ask(bare, metric="lr_over_10")
    with pytest.raises(UsageError, match="label"):
        ask([{k: v for k, v in r.items() if k != "label"} for r in scores()])
    with pytest.raises(UsageError, match="no clip with label 0"):
        ask([{**r, "label": 1} for r in scores()])
    silent = [{**r, "score": r["score"] if r["label"] else ""} for r in scores()]
    with pytest.raises(UsageError, match="no clip with label 0 has a score"):
        ask(silent)
    result = ask(silent, metric="abstention_rate")
    assert value(result, "abstention_rate", "all").value == pytest.approx(0.5)
    assert result.facts["card_table"] == []
    with pytest.raises(UsageError, match="abstention_rate"):
        ask(scores(), metric="eer")
    with pytest.raises(UsageError, match="names no group"):
        ask(scores(), groups=[])


def test_small_and_single_groups(ask: Ask) -> None:
    rows = scores(80)
    result = ask([r for r in rows if r["group.accent"] == "a" or r["path"] < "2"], min_n=15)
    assert any("fewer than 15" in c for c in result.cautions)
    assert np.isnan(result.tests[0].p)


def test_same_seed_same_numbers(ask: Ask) -> None:
    assert ask(scores(80), seed=2) == ask(scores(80), seed=2)


def test_the_table_goes_into_the_card_and_replaces_itself(ask: Ask, tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    head = '# by hand\nname = "x"\n\n[question]\nh1 = "a"\nh2 = "b"\n'
    card.write_text(head)
    result = ask(scores())
    table = result.facts["card_table"]
    write_groups(card, table, threshold=result.facts["threshold"])
    once = card.read_text()
    assert once.startswith(head)
    read = tomllib.loads(once)
    assert read["question"] == {"h1": "a", "h2": "b"}
    assert list(read["group_fpr"]["by_group"]) == ["a", "b", "all"]
    assert read["group_fpr"]["by_group"]["a"]["fpr"] == pytest.approx(table[0]["fpr"], abs=1e-6)
    assert not write_groups(card, table, threshold=result.facts["threshold"])
    assert card.read_text() == once
    card.write_text(once + '\n[[weights]]\nname = "w"\n')
    write_groups(card, [{"group": 'o"dd', "n": 3, "n_clusters": None, "fpr": None}])
    read = tomllib.loads(card.read_text())
    assert read["group_fpr"] == {"by_group": {'o"dd': {"n": 3}}}
    assert read["weights"] == [{"name": "w"}]


def test_broken_cards_are_left_alone(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    with pytest.raises(UsageError, match="cannot be read"):
        write_groups(card, [])
    for text in (MARKS[0].decode(), "[group_fpr]\nrows = []\n", "name = \n"):
        card.write_text(text)
        with pytest.raises(UsageError):
            write_groups(card, [])
        assert card.read_text() == text
