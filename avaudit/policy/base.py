"""What all rules have in common."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Texts = tuple[str, ...]
ReportKind = Literal["scan", "audit", "bench"]


class Rule(BaseModel):
    """One thing a policy asks.

    Attributes
    ----------
    id
        A short name, used once; it is the rule's name in SARIF and JUnit, so keep it stable.
    note
        Why the rule is there, for readers.
    optional
        Leave the rule out where no report of its kind was given. Without it the rule is then
        undecided.
    only_new
        Problems that the baseline has as well do not count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    note: str = ""
    optional: bool = False
    only_new: bool = False

    @property
    def reads(self) -> frozenset[ReportKind]:
        """The kinds of reports it looks at."""
        raise NotImplementedError

    def whom(self) -> str:
        """Say whom it concerns, in words: the beginning of a sentence."""
        raise NotImplementedError

    def asks(self) -> str:
        """Say what it asks, in words: the end of that sentence."""
        raise NotImplementedError


def listed(words: Texts, last: str = "or") -> str:
    """Give words as a list in a sentence.

    Examples
    --------
    >>> listed(("a", "b", "c"))
    'a, b or c'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def percent(share: float) -> str:
    """Give a share in per cent, without a needless fraction.

    Examples
    --------
    >>> percent(0.1), percent(0.005)
    ('10 %', '0.5 %')
    """
    return f"{100 * share:.6g} %"
