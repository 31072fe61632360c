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
from .clustered_proportions import (
    EffectiveSize,
    clustered_newcombe,
    clustered_wilson,
    effective_size,
)
from .count_bootstrap import cluster_count_draws, count_draws, ratio_of_counts
from .detection import DetCurve, det, eer, min_dcf
from .differentials import au_fdr, fdr, garbe, gini, inequity_rate, max_geomean
from .draws import percentile_estimate
from .equivalence import tost, tost_proportions
from .estimate import Estimate, undefined
from .gap_results import Contrast, GapTest, GroupRates, NullFloor
from .gaps import (
    equivalence_p,
    group_means,
    group_rates,
    group_ratios,
)
from .llr_metrics import (
    MisleadingEvidence,
    act_dcf,
    cllr,
    cllr_log10,
    cllr_min,
    misleading_evidence,
)
from .multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from .power import design_effect, minimum_detectable_gap, required_n, required_n_equivalence
from .proportions import (
    jeffreys,
    katz,
    newcombe,
    wilson,
)
from .ranking import Skew, ndkl, skew_at_k
from .resampling import (
    bca,
    cluster_bootstrap,
    two_way_weights,
)
from .single_association import (
    MultilevelAssociation,
    SingleAssociations,
    multilevel_association,
    single_association,
    single_association_test,
)

__all__ = [
    "Association",
    "Contrast",
    "DetCurve",
    "EffectiveSize",
    "Estimate",
    "GapTest",
    "GroupRates",
    "MisleadingEvidence",
    "MultilevelAssociation",
    "NullFloor",
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
    "bca",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "cllr",
    "cllr_log10",
    "cllr_min",
    "cluster_bootstrap",
    "cluster_count_draws",
    "clustered_newcombe",
    "clustered_wilson",
    "cosines",
    "count_draws",
    "delong_variance",
    "design_effect",
    "det",
    "eer",
    "effective_size",
    "equivalence_p",
    "fdr",
    "garbe",
    "gini",
    "group_means",
    "group_rates",
    "group_ratios",
    "holm",
    "inequity_rate",
    "jeffreys",
    "katz",
    "max_geomean",
    "min_dcf",
    "minimum_detectable_gap",
    "misleading_evidence",
    "multilevel_association",
    "ndkl",
    "newcombe",
    "percentile_estimate",
    "ratio_of_counts",
    "required_n",
    "required_n_equivalence",
    "single_association",
    "single_association_test",
    "skew_at_k",
    "tost",
    "tost_proportions",
    "two_way_weights",
    "undefined",
    "wilson",
    "within_stratum_auc",
]
