"""Against a baseline: what is new, fixed, unchanged, and rules that ask for new problems only."""

from collections.abc import Callable

from avaudit.result import Gate, Report

from .conftest import Json, finding_of, scan_of

JudgeText = Callable[..., Gate]
RULE = '[[rule]]\nid = "no-mark"\nkind = "watermark"\npayload = "forbid"\n'


def files(*marked: str, clean: tuple[str, ...] = ()) -> dict[str, list[Json]]:
    def own(payload: str | None) -> list[Json]:
        return [finding_of("watermark.dwtdct", "scored", score=1.0, facts={"payload": payload})]

    return {name: own("SDV1") for name in marked} | {name: own(None) for name in clean}


def scans(**kept: object) -> tuple[Report, Report]:
    before = scan_of(files("a.jpg", "b.jpg"), id="before")
    after = scan_of(files("b.jpg", "c.jpg", clean=("a.jpg",)), id="after")
    return before, after


def test_new_fixed_unchanged(gate: JudgeText) -> None:
    before, after = scans()
    told = gate(RULE, after, baseline=[before])
    assert told.baseline is not None
    assert told.baseline.reports == ["before"]
    assert (told.baseline.new, told.baseline.fixed, told.baseline.unchanged) == (1, 1, 1)
    assert [(p.name, p.state) for p in told.baseline.fixed_problems] == [("a.jpg", "fixed")]
    states = {p.name: p.state for p in told.rules[0].problems or ()}
    assert states == {"b.jpg": "unchanged", "c.jpg": "new"}
    assert gate(RULE, after).baseline is None


def test_a_file_is_found_again_by_its_content_or_by_its_name(gate: JudgeText) -> None:
    before = scan_of(files("a.jpg", "b.jpg"))
    moved = [s.model_copy(update={"name": f"new/{s.name}"}) for s in before.subjects]
    changed = [s.model_copy(update={"sha256": "0" * 64}) for s in before.subjects]
    for subjects in (moved, changed):
        after = before.model_copy(update={"id": "after", "subjects": subjects})
        told = gate(RULE, after, baseline=[before]).baseline
        assert told is not None
        assert (told.new, told.fixed, told.unchanged) == (0, 0, 2)


def test_fingerprints_are_those_of_the_problem_not_of_the_report(gate: JudgeText) -> None:
    before, after = scans()
    one, other = (
        {p.name: p.fingerprint for p in gate(RULE, r).rules[0].problems or ()}
        for r in (before, after)
    )
    assert one["b.jpg"] == other["b.jpg"]
    assert len({*one.values(), *other.values()}) == 3


def test_only_new_problems_may_count(gate: JudgeText) -> None:
    before, after = scans()
    rule = RULE + "only_new = true\n"
    told = gate(rule, after, baseline=[before])
    assert told.verdict == "fail"
    assert "2 of 3 files fail, 1 of them already in the baseline" in told.rules[0].why
    assert gate(rule, before, baseline=[before]).verdict == "pass"
    assert gate(rule, before).verdict == "fail"  # without a baseline every problem is new
    other = scan_of(files("a.jpg", "c.jpg"))
    assert gate(rule, after, baseline=[before, other]).verdict == "pass"
