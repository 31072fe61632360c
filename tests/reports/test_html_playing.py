"""Links that play a stretch: to the file itself, never to a page, a script or another machine."""

from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given, strategies as st

from avaudit.reports.html.drawings import timeline_of
from avaudit.reports.html.playing import played
from avaudit.result import Segment, Subject


def subject(path: str | None, kind: str = "video") -> Subject:
    return Subject(id="s1", name="clip", path=path, kind=kind)


def test_a_stretch_of_a_file() -> None:
    assert played(subject("../media/a b.mp4"), 3.04, 7.5) == "../media/a%20b.mp4#t=3.04,7.5"
    assert played(subject("voice.WAV", "audio"), 0.0, 1.0) == "./voice.WAV#t=0,1"
    assert played(subject("/srv/x.webm"), -0.2, -0.1) == "/srv/x.webm#t=0,0"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (None, "video"),
        ("page.html", "video"),  # a film by its bytes, a page by its name
        ("picture.svg", "video"),
        ("clip.mp4", "image"),
        ("mp4", "video"),
        ("clip.mp4/", "image"),
        ("clip.mp4\n", "video"),
    ],
)
def test_nothing_else_is_linked(path: str | None, kind: str) -> None:
    assert played(subject(path, kind), 0.0, 1.0) == ""


@pytest.mark.parametrize(
    "path",
    [
        "javascript:alert(1)//.mp4",
        "//elsewhere.example/x.mp4",
        "////elsewhere.example/x.mp4",
        "\\\\elsewhere\\x.mp4",
        "data:text/html,<script>alert(1)</script>.mp4",
        'a" onmouseover="alert(1).mp4',
        "x.html#.mp4",
        "x.html?.mp4",
        "https://elsewhere.example/x.mp4",
        "lone\udcff.mp4",
    ],
)
def test_hostile_names_stay_names(path: str) -> None:
    assert_inside(path)


@given(st.text(min_size=1), st.sampled_from(["mp4", "WAV", "ogg"]))
def test_any_name_stays_a_name(name: str, ending: str) -> None:
    path = f"{name}.{ending}"
    assert_inside(path)
    assert "/" in name or played(subject(path), 1.0, 2.0)


def assert_inside(path: str) -> None:
    link = played(subject(path), 1.0, 2.0)
    if not link:
        return
    assert not set(link) & set("\"'<>\\ \n")
    whole = urlsplit(urljoin("https://here.example/report/report.html", link))
    assert (whole.scheme, whole.netloc, whole.query) == ("https", "here.example", "")
    assert whole.fragment == "t=1,2"
    assert unquote(whole.path)[-4:].lower() in (".mp4", ".wav", ".ogg")


def test_the_timeline_says_what_can_be_played() -> None:
    segments = [Segment(start_s=1.0, end_s=2.0), Segment(start_s=4.0, end_s=5.5)]
    drawn = timeline_of(segments, subject("clip.mp4"))
    assert drawn is not None
    assert drawn.playable
    assert drawn.plays == ["./clip.mp4#t=1,2", "./clip.mp4#t=4,5.5"]
    assert [bar.play for bar in drawn.bars] == drawn.plays
    still = timeline_of(segments, subject("page.html"))
    assert still is not None
    assert not still.playable
