"""A policy in plain words, and what in it may not be meant."""

from __future__ import annotations

from collections.abc import Iterator

from ..registry import DETECTORS, names, unknown_name
from .base import listed, percent
from .model import Policy
from .select import is_glob, named
from .subject_rules import SubjectRule

READS = {"scan": "scans", "audit": "audits", "bench": "benches"}


def explained(policy: Policy) -> list[str]:
    """Give a policy as sentences: the rules one by one, then how they are put together."""
    lines = [f"Policy '{policy.name}'.", ""]
    for word, globs in (("generated", policy.declared.generated), ("real", policy.declared.real)):
        if globs:
            lines.append(f"Declared {word} are the files named like {listed(globs)}.")
    if policy.declared.generated or policy.declared.real:
        lines.append("")
    for rule in policy.rule:
        reads = listed(tuple(READS[kind] for kind in sorted(rule.reads)), "and")
        lines.append(f"{rule.id} (reads {reads})")
        lines.append(f"    For {rule.whom()}: {rule.asks()}.")
        lines += [f"    {text}" for text in _more(rule)]
        if rule.note:
            lines.append(f"    Why: {rule.note}")
    return [*lines, "", *_together(policy)]


def _more(rule: object) -> Iterator[str]:
    if isinstance(rule, SubjectRule):
        if rule.tolerate:
            yield f"Up to {percent(rule.tolerate)} of the files may fail."
        if rule.at_least:
            yield f"With fewer than {rule.at_least} such files it is undecided."
    if getattr(rule, "optional", False):
        yield "Left out where no such report is given."
    if getattr(rule, "only_new", False):
        yield "What the baseline has as well does not count."


def _together(policy: Policy) -> list[str]:
    tests = sum(not isinstance(rule, SubjectRule) for rule in policy.rule)
    lines = [
        "The gate fails (exit status 1) if a rule fails, passes (0) if all pass, and is "
        "undecided (3) otherwise."
    ]
    if tests:
        lines.append(
            f"The statistical tests of all rules are adjusted together (Holm): where nothing is "
            f"wrong, the gate fails with a chance of at most {percent(policy.alpha)}."
        )
    return lines


def cautions_of(policy: Policy) -> list[str]:
    """Give what in a sound policy may not be meant: detectors nobody has, declarations nobody made.

    Returns
    -------
    list of str
        One sentence each, beginning with the rule's id.
    """
    installed = names(DETECTORS)
    return [
        f"rule '{rule.id}': {text}"
        for rule in policy.rule
        if isinstance(rule, SubjectRule)
        for text in (*_unknown(rule, installed), *_undeclared(rule, policy))
    ]


def _unknown(rule: SubjectRule, installed: list[str]) -> Iterator[str]:
    globs: tuple[str, ...] = getattr(rule, "detectors", ())
    for glob in globs:
        if is_glob(glob) and not any(named(name, (glob,)) for name in installed):
            yield f"no installed detector matches '{glob}'"
        elif not is_glob(glob) and glob not in installed:
            yield unknown_name("detector", glob, installed)


def _undeclared(rule: SubjectRule, policy: Policy) -> Iterator[str]:
    if rule.declared is not None and not getattr(policy.declared, rule.declared):
        yield (
            f"it is about files declared {rule.declared}, and [declared] names none, so it "
            "concerns nothing"
        )
