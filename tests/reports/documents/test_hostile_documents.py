"""Nothing that came from a file acts in SARIF, JUnit, Markdown or PDF, nor hides what it is."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import typst
import xmlschema
from markdown_it import MarkdownIt

from avaudit.reports.html import HtmlRenderer
from avaudit.reports.junit import JunitRenderer
from avaudit.reports.markdown import MarkdownRenderer
from avaudit.reports.pdf.renderer import MAIN, laid_out
from avaudit.reports.sarif import SarifRenderer
from avaudit.result import Report

HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f\u200e\u200f]")
MORE = [
    "![i](javascript:alert(1)) [a](javascript:alert(1) 'x') <javascript:alert(1)>",
    "` </code> | </td> ``` <details open ontoggle=alert(1)> ~~~ \n\n# h\n\n<script>alert(1)",
    "&lt;script&gt;alert(1)&#60;/script&#x3E; ]]><x/> &xxe; <?php alert(1) ?>",
    "@octocat #1 !2 $x$ :tada: https://evil.example www.evil.example evil@example.org",
    '#panic("x") #read("/etc/passwd") $ x $ *b* _i_ \\ // @ref <label> #(1/0)',
    "{{7*7}} ${7*7} <%= 7*7 %> {0} [x](https://evil.example) %s %(x)s",
    "::error::x\n::set-output name=a::b\x1b[31m\ufffe\U000e0041",
]


def _corpus() -> ModuleType:
    """The corpus of the page's own tests."""
    place = Path(__file__).parents[1] / "test_html_hostile.py"
    spec = importlib.util.spec_from_file_location("avaudit_tests_hostile_corpus", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CORPUS = _corpus()
ATTACKS = [*CORPUS.ATTACKS, *MORE]


@pytest.fixture
def hostile(gated: dict[str, Any], audit: dict[str, Any]) -> Callable[[str], Report]:
    """Every text of a judged report, with an audit's parts, followed by an attack."""
    filled = CORPUS.filled(gated | {k: audit[k] for k in ("scenarios", "tests", "estimates")})
    whole = filled | {"gate": gated["gate"], "tests": audit["tests"]}

    def make(attack: str) -> Report:
        fixed = json.loads(json.dumps(whole))
        found = CORPUS.attacked(fixed, attack)
        for path in _fixed_words(whole):
            _put(found, path, _get(whole, path))
        return Report.model_validate(found)

    return make


def _fixed_words(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a word stands that the model lets nothing be added to."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("fingerprint", "state", "policy_sha256"):
                yield (*path, key)
            yield from _fixed_words(item, (*path, key))
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from _fixed_words(item, (*path, n))


def _get(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _put(value: Any, path: tuple[Any, ...], item: Any) -> None:
    _get(value, path[:-1])[path[-1]] = item


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else ():
        yield from texts(item)
    for item in value if isinstance(value, list) else ():
        yield from texts(item)


def rendered(text: str) -> str:
    """As GitHub's renderer reads it, but with no sanitiser after it."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


def test_sarif(hostile: Callable[[str], Report], folder: Path) -> None:
    for attack in ATTACKS:
        document = json.loads(SarifRenderer(folder).render(hostile(attack), folder))
        for text in texts(document):
            assert not HIDDEN.search(text), attack
        assert_messages_are_plain(document["runs"][0], attack)


def assert_messages_are_plain(run: dict[str, Any], attack: str) -> None:
    messages = [r["message"]["text"] for r in run["results"]]
    messages += [n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"]]
    messages += [r["shortDescription"]["text"] for r in run["tool"]["driver"]["rules"]]
    assert len(messages) > 40
    for text in messages:
        assert "](" not in text, attack  # a link
        single = text.replace("{{", "").replace("}}", "")
        assert not re.search(r"[{}]", single), attack  # a placeholder
    for artifact in run["artifacts"]:
        assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", artifact["location"]["uri"]), attack


def test_junit(hostile: Callable[[str], Report]) -> None:
    schema = xmlschema.XMLSchema(Path(__file__).with_name("junit-strict.xsd"))
    for attack in ATTACKS:
        report = hostile(attack)
        for one in (report, report.model_copy(update={"gate_": None})):
            text = JunitRenderer().render(one, Path()).decode()
            schema.validate(text)
            for element in ET.fromstring(text).iter():
                inside = "".join((element.text or "", *element.attrib.values()))
                assert not HIDDEN.search(inside), attack


PLAIN = {"h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "ul"}
PLAIN |= {"li", "details", "summary", "sub"}


def test_markdown(hostile: Callable[[str], Report], read: Callable[[str], Any]) -> None:
    for attack in ATTACKS:
        source = MarkdownRenderer().render(hostile(attack), Path()).decode()
        assert not HIDDEN.search(source), attack
        page = read(rendered(source))
        assert {element.tag for element in page.elements} <= PLAIN, attack
        assert all(element.attributes == {} for element in page.elements), attack
        assert page.misnested == [], attack
        assert page.open_tags == [], attack
        outside = re.sub(r"(?m)^#+ ", "", re.sub(r"`[^`\n]*`", "", source))
        # what links or calls people on GitHub and GitLab works on the text, not on the markup
        assert not re.search(r"(?<!&)[@#$!~][\w\"{\[]|://|www\.", outside), attack


def test_the_corpus_is_in_the_comment(hostile: Callable[[str], Report]) -> None:
    source = MarkdownRenderer().render(hostile("ATTACK"), Path()).decode()
    assert source.count("ATTACK") > 200


def test_html(hostile: Callable[[str], Report], folder: Path, read: Callable[[str], Any]) -> None:
    """The page with all parts of a gate."""
    for attack in MORE:
        CORPUS.assert_harmless(HtmlRenderer().render(hostile(attack), folder).decode(), read)


def test_pdf(hostile: Callable[[str], Report], folder: Path) -> None:
    """One compilation with all of them behind every text."""
    whole = hostile(" ".join(ATTACKS))
    few = {"subjects": whole.subjects[2:4], "findings": whole.findings[5:8]}
    with laid_out(whole.model_copy(update=few), folder) as place:
        data = json.loads((place / "data.json").read_text())
        found, warnings = typst.compile_with_warnings(
            place / MAIN, root=place, ignore_system_fonts=True, pdf_standards=["a-2a"]
        )
    assert isinstance(found, bytes)
    assert found.startswith(b"%PDF")
    assert warnings == []
    assert b"/JavaScript" not in found
    assert b"/URI" not in found
    for text in texts(data):
        assert not HIDDEN.search(text)


@pytest.mark.browser
def test_nothing_runs_in_a_browser(
    hostile: Callable[[str], Report], folder: Path, tmp_path: Path, chromium: Any
) -> None:
    """Markdown without any sanitiser, and the page, in a real Chromium."""
    told: list[str] = []
    context = chromium.new_context()
    page = context.new_page()
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: told.append(request.url))
    page.on("pageerror", lambda error: told.append(str(error)))
    for n, attack in enumerate(ATTACKS):
        report = hostile(attack)
        comment = rendered(MarkdownRenderer().render(report, folder).decode())
        whole = HtmlRenderer().render(report, folder).decode()
        for name, text in (("md", f"<meta charset=utf-8>{comment}"), ("html", whole)):
            place = tmp_path / f"{name}-{n}.html"
            place.write_text(text, "utf-8")
            page.goto(place.as_uri())
            assert page.locator("script, iframe, object, embed, form, base").count() == 0
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = !d.open)")
            page.wait_for_timeout(30)
            allowed = {place.as_uri()}
            assert [t for t in told if t not in allowed and not t.startswith("data:")] == []
            told.clear()
    page = context.new_page()
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    page.set_content("<img src=x onerror=alert('seen')>")
    page.wait_for_timeout(200)
    assert "seen" in told  # the test would notice
    context.close()
