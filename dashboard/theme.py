"""Colours for light and dark that the colour-blind can tell apart, and the charts' dress.

The hues are those of Okabe and Ito ("Color Universal Design", 2008), darkened or lightened until
they stand out from their paper; every state also has a word and a mark of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

MAX_UPLOAD_MB = 2048
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
HEADING_SIZES = ("1.9rem", "1.5rem", "1.25rem")


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colours of one theme."""

    paper: str
    sheet: str
    ink: str
    soft: str
    rule: str
    accent: str
    good: str
    warn: str
    bad: str
    plain: str
    series: tuple[str, ...]
    standings: tuple[str, ...]
    """Of flagged, undecided, failed, quiet and abstained findings, for bars side by side."""


LIGHT = Palette(
    paper="#fdfcfa",
    sheet="#f1efe9",
    ink="#1c2126",
    soft="#565e66",
    rule="#d5d1c7",
    accent="#17566b",
    good="#00734f",
    warn="#8a5500",
    bad="#b0320f",
    plain="#62686f",
    series=("#0072b2", "#d55e00", "#009e73", "#aa4499", "#8a6d00", "#56b4e9"),
    standings=("#b0320f", "#e8b020", "#7a2a80", "#56b4e9", "#b4b8bc"),
)
DARK = Palette(
    paper="#14171a",
    sheet="#1f2428",
    ink="#e8e6e0",
    soft="#a5acb3",
    rule="#3a4148",
    accent="#7fc3d6",
    good="#4cc9a0",
    warn="#e8b04a",
    bad="#f5855f",
    plain="#9aa2aa",
    series=("#56b4e9", "#e69f00", "#2fc796", "#d991c4", "#f0e442", "#7fa8d6"),
    standings=("#e8552a", "#f0e442", "#f3c6ee", "#3f7fc4", "#6e757c"),
)

# A mark of its own shape and a Streamlit colour name for every state.
MARKS = {
    "scored": ("◆", "blue"),
    "observed": ("●", "blue"),
    "abstained": ("○", "gray"),
    "failed": ("✕", "red"),
    "pass": ("✓", "green"),
    "fail": ("▲", "red"),
    "insufficient": ("?", "orange"),
    "passed": ("✓", "green"),
    "warning": ("!", "orange"),
    "skipped": ("○", "gray"),
}


def palette() -> Palette:
    """Give the palette of the theme the reader has on."""
    import streamlit as st

    return DARK if st.context.theme.type == "dark" else LIGHT


def mark(state: str) -> str:
    """Give a state with its mark, for tables: ``✕ failed``."""
    sign = MARKS.get(state, ("", ""))[0]
    return f"{sign} {state}".strip()


def badge(state: str) -> str:
    """Give a state as a Streamlit badge in Markdown; ``state`` is a word of ours."""
    if state not in MARKS:
        raise ValueError(f"{state!r} is not one of the states with a mark")
    sign, colour = MARKS[state]
    return f":{colour}-badge[{sign} {state}]"


def streamlit_flags(address: str, port: int) -> list[str]:
    """Give the flags with which the dashboard's Streamlit runs: local, silent, both themes."""
    settings: dict[str, Any] = {
        "server.address": address,
        "server.port": port,
        "server.headless": "true",
        "server.showEmailPrompt": "false",
        "server.fileWatcherType": "none",
        "server.enableStaticServing": "false",
        "server.enableCORS": "true",
        "server.enableXsrfProtection": "true",
        "server.maxUploadSize": MAX_UPLOAD_MB,
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer",  # its menu holds the choice of light or dark
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "logger.hideWelcomeMessage": "true",
        "logger.level": "warning",
        "global.developmentMode": "false",
        "runner.magicEnabled": "false",
        "theme.font": "sans-serif",
        "theme.baseFontSize": 15,
        "theme.metricValueFontSize": "1.6rem",
        "theme.paddingTop": "1rem",
        "theme.sidebar.paddingTop": "1rem",
        "theme.showSidebarBorder": "true",
    }
    for name, colours in (("light", LIGHT), ("dark", DARK)):
        settings |= _theme(f"theme.{name}", colours)
    lists = [f"--theme.headingFontSizes={size}" for size in HEADING_SIZES]
    if address in LOCAL_HOSTS or address.startswith("127."):
        # a page elsewhere that calls itself by a name leading here must not get an answer
        lists += [
            f"--server.allowedHosts={host}" for host in dict.fromkeys((*LOCAL_HOSTS, address))
        ]
    return [*(f"--{key}={value}" for key, value in settings.items()), *lists]


def _theme(prefix: str, colours: Palette) -> dict[str, str]:
    return {
        f"{prefix}.primaryColor": colours.accent,
        f"{prefix}.backgroundColor": colours.paper,
        f"{prefix}.secondaryBackgroundColor": colours.sheet,
        f"{prefix}.textColor": colours.ink,
        f"{prefix}.borderColor": colours.rule,
        f"{prefix}.linkColor": colours.accent,
        f"{prefix}.greenTextColor": colours.good,
        f"{prefix}.redTextColor": colours.bad,
        f"{prefix}.orangeTextColor": colours.warn,
        f"{prefix}.grayTextColor": colours.soft,
        f"{prefix}.sidebar.backgroundColor": colours.sheet,
    }


def chart(drawing: alt.Chart | alt.LayerChart | alt.FacetChart, *, height: int = 220) -> alt.Chart:
    """Give an Altair chart the house's dress: quiet axes, ink of the theme, no menu."""
    colours = palette()
    undressed: Any = drawing  # Altair does not type its own chains of calls
    dressed: alt.Chart = (
        undressed.properties(height=height)
        .configure(background="transparent")
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=colours.soft,
            titleColor=colours.soft,
            gridColor=colours.rule,
            domainColor=colours.soft,
            tickColor=colours.soft,
            titleFontWeight="normal",
            labelFontSize=12,
            titleFontSize=12,
        )
        .configure_legend(labelColor=colours.ink, titleColor=colours.soft, labelFontSize=12)
        .configure_range(category=list(colours.series))
    )
    return dressed
