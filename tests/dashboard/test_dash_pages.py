"""The pages over a small ledger, drawn without a browser: they show what the reports hold."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from avaudit.ledger import Ledger


def draw(page: str, **query: str) -> AppTest:
    """Draw a page as the shell does, with these parameters in the address."""
    script = (
        "import importlib\n"
        "from avaudit.dashboard.store import open_store\n"
        f"page = importlib.import_module('avaudit.dashboard.pages.{page}')\n"
        "with open_store() as store:\n"
        "    page.show(store)\n"
    )
    app = AppTest.from_string(script, default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def shown(app: AppTest) -> str:
    """Give all text of the page, what was escaped as it reads."""
    assert not app.exception
    kinds = ("title", "subheader", "markdown", "caption", "text", "success", "code")
    text = "\n".join(element.value for kind in kinds for element in getattr(app, kind))
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def finding(sample: Any, subject: str, detector: str) -> AppTest:
    return draw("findings", report=sample.scan.id, subject=subject, detector=detector)


def test_an_empty_ledger_leads_to_the_demo(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AVAUDIT_LEDGER_URL", raising=False)
    app = draw("overview")
    assert "Nothing has been examined yet" in shown(app)
    assert app.button(key="make-demo").label == "Make the demo"
    assert "There are no findings yet" in shown(draw("findings"))
    assert "nothing to review" in shown(draw("review"))
    assert "There is no report yet" in shown(draw("integrity"))
    assert not (tmp_path / "home").exists()  # looking makes nothing


def test_the_overview_counts_what_the_reports_hold(sample: Any) -> None:
    app = draw("overview")
    text = shown(app)
    values = {metric.label: metric.value for metric in app.metric}
    assert values == {
        "Reports": "3",
        "Files": "2",
        "Flagged": "2",
        "Undecided": "0",
        "Failed": "1",
        "Waiting": "3",
    }
    assert "A difference of 1.2 is shown." in text
    gates = next(table.value for table in app.dataframe if "gate" in table.value)
    assert list(gates["gate"]) == ["▲ fail"]
    assert list(gates["rules failed"]) == [1]
    assert list(gates["passed"]) == [1]


@pytest.mark.slow  # a test in the browser does the same
def test_the_list_filters_and_orders(sample: Any) -> None:
    app = draw("findings")
    assert "**4** of 4 findings" in shown(app)
    app = app.text_input(key="finding-search").input("gone").run()
    assert "**2** of 4 findings" in shown(app)
    app = app.multiselect(key="finding-standing").select("failed").run()
    assert "**1** of 4 findings" in shown(app)
    app = app.text_input(key="finding-search").input("nowhere").run()
    assert "No finding matches" in shown(app)
    assert "**3** of 4 findings" in shown(draw("findings", waiting="1"))


def test_the_page_of_a_finding_shows_the_numbers_of_the_report(sample: Any) -> None:
    app = finding(sample, "s00001", "speech.synthetic")
    text = shown(app)
    assert "log10 LR +2.10 (1.2 to 2.4): moderate support." in text
    assert "about 100 times more probable under H1 than under H2" in text
    assert "Two findings disagree." in text
    assert "305 items of H1, 69 of H2" in text
    rates = next(table.value for table in app.dataframe if "measure" in table.value)
    assert list(rates["value"]) == ["0.1594", "0.16", "0.5024"]
    # the curves are those of the bench on the same data
    assert "share of the calibration's items" in text
    assert "does not say who made it" in text
    raw = json.loads(app.json[-1].value)
    assert raw == sample.scan.findings[0].model_dump(mode="json", exclude_none=True)


@pytest.mark.slow  # a test in the browser does the same
def test_the_time_line_sends_the_player_to_a_second(sample: Any) -> None:
    app = finding(sample, "s00001", "speech.synthetic")
    assert [b.label for b in app.button if b.key and b.key.startswith("jump")] == [
        "0:00 · LR -0.8",
        "0:02 · LR +0.2",
        "0:04 · LR +2.1",
        "0:06 · LR +1.4",
    ]
    assert "The player starts at 0:00" in shown(app)
    app = app.button(key="jump-2").click().run()
    assert "The player starts at 0:04" in shown(app)
    (player,) = app.get("audio")
    assert player.proto.start_time == 4


def test_media_that_is_gone_or_another_is_not_played(sample: Any) -> None:
    assert "no longer where the report says" in shown(finding(sample, "s00002", "provenance.c2pa"))
    with (sample.out / "media" / "talk.wav").open("ab") as file:
        file.write(b"\0")
    app = finding(sample, "s00001", "speech.synthetic")
    assert "another one than was examined" in shown(app)
    assert not app.get("audio")


def test_manifests_claims_and_offsets_are_drawn(sample: Any) -> None:
    app = finding(sample, "s00002", "provenance.c2pa")
    text = shown(app)
    assert "signed by A desk (An issuer), made with A program" in text
    assert "harbour.jpg" in text
    assert "a problem" in text
    claims = next(table.value for table in app.dataframe if "where" in table.value)
    assert claims.to_dict("records") == [{"where": "XMP", "field": "Software", "value": "Gen 1"}]
    app = finding(sample, "s00001", "sync.offset")
    assert "Sound against picture" in shown(app)


def test_an_address_that_leads_nowhere_says_so(sample: Any) -> None:
    assert "There is no finding of speech.other" in shown(finding(sample, "s1", "speech.other"))


def test_a_review_is_recorded_signed_and_shown(sample: Any) -> None:
    app = finding(sample, "s00001", "speech.synthetic")
    form_key = next(box for box in app.radio if box.label == "What you say").key
    app.radio(key=form_key).set_value("dispute")
    app = submit(app)
    assert "names its reviewer" in shown(app)
    next(box for box in app.text_input if box.label == "Your name").input("Ada")
    app = submit(app)
    assert "a dispute says why" in shown(app)
    next(box for box in app.text_area if box.label == "Why").input("I know **her** voice.")
    app = submit(app)
    text = shown(app)
    assert "Recorded and signed as entry 7" in text
    assert "Disputed by everybody who decided." in text
    assert "I know **her** voice." in [element.value for element in app.text]
    with Ledger.open(read_only=True) as ledger:
        assert ledger.check() == []
        ((entry, payload),) = list(ledger.entries_after(6))
    assert entry.kind == "review"
    assert json.loads(payload)["reviewer"] == "Ada"
    review = draw("review")
    assert [tab.label for tab in review.tabs] == [
        "Queue (2)",
        "Disagreements (0)",
        "What was said (1)",
    ]


def submit(app: AppTest) -> AppTest:
    return next(b for b in app.button if b.label == "Sign and record").click().run()


def test_disagreement_is_shown(sample: Any, review: Callable[..., None]) -> None:
    review(reviewer="Ada", action="accept")
    review(reviewer="Bo", action="dispute", text="Not convinced.")
    app = draw("review")
    assert "Disagreements (1)" in [tab.label for tab in app.tabs]
    assert any("Bo" in e.value and "Not convinced." in e.value for e in app.text)
    assert "The reviewers disagree." in shown(finding(sample, "s00001", "speech.synthetic"))


@pytest.fixture
def review(sample: Any) -> Callable[..., None]:
    from avaudit.review import Review, record
    from avaudit.settings import Settings

    def say(**said: Any) -> None:
        given = Review(
            report_id=sample.scan.id,
            report_digest=sample.scan.seal.digest,
            subject="s00001",
            detector="speech.synthetic",
            **said,
        )
        record(given, Settings())

    return say


def test_a_report_is_verified_with_its_files_and_a_touched_one_is_found(sample: Any) -> None:
    app = draw("integrity", report=sample.audit.id)
    app = app.button(key="verify").click().run()
    assert "**untouched**" in shown(app)
    path = sample.out / "audit" / "report.json"
    path.write_text(path.read_text().replace("1.2", "0.2"))
    app = draw("integrity", report=sample.audit.id)
    app = app.button(key="verify").click().run()
    assert "NOT untouched" in shown(app)
    app = app.button(key="check-chain").click().run()
    assert "every entry of" in shown(app)


@pytest.mark.slow  # a test in the browser does the same
def test_an_upload_is_held_against_the_ledger(sample: Any) -> None:
    data = (sample.out / "scan" / "report.json").read_bytes()
    app = draw("integrity")
    app = app.file_uploader[0].set_value(("report.json", data, "application/json")).run()
    text = shown(app)
    assert "**untouched**" in text
    assert "only the report was given" in text
    changed = data.replace(b"synthesised", b"synthesized")
    app = app.file_uploader[0].set_value(("report.json", changed, "application/json")).run()
    assert "NOT untouched" in shown(app)
    app = app.file_uploader[0].set_value(("report.json", b"{", "application/json")).run()
    assert "NOT untouched" in shown(app)


def test_a_damaged_ledger_and_a_damaged_index_are_states_of_the_page(sample: Any) -> None:
    script = (
        "from avaudit.dashboard import shell\n"
        "from avaudit.dashboard.store import open_store\n"
        "shell._show('overview')\n"
    )
    app = AppTest.from_string(script, default_timeout=60).run()
    assert "Waiting for a person" in shown(app)
    (index,) = (sample.home / "cache").glob("catalogue-*.sqlite3")
    damaged = sqlite3.connect(index)
    damaged.execute("DROP TABLE rules")
    damaged.close()
    app = app.run()
    assert "The index of the ledger is damaged" in shown(app)
    app = app.button(key="make-index").click().run()
    assert "Waiting for a person" in shown(app)
    (sample.home / "ledger.sqlite3").write_bytes(b"nothing of the kind" * 100)
    assert "This page cannot be shown" in shown(app.run())


def test_tracks_are_drawn_on_the_time_line(sample: Any) -> None:
    app = finding(sample, "s00001", "sync.offset")
    assert [b.label for b in app.button if b.key and b.key.startswith("jump")] == ["0:00"]
