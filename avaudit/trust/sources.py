"""Where the published lists come from, and how their files are called."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import Part, Role

_RAW = "https://raw.githubusercontent.com"
_CONFORMANCE = f"{_RAW}/c2pa-org/conformance-public/main/trust-list"
_VERIFY_SITE = f"{_RAW}/contentauth/verify-site/main/static/trust"
_C2PA_RS = f"{_RAW}/contentauth/c2pa-rs/main/sdk/tests/fixtures/certs/trust"


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One published file: its name in a folder of lists, and its public address."""

    part: Part
    filename: str
    url: str
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Source:
    """One published list. ``frozen`` is the date it was closed, for lists without a date inside."""

    name: str
    title: str
    role: Role
    files: tuple[SourceFile, ...] = field(default=())
    frozen: str | None = None


SOURCES: tuple[Source, ...] = (
    Source(
        name="c2pa-tl",
        title="C2PA Trust List",
        role="trusted",
        files=(
            SourceFile(
                part="anchors",
                filename="C2PA-TRUST-LIST.pem",
                url=f"{_CONFORMANCE}/C2PA-TRUST-LIST.pem",
                required=True,
            ),
            SourceFile(
                part="details",
                filename="C2PA-TRUST-LIST.json",
                url=f"{_CONFORMANCE}/C2PA-TRUST-LIST.json",
            ),
        ),
    ),
    Source(
        name="c2pa-tsa",
        title="C2PA Time-Stamping Authority Trust List",
        role="tsa",
        files=(
            SourceFile(
                part="anchors",
                filename="C2PA-TSA-TRUST-LIST.pem",
                url=f"{_CONFORMANCE}/C2PA-TSA-TRUST-LIST.pem",
                required=True,
            ),
            SourceFile(
                part="details",
                filename="C2PA-TSA-TRUST-LIST.json",
                url=f"{_CONFORMANCE}/C2PA-TSA-TRUST-LIST.json",
            ),
        ),
    ),
    Source(
        name="c2pa-itl",
        title="Interim trust list of Content Credentials Verify (frozen)",
        role="trusted_legacy",
        frozen="2026-01-01T00:00:00Z",
        files=(
            SourceFile(
                part="anchors",
                filename="itl_anchors.pem",
                url=f"{_VERIFY_SITE}/anchors.pem",
                required=True,
            ),
            SourceFile(
                part="allowed", filename="itl_allowed.pem", url=f"{_VERIFY_SITE}/allowed.pem"
            ),
            SourceFile(part="config", filename="itl_store.cfg", url=f"{_VERIFY_SITE}/store.cfg"),
        ),
    ),
)

TEST_SOURCE = Source(
    name="c2pa-test",
    title="Test roots of the C2PA libraries (private keys are public)",
    role="test",
    files=(
        SourceFile(
            part="anchors",
            filename="test_cert_root_bundle.pem",
            url=f"{_C2PA_RS}/test_cert_root_bundle.pem",
            required=True,
        ),
    ),
)

RESERVED_NAMES = frozenset(source.name for source in (*SOURCES, TEST_SOURCE))
"""Names a user's own anchor cannot take."""
