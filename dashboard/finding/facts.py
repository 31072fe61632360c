"""The facts of any detector: single values and records as tables, the rest nested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from avaudit.catalogue import FindingRecord

from ..say import md, plain, visible
from ..words import number

MAX_ROWS = 500


def draw(record: FindingRecord) -> None:
    """Draw the facts; metadata claims, which are what reviewers look for, come first."""
    facts = dict(record.finding.facts)
    if not facts:
        st.markdown("This finding holds no facts.")
    claims = facts.pop("claims", None)
    if isinstance(claims, list) and claims:
        st.markdown("**Claims in the metadata**")
        _records(claims)
    facts.pop("manifests", None)  # drawn on a tab of their own
    single = {key: value for key, value in facts.items() if not isinstance(value, dict | list)}
    if single:
        st.dataframe(
            [{"fact": plain(key, 100), "value": _shown(value)} for key, value in single.items()],
            hide_index=True,
            width="stretch",
            height="content",
        )
    for key, value in facts.items():
        if isinstance(value, dict | list) and value:
            st.markdown(f"**{md(key.replace('_', ' '), 100)}**")
            _nested(value)
    if record.subject.conditions:
        st.markdown("**Measured conditions of the file**")
        conditions = record.subject.conditions.items()
        st.dataframe(
            [{"condition": plain(k, 100), "value": _shown(v)} for k, v in conditions],
            hide_index=True,
            width="stretch",
        )


def _nested(value: dict[str, Any] | list[Any]) -> None:
    if isinstance(value, list) and all(_is_flat(item) for item in value):
        _records(value)
    elif isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        st.text("\n".join(f"• {_shown(item)}" for item in value[:MAX_ROWS]))
    else:
        st.json(visible(value), expanded=1)


def _records(records: list[Any]) -> None:
    rows = [
        {plain(key, 60): _shown(item) for key, item in record.items()}
        for record in records[:MAX_ROWS]
        if isinstance(record, Mapping)
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    if len(records) > MAX_ROWS:
        st.caption(f"{MAX_ROWS} of {len(records):,}; all stand in the JSON.")


def _is_flat(item: Any) -> bool:
    return isinstance(item, Mapping) and not any(isinstance(v, dict | list) for v in item.values())


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "not stated"}[value]
    return number(value) if isinstance(value, int | float) else plain(value, 1000)
