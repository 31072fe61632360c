"""Trial tables: a score, a truth and two people per row, from whatever the model can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.adapters.scores import PICTURES, SOUNDS
from avaudit.errors import UsageError
from avaudit.manifest import Manifest
from avaudit.manifest.columns import Side, binary_labels, group_labels, identities, paths, texts
from avaudit.plan import Scenario
from avaudit.probe import Context

from ._comparison import TextArray, unanswered
from ._modality import FloatArray, Modality, take

CHUNK = 65_536
MIN_DRAWS, MAX_WORK = 200, 100_000_000
SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True, kw_only=True)
class Trials:
    """The trials that have a label and a score.

    Attributes
    ----------
    manifest
        Their rows.
    scores
        Shape (n,); higher says that the sides belong together.
    is_true
        Whether they do, shape (n,).
    left, right
        Identity on either side, shape (n,); None where the manifest does not say. A side whose
        identity is not known is a person of its own.
    cautions
        What was left out.
    """

    manifest: Manifest
    scores: FloatArray
    is_true: NDArray[np.bool_]
    left: TextArray | None
    right: TextArray | None
    cautions: tuple[str, ...] = ()

    def take(self, rows: NDArray[np.bool_]) -> Trials:
        """Give the trials that a mask keeps."""
        return Trials(
            manifest=take(self.manifest, np.flatnonzero(rows)),
            scores=self.scores[rows],
            is_true=self.is_true[rows],
            left=None if self.left is None else self.left[rows],
            right=None if self.right is None else self.right[rows],
        )

    def people(self, side: Side) -> TextArray | None:
        """Give the identities of one side."""
        return self.left if side == "left" else self.right

    def __len__(self) -> int:
        return len(self.scores)


def scored_trials(manifest: Manifest, scenario: Scenario, context: Context) -> Trials:
    """Score all labelled trials, with the model's pair scores or the cosine of its vectors.

    ``scenario.options`` may say what the sides are (``left = "face"``) where neither a column
    ``left.modality`` nor the names of the files do.

    Raises
    ------
    UsageError
        When labels are missing, or the model cannot score such pairs.
    """
    labels = binary_labels(manifest)
    scores = _scores(manifest, scenario.options, context)
    answered, known = ~np.isnan(scores), ~np.isnan(labels)
    people = [_people(manifest, side) for side in SIDES]
    cautions = unanswered(
        int((~answered).sum()), len(scores), _first_groups(manifest, scenario), answered
    )
    if not known.all():
        cautions.append(f"{int((~known).sum()):,} trials have no label and are left out.")
    if people[0] is None or people[1] is None:
        cautions.append(
            "The manifest does not say who is on both sides (left.identity, right.identity), so "
            "trials count as independent, which makes intervals too narrow."
        )
    kept = Trials(
        manifest=manifest, scores=scores, is_true=labels == 1, left=people[0], right=people[1]
    ).take(answered & known)
    if not kept.is_true.any() or kept.is_true.all():
        what = "true pairs (label 1)" if not kept.is_true.any() else "negatives (label 0)"
        raise UsageError(
            f"scenario '{scenario.id}': {manifest.path} has no {what} with a score; a list of "
            "trials needs both"
        )
    return Trials(**{**vars(kept), "cautions": tuple(cautions)})


def draws_for(trials: Trials, wanted: int) -> int:
    """Give the draws that a list is worth: fewer, though not below 200, where it is very long."""
    return min(wanted, max(MIN_DRAWS, MAX_WORK // max(1, len(trials))))


def shared_groups(manifest: Manifest) -> list[str]:
    """Give the groups that are known for both sides of a trial, each side by its own column."""
    frame = manifest.frame
    return [
        name for name in manifest.groups if all(f"{side}.group.{name}" in frame for side in SIDES)
    ]


def agreement(manifest: Manifest, names: tuple[str, ...] | list[str]) -> NDArray[np.bool_]:
    """Give the trials whose sides have the same known value in all of these groups."""
    left, right = (group_labels(manifest, names, side) for side in SIDES)
    return np.asarray((left == right) & (left != ""), dtype=bool)


def _people(manifest: Manifest, side: Side) -> TextArray | None:
    known = identities(manifest, side)
    if known is None:
        return None
    alone = np.array([f"{side} of row {n}" for n in range(len(manifest))], dtype=object)
    return np.where(known == "", alone, known)


def _first_groups(manifest: Manifest, scenario: Scenario) -> TextArray:
    """Give the groups of the scenario on the side that has them, to say who is not answered."""
    for side in SIDES:
        try:
            return group_labels(manifest, scenario.groups, side)
        except UsageError:
            continue  # no group is named, or the other side has it
    return np.full(len(manifest), "", dtype=object)


def _scores(manifest: Manifest, options: Mapping[str, Any], context: Context) -> FloatArray:
    model = context.model
    files = [paths(manifest, side=side) for side in SIDES]
    if Capability.PAIR_SCORER in model.capabilities:
        return model.score_columns(*files)
    vectors = [
        _vectors(own, _modality(manifest, side, options), context)
        for own, side in zip(files, SIDES, strict=True)
    ]
    (left, first), (right, second) = vectors
    if left.shape[1] != right.shape[1]:
        raise UsageError(
            f"{model.reference}: vectors of {left.shape[1]} and of {right.shape[1]} numbers have "
            "no cosine; a model whose faces and voices share no space needs score_pairs"
        )
    scores = np.empty(len(first))
    for start in range(0, len(first), CHUNK):
        rows = slice(start, start + CHUNK)
        scores[rows] = np.einsum("ij,ij->i", left[first[rows]], right[second[rows]])
    return scores


def _vectors(
    files: list[Path], modality: Modality, context: Context
) -> tuple[FloatArray, NDArray[np.intp]]:
    """Give the unit vectors of all distinct files, and which one each trial has."""
    order = {file: n for n, file in enumerate(dict.fromkeys(files))}
    ask = context.model.embed_faces if modality == "face" else context.model.embed_voices
    found = ask(list(order))
    length = np.linalg.norm(found, axis=1, keepdims=True)
    unit = found / np.where(length > 0, length, np.nan)
    return unit, np.array([order[file] for file in files], dtype=np.intp)


def _modality(manifest: Manifest, side: Side, options: Mapping[str, Any]) -> Modality:
    column = f"{side}.modality"
    if side in options:
        said = {str(options[side])}
    elif column in manifest.frame:
        said = set(texts(manifest, column).tolist())
    else:
        endings = {Path(name).suffix.lower() for name in set(texts(manifest, side).tolist())}
        said = {"face"} if endings <= PICTURES else {"voice"} if endings <= SOUNDS else {"?"}
    if len(said) != 1 or not said <= {"face", "voice"}:
        raise UsageError(
            f'{manifest.path}: is the {side} side a face or a voice? Say options.{side} = "face" '
            f'or "voice", or add a column {column}; one list of trials holds one kind on a side'
        )
    return cast(Modality, said.pop())
