"""Does a model answer as its protocol promises? The checks of ``avaudit check``."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..errors import AuditError
from .answers import FORMS, Form, InvalidAnswerError, Row
from .backend import Item
from .examples import Examples
from .files import FileDigests
from .model import Model
from .protocols import Capability, Pair

SAME, CLOSE = 1e-9, 1e-4
"""Largest difference, as a share of the scale: of equal calls; of other batches, where floating
point sums may be taken in another order."""
OFFSET = 0.02
"""The scale is the range of the numbers plus this share of the largest: for numbers that hardly
differ, 32-bit arithmetic leaves 2e-6 of their size."""
SEED = 7


@dataclass(frozen=True)
class CheckResult:
    """One check.

    Attributes
    ----------
    name
        The operation and what was checked, such as ``score_clips: order``.
    ok
        Whether the promise is kept; None: not checkable, or only a note.
    text
        What was seen.
    crashed
        The model failed rather than answered.
    """

    name: str
    ok: bool | None
    text: str
    crashed: bool = False


def check_model(model: Model, examples: Examples) -> list[CheckResult]:
    """Try a model on a few inputs.

    Parameters
    ----------
    model
        The model; it is asked without its cache.
    examples
        What to try it on; a table of scores is asked for items it holds.

    Returns
    -------
    list of CheckResult
        In a fixed order; a crash ends the checks of one operation, never of the others.
    """
    said = ", ".join(f"{c.protocol} ({c})" for c in sorted(model.capabilities))
    results = [CheckResult("capabilities", True, said)]
    results.append(
        CheckResult("fingerprint", True, f"{model.fingerprint[:16]}…: answers can be kept")
        if model.fingerprint
        else CheckResult("fingerprint", None, "none: nothing is kept, a re-run asks again")
    )
    for op in sorted(model.capabilities):
        results += _check_op(model, op, examples)
    results.append(
        CheckResult("network", None, "not checkable from here: run the model without a network")
    )
    return results


def _check_op(model: Model, op: Capability, examples: Examples) -> list[CheckResult]:
    results: list[CheckResult] = []
    try:
        items, rows = _first_answer(model, op, examples)
        if not items:
            why = "no example for it: give some with --data"
            return [CheckResult(f"{op}: answers", None, why)]
        results.append(CheckResult(f"{op}: answers", True, _shape_text(op, rows)))
        answered = _answered(op, rows, examples)
        results.append(answered)
        if not answered.ok:
            return results
        results += _values(op, rows)
        repeated = _compared(op, "two calls", rows, _ask(model, op, items), SAME)
        results.append(repeated)
        if not repeated.ok:
            return results  # whatever else differs would be told for a reason that is not its own
        for check in (_batches, _order, _rows_alone, _direction):
            results += check(model, op, items, rows)
        results += _damaged(model, op, items)
    except InvalidAnswerError as error:
        results.append(CheckResult(f"{op}: answers", False, str(error)))
    except AuditError as error:
        results.append(CheckResult(f"{op}: runs", False, str(error), crashed=True))
    return results


def _first_answer(model: Model, op: Capability, examples: Examples) -> tuple[list[Item], list[Row]]:
    """Ask for the first kind of examples the model has any answer for."""
    failure: AuditError | None = None
    seen: tuple[list[Item], list[Row]] = ([], [])
    for items in _candidates(model, op, examples):
        if not items:
            continue
        try:
            rows = _ask(model, op, items)
        except InvalidAnswerError:
            raise
        except AuditError as error:
            failure = failure or error
            continue
        if any(row is not None for row in rows):
            return items, rows
        seen = (items, rows)
    if failure is not None and not seen[0]:
        raise failure
    return seen


def _candidates(model: Model, op: Capability, examples: Examples) -> Iterator[list[Item]]:
    if known := model.known_items(op, 12):
        yield known
        return
    clips: tuple[Sequence[Item], ...] = (examples.videos, examples.voices, examples.faces)
    kinds: dict[Capability, tuple[Sequence[Item], ...]] = {
        Capability.FACE_EMBEDDER: (examples.faces, examples.videos),
        Capability.VOICE_EMBEDDER: (examples.voices, examples.videos),
        Capability.TRANSCRIBER: (examples.voices, examples.videos),
        Capability.PAIR_SCORER: (
            examples.pairs,
            _neighbours(examples.voices),
            _neighbours(examples.faces),
        ),
        Capability.SYNC_ESTIMATOR: (examples.videos,),
        Capability.VOICE_FROM_FACE: (examples.face_texts,),
        Capability.FACE_FROM_VOICE: (examples.voices,),
    }
    for items in kinds.get(op, clips):
        yield list(items)


def _neighbours(files: Sequence[Path]) -> list[Pair]:
    return [Pair(a, b) for a, b in pairwise(files)]


def _ask(model: Model, op: Capability, items: Sequence[Item], size: int | None = None) -> list[Row]:
    options = {"seed": SEED} if FORMS[op] is Form.FILE else {}
    return model.uncached(size or max(1, len(items))).ask(op, items, **options)


def _answered(op: Capability, rows: Sequence[Row], examples: Examples) -> CheckResult:
    name, gaps = f"{op}: answered", sum(row is None for row in rows)
    text = f"{len(rows) - gaps} of {len(rows)} inputs have an answer"
    if gaps < len(rows):
        return CheckResult(name, True, text)
    if examples.generated:
        hint = "; the examples are drawn and sung by code: give real ones with --data"
        return CheckResult(name, None, text + hint)
    return CheckResult(name, False, text)


def _values(op: Capability, rows: Sequence[Row]) -> list[CheckResult]:
    vectors = [row for row in rows if isinstance(row, np.ndarray)]
    results = []
    if vectors:
        zeros = sum(not row.any() for row in vectors)
        text = f"{zeros} vectors are all zero: they have no cosine" if zeros else "no zero vector"
        results.append(CheckResult(f"{op}: length", not zeros, text))
    if FORMS[op] in (Form.VECTOR, Form.SCALAR):
        present = [row for row in rows if row is not None]
        if len(present) > 1 and all(_difference(op, [present[0]], [row]) == 0 for row in present):
            text = "all different inputs have the same answer"
            results.append(CheckResult(f"{op}: variety", None, text))
    return results


def _batches(
    model: Model, op: Capability, items: Sequence[Item], rows: Sequence[Row]
) -> list[CheckResult]:
    return [_compared(op, "batch size", rows, _ask(model, op, items, 1), CLOSE)]


def _order(
    model: Model, op: Capability, items: Sequence[Item], rows: Sequence[Row]
) -> list[CheckResult]:
    if len(items) < 2:
        return [CheckResult(f"{op}: order", None, "one example is not enough")]
    # turned by one and back to front: neither first, last nor middle row stays in its place
    places = [*range(1, len(items)), 0]
    results = []
    for other in (places, list(reversed(range(len(items))))):
        moved = _ask(model, op, [items[place] for place in other])
        results.append(_compared(op, "order", [rows[place] for place in other], moved, CLOSE))
    return [next((r for r in results if not r.ok), results[0])]


def _rows_alone(
    model: Model, op: Capability, items: Sequence[Item], rows: Sequence[Row]
) -> list[CheckResult]:
    if len(items) < 2:
        return [CheckResult(f"{op}: rows apart", None, "one example is not enough")]
    fewer = _ask(model, op, items[:-1])
    return [_compared(op, "rows apart", rows[:-1], fewer, CLOSE)]


def _direction(
    model: Model, op: Capability, items: Sequence[Item], rows: Sequence[Row]
) -> list[CheckResult]:
    """Note whether a file goes better with itself than with another."""
    pairs = [item for item in items if isinstance(item, Pair)]
    if op is not Capability.PAIR_SCORER or model.known_items(op, 1):
        return []
    if any(pair.left.suffix != pair.right.suffix for pair in pairs):
        return []
    own = np.array(_ask(model, op, [Pair(p.left, p.left) for p in pairs]), dtype=np.float64)
    other = np.array(rows, dtype=np.float64)
    share = float(np.nanmean(own >= other)) if len(own) else math.nan
    text = f"a file scores at least as high with itself as with another in {share:.0%} of cases"
    return [CheckResult(f"{op}: direction", None, text)]


def _damaged(model: Model, op: Capability, items: Sequence[Item]) -> list[CheckResult]:
    """Note what becomes of a file that cannot be read."""
    first = items[0]
    if not isinstance(first, Path) or model.known_items(op, 1) or FORMS[op] is Form.FILE:
        return []
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / f"damaged{first.suffix}"
        broken.write_bytes(first.read_bytes()[:64])
        try:
            row = _ask(model, op, [broken])[0]
        except AuditError:
            text = "fails, which ends a scenario: rather answer NaN (None for text)"
        else:
            text = "has no answer" if row is None else "is answered like any other"
    return [CheckResult(f"{op}: a damaged file", None, text)]


def _compared(
    op: Capability, what: str, one: Sequence[Row], other: Sequence[Row], tolerance: float
) -> CheckResult:
    name, difference = f"{op}: {what}", _difference(op, one, other)
    if difference == 0:
        return CheckResult(name, True, "equal")
    if difference <= tolerance:
        return CheckResult(name, True, f"equal up to {difference:.1e} of the range")
    texts = {
        "two calls": "the same call gives other answers",
        "batch size": "answers depend on how many inputs one call has",
        "order": "answers depend on the order of the inputs",
        "rows apart": "an answer depends on what else is in the call",
    }
    size = "" if math.isinf(difference) else f" (by {difference:.2g} of the range)"
    return CheckResult(name, False, texts[what] + size)


def _difference(op: Capability, one: Sequence[Row], other: Sequence[Row]) -> float:
    """Give the largest difference as a share of the scale; inf where the kinds differ."""
    if [row is None for row in one] != [row is None for row in other]:
        return math.inf
    left = [row for row in one if row is not None]
    right = [row for row in other if row is not None]
    if FORMS[op] is Form.TEXT:
        return 0.0 if left == right else math.inf
    if FORMS[op] is Form.FILE:
        of = FileDigests().of
        same = all(of(str(a)) == of(str(b)) for a, b in zip(left, right, strict=True))
        return 0.0 if same else math.inf
    a, b = np.array(left, dtype=np.float64), np.array(right, dtype=np.float64)
    if a.shape != b.shape:
        return math.inf
    if not a.size:
        return 0.0
    scale = float(np.ptp(a)) + OFFSET * max(float(np.abs(a).max()), float(np.abs(b).max()))
    return float(np.abs(a - b).max()) / scale if scale else 0.0


def _shape_text(op: Capability, rows: Sequence[Row]) -> str:
    first = next((row for row in rows if row is not None), None)
    if isinstance(first, np.ndarray):
        return f"{len(rows)} vectors of {len(first)} numbers"
    kinds = {Form.SCALAR: "numbers", Form.TEXT: "texts", Form.FILE: "files", Form.VECTOR: "vectors"}
    return f"{len(rows)} {kinds[FORMS[op]]}"
