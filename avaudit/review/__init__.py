"""Review: what people say of findings, as signed ledger events.

A review never changes a report. It is an entry of its own in the ledger, signed with the key of
the machine it was made on, and names the reviewer, the finding and the digest of the sealed report
it was made of. Where reviewers disagree, the disagreement is shown and nothing is averaged.
"""

from .event import ACTIONS, DECISIONS, Review, parse_review
from .export import reviews_csv, reviews_json
from .record import record
from .state import FindingReview, ReviewState, review_of

__all__ = [
    "ACTIONS",
    "DECISIONS",
    "FindingReview",
    "Review",
    "ReviewState",
    "parse_review",
    "record",
    "review_of",
    "reviews_csv",
    "reviews_json",
]
