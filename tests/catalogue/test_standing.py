"""Where a finding stands is read off what it states."""

from __future__ import annotations

from typing import Any

import pytest

from avaudit.catalogue import STANDINGS, standing_of


def told(points_to: str, weight: str) -> dict[str, Any]:
    return {"points_to": points_to, "weight": weight, "text": ""}


def scored(value: float | None, low: float | None = None, high: float | None = None) -> Any:
    return {"outcome": "scored", "score": 1.0, "log10_lr": value, "log10_lr_low": low} | {
        "log10_lr_high": high
    }


@pytest.mark.parametrize(
    ("finding", "word", "priority"),
    [
        ({"outcome": "failed"}, "failed", 15),
        ({"outcome": "abstained", "reason": {"code": "no_face"}}, "abstained", 0),
        (
            {"outcome": "abstained", "score": 1.0, "reason": {"code": "out_of_domain"}},
            "undecided",
            10,
        ),
        ({"outcome": "abstained", "reason": {"code": "out_of_domain"}}, "abstained", 0),
        ({"outcome": "observed"}, "quiet", 0),
        ({"outcome": "observed", "indications": [told("captured", "strong")]}, "quiet", 0),
        ({"outcome": "observed", "indications": [told("edited", "weak")]}, "undecided", 10),
        (
            {
                "outcome": "observed",
                "indications": [told("captured", "strong"), told("generated", "moderate")],
            },
            "flagged",
            30,
        ),
        (
            {
                "outcome": "observed",
                "indications": [told("edited", "weak"), told("altered_after_signing", "strong")],
            },
            "flagged",
            40,
        ),
        (scored(None), "quiet", 0),
        (scored(0.5, -0.2, 1.0), "undecided", 10),
        (scored(0.5, 0.0, 1.0), "undecided", 10),
        (scored(0.5, 0.1, 1.0), "flagged", 20),
        (scored(2.5, 2.0, 3.0), "flagged", 30),
        (scored(4.5, 4.0, 5.0), "flagged", 40),
        (scored(-2.5, -3.0, -2.0), "quiet", 0),
        (scored(-0.5, -1.0, 0.0), "undecided", 10),
        # a ratio below 1 speaks for H2, whatever that is called
        (scored(-2.5, -3.0, -2.0) | {"indications": [told("odd", "moderate")]}, "quiet", 0),
    ],
)
def test_standing(finding: dict[str, Any], word: str, priority: int) -> None:
    standing = standing_of(finding)
    assert (standing.word, standing.priority) == (word, priority)
    assert standing.word in STANDINGS


def test_a_contradiction_raises_what_waits_but_not_what_is_quiet() -> None:
    assert standing_of({"outcome": "failed"}, contradicted=True).priority == 20
    assert standing_of({"outcome": "observed"}, contradicted=True).priority == 0
