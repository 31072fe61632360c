"""One review event, as the ledger holds it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from ..errors import UsageError
from ..ledger import DamagedLedgerError, Entry

SCHEMA = "avaudit.review/1"
Action = Literal["accept", "dispute", "second_examiner", "note"]
ACTIONS: tuple[Action, ...] = get_args(Action)
DECISIONS: tuple[Action, ...] = ("accept", "dispute")
MAX_NAME, MAX_TEXT = 200, 20_000


@dataclass(frozen=True, kw_only=True)
class Review:
    """What one reviewer said of one finding.

    ``report_digest`` is ``seal.digest`` of the report as the reviewer saw it. ``seq``, ``created``
    (UTC, RFC 3339) and ``key_id`` are those of the ledger entry. The name is what the reviewer
    typed; what is proven is the key.
    """

    report_id: str
    report_digest: str
    subject: str
    detector: str
    action: Action
    reviewer: str
    text: str = ""
    seq: int = 0
    created: str = ""
    key_id: str = ""

    def content(self) -> dict[str, Any]:
        """Give the payload of the ledger entry."""
        return {
            "schema": SCHEMA,
            "report": self.report_id,
            "report_digest": self.report_digest,
            "subject": self.subject,
            "detector": self.detector,
            "action": self.action,
            "reviewer": self.reviewer,
            "text": self.text,
        }


def checked(review: Review) -> Review:
    """Give the review with name and text trimmed.

    Raises
    ------
    UsageError
        When the reviewer is not named, a dispute or note gives no reason, or a text is too long.
    """
    name, text = " ".join(review.reviewer.split()), review.text.strip()
    if not name:
        raise UsageError("a review names its reviewer: give your name")
    if not name.isprintable() or len(name) > MAX_NAME:
        raise UsageError(f"a reviewer's name is printable text of at most {MAX_NAME} characters")
    if review.action not in ACTIONS:
        raise UsageError(f"a review's action is one of {', '.join(ACTIONS)}")
    if review.action in ("dispute", "note") and not text:
        raise UsageError(f"a {review.action} says why: write a sentence")
    if len(text) > MAX_TEXT:
        raise UsageError(f"the text has {len(text):,} characters; at most {MAX_TEXT:,} are kept")
    from dataclasses import replace

    return replace(review, reviewer=name, text=text)


def parse_review(entry: Entry, payload: str) -> Review:
    """Read a review from its ledger entry.

    Raises
    ------
    DamagedLedgerError
        When it is no review any more.
    """
    try:
        content = json.loads(payload)
        if content["action"] not in ACTIONS:
            raise ValueError(content["action"])  # noqa: TRY301 - one message for all of it
        return Review(
            report_id=entry.report_id,
            report_digest=str(content["report_digest"]),
            subject=str(content["subject"]),
            detector=str(content["detector"]),
            action=cast("Action", content["action"]),
            reviewer=str(content["reviewer"]),
            text=str(content["text"]),
            seq=entry.seq,
            created=entry.created,
            key_id=entry.key_id,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedLedgerError(
            f"entry {entry.seq} of the ledger cannot be read as a review: it was changed, or "
            "written by a later avaudit. Run avaudit verify"
        ) from error
