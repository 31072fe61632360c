"""The dashboard as a person uses it: from the first start to a verified review."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from avaudit.ledger import Ledger

pytestmark = pytest.mark.browser
DEMO_WITHIN_MS = 300_000


def test_from_the_first_start_to_a_verified_review(
    serve: Any, look: Any, settle: Any, keep: Any
) -> None:
    served = serve()
    page = look(served.url)
    assert page.get_by_role("heading", name="Nothing has been examined yet").is_visible()
    keep(page, "first-start")

    page.get_by_role("button", name="Make the demo").click()
    page.get_by_role("button", name="Leave the demo").wait_for(timeout=DEMO_WITHIN_MS)
    settle(page)
    metrics = page.get_by_test_id("stMetric").all_inner_texts()
    report = json.loads((served.home / "demo" / "report" / "report.json").read_text())
    failed = sum(finding["outcome"] == "failed" for finding in report["findings"])
    figures = dict(text.split() for text in metrics)
    assert (figures["Reports"], figures["Files"]) == ("3", str(len(report["subjects"])))
    assert (figures["Failed"], failed > 0) == (str(failed), True)
    assert int(figures["Flagged"]) >= 6
    assert not (served.home / "ledger.sqlite3").exists()  # the demo has a ledger of its own
    keep(page, "overview")

    choose_row(page, 0)
    page.get_by_role("button", name="All findings").click()
    page.get_by_role("textbox", name="File name contains").fill("04-tampered")
    page.keyboard.press("Enter")
    page.wait_for_function("!document.body.innerText.includes('1 to 50 are shown')")
    settle(page)
    choose_row(page, 0)
    page.get_by_role("heading", name="04-tampered-after-signing.jpg").wait_for()
    settle(page)
    assert page.get_by_text("altered after signing, strong").is_visible()
    assert page.get_by_test_id("stImage").locator("img").first.is_visible()
    keep(page, "finding")

    page.get_by_role("textbox", name="Your name").fill("Ada Example")
    page.get_by_role("textbox", name="Why").fill("The bytes differ; I compared with the original.")
    page.get_by_role("button", name="Sign and record").click()
    page.get_by_text("Recorded and signed as entry 7").wait_for()
    settle(page)
    page.get_by_role("tab", name="Report", exact=True).click()
    page.get_by_role("button", name="Verify this report").click()
    page.get_by_role("heading", name="Integrity").wait_for()
    settle(page)
    page.get_by_role("button", name="Verify", exact=True).click()
    page.get_by_text("untouched", exact=True).wait_for()
    keep(page, "integrity")
    page.get_by_role("tab", name="The ledger").click()
    page.get_by_role("button", name="Check the whole chain").click()
    page.get_by_text("every entry of").last.wait_for()

    page.get_by_role("link", name="Review").click()
    page.get_by_role("tab", name="What was said (1)").click()
    settle(page)
    keep(page, "review")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as JSON").click()
    (said,) = json.loads(Path(download.value.path()).read_text())
    assert (said["reviewer"], said["action"], said["seq"]) == ("Ada Example", "accept", 7)
    url = f"sqlite:///{served.home / 'demo' / 'home' / 'ledger.sqlite3'}"
    with Ledger.open(url, read_only=True) as ledger:
        ((entry, payload),) = list(ledger.entries_after(6))
    assert entry.kind == "review"
    assert json.loads(payload)["text"] == "The bytes differ; I compared with the original."

    page.get_by_role("button", name="Leave the demo").click()
    page.get_by_role("button", name="Leave the demo").wait_for(state="detached")
    settle(page)
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("heading", name="Nothing has been examined yet").wait_for()


@pytest.fixture
def sample_home(tmp_path: Path, monkeypatch: Any, make_sample: Any) -> Any:
    return make_sample(tmp_path / "home", tmp_path / "out", monkeypatch)


def test_jumping_on_the_time_line(
    serve: Any, look: Any, settle: Any, keep: Any, sample_home: Any
) -> None:
    served = serve(sample_home.home)
    query = f"report={sample_home.scan.id}&subject=s00001&detector=speech.synthetic"
    page = look(f"{served.url}/findings?{query}")
    player = page.get_by_test_id("stAudio")
    player.wait_for()
    assert player.evaluate("audio => audio.currentTime") == 0
    page.wait_for_function("document.querySelector('audio').readyState >= 2")
    page.get_by_role("button", name="0:04 · LR +2.1").click()
    page.get_by_text("The player starts at 0:04").wait_for()
    page.wait_for_function("document.querySelector('audio').currentTime === 4")
    # a click on a bar of the time line does the same
    settle(page)
    marks = "[data-testid=stVegaLiteChart] path[aria-roledescription=bar]"
    # while the chart is drawn anew, the old one is still there
    page.wait_for_function("marks => document.querySelectorAll(marks).length === 4", arg=marks)
    page.locator(marks).nth(1).click()
    page.wait_for_function("document.querySelector('audio').currentTime === 2")
    settle(page)
    keep(page, "time-line")


def test_filters_paging_and_dark(
    serve: Any, look: Any, settle: Any, keep: Any, sample_home: Any
) -> None:
    page = look(f"{serve(sample_home.home).url}/findings", dark=True)
    assert page.get_by_text("4 of 4 findings").is_visible()
    page.get_by_role("textbox", name="File name contains").fill("gone")
    page.keyboard.press("Enter")
    page.get_by_text("2 of 4 findings").wait_for()
    settle(page)
    page.get_by_text("Only what waits for a person").click()
    settle(page)
    assert page.get_by_text("2 of 4 findings").is_visible()
    keep(page, "findings-dark")
    page.get_by_role("link", name="Integrity").click()
    settle(page)
    page.get_by_role("tab", name="A report you have").click()
    settle(page)
    touched = sample_home.out / "scan" / "report.json"
    page.locator("input[type=file]").set_input_files(str(touched))
    page.get_by_text("untouched", exact=True).wait_for()
    settle(page)
    changed = sample_home.out / "changed.json"
    changed.write_bytes(touched.read_bytes().replace(b"2.1", b"3.1"))
    page.locator("input[type=file]").set_input_files(str(changed))
    page.get_by_text("NOT untouched").wait_for()
    keep(page, "integrity-dark")


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1", "http://127.0.0.1:{port}", 101),
        ("evil.invalid", "http://evil.invalid:{port}", 403),
        ("127.0.0.1", "http://evil.invalid", 403),
    ],
)
def test_only_pages_of_this_machine_are_answered(
    one_server: Any, host: str, origin: str, status: int
) -> None:
    port = int(one_server.url.rsplit(":", 1)[1])
    lines = (
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}:{port}",
        f"Origin: {origin.format(port=port)}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = connection.recv(4096).decode("latin-1")
    assert answer.split()[1] == str(status)


@pytest.fixture(scope="module")
def one_server(serve: Any) -> Any:
    return serve()


def choose_row(page: Any, row: int) -> None:
    """Choose a row of the first table: tables are drawn on a canvas, so by its place."""
    table = page.get_by_test_id("stDataFrame").first
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 * (row + 1) + 17)
