"""Word and character error rates of a model that writes down speech."""

from __future__ import annotations

import re
import unicodedata

import jiwer
import numpy as np

from avaudit.adapters.protocols import Capability
from avaudit.manifest.columns import paths, texts
from avaudit.plan import Scenario
from avaudit.probe import Context

from .values import Values

METRICS = {
    "wer": "word errors (substituted, deleted, inserted) over words spoken",
    "cer": "character errors over characters spoken",
}
_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ](?=\w)")
_BLANKS = re.compile(r"\s+")


def normalised(text: str) -> str:
    """Normalise a transcript: compatibility forms, case, punctuation and blanks.

    Unicode NFKC and case folding; apostrophes inside words are dropped, all other punctuation and
    symbols become blanks; runs of blanks become one. Numbers and spellings are left as they are.

    Examples
    --------
    >>> normalised("Don’t  STOP, Zoë!")
    'dont stop zoë'
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _APOSTROPHES.sub("", text)
    kept = (" " if unicodedata.category(c)[0] in "PS" else c for c in text)
    return _BLANKS.sub(" ", "".join(kept)).strip()


def errors(reference: str, hypothesis: str, *, characters: bool = False) -> tuple[int, int]:
    """Count the errors of a transcript and the words (or characters) it should have.

    Examples
    --------
    >>> errors("the cat sat", "the cat sat down")
    (1, 3)
    >>> errors("", "hello")
    (1, 0)
    """
    said = list(reference) if characters else reference.split()
    heard = list(hypothesis) if characters else hypothesis.split()
    if not said:
        return len(heard), 0
    if characters:
        counts = jiwer.process_characters(reference, hypothesis)
        return counts.substitutions + counts.deletions + counts.insertions, len(said)
    words = jiwer.process_words(reference, hypothesis)
    return words.substitutions + words.deletions + words.insertions, len(said)


def values(metric: str, scenario: Scenario, context: Context) -> Values:
    """Ask the model for transcripts and give errors and lengths per clip.

    An empty transcript is an answer (all words are missing); None is no answer.
    """
    context.model.require(Capability.TRANSCRIBER)
    manifest = context.manifest
    references = texts(manifest, str(scenario.options.get("reference", "text")))
    heard = context.model.transcribe(paths(manifest, "audio"))
    answered = np.array([text is not None for text in heard], dtype=bool)
    counts = np.full((len(references), 2), np.nan)
    for row in np.flatnonzero(answered & (references != "")):
        counts[row] = errors(
            normalised(str(references[row])),
            normalised(str(heard[row])),
            characters=metric == "cer",
        )
    return Values(
        kind="ratio", numerators=counts[:, 0], denominators=counts[:, 1], answered=answered
    )
