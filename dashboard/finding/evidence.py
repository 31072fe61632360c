"""The strength of a scored finding: ratio, bounds, calibration, error rates. All as reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from avaudit.catalogue import FindingRecord
from avaudit.evidence.tables import ConditionTable, tables_of
from avaudit.result import Curve, Finding

from ..cards import card_of
from ..say import md, plain
from ..store import Store
from ..words import number, ratio_words
from . import ratio

_BENCHES_SEARCHED = 10
_RATES = {
    "eer": ("Equal error rate", "misses and false alarms, where they are equal"),
    "misleading_h2_over_1": ("H2 items with LR > 1", "H2 is true and the ratio supports H1"),
    "misleading_h1_under_1": ("H1 items with LR < 1", "H1 is true and the ratio supports H2"),
    "misleading_h2_over_100": ("H2 items with LR > 100", "the same, strongly"),
    "misleading_h1_under_0_01": ("H1 items with LR < 1/100", "the same, strongly"),
    "abstention": ("Abstained", "share of items without an answer"),
    "cllr": ("Cllr", "cost of the ratios: 0 is perfect, 1 is as good as none"),
    "cllr_min": ("Cllr min", "the part of it that better calibration cannot take away"),
    "auc": ("AUC", "how well scores separate the classes: 0.5 is chance"),
}


def draw(store: Store, record: FindingRecord) -> None:
    """Draw the strength; nothing for findings without a score."""
    finding = record.finding
    if finding.score is None and finding.log10_lr is None:
        return
    st.markdown("**How strongly it speaks**")
    if finding.log10_lr is None:
        st.text(f"Score {number(finding.score)}. There is no likelihood ratio for it.")
        if finding.reason is None and finding.calibration is None:
            st.text("No calibration is recorded for this detector, so nothing is said of strength.")
        return
    low, high = finding.log10_lr_low, finding.log10_lr_high
    st.text(
        f"log10 LR {finding.log10_lr:+.2f} ({number(low)} to {number(high)}): "
        f"{plain(finding.strength or '')}.\n"
        f"The result is {ratio_words(finding.log10_lr)}."
    )
    curve = _tippett(store, finding)
    st.altair_chart(ratio.strip(finding, curve), width="stretch", theme=None)
    _bounds(finding.calibration or {}, has_curve=curve is not None)
    _rates(finding.calibration or {})
    table = _table(finding)
    if table is not None and finding.score is not None:
        with st.expander("From score to ratio: the calibration itself"):
            st.altair_chart(
                ratio.calibration(finding.score, finding.log10_lr, table),
                width="stretch",
                theme=None,
            )
            st.caption("From the detector's card, whose SHA-256 is the one in the report.")


def _bounds(calibration: Mapping[str, Any], *, has_curve: bool) -> None:
    low, high = calibration.get("elub_low"), calibration.get("elub_high")
    if low is None or high is None:
        return
    text = (
        f"Shaded: the interval. Dashed: the bounds {low:+.2f} and {high:+.2f}, beyond which the "
        "calibration data support no ratio, however extreme the score."
    )
    if calibration.get("at_bound"):
        text += " This finding is at a bound: the score alone would have given more."
    if has_curve:
        text += " Curves: share of the calibration's items of each class with a larger ratio."
    st.caption(md(text))


def _rates(calibration: Mapping[str, Any]) -> None:
    rows = [
        {"measure": name, "value": number(calibration[key]), "meaning": meaning}
        for key, (name, meaning) in _RATES.items()
        if isinstance(calibration.get(key), int | float)
    ]
    if not rows:
        return
    st.markdown("**Error rates under this condition**")
    st.text(
        plain(
            f"Condition {calibration.get('condition', 'unknown')}; {calibration.get('n_h1', '?')} "
            f"items of H1, {calibration.get('n_h2', '?')} of H2, from "
            f"{calibration.get('data_set', 'unnamed data')}. All held out."
        )
    )
    st.dataframe(rows, hide_index=True, width="stretch")


def _tippett(store: Store, finding: Finding) -> Curve | None:
    """Find the distributions of a bench in the ledger on the very data of this calibration."""
    calibration = finding.calibration or {}
    lines = store.catalogue.reports(kind="bench", limit=_BENCHES_SEARCHED)
    for line in (line for line in lines if line.name == finding.detector.name):
        report = store.report(line.report_id)
        data = report.parameters.get("data") or {}
        if data.get("sha256") != calibration.get("manifest_sha256"):
            continue
        for curve in report.curves or ():
            if curve.kind == "tippett" and curve.scenario == calibration.get("condition"):
                return curve
    return None


def _table(finding: Finding) -> ConditionTable | None:
    """Give the calibration table the finding used, if the installed card is still the same."""
    card = card_of(finding.detector.name)
    if card is None or card.sha256 != finding.detector.card_sha256:
        return None
    tables = tables_of(card)
    condition = (finding.calibration or {}).get("condition")
    return tables.conditions.get(str(condition)) if tables is not None else None
