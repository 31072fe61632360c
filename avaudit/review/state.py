"""Where the review of a finding stands, from all that was said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .event import DECISIONS, Review


class ReviewState(StrEnum):
    """Where a finding's review stands."""

    OPEN = "open"
    """Nobody has decided."""
    ACCEPTED = "accepted"
    """Everybody who decided accepts it."""
    DISPUTED = "disputed"
    """Everybody who decided disputes it."""
    DISAGREEMENT = "disagreement"
    """Reviewers decided differently."""
    SECOND_EXAMINER = "second examiner"
    """A second examiner was asked for and has not decided yet."""


WAITING = (ReviewState.OPEN, ReviewState.DISAGREEMENT, ReviewState.SECOND_EXAMINER)
"""States in which a finding that needs a person still waits for one."""


@dataclass(frozen=True, kw_only=True)
class FindingReview:
    """All that was said of one finding.

    ``decisions`` holds the last decision of every reviewer, by name and key: somebody who signs
    with another key under the same name does not overwrite the first.
    """

    state: ReviewState
    decisions: dict[tuple[str, str], Review]
    events: tuple[Review, ...]


def review_of(events: Iterable[Review]) -> FindingReview:
    """Tell where the review of one finding stands.

    Parameters
    ----------
    events
        All reviews of that finding, in any order. The last decision of each reviewer counts. A
        request for a second examiner is met by a later decision of somebody of another name than
        the one who asked.

    Examples
    --------
    >>> review_of([]).state
    <ReviewState.OPEN: 'open'>
    """
    ordered = tuple(sorted(events, key=lambda review: review.seq))
    decisions: dict[tuple[str, str], Review] = {}
    asked: Review | None = None
    for review in ordered:
        name = review.reviewer.casefold()
        if review.action in DECISIONS:
            decisions[name, review.key_id] = review
            if asked is not None and name != asked.reviewer.casefold():
                asked = None
        elif review.action == "second_examiner":
            asked = review
    return FindingReview(state=_state(decisions, asked), decisions=decisions, events=ordered)


def _state(decisions: dict[tuple[str, str], Review], asked: Review | None) -> ReviewState:
    said = {review.action for review in decisions.values()}
    if len(said) > 1:
        return ReviewState.DISAGREEMENT
    if asked is not None:
        return ReviewState.SECOND_EXAMINER
    if not said:
        return ReviewState.OPEN
    return ReviewState.ACCEPTED if "accept" in said else ReviewState.DISPUTED
