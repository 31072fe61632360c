"""Evidence: from a raw score to a likelihood ratio that can be defended.

:mod:`~avaudit.evidence.calibration` maps scores to log10 likelihood ratios,
:mod:`~avaudit.evidence.bounds` limits them to what the calibration data support,
:mod:`~avaudit.evidence.envelope` says whether a calibration holds for the item at hand,
:mod:`~avaudit.evidence.apply` puts the result into a finding, and
:mod:`~avaudit.evidence.fusion` joins the detectors of one family, conservatively.
"""
