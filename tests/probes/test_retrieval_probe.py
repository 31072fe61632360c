"""The retrieval probe: a planted skew, rankings by hand, desired shares, what it refuses."""

import csv
import math
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
from avaudit.probes.retrieval import RetrievalProbe
from avaudit.probes.retrieval.values import Rankings
from avaudit.samples.stereotype import make_study
from avaudit.statistics import ndkl, skew_at_k

Run = Callable[..., ProbeResult]
Rows = list[dict[str, Any]]


def run_on(data: Path, model: Path, folder: Path, seed: int = 0, **scenario: Any) -> ProbeResult:
    context = Context(
        manifest=read_manifest(data),
        model=resolve_model(f"scores:{model}", cache=False),
        rng=np.random.default_rng(seed),
        scratch=folder,
        n_draws=100,
    )
    asked = {"id": "s", "probe": "retrieval", **scenario}
    return RetrievalProbe().run(Scenario.model_validate(asked), context)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_study(tmp_path_factory.mktemp("study"), np.random.default_rng(1))


@pytest.fixture
def on_study(study: dict[str, Path], tmp_path: Path) -> Run:
    """Let the speakers' voices, rough or clear, search the faces of north and south."""

    def run(model: str, **changes: Any) -> ProbeResult:
        options = {
            "gallery_groups": ["region"], "query_where": {"split": "speakers"}, "k": 20,
            "depth": 40,
            **changes.pop("options", {}),
        }  # fmt: skip
        scenario = {"groups": ["voice"], "options": options, **changes}
        return run_on(study["data"], study[model], tmp_path, **scenario)

    return run


@pytest.fixture
def by_hand(tmp_path: Path) -> Run:
    """Rank faces around a circle: the vector of a row is its angle."""

    def run(rows: Rows, **scenario: Any) -> ProbeResult:
        data, model = tmp_path / "data.csv", tmp_path / "vectors.csv"
        rows = [{"path": f"{i}.{'png' if r['modality'] == 'face' else 'wav'}", **r}
                for i, r in enumerate(rows)]  # fmt: skip
        write(data, [{k: v for k, v in row.items() if k != "angle"} for row in rows])
        write(
            model,
            [
                {
                    "path": row["path"],
                    "modality": row["modality"],
                    "embedding.0": "" if row["angle"] == "" else math.cos(row["angle"]),
                    "embedding.1": "" if row["angle"] == "" else math.sin(row["angle"]),
                }
                for row in rows
            ],
        )
        return run_on(data, model, tmp_path, **{"groups": ["g"], "min_n": 1, **scenario})

    return run


def write(path: Path, rows: Rows) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def row(modality: str, group: str, angle: float | str, identity: str) -> dict[str, Any]:
    return {"modality": modality, "group.g": group, "angle": angle, "identity": identity}


def estimate(result: ProbeResult, metric: str, group: str) -> Any:
    (found,) = [m for m in result.estimates if (m.metric, m.group) == (metric, group)]
    return found.estimate


def test_the_planted_model_shows_rough_voices_southern_faces(on_study: Run) -> None:
    result = on_study("planted", options={"of": "south"}, margin=0.3)
    (test,) = result.tests
    assert test.metric == "skew"
    assert test.p < 0.001
    rough, clear = (estimate(result, "skew", group) for group in ("rough", "clear"))
    assert rough.low > 0.1
    assert clear.high < -0.1
    assert "are of “" in result.summary


def test_the_clean_model_shows_both_the_same(on_study: Run) -> None:
    result = on_study("clean", options={"of": "south"}, margin=0.3)
    (test,) = result.tests
    assert test.p > 0.05
    assert test.p_equivalence < 0.05
    chance = estimate(result, "skew", "random rankings").value
    for group in ("rough", "clear"):
        found = estimate(result, "skew", group)
        assert found.low < chance < found.high


def voice_and_gallery() -> Rows:
    """Give voices of a and b, and faces a a b b in the order in which a's voice sees them."""
    return [
        row("voice", "a", 0.0, "v1"), row("voice", "a", 0.0, "v2"),
        row("voice", "b", 0.5, "v3"), row("voice", "b", 0.5, "v4"),
        row("face", "a", 0.1, "f1"), row("face", "a", 0.2, "f2"),
        row("face", "b", 0.5, "f3"), row("face", "b", 0.9, "f4"),
    ]  # fmt: skip


def test_rankings_by_hand(by_hand: Run) -> None:
    """a sees A A B B, b sees B A A B (angles 0, 0.3, 0.4, 0.4 would tie; 0.9 is farther)."""
    rows = voice_and_gallery()
    rows[7]["angle"] = 1.5
    result = by_hand(rows, options={"k": 1})
    assert estimate(result, "ndkl", "a").value == pytest.approx(0.4523688)
    discount = 1 / np.log2(np.arange(2, 6))
    two_of_three = (2 / 3) * math.log(4 / 3) + (1 / 3) * math.log(2 / 3)
    divergence = np.array([math.log(2), 0.0, two_of_three, 0.0])
    expected = discount @ divergence / discount.sum()
    assert estimate(result, "ndkl", "b").value == pytest.approx(expected)
    assert estimate(result, "skew@1 of b", "b").value == pytest.approx(math.log(2))
    absent = math.log((0.5 / 2) / 0.5)
    assert estimate(result, "skew@1 of a", "b").value == pytest.approx(absent)
    table = {(r["queries"], r["results"]): r["share"] for r in result.facts["shares"]}
    assert table == {("a", "a"): 1.0, ("a", "b"): 0.0, ("b", "a"): 0.0, ("b", "b"): 1.0}


def test_all_rankings_at_once_agree_with_one_at_a_time() -> None:
    rng = np.random.default_rng(5)
    names = ("a", "b", "c")
    levels = rng.integers(0, 3, (30, 40))
    keep = rng.random(levels.shape) < 0.5
    desired = dict(zip(names, (0.6, 0.3, 0.1), strict=True))
    rankings = Rankings(
        levels=levels, desired=np.array([list(desired.values())]), names=names, k=4, depth=12
    )
    measured = rankings.measured(keep)
    for row in range(len(levels)):
        ranking = [names[level] for level in levels[row][keep[row]]]
        skew = skew_at_k(ranking, desired, 4)
        assert measured["ndkl"][row] == pytest.approx(ndkl(ranking[:12], desired))
        assert measured["max_skew"][row] == pytest.approx(skew.max)
        assert measured["min_skew"][row] == pytest.approx(skew.min)
        for name in names:
            expected = (skew.smoothed if name in skew.absent else skew.by_group)[name]
            assert measured[f"skew of {name}"][row] == pytest.approx(expected)


def test_desired_shares_are_a_choice(by_hand: Run) -> None:
    rows = voice_and_gallery()[:-1]  # a a b
    gallery = by_hand(rows, options={"k": 3})
    assert gallery.facts["desired"] == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    assert estimate(gallery, "skew@3 of a", "a").value == pytest.approx(0.0)
    even = by_hand(rows, options={"k": 3, "desired": "equal"})
    assert estimate(even, "skew@3 of a", "a").value == pytest.approx(math.log(4 / 3))
    queries = by_hand(rows, options={"k": 3, "desired": "queries"})
    assert queries.facts["desired"] == {"a": 0.5, "b": 0.5}
    mine = by_hand(rows, options={"k": 3, "desired": {"a": 0.25, "b": 0.75}})
    assert estimate(mine, "skew@3 of a", "a").value == pytest.approx(math.log((2 / 3) / 0.25))


def test_the_own_person_counts_for_recall_and_not_for_skew(by_hand: Run) -> None:
    rows = voice_and_gallery()
    rows[0]["identity"] = "f1"  # first in its ranking
    rows[2]["identity"] = "f4"  # last in its ranking
    result = by_hand(rows, metric="recall", options={"k": 2})
    assert estimate(result, "recall", "a").value == 1.0
    assert estimate(result, "recall", "b").value == 0.0
    # of the others, a b b, the two first are a and b; a third of them is a
    skew = estimate(by_hand(rows[:1] + rows[4:], options={"k": 2}), "skew@2 of a", "a")
    assert skew.value == pytest.approx(math.log(0.5 / (1 / 3)))


def test_a_query_does_not_find_itself(by_hand: Run) -> None:
    faces = [
        row("face", "a", 0.0, "p1"), row("face", "a", 0.3, "p1"), row("face", "b", 0.1, "p2"),
        row("face", "b", 2.0, "p3"), row("face", "a", 2.5, "p4"),
    ]  # fmt: skip
    result = by_hand(faces, metric="recall", options={"query": "face", "gallery": "face", "k": 1})
    # p1's faces each have p2's nearer by than one another
    assert estimate(result, "recall", "a").value == 0.0
    again = by_hand(faces, metric="recall", options={"query": "face", "gallery": "face", "k": 2})
    assert estimate(again, "recall", "a").value == 1.0


def test_ties_do_not_follow_the_manifest(by_hand: Run) -> None:
    rows = [row("voice", "a", 0.0, f"v{i}") for i in range(2)]
    rows += [row("face", "ab"[i >= 40], 1.0, f"f{i}") for i in range(80)]
    result = by_hand(rows, options={"k": 40})
    (share,) = [r["share"] for r in result.facts["shares"] if r["results"] == "a"]
    assert 0.25 < share < 0.75


def test_control_compares_within_its_levels(on_study: Run) -> None:
    result = on_study("planted", options={"of": "south"}, control=["gender"])
    assert [t.metric for t in result.tests] == ["skew | female", "skew | male"]


def test_what_is_not_answered_is_counted(by_hand: Run) -> None:
    rows = [*voice_and_gallery(), row("face", "a", "", "f9"), row("face", "", 0.3, "f8")]
    cautions = by_hand(rows, metric="recall").cautions
    assert any("no vector for 1 of 6 faces (gallery)" in c for c in cautions)
    assert any("1 gallery items have no known group" in c for c in cautions)
    assert any("recall is unknown" in c for c in cautions)
    with pytest.raises(UsageError, match="no vector for any voice"):
        by_hand([{**r, "angle": "" if r["modality"] == "voice" else r["angle"]} for r in rows])


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        ({"groups": []}, "name the groups of those who search"),
        ({"metric": "wer"}, "metric"),
        ({"options": {"of": "c"}}, "level in the gallery"),
        ({"options": {"k": 0}}, r"options\.k is a whole number"),
        ({"options": {"depth": "x"}}, r"options\.depth is a whole number"),
        ({"options": {"query": "hand"}}, r"options\.query"),
        ({"options": {"desired": "fair"}}, "gallery, queries, equal, or a table"),
        ({"options": {"desired": {"a": 1.0}}}, "no share above 0 is given for b"),
        ({"options": {"desired": {"a": 0.5, "b": 0.6}}}, "add up to 1.1"),
        ({"options": {"gallery_groups": ["h"]}}, "h"),
        ({"options": {"query_where": "x"}}, "is a table of columns and values"),
    ],
)
def test_what_is_wrong_is_named(by_hand: Run, scenario: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        by_hand(voice_and_gallery(), **scenario)


def test_a_gallery_of_one_group_is_refused(by_hand: Run) -> None:
    with pytest.raises(UsageError, match="needs at least two"):
        by_hand([r for r in voice_and_gallery() if (r["modality"], r["group.g"]) != ("face", "b")])


def test_the_same_seed_gives_the_same_answer(on_study: Run) -> None:
    assert on_study("planted") == on_study("planted")
