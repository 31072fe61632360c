"""A toy face-voice model with a planted stereotype, and the same model without it.

The people live in a made-up country with a north and a south; their voices are rough or clear,
half of each in both parts. In the planted model, faces from the south lie nearer to rough
voices, whatever their owners sound like. Nothing else differs.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 24
GENDER, ROUGHNESS = 0, 1
N_PEOPLE, N_SPEAKERS = 240, 160
CLIPS = 2
STRENGTH = 0.45
"""How far the planted model moves a face along the axis of rough voices."""

PLAN = """# What will be tested, said before the models are looked at.
schema = "avaudit.plan/1"
title = "Does the face-voice model believe that people from the south sound rough?"
seed = 20261125

[[scenario]]
id = "rough-south"
probe = "association"
metric = "excess"
margin = 0.6               # in units of d, whose scale ends at 2
control = ["gender"]       # rough voices are more often men's: compare within gender
at_risk = "people from the south"
hazard = "a dubbing system gives them rough voices, whatever they sound like"
mitigation = "re-train with voices exchanged between regions"
review_trigger = "every new version of the face encoder"

[scenario.options]
reference = "own"
targets = { kind = "face", column = "group.region", x = "south", y = "north" }

[scenario.options.attributes]
kind = "voice"
column = "group.voice"
a = "rough"
b = "clear"
where = { split = "speakers" }
"""


@dataclass(frozen=True)
class Person:
    """Somebody in the toy country."""

    name: str
    region: str
    gender: str
    voice: str
    split: str
    own: NDArray[np.float64]


def make_study(folder: Path, rng: np.random.Generator) -> dict[str, Path]:
    """Write the manifest, the plan and the vectors of both models.

    Parameters
    ----------
    folder
        An existing folder.
    rng
        Source of the toy country.

    Returns
    -------
    dict
        The files by name: ``data``, ``plan``, ``planted`` and ``clean``.
    """
    people = [*_people(rng), *_speakers(rng)]
    rows = [
        {
            "path": f"{kind}s/{person.name}-{clip}.{'png' if kind == 'face' else 'wav'}",
            "modality": kind,
            "identity": person.name,
            "group.region": person.region,
            "group.gender": person.gender,
            "group.voice": person.voice if kind == "voice" else "",
            "split": person.split,
        }
        for person in people
        for kind in (("face", "voice") if person.split == "people" else ("voice",))
        for clip in range(1, CLIPS + 1)
    ]
    data = folder / "people.csv"
    _write(data, rows)
    plan = folder / "plan.toml"
    plan.write_text(PLAN, encoding="utf-8")
    by_name = {person.name: person for person in people}
    noise = rng.normal(0, 0.25, (len(rows), DIMENSIONS))
    files = {"data": data, "plan": plan}
    for name, strength in (("planted", STRENGTH), ("clean", 0.0)):
        files[name] = folder / f"vectors-{name}.csv"
        vectors = [
            _vector(by_name[row["identity"]], row["modality"], strength) + noise[i]
            for i, row in enumerate(rows)
        ]
        _write(files[name], [_scored(r, v) for r, v in zip(rows, vectors, strict=True)])
    return files


def _people(rng: np.random.Generator) -> list[Person]:
    return [
        Person(
            name=f"p{n:03d}",
            region="south" if n % 2 else "north",
            gender="female" if n // 2 % 2 else "male",
            voice="rough" if n // 4 % 2 else "clear",
            split="people",
            own=rng.normal(0, 0.5, DIMENSIONS),
        )
        for n in range(N_PEOPLE)
    ]


def _speakers(rng: np.random.Generator) -> list[Person]:
    """Give speakers whose rough voices are mostly men's, as in a corpus nobody balanced."""
    speakers = []
    for n in range(N_SPEAKERS):
        rough = n % 2 == 1
        male = rng.random() < (0.7 if rough else 0.3)
        speakers.append(
            Person(
                name=f"s{n:03d}",
                region="",
                gender="male" if male else "female",
                voice="rough" if rough else "clear",
                split="speakers",
                own=rng.normal(0, 0.5, DIMENSIONS),
            )
        )
    return speakers


def _vector(person: Person, modality: str, strength: float) -> NDArray[np.float64]:
    vector = person.own.copy()
    vector[GENDER] += 1.0 if person.gender == "male" else -1.0
    if modality == "voice":
        vector[ROUGHNESS] += 0.9 if person.voice == "rough" else -0.9
        vector[2] += 1.5  # voices lie apart from faces, as in real joint spaces
    else:
        vector[ROUGHNESS] += strength if person.region == "south" else -strength
        vector[2] -= 1.5
    return vector


def _scored(row: dict[str, str], vector: NDArray[np.float64]) -> dict[str, str]:
    numbers = {f"embedding.{i}": f"{value:.5f}" for i, value in enumerate(vector)}
    return {"path": row["path"], "modality": row["modality"], **numbers}


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
