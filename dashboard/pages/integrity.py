"""Integrity: whether a report is untouched, and the chain of the ledger whole."""

from __future__ import annotations

import streamlit as st

from avaudit.catalogue import ReportLine
from avaudit.errors import AvauditError
from avaudit.seal import KeyRing, load_keyring
from avaudit.verify import Verification, verify_content, verify_ledger, verify_report

from ..say import md, plain, short
from ..states import trouble
from ..store import Store
from ..words import utc

TITLE = "Integrity"
ICON = ":material/verified_user:"
ORDER = 70
LISTED = 100
_MARKS = {
    "ok": ":green-badge[✓ holds]",
    "failed": ":red-badge[✕ touched]",
    "warning": ":orange-badge[! note]",
    "not_checked": ":gray-badge[○ not checked]",
}
_NAMES = {
    "report": "Bytes of the report",
    "digest": "Content against its digest",
    "signature": "Signature",
    "artefact": "Artefact",
    "artefacts": "Artefacts",
    "subject": "Examined file",
    "subjects": "Examined files",
    "document": "Document",
    "documents": "Documents",
    "ledger": "Chain of the ledger",
    "ledger entry": "Place in the ledger",
}


def show(store: Store) -> None:
    """Draw the page."""
    st.title("Integrity", anchor=False)
    st.caption(
        "Whether a report and all it rests on is as it was sealed. The same checks as "
        "`avaudit verify`."
    )
    from_ledger, uploaded, chain, keys = st.tabs(
        ["A report of this ledger", "A report you have", "The ledger", "Keys"]
    )
    with from_ledger:
        _from_ledger(store)
    with uploaded:
        _uploaded(store)
    with chain:
        _chain(store)
    with keys:
        _keys(load_keyring())


def _from_ledger(store: Store) -> None:
    lines = store.catalogue.reports(limit=LISTED)
    asked = store.catalogue.report_line(st.query_params.get("report", ""))
    if asked is not None and asked not in lines:
        lines.insert(0, asked)
    if not lines:
        st.markdown("There is no report yet.")
        return
    line = st.selectbox(
        "Report",
        lines,
        index=lines.index(asked) if asked is not None else 0,
        format_func=_label,
        key="verify-report",
    )
    folder = store.folder(line)
    if folder is None:
        st.text(
            "The folder this report was written to is not known here or is gone: the ledger's own "
            "copy is verified, without files beside it."
        )
    else:
        st.text(f"Verified with all files beside it, in {plain(folder, 400)}")
    if st.button("Verify", type="primary", key="verify"):
        url = store.settings().ledger_url
        try:
            with st.spinner("Verifying …", show_time=True):
                if folder is not None:
                    found = verify_report(folder, ledger_url=url)
                else:
                    data = store.report(line.report_id).to_json().encode()
                    found = verify_content("report.json", data, ledger_url=url)
        except AvauditError as error:
            trouble("The report cannot be verified", error)
            return
        _result(found)


def _label(line: ReportLine) -> str:
    name = short(line.name, 50)
    return f"{line.kind} of {utc(line.created)} · {name} · {line.report_id[:8]}"


def _uploaded(store: Store) -> None:
    file = st.file_uploader(
        "A report.json", type=["json"], key="verify-upload", help="It stays on this machine."
    )
    if file is None:
        return
    try:
        with st.spinner("Verifying …", show_time=True):
            found = verify_content(
                file.name, file.getvalue(), ledger_url=store.settings().ledger_url
            )
    except AvauditError as error:
        trouble("The report cannot be verified", error)
        return
    _result(found)


def _chain(store: Store) -> None:
    st.text(f"Ledger: {store.place or 'there is none yet'}")
    for problem in store.catalogue.problems():
        st.text(plain(problem.text))
    if st.button("Check the whole chain", type="primary", key="check-chain"):
        try:
            with st.spinner("Walking the chain, entry by entry …", show_time=True):
                found = verify_ledger(store.settings().ledger_url)
        except AvauditError as error:
            trouble("The ledger cannot be checked", error)
            return
        _result(found)


def _result(found: Verification) -> None:
    with st.container(border=True):
        state = "ok" if found.ok else "failed"
        st.markdown(f"{_MARKS[state]} **{md(found.verdict)}**")
        for check in found.checks:
            left, right = st.columns([2, 5])
            left.markdown(f"{_MARKS[check.status]} {md(_NAMES.get(check.name, check.name), 60)}")
            right.text(plain(check.text))
            if check.detail:
                right.text("\n".join(plain(text, 500) for text in check.detail))


def _keys(ring: KeyRing) -> None:
    if ring.own is None:
        st.markdown("This machine has no key yet; the first report makes one.")
    else:
        st.markdown("**This machine signs with**")
        st.code(f"{ring.own.key_id}\n{ring.own.hex}", language=None)
        st.download_button(
            "Public key (PEM)",
            ring.own.pem(),
            f"avaudit-{ring.own.key_id}.pem",
            "application/x-pem-file",
            key="public-key",
            on_click="ignore",
        )
    st.markdown("**Known keys**: reports and reviews signed with them are not called unknown.")
    others = [
        {"name": plain(name, 100), "key": key.key_id, "public key": key.hex}
        for key, name in ring.known.items()
    ]
    st.dataframe(others, hide_index=True, width="stretch")
