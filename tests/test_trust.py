"""The trust store: installing, dating, checking, fetching."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from avaudit.samples.authority import make_test_authority
from avaudit.trust import (
    TrustError,
    add_anchor,
    key_usages_in,
    list_trust,
    load_trust,
    trust_state,
    update,
)
from avaudit.trust.certificates import MAX_FILE_BYTES, certificates_in
from avaudit.trust.fetch import fetch

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "c2pa" / "trust"

needs_corpus = pytest.mark.skipif(
    not DATA.is_dir(), reason="the published lists are not in ../shared/data/c2pa/trust"
)


@pytest.fixture(scope="module")
def pems() -> tuple[str, str]:
    return tuple(make_test_authority(organisation=name).root_pem for name in ("one", "two"))  # type: ignore[return-value]


def etsi(*pems: str) -> str:
    """Make an ETSI list of trusted entities, with dates, that names certificates."""
    ders = [base64.b64encode(der).decode() for p in pems for der in certificates_in(p.encode(), "")]
    entity = {"ServiceDigitalIdentity": {"X509Certificates": [{"val": der} for der in ders]}}
    scheme = {
        "ListIssueDateTime": "2026-08-05T00:11:39Z",
        "NextUpdate": "2027-08-05T00:11:39Z",
    }
    service = {"TrustedEntityServices": [{"ServiceInformation": entity}]}
    return json.dumps(
        {"LoTE": {"ListAndSchemeInformation": scheme, "TrustedEntitiesList": [service]}}
    )


@pytest.fixture
def lists(pems: tuple[str, str], tmp_path: Path) -> Path:
    """A folder with the published lists under their names, made here."""
    folder = tmp_path / "lists"
    folder.mkdir()
    one, two = pems
    (folder / "C2PA-TRUST-LIST.pem").write_text("Subject\tCN=one\n" + one + two)
    (folder / "C2PA-TRUST-LIST.json").write_text(etsi(one, two))
    (folder / "C2PA-TSA-TRUST-LIST.pem").write_text(two)
    (folder / "C2PA-TSA-TRUST-LIST.json").write_text(etsi(two))
    (folder / "itl_anchors.pem").write_text(one)
    (folder / "itl_allowed.pem").write_text("## a comment\n" + two)
    (folder / "itl_store.cfg").write_text("//email\n1.3.6.1.5.5.7.3.4\n")
    (folder / "test_cert_root_bundle.pem").write_text(one)
    return folder


def test_update_from_a_folder(lists: Path, tmp_path: Path) -> None:
    store = tmp_path / "home" / "trust"
    assert load_trust(store).lists == ()
    installed = update(lists, folder=store)
    by_name = {entry.name: entry for entry in installed}
    assert set(by_name) == {"c2pa-tl", "c2pa-tsa", "c2pa-itl"}, "test roots only on request"
    official = by_name["c2pa-tl"]
    assert (official.role, official.certificates) == ("trusted", 2)
    assert official.issued == "2026-08-05T00:11:39Z"
    assert official.next_update == "2027-08-05T00:11:39Z"
    assert not official.expired(datetime(2027, 1, 1, tzinfo=UTC))
    assert official.expired(datetime(2028, 1, 1, tzinfo=UTC))
    assert official.source == str(lists)
    assert by_name["c2pa-itl"].issued == "2026-01-01T00:00:00Z", "frozen"
    assert by_name["c2pa-itl"].certificates == 2
    loaded = load_trust(store)
    assert loaded.can_judge_signers
    assert {entry.name for entry in list_trust(store)} == set(by_name)
    interim = next(x for x in loaded.lists if x.entry.name == "c2pa-itl")
    assert key_usages_in(interim.config or "") == ("1.3.6.1.5.5.7.3.4",)
    assert store.stat().st_mode & 0o777 == 0o700


def test_default_place_is_the_home(
    lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "state"))
    update(lists, include_test=True)
    assert (tmp_path / "state" / "trust" / "index.json").exists()
    assert {entry.role for entry in list_trust()} == {
        "trusted",
        "trusted_legacy",
        "tsa",
        "test",
    }


def test_update_replaces_and_keeps_the_rest(
    lists: Path, pems: tuple[str, str], tmp_path: Path
) -> None:
    store = tmp_path / "trust"
    add_anchor("mine", pems[0].encode(), folder=store)
    update(lists, folder=store)
    before = trust_state(store)
    (lists / "C2PA-TRUST-LIST.pem").write_text(pems[0])
    (lists / "C2PA-TRUST-LIST.json").unlink()
    for other in ("C2PA-TSA-TRUST-LIST.pem", "itl_anchors.pem"):
        (lists / other).unlink()
    (renewed,) = update(lists, folder=store)
    assert (renewed.certificates, renewed.issued) == (1, None)
    assert {e.name for e in list_trust(store)} == {"mine", "c2pa-tl", "c2pa-tsa", "c2pa-itl"}
    assert trust_state(store) != before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("C2PA-TRUST-LIST.pem", "no certificate at all", "holds no certificate"),
        (
            "C2PA-TRUST-LIST.pem",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "certificate 1 cannot be parsed",
        ),
        ("C2PA-TRUST-LIST.json", "{}", "not an ETSI list"),
        ("C2PA-TRUST-LIST.json", "[" * 100_000, "not an ETSI list"),
    ],
)
def test_damaged_lists_change_nothing(
    name: str, content: str, says: str, lists: Path, tmp_path: Path
) -> None:
    store = tmp_path / "trust"
    update(lists, folder=store)
    before = trust_state(store)
    (lists / name).write_text(content)
    with pytest.raises(TrustError, match=says) as raised:
        update(lists, folder=store)
    assert name in str(raised.value)
    assert trust_state(store) == before


def test_cut_off_certificate_is_noticed(lists: Path, tmp_path: Path) -> None:
    path = lists / "itl_allowed.pem"
    path.write_text(path.read_text() + "-----BEGIN CERTIFICATE-----\nMIIB")
    with pytest.raises(TrustError, match="cut off or damaged"):
        update(lists, folder=tmp_path / "trust")


def test_list_and_pem_of_different_issues_are_refused(
    lists: Path, pems: tuple[str, str], tmp_path: Path
) -> None:
    (lists / "C2PA-TRUST-LIST.json").write_text(etsi(pems[0]))
    with pytest.raises(TrustError, match="names other certificates than the PEM file"):
        update(lists, folder=tmp_path / "trust")


def test_nothing_to_install(tmp_path: Path, lists: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(TrustError, match=r"none of the trust lists is there.*TRUST-LIST\.pem"):
        update(empty, folder=tmp_path / "trust")
    with pytest.raises(TrustError, match="there is no such folder"):
        update(tmp_path / "nowhere", folder=tmp_path / "trust")
    (lists / "test_cert_root_bundle.pem").unlink()
    with pytest.raises(TrustError, match=r"the test roots .* are missing"):
        update(lists, folder=tmp_path / "trust", include_test=True)
    assert not (tmp_path / "trust").exists()


@pytest.mark.parametrize("how", ["changed", "gone"])
def test_changed_and_missing_files_are_errors(how: str, lists: Path, tmp_path: Path) -> None:
    store = tmp_path / "trust"
    update(lists, folder=store)
    for entry in list_trust(store):
        for file in entry.files:
            path = store / file.name
            kept = path.read_bytes()
            if how == "changed":
                path.write_bytes(kept[:-1] + b"#")
            else:
                path.unlink()
            says = "was changed after it was installed" if how == "changed" else "cannot be read"
            with pytest.raises(TrustError, match=says) as raised:
                load_trust(store)
            assert file.name in str(raised.value)
            path.write_bytes(kept)
    load_trust(store)


@pytest.mark.parametrize("text", ["", "{", '{"schema": "avaudit.trust/1", "lists": [{}]}'])
def test_damaged_index(text: str, tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(TrustError, match="is damaged"):
        load_trust(tmp_path)


def test_index_cannot_lead_out_of_the_store(lists: Path, tmp_path: Path) -> None:
    store = tmp_path / "trust"
    update(lists, folder=store)
    index = (store / "index.json").read_text()
    name = list_trust(store)[0].files[0].name
    (store / "index.json").write_text(index.replace(name, "../../etc/passwd"))
    with pytest.raises(TrustError, match="is damaged"):
        load_trust(store)


def test_own_anchor(pems: tuple[str, str], tmp_path: Path) -> None:
    entry = add_anchor("my-studio", pems[0].encode(), folder=tmp_path / "trust")
    assert (entry.role, entry.issued, entry.certificates) == ("private", None, 1)
    again = add_anchor("my-studio", pems[1].encode(), folder=tmp_path / "trust")
    assert list_trust(tmp_path / "trust") == (again,)
    for name in ("My Studio", "../x", "", "c2pa-tl", "a]b", "x\n"):
        with pytest.raises(TrustError):
            add_anchor(name, pems[0].encode(), folder=tmp_path / "trust")
    with pytest.raises(TrustError, match="holds no certificate"):
        add_anchor("key", b"-----BEGIN PRIVATE KEY-----", folder=tmp_path / "trust")


class Mirror(BaseHTTPRequestHandler):
    files: dict[str, bytes] = {}  # noqa: RUF012 - one server at a time
    redirect: str = ""

    def do_GET(self) -> None:
        data = self.files.get(self.path.rpartition("/")[2])
        if self.redirect:
            self.send_response(302)
            self.send_header("Location", self.redirect)
            self.end_headers()
        elif data is None:
            self.send_error(404)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - name of the base class
        pass


@pytest.fixture
def mirror(lists: Path) -> Iterator[str]:
    Mirror.files = {path.name: path.read_bytes() for path in lists.iterdir()}
    Mirror.redirect = ""
    server = HTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/lists"
    server.shutdown()
    thread.join()
    server.server_close()


def test_update_from_a_server(mirror: str, lists: Path, tmp_path: Path) -> None:
    fetched = update(base_url=mirror, folder=tmp_path / "a")
    local = update(lists, folder=tmp_path / "b")
    assert [(e.name, e.sha256) for e in fetched] == [(e.name, e.sha256) for e in local]
    assert {entry.source for entry in fetched} == {mirror}
    del Mirror.files["C2PA-TSA-TRUST-LIST.pem"]
    assert len(update(base_url=mirror, folder=tmp_path / "c")) == 2


def test_fetching_is_strict(mirror: str) -> None:
    for url in ("http://example.org/x", "file:///etc/passwd", "ftp://127.0.0.1/x"):
        with pytest.raises(TrustError, match="over https only"):
            fetch(url)
    with pytest.raises(TrustError, match="answered 404"):
        fetch(f"{mirror}/nothing")
    assert fetch(f"{mirror}/nothing", optional=True) is None
    Mirror.files["big"] = bytes(MAX_FILE_BYTES + 2)
    with pytest.raises(TrustError, match="no trust list is"):
        fetch(f"{mirror}/big")
    Mirror.redirect = "http://example.org/elsewhere"
    with pytest.raises(TrustError, match="over https only"):
        fetch(f"{mirror}/x")


def test_unreachable_server_says_how_to_go_on() -> None:
    with pytest.raises(TrustError, match=re.escape("avaudit trust update --from FOLDER")):
        fetch("http://127.0.0.1:9/x")


def test_commands(
    lists: Path, pems: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from avaudit.cli.trust import app

    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "state"))
    run = CliRunner().invoke
    empty = run(app, ["list"])
    assert empty.exit_code == 0
    assert "No trust list is installed" in empty.stdout
    shown = run(app, ["update", "--from", str(lists), "--include-test"])
    assert shown.exit_code == 0, shown.output
    pem = tmp_path / "own.pem"
    pem.write_text(pems[0])
    assert run(app, ["add", "mine", str(pem)]).exit_code == 0
    listed = run(app, ["list"]).stdout
    for entry in list_trust():
        assert entry.name in listed
        assert entry.sha256 in listed
    assert "2026-08-05" in listed
    assert isinstance(run(app, ["add", "mine", str(tmp_path / "no")]).exception, Exception)


@pytest.mark.corpus
@needs_corpus
def test_published_lists(tmp_path: Path) -> None:
    installed = {e.name: e for e in update(DATA, folder=tmp_path, include_test=True)}
    assert installed["c2pa-tl"].certificates == 30
    assert installed["c2pa-tl"].issued == "2026-08-05T00:11:39Z"
    assert installed["c2pa-tsa"].certificates == 22
    assert installed["c2pa-itl"].certificates == 18 + 86
    assert installed["c2pa-test"].role == "test"
