"""Manifests: data sets as tables of clips or trials, with groups and identities."""

from .columns import (
    binary_labels,
    group_labels,
    identities,
    labels,
    numbers,
    paths,
    select,
    texts,
)
from .read import read_manifest
from .table import Manifest, Shape

__all__ = [
    "Manifest",
    "Shape",
    "binary_labels",
    "group_labels",
    "identities",
    "labels",
    "numbers",
    "paths",
    "read_manifest",
    "select",
    "texts",
]
