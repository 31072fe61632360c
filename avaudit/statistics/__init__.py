"""Statistics of audits and detectors: pure functions on numpy arrays.

Nothing here reads a file, keeps state or draws without an explicit
:class:`numpy.random.Generator`. A number that does not exist is NaN with a reason.
"""

from .association import (
    Association,
    association,
    association_of_values,
    association_values,
    cosines,
)
from .auc import auc, auc_delong, delong_variance
from .auc_bootstrap import StratifiedAuc, auc_interval, within_stratum_auc
from .detection import DetCurve, det, eer, min_dcf
from .differentials import au_fdr, fdr, garbe, gini, inequity_rate, max_geomean
from .draws import percentile_estimate
from .estimate import Estimate, undefined
from .llr_metrics import (
    MisleadingEvidence,
    act_dcf,
    cllr,
    cllr_log10,
    cllr_min,
    misleading_evidence,
)
from .ranking import Skew, ndkl, skew_at_k
from .single_association import (
    MultilevelAssociation,
    SingleAssociations,
    multilevel_association,
    single_association,
    single_association_test,
)

__all__ = [
    "Association",
    "DetCurve",
    "Estimate",
    "MisleadingEvidence",
    "MultilevelAssociation",
    "SingleAssociations",
    "Skew",
    "StratifiedAuc",
    "act_dcf",
    "association",
    "association_of_values",
    "association_values",
    "au_fdr",
    "auc",
    "auc_delong",
    "auc_interval",
    "cllr",
    "cllr_log10",
    "cllr_min",
    "cosines",
    "delong_variance",
    "det",
    "eer",
    "fdr",
    "garbe",
    "gini",
    "inequity_rate",
    "max_geomean",
    "min_dcf",
    "misleading_evidence",
    "multilevel_association",
    "ndkl",
    "percentile_estimate",
    "single_association",
    "single_association_test",
    "skew_at_k",
    "undefined",
    "within_stratum_auc",
]
