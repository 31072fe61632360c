"""Rules over files, each passed, failed and undecided by hand-made reports."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from avaudit.policy import judge
from avaudit.policy.read import PolicyFile
from avaudit.result import Gate, Report, RuleResult

from .conftest import finding_of, policy_of, scan_of

Ask = Callable[..., RuleResult]
JudgeText = Callable[..., Gate]
Json = dict[str, Any]


def c2pa(**facts: Any) -> Json:
    base = {"integrity": "valid", "trust": "trusted", "trust_list": "c2pa",
            "ai_signal": "fully_generated", "ingredient_problems": []}  # fmt: skip
    return finding_of("provenance.c2pa", facts={**base, **facts})


def claims(*says: str, weight: str = "high") -> Json:
    rows = [{"says": s, "weight": weight, "where": "XMP", "field": "CreatorTool"} for s in says]
    return finding_of("provenance.metadata", facts={"claims": rows})


def mark(payload: str | None) -> Json:
    facts = {"payload": payload, "p_value": 1e-9}
    return finding_of("watermark.dwtdct", "scored", score=1.0, facts=facts)


def ratio(value: float, low: float, high: float) -> Json:
    return finding_of(
        "speech.synthetic", "scored", score=0.0, log10_lr=value, log10_lr_low=low,
        log10_lr_high=high,
    )  # fmt: skip


def match(label: str, distance: float = 3) -> Json:
    rows = [{"id": "k1", "label": label, "distance": distance, "kind": "image"}]
    return finding_of("known.match", facts={"matches": rows})


def offset(value: float, low: float, high: float) -> Json:
    facts = {"offset_s": value, "offset_low_s": low, "offset_high_s": high}
    return finding_of("sync.offset", "scored", score=0.0, facts=facts)


SIGNED = (
    'kind = "provenance"\ntrust = ["trusted"]\ntrust_lists = ["c2pa"]\n'
    "max_ingredient_problems = 0\n"
    'ai_signal = ["fully_generated", "edited_with_ai"]\n'
)
SPEECH = 'kind = "evidence"\ndetectors = ["speech.*"]\nmax_log10_lr = 2.0\n'
NO_MARK = 'kind = "watermark"\npayload = "forbid"\n'
SYNC = 'kind = "sync"\n'
KNOWN = 'kind = "known"\nlabels = ["takedown", "abuse-*"]\nmax_distance = 10\n'


@pytest.mark.parametrize(
    ("rule", "said", "verdict", "words"),
    [
        (SIGNED, c2pa(), "pass", "It passes."),
        (SIGNED, c2pa(integrity="invalid"), "fail", "manifest is invalid (accepted: valid)"),
        (SIGNED, c2pa(integrity="absent"), "fail", "manifest is absent (accepted: valid)"),
        (SIGNED, c2pa(integrity="remote_only"), "insufficient", "lies elsewhere"),
        (SIGNED, c2pa(integrity="unreadable"), "insufficient", "cannot be read"),
        (SIGNED, c2pa(integrity=None), "insufficient", "states no integrity"),
        (SIGNED, c2pa(trust="untrusted"), "fail", "its signer is untrusted, not trusted"),
        (SIGNED, c2pa(trust="trusted_legacy"), "fail", "trusted_legacy"),
        (SIGNED, c2pa(trust="unknown"), "insufficient", "avaudit trust update"),
        (SIGNED, c2pa(trust_list="mine"), "fail", "the list mine vouches for its signer, not c2pa"),
        (SIGNED, c2pa(ai_signal="none"), "fail", "says of AI none, not fully_generated"),
        (SIGNED, c2pa(ai_signal="unknown"), "insufficient", "says of AI unknown"),
        (SIGNED, c2pa(ingredient_problems=[{}]), "fail", "records 1 ingredient problems"),
        (SIGNED, finding_of("provenance.c2pa", "failed", code="crash"), "insufficient", "crash"),
        (SIGNED, claims(), "insufficient", "provenance.c2pa did not examine it"),
        ('kind = "metadata"\nforbid = ["generated"]', claims("captured"), "pass", ""),
        ('kind = "metadata"\nforbid = ["generated"]', claims("generated"), "fail",
         "its metadata says generated (XMP, CreatorTool)"),
        ('kind = "metadata"\nforbid = ["generated"]\nmin_weight = "medium"',
         claims("generated", weight="low"), "pass", ""),
        ('kind = "metadata"\nrequire = ["generated", "edited"]', claims("edited"), "pass", ""),
        ('kind = "metadata"\nrequire = ["generated"]', claims("edited"), "fail",
         "its metadata does not say generated"),
        ('kind = "metadata"\nrequire = ["generated"]',
         finding_of("provenance.metadata", "abstained", code="format_not_supported"),
         "insufficient", "metadata of this format is not read"),
        ('kind = "metadata"\nforbid = ["generated"]',
         finding_of("provenance.metadata", "abstained", code="format_not_supported"), "pass", ""),
        (NO_MARK, mark(None), "pass", ""),
        (NO_MARK, mark("SDV1"), "fail", "known watermark SDV1 (p = 1e-09)"),
        (NO_MARK, finding_of("watermark.dwtdct", "abstained", code="too_small"), "insufficient",
         "too_small"),
        (NO_MARK, claims(), "insufficient", "watermark.* did not examine it"),
        (NO_MARK.replace("forbid", "require"), mark("SDV1"), "pass", ""),
        (NO_MARK.replace("forbid", "require"), mark(None), "fail", "no known watermark is found"),
        (SPEECH, ratio(-1, -1.5, -0.5), "pass", ""),
        (SPEECH, ratio(2.5, 2.0, 3.0), "fail", "log10 LR +2.50 (+2.00 to +3.00) is not below 2"),
        (SPEECH, ratio(1.9, 1.5, 2.2), "insufficient", "may be below 2 or not"),
        (SPEECH, finding_of("speech.x", "scored", score=1e9, code="not_calibrated"),
         "insufficient", "no likelihood ratio is stated: because of not_calibrated"),
        (SPEECH, finding_of("speech.x", "abstained", code="too_short"), "insufficient",
         "speech.x abstained: because of too_short"),
        (SPEECH + 'no_answer = "pass"', finding_of("speech.x", "abstained", code="too_short"),
         "pass", ""),
        (SPEECH + 'no_answer = "fail"', finding_of("speech.x", "abstained", code="too_short"),
         "fail", "too_short"),
        (SPEECH + 'no_answer = "pass"', finding_of("speech.x", "failed", code="crash"),
         "insufficient", "crash"),
        (SPEECH + 'no_answer = "pass"', claims(), "insufficient", "speech.* did not examine it"),
        (SPEECH, finding_of("speech.x", "abstained", code="no_speech"), "pass", ""),
        (KNOWN, match("holiday"), "pass", ""),
        (KNOWN, match("abuse-1"), "fail", "labelled 'abuse-1' at a distance of 3"),
        (KNOWN, match("takedown", distance=11), "pass", ""),
        (KNOWN, finding_of("known.match", "failed", code="no_index"), "insufficient", "no_index"),
        (SYNC, offset(0.05, 0.01, 0.09), "pass", ""),
        (SYNC, offset(0.3, 0.2, 0.4), "fail", "outside the window of -0.045 s to +0.125 s"),
        (SYNC, offset(-0.2, -0.3, -0.1), "fail", "outside"),
        (SYNC, offset(0.12, 0.1, 0.14), "insufficient", "perhaps outside"),
        (SYNC, finding_of("sync.offset", "abstained", code="no_face"), "pass", ""),
        (SYNC, finding_of("sync.offset", "abstained", code="too_short"), "insufficient", "short"),
        (SYNC + "early_s = 0.5\nlate_s = 0.5", offset(0.3, 0.2, 0.4), "pass", ""),
    ],
)  # fmt: skip
def test_each_kind(ask: Ask, rule: str, said: Json, verdict: str, words: str) -> None:
    told = ask(rule, scan_of({"a.wav": [said]}))
    assert told.verdict == verdict, told.why
    assert words in told.why
    assert (told.problems is None) == (verdict == "pass")
    if told.problems:
        assert told.problems[0].verdict == verdict
        assert (told.problems[0].subject, told.problems[0].name) == ("s1", "a.wav")


def test_signer_and_label_are_asked_only_where_there_is_a_manifest(ask: Ask) -> None:
    rule = SIGNED + 'integrity = ["valid", "absent"]\n'
    unsigned = c2pa(integrity="absent", trust="unknown", ai_signal="unknown")
    assert ask(rule, scan_of({"a.jpg": [unsigned]})).verdict == "pass"


def test_contradictions(ask: Ask) -> None:
    rule = 'kind = "contradictions"'
    conclusion = {"subject": "s1", "summary": ""}
    at_odds = {**conclusion, "contradictions": ["one says this, the other that"]}
    assert ask(rule, scan_of({"a": []})).verdict == "pass"
    told = ask(rule, scan_of({"a": []}, conclusions=[at_odds]))
    assert told.verdict == "fail"
    assert "one says this" in told.why
    assert ask(rule, scan_of({"a": []}, conclusions=[])).verdict == "insufficient"


FAILED, SILENT = finding_of("m", "failed", code="e"), finding_of("m", "abstained", code="short")
FINE, NOT_FOR = finding_of("m"), finding_of("m", "abstained", code="no_sound")


@pytest.mark.parametrize(
    ("limits", "findings", "verdict"),
    [
        ("", [FINE, FINE], "pass"),
        ("", [FINE, FAILED], "fail"),
        ("max_failed = 0.5", [FINE, FAILED], "pass"),
        ("max_failed = 0.4", [FINE, FAILED], "fail"),
        ("max_no_answer = 0.4", [FINE, SILENT], "fail"),
        ("max_no_answer = 0.5", [FINE, SILENT], "pass"),
        ("max_no_answer = 0.0", [FINE, NOT_FOR], "pass"),
        # what failed has its own limit, and does not thin out the silent ones
        ("max_no_answer = 0.4\nmax_failed = 1.0", [FINE, SILENT, FAILED], "fail"),
        ('detectors = ["m"]\nmax_no_answer = 0.0', [FINE, finding_of("other")], "fail"),
        ('detectors = ["m*"]', [finding_of("other")], "insufficient"),
    ],
)  # fmt: skip
def test_coverage(ask: Ask, limits: str, findings: list[Json], verdict: str) -> None:
    files = {f"{n}.wav": [one] for n, one in enumerate(findings)}
    assert ask(f'kind = "coverage"\n{limits}', scan_of(files)).verdict == verdict


def test_whom_a_rule_concerns(ask: Ask) -> None:
    report = scan_of({"in/real/a.jpg": [mark("SDV1")], "in/ai/b.jpg": [mark("SDV1")],
                      "in/real/c.wav": [mark("SDV1")]})  # fmt: skip

    def concerned(text: str) -> int:
        head = 'schema = "avaudit.policy/1"\nname = "t"\n[declared]\nreal = ["real/*"]\n'
        told = ask(NO_MARK + text, report, head=head)
        assert told.counts is not None
        return told.counts["concerned"]

    assert concerned("") == 3
    assert concerned('declared = "real"') == 2
    assert concerned('declared = "generated"') == 0
    assert concerned('match = ["*.jpg"]') == 2
    assert concerned('unless = ["real/*"]') == 1
    assert concerned('media = ["audio/*"]') == 1
    assert concerned('declared = "real"\nmedia = ["image/*"]') == 1


def test_nothing_passes_that_was_not_looked_at(ask: Ask) -> None:
    assert ask(NO_MARK, scan_of({})).verdict == "insufficient"
    rest = {"interrupted": {"not_examined": ["b.jpg", "c.jpg"]}}
    told = ask(NO_MARK, scan_of({"a.jpg": [mark(None)]}, parameters=rest))
    assert told.verdict == "insufficient"
    assert told.why.startswith("The scan was interrupted: 2 inputs were not examined.")
    told = ask(NO_MARK + "at_least = 3", scan_of({"a.jpg": [mark(None)]}))
    assert (told.verdict, told.n_needed) == ("insufficient", 3)
    assert "at least 3 would settle it" in told.why


def test_an_interrupted_scan_can_still_fail(ask: Ask) -> None:
    rest = {"interrupted": {"not_examined": ["b.jpg"]}}
    assert ask(NO_MARK, scan_of({"a.jpg": [mark("SDV1")]}, parameters=rest)).verdict == "fail"


def test_a_share_may_be_tolerated(ask: Ask) -> None:
    files = {f"{n}.jpg": [mark("SDV1" if n == 0 else None)] for n in range(10)}
    assert ask(NO_MARK + "tolerate = 0.1", scan_of(files)).verdict == "pass"
    told = ask(NO_MARK + "tolerate = 0.05", scan_of(files))
    assert told.verdict == "fail"
    assert "1 of 10 files fails (5 % are tolerated)" in told.why
    files["9.jpg"] = []  # not examined: it may be the second one that fails
    assert ask(NO_MARK + "tolerate = 0.1", scan_of(files)).verdict == "insufficient"


def test_no_report_of_the_kind(gate: JudgeText, report: Callable[..., Report]) -> None:
    rule = f'[[rule]]\nid = "a"\n{NO_MARK}'
    told = gate(rule, report("audit"))
    assert told.verdict == "insufficient"
    assert told.rules[0].why == "No report of a scan was given."
    told = gate(f"{rule}optional = true", report("audit"))
    assert (told.verdict, told.rules) == ("insufficient", [])
    assert told.left_out is not None
    assert told.left_out[0].id == "a"


def test_hostile_facts_are_undecided_and_never_an_error(ask: Ask) -> None:
    for facts in ({"integrity": ["valid"], "trust": {}}, {"integrity": 7}, {}):
        strange = finding_of("provenance.c2pa", facts=facts)
        assert ask(SIGNED, scan_of({"a.jpg": [strange]})).verdict == "insufficient"
    for claim in ({"claims": "generated"}, {"claims": [3, {"says": {}, "weight": []}]}):
        strange = finding_of("provenance.metadata", facts=claim)
        rule = 'kind = "metadata"\nforbid = ["generated"]'
        assert ask(rule, scan_of({"a.jpg": [strange]})).verdict == "pass"
    strange = finding_of("sync.offset", facts={"offset_s": True})
    assert ask(SYNC, scan_of({"a.jpg": [strange]})).verdict == "insufficient"


def test_problems_are_listed_up_to_a_limit_and_counted_completely(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[judge.__module__], "LISTED", 5)
    files: dict[str, list[Json]] = {f"{n:02}.jpg": [] for n in range(8)}
    files |= {f"{n}.png": [mark("SDV1")] for n in range(3)}
    told = ask(NO_MARK, scan_of(files))
    assert told.counts == {
        "concerned": 11, "failing": 3, "undecided": 8, "problems": 11, "listed": 5,
    }  # fmt: skip
    assert [p.verdict for p in told.problems or ()] == ["fail"] * 3 + ["insufficient"] * 2


MANY = policy_of(
    "".join(
        f'[[rule]]\nid = "r{n}"\n{rule}\n'
        for n, rule in enumerate(
            (SIGNED + "tolerate = 0.2", 'kind = "metadata"\nforbid = ["generated"]', NO_MARK,
             SPEECH + "tolerate = 0.3", 'kind = "coverage"\nmax_no_answer = 0.3\nmax_failed = 0.2',
             'kind = "contradictions"', KNOWN, SYNC)
        )
    )
)  # fmt: skip
GOOD = (c2pa(), claims(), mark(None), ratio(0, -1, 1), match("x"), offset(0, -0.01, 0.01))
BAD = (
    c2pa(integrity="invalid"), claims("generated"), mark("SDV1"), ratio(3, 2.5, 3.5),
    match("takedown"), offset(1, 0.9, 1.1), FAILED,
)  # fmt: skip
ANY = (
    *GOOD, *BAD, finding_of("speech.synthetic", "abstained", code="too_short"),
    finding_of("speech.synthetic", "abstained", code="no_speech"), FINE,
)  # fmt: skip
RANK = {"pass": 0, "insufficient": 1, "fail": 2}


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(ANY), max_size=5), min_size=1, max_size=5),
       st.sampled_from(BAD), st.data())  # fmt: skip
def test_a_failing_finding_more_never_makes_a_gate_better(
    files: list[list[Json]], bad: Json, data: st.DataObject
) -> None:
    """Whether in a file of its own or in one that is there."""
    before = verdicts(MANY, files)
    place = data.draw(st.integers(0, len(files)))
    after = [list(own) for own in files] + [[]]
    new = bad["detector"]["name"]
    after[place] = [one for one in after[place] if one["detector"]["name"] != new] + [bad]
    if place < len(files):
        after.pop()
    told = verdicts(MANY, after)
    own = {"provenance.c2pa": 0, "provenance.metadata": 1, "watermark.dwtdct": 2,
           "speech.synthetic": 3, "known.match": 6, "sync.offset": 7, "m": 4}[new]  # fmt: skip
    assert RANK[told[f"r{own}"]] >= RANK[before[f"r{own}"]]
    assert not (before["gate"] == "fail" and told["gate"] == "pass")


def verdicts(policy: PolicyFile, files: list[list[Json]]) -> dict[str, str]:
    told = judge(policy, [scan_of({f"{n}.wav": own for n, own in enumerate(files)})])
    return {"gate": told.verdict, **{rule.id: rule.verdict for rule in told.rules}}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = (
    "integrity", "trust", "trust_list", "ai_signal", "ingredient_problems", "claims", "payload",
    "p_value", "matches", "offset_s", "offset_low_s", "offset_high_s",
)  # fmt: skip
DETECTORS = ("provenance.c2pa", "provenance.metadata", "watermark.x", "known.x", "sync.offset")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(DETECTORS), st.dictionaries(st.sampled_from(KEYS), JSON))
def test_any_facts_get_an_answer(detector: str, facts: Json) -> None:
    strange = finding_of(detector, facts=facts)
    told = judge(MANY, [scan_of({"a.wav": [strange]})])
    assert told.verdict in ("fail", "insufficient")  # the other detectors did not look at it
    assert all(rule.why.isprintable() or rule.problems for rule in told.rules)
