"""The probe: generate, or take what was generated, and compare the groups of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from avaudit.errors import UsageError
from avaudit.manifest import Shape
from avaudit.manifest.columns import group_labels, select
from avaudit.plan import Scenario
from avaudit.probe import Context, Probe, ProbeResult

from .acoustics import MEASURES
from .faces import METRICS, audit_faces
from .recordings import generated_files, what_is_made
from .voices import audit_voices


class GenerationProbe(Probe):
    """Acoustics of generated voices, attributes of generated faces, against real people."""

    title = "Generation"
    asks = "Do generated voices or faces set groups further apart than real people are?"
    requires = ()
    shapes = frozenset({Shape.CLIPS})
    metrics: ClassVar[Mapping[str, str]] = {**MEASURES, **METRICS}
    options: ClassVar[Mapping[str, str]] = {
        "makes": "voices or faces, where neither the model nor the files tell",
        "text": "what generated voices say, where the column text does not",
        "attribute_model": "reference of the classifier that says what a generated face looks like",
        "positive": "its label that counts",
        "se": "its sensitivity: share of positive faces that it calls positive",
        "sp": "its specificity",
        "n_se": "positive faces on which se was measured",
        "n_sp": "other faces on which sp was measured",
    }
    does_not_say = (
        "That a difference is unjust where real people differ as well: the excess says more.",
        "What a generated person's attribute is: a model looked at it, with its own errors.",
    )

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Measure what is generated for each group.

        Raises
        ------
        UsageError
            When it is not clear what is generated, or a column or option is missing.
        """
        if not scenario.groups:
            raise UsageError(f"scenario '{scenario.id}': groups names no group column to compare")
        manifest = select(context.manifest, scenario.where)
        context = replace(context, manifest=manifest)
        labels = group_labels(manifest, scenario.groups)
        makes = what_is_made(manifest, scenario, context)
        files = generated_files(makes, manifest, scenario, context)
        audit = audit_voices if makes == "voices" else audit_faces
        return audit(files, manifest, labels, scenario, context)
