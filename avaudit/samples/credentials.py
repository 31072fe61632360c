"""Media signed with C2PA manifests by a test authority, for the demo and the tests."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Required, TypedDict, Unpack

from .authority import TestAuthority, make_test_authority
from .tampering import (
    flip_byte,
    flip_image_byte_jpeg,
    provenance_pointer_jpeg,
    strip_manifest_jpeg,
)

if TYPE_CHECKING:
    import c2pa

__all__ = [
    "IPTC_SOURCE_TYPE",
    "Ingredient",
    "ManifestOptions",
    "TestAuthority",
    "action",
    "flip_byte",
    "flip_image_byte_jpeg",
    "make_sidecar",
    "make_test_authority",
    "provenance_pointer_jpeg",
    "sign_bytes",
    "sign_media",
    "strip_manifest_jpeg",
]

IPTC_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""Prefix of the IPTC digital source types, such as ``trainedAlgorithmicMedia``."""

_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"allowed_network_hosts": [], "allow_redirects": False},
}


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """A file that went into a signed one.

    ``relationship`` is ``parentOf``, ``componentOf`` or ``inputTo`` (C2PA 2.2, 9.3.3).
    """

    data: bytes
    media_type: str
    title: str
    relationship: str = "parentOf"


class ManifestOptions(TypedDict, total=False):
    """What a manifest says; every function that signs takes these as keywords.

    Attributes
    ----------
    title
        Title stated in the manifest.
    actions
        Entries of the actions assertion (see :func:`action`); by default one
        ``c2pa.created``, or ``c2pa.opened`` where an ingredient is the parent.
    digital_source_type
        Source type of that default action; for ``c2pa.created``, which must have one,
        ``digitalCreation`` unless given.
    ingredients
        Files that went into it, signed or not.
    claim_generator
        The program the manifest names as its maker.
    assertions
        Further assertions, as ``{"label": …, "data": …}``.
    thumbnails
        Whether the library may add thumbnails; default yes.
    remote_url
        Address the media point to (XMP ``dcterms:provenance``) beside their manifest.
    """

    title: Required[str]
    actions: Sequence[Mapping[str, Any]]
    digital_source_type: str
    ingredients: Sequence[Ingredient]
    claim_generator: str
    assertions: Sequence[Mapping[str, Any]]
    thumbnails: bool
    remote_url: str


def action(
    name: str,
    *,
    source_type: str | None = None,
    software_agent: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give one entry of a ``c2pa.actions`` assertion.

    Parameters
    ----------
    name
        Such as ``c2pa.created``.
    source_type
        An IPTC digital source type by its last word, or a whole URI.
    software_agent
        The program that did it.
    parameters
        Further parameters.

    Examples
    --------
    >>> action("c2pa.created", source_type="digitalCapture")["digitalSourceType"]
    'http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture'
    """
    entry: dict[str, Any] = {"action": name}
    if source_type is not None:
        whole = "/" in source_type
        entry["digitalSourceType"] = source_type if whole else IPTC_SOURCE_TYPE + source_type
    if software_agent is not None:
        entry["softwareAgent"] = {"name": software_agent}
    if parameters:
        entry["parameters"] = dict(parameters)
    return entry


def sign_bytes(
    data: bytes, media_type: str, authority: TestAuthority, **manifest: Unpack[ManifestOptions]
) -> bytes:
    """Sign media held in memory and give the signed file.

    Parameters
    ----------
    data, media_type
        The media and its IANA media type.
    authority
        Who signs.
    **manifest
        What the manifest says, see :class:`ManifestOptions`.

    Raises
    ------
    c2pa.C2paError
        When the format cannot be signed or the media cannot be parsed.
    """
    signed = io.BytesIO()
    with _builder(manifest) as builder, _signer(authority) as signer:
        builder.sign(signer, media_type, io.BytesIO(data), signed)
    return signed.getvalue()


def make_sidecar(
    data: bytes, media_type: str, authority: TestAuthority, **manifest: Unpack[ManifestOptions]
) -> bytes:
    """Sign media without touching them: give the bytes of a sidecar (``.c2pa``).

    Parameters are those of :func:`sign_bytes`. MP3 does not survive unchanged; use other formats.
    """
    with _builder(manifest) as builder, _signer(authority) as signer:
        builder.set_no_embed()
        return bytes(builder.sign(signer, media_type, io.BytesIO(data), io.BytesIO()))


def sign_media(
    source: Path,
    destination: Path,
    media_type: str,
    authority: TestAuthority,
    *,
    no_embed: bool = False,
    **manifest: Unpack[ManifestOptions],
) -> Path:
    """Sign a file.

    Parameters
    ----------
    source, destination
        The file and the signed copy. With ``no_embed``, ``destination`` is the sidecar that is
        written instead, and the media stay untouched.
    media_type, authority, **manifest
        As in :func:`sign_bytes`.
    no_embed
        Keep the manifest out of the media.

    Returns
    -------
    Path
        ``destination``.
    """
    make = make_sidecar if no_embed else sign_bytes
    destination.write_bytes(make(source.read_bytes(), media_type, authority, **manifest))
    return destination


def _builder(options: ManifestOptions) -> c2pa.Builder:
    import c2pa

    ingredients = options.get("ingredients", ())
    has_parent = any(ingredient.relationship == "parentOf" for ingredient in ingredients)
    if has_parent:
        default = action("c2pa.opened", source_type=options.get("digital_source_type"))
    else:  # a created work must state a source type
        source_type = options.get("digital_source_type", "digitalCreation")
        default = action("c2pa.created", source_type=source_type)
    actions = [_linked(entry, ingredients) for entry in options.get("actions", (default,))]
    manifest = {
        "claim_generator_info": [
            {"name": options.get("claim_generator", "avaudit-samples"), "version": "1.0"}
        ],
        "title": options["title"],
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": actions}},
            *(dict(assertion) for assertion in options.get("assertions", ())),
        ],
    }
    thumbnail = {"enabled": options.get("thumbnails", True)}
    settings = {**_OFFLINE, "builder": {"thumbnail": thumbnail}}
    builder = c2pa.Builder(manifest, context=c2pa.Context.from_dict(settings))
    for number, ingredient in enumerate(ingredients):
        described = {
            "title": ingredient.title,
            "relationship": ingredient.relationship,
            "label": _ingredient_label(number),
        }
        stream = io.BytesIO(ingredient.data)
        builder.add_ingredient(json.dumps(described), ingredient.media_type, stream)
    if "remote_url" in options:
        builder.set_remote_url(options["remote_url"])
    return builder


_LINKS = {"c2pa.opened": "parentOf", "c2pa.placed": "componentOf"}


def _linked(entry: Mapping[str, Any], ingredients: Sequence[Ingredient]) -> dict[str, Any]:
    """Name in an action that opens or places ingredients which ones it means (required)."""
    relationship = _LINKS.get(entry["action"])
    labels = [
        _ingredient_label(number)
        for number, ingredient in enumerate(ingredients)
        if ingredient.relationship == relationship
    ]
    if not labels:
        return dict(entry)
    return {**entry, "parameters": {"ingredientIds": labels, **entry.get("parameters", {})}}


def _ingredient_label(number: int) -> str:
    return f"ingredient-{number}"


def _signer(authority: TestAuthority) -> c2pa.Signer:
    import c2pa

    return c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(
            c2pa.C2paSigningAlg.ES256,
            authority.chain_pem.encode("ascii"),
            authority.key_pem.encode("ascii"),
            None,
        )
    )
