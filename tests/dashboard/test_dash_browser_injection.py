"""Nothing that came from a file is executed, fetched or read as markup, in a real browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.browser

CORPUS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "</script><iframe srcdoc='<script>parent.pwned=1</script>'>",
    "[click](javascript:window.pwned=1)",
    "![beacon](http://evil.invalid/b.png)",
    "https://evil.invalid/auto www.evil.invalid me@evil.invalid",
    "**bold** # h1 `code` $\\alpha$ :red[red] :material/home: :smile: ~~s~~ | a | b |",
    "{{7919*7919}} ${7919*7919} <%= 7919*7919 %> {{constructor.constructor('window.pwned=1')()}}",
    "&lt;script&gt; &#60;b&#62; a\x00b\x07\x1b[31m\nline\u202egpj.exe \u200b",
    "=HYPERLINK('http://evil.invalid')",
)
EVERYTHING = " ".join(CORPUS)


def hostile(text: str) -> str:
    return f"{text} {EVERYTHING}"


def check(page: Any) -> None:
    """Hold the drawn page against everything the corpus tries."""
    assert page.evaluate("window.pwned") is None
    bad = (
        "[onerror], [onload], iframe[srcdoc], a[href*='evil'], a[href^='javascript'], "
        "a[href^='mailto'], img[src*='evil'], img[src='x'], [data-testid=stMain] script, "
        ".katex, [data-testid=stMain] del, [data-testid=stMarkdownContainer] h1 h1"
    )
    found = page.evaluate(
        "bad => [...document.querySelectorAll(bad)].map(e => e.outerHTML.slice(0, 300))", bad
    )
    assert found == []
    text = page.get_by_test_id("stMain").inner_text()
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "62710561" not in text  # no template was evaluated


def test_nothing_from_a_file_comes_alive(
    serve: Any, look: Any, settle: Any, tmp_path: Any, monkeypatch: Any, make_sample: Any
) -> None:
    made = make_sample(tmp_path / "home", tmp_path / "out", monkeypatch, hostile)
    from avaudit.review import Review, record
    from avaudit.settings import Settings

    for reviewer, action in (("<b>Ada</b> **x** :smile:", "accept"), ("[Bo](//evil)", "dispute")):
        review = Review(
            report_id=made.scan.id,
            report_digest=made.scan.seal.digest,
            subject="s00001",
            detector="speech.synthetic",
            action=action,  # type: ignore[arg-type]
            reviewer=reviewer,
            text=EVERYTHING,
        )
        record(review, Settings())
    url = serve(made.home).url
    page = look(url)
    check(page)
    for subject, detector in (
        ("s00001", "speech.synthetic"),
        ("s00001", "sync.offset"),
        ("s00002", "provenance.c2pa"),
        ("s00002", "media.timeline"),
    ):
        page.goto(f"{url}/findings?report={made.scan.id}&subject={subject}&detector={detector}")
        settle(page)
        assert page.get_by_text("What it says").is_visible()
        check_tabs(page, settle)
    for place in (
        "findings",
        "review",
        f"integrity?report={made.audit.id}",
        f"findings?report={quote(EVERYTHING)}&subject=a&detector={quote(EVERYTHING)}",
        f"findings?report={quote(EVERYTHING)}",
    ):
        page.goto(f"{url}/{place}")
        settle(page)
        check_tabs(page, settle)


def check_tabs(page: Any, settle: Any) -> None:
    check(page)
    for tab in page.get_by_role("tab").all():
        tab.click()
        settle(page)
        check(page)


def test_the_texts_are_shown_as_they_stand(
    serve: Any, look: Any, tmp_path: Any, monkeypatch: Any, make_sample: Any
) -> None:
    made = make_sample(tmp_path / "home", tmp_path / "out", monkeypatch, hostile)
    query = f"report={made.scan.id}&subject=s00001&detector=speech.synthetic"
    page = look(f"{serve(made.home).url}/findings?{query}")
    text = page.get_by_test_id("stMain").inner_text().replace("\u2060", "")
    for part in CORPUS[:9]:
        assert part in text, part
    assert "a⟨U+0000⟩b⟨U+0007⟩⟨U+001B⟩[31m⟨U+000A⟩line⟨U+202E⟩gpj.exe" in text
