"""Trends: findings per day by where they stand."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from avaudit.catalogue import STANDINGS, Catalogue, DayCount

from ..theme import chart, palette

ORDER = ("flagged", "undecided", "failed", "quiet", "abstained")


def draw(catalogue: Catalogue) -> None:
    """Draw the chart with the same numbers as a table beside it, folded."""
    days = catalogue.by_day()
    if not days:
        return
    st.subheader("Over time", anchor=False)
    chosen = st.pills(
        "Findings shown",
        ORDER,
        selection_mode="multi",
        default=ORDER[:3],
        key="trend-standings",
        help="  \n".join(f"**{word}**: {text}" for word, text in STANDINGS.items()),
    )
    shown = [day for day in days if day.standing in (chosen or ORDER)]
    if not shown:
        st.markdown("No finding of that kind.")
        return
    st.altair_chart(_drawing(shown), width="stretch", theme=None)
    with st.expander("The same as numbers"):
        table = pd.DataFrame([vars(day) for day in days])
        table = table.pivot_table(
            index="day", columns="standing", values="count", fill_value=0, aggfunc="sum"
        )
        st.dataframe(table.astype(int), width="stretch")


def _drawing(days: list[DayCount]) -> alt.Chart:
    colours = dict(zip(ORDER, palette().standings, strict=True))
    shown = [word for word in ORDER if any(day.standing == word for day in days)]
    table = pd.DataFrame(
        [
            {
                "day": d.day,
                "standing": d.standing,
                "count": d.count,
                "rank": ORDER.index(d.standing),
            }
            for d in days
        ]
    )
    bars = (
        alt.Chart(table)
        .mark_bar(size=18 if len({d.day for d in days}) < 40 else 5)
        .encode(
            x=alt.X("yearmonthdate(day):T", title="day of the report (UTC)").axis(
                format="%Y-%m-%d", labelOverlap=True, tickCount="day"
            ),
            y=alt.Y("count:Q", title="findings").axis(tickMinStep=1, format="d"),
            color=alt.Color("standing:N", title=None, sort=shown).scale(
                domain=shown, range=[colours[word] for word in shown]
            ),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("day:T", title="day", format="%Y-%m-%d"),
                alt.Tooltip("standing:N"),
                alt.Tooltip("count:Q", title="findings"),
            ],
        )
    )
    return chart(bars, height=200)
