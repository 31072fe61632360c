"""The media of a finding: a player that can be sent to a second, a picture, or why not."""

from __future__ import annotations

import streamlit as st

from avaudit.catalogue import FindingRecord

from ..files import picture_address
from ..say import md, plain
from ..store import Store
from ..words import clock

MAX_STRIPS = 12
_VIDEO = {"video/mp4", "video/webm", "video/ogg", "video/quicktime", "video/x-matroska"}
_AUDIO = {
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/wav",
    "audio/x-wav",
    "audio/flac",
    "audio/aac",
    "audio/webm",
}


def draw(store: Store, record: FindingRecord) -> float:
    """Draw the media and give the second the player starts at."""
    start_s = float(st.session_state.get(state_key(record), 0.0))
    media = store.media(record)
    if media.path is None:
        _thumbnail(store, record)
        st.caption(md(media.why_not))
        return start_s
    kind, media_type = record.subject.kind, record.subject.media_type or ""
    if kind == "video":
        st.video(
            str(media.path), format=_known(media_type, _VIDEO, "video/mp4"), start_time=int(start_s)
        )
    elif kind == "audio":
        st.audio(
            str(media.path), format=_known(media_type, _AUDIO, "audio/wav"), start_time=int(start_s)
        )
    else:
        _picture(store, record, media.path.read_bytes(), media_type)
    if kind in ("video", "audio"):
        st.caption(f"The player starts at {clock(start_s)}. The file is the one that was examined.")
    _strips(store, record)
    return start_s


def state_key(record: FindingRecord) -> str:
    """Give the key under which the second is kept, per file."""
    return f"start-{record.line.report_id}-{record.line.subject_id}"


def jump(record: FindingRecord, start_s: float) -> None:
    """Send the player to a second."""
    st.session_state[state_key(record)] = max(0.0, start_s)


def _known(media_type: str, among: set[str], otherwise: str) -> str:
    return media_type if media_type in among else otherwise


def _picture(store: Store, record: FindingRecord, data: bytes, media_type: str) -> None:
    address = picture_address(data, media_type)
    if address is None:
        _thumbnail(store, record)
        st.caption("Browsers do not show this kind of picture; this is its preview.")
        return
    st.image(address)


def _thumbnail(store: Store, record: FindingRecord) -> None:
    preview = record.subject.thumbnail
    data = store.artefact(record.report, preview) if preview else None
    address = picture_address(data, preview.media_type if preview else None)
    if address is not None:
        st.image(address, width=360)


def _strips(store: Store, record: FindingRecord) -> None:
    """Show the pictures a detector kept: face strips, heat maps. Thumbnails of manifests apart."""
    kept = [a for a in record.finding.artefacts if a.role != "c2pa_thumbnail"]
    for artefact in kept[:MAX_STRIPS]:
        address = picture_address(store.artefact(record.report, artefact), artefact.media_type)
        title = artefact.title or artefact.name or "kept as evidence"
        if address is not None:
            st.image(address, caption=md(title, 200))
        else:
            st.text(plain(f"{title}: {artefact.path} (not shown here)", 300))
    if len(kept) > MAX_STRIPS:
        st.caption(f"{MAX_STRIPS} of {len(kept)} pictures; the others lie in the report's folder.")
