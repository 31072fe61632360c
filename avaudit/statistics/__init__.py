"""Statistics of audits and detectors: pure functions on numpy arrays.

Nothing here reads a file, keeps state or draws without an explicit
:class:`numpy.random.Generator`. A number that does not exist is NaN with a reason.
"""

from .association_bootstrap import StereotypeExcess, association_interval, stereotype_excess
from .auc_bootstrap import StratifiedAuc, auc_interval, within_stratum_auc
from .clustered_proportions import (
    EffectiveSize,
    clustered_newcombe,
    clustered_wilson,
    effective_size,
)
from .cosine import association_values, cosines
from .cosine_table import CosineTable
from .count_bootstrap import cluster_count_draws, count_draws, ratio_of_counts
from .crossmodal import BalancedAssociation, balanced_association, centred
from .detection import DetCurve, det, eer, min_dcf
from .differential_intervals import DifferentialEstimates, differential_estimates
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
from .group_errors import GroupErrors, differentials_at, threshold_at_fmr, within_groups
from .group_parity import Parity, confusion_counts, parity, parity_metrics
from .group_spread import Spread, spread
from .intersections import shrink_intersections
from .llr_metrics import (
    MisleadingEvidence,
    act_dcf,
    cllr,
    cllr_log10,
    cllr_min,
    misleading_evidence,
)
from .matching import (
    Leak,
    MatchingBreakdown,
    attribute_oracle,
    explained_share,
    leak,
    matching_breakdown,
)
from .metric_interval import score_metric_interval
from .misclassification import rogan_gladen
from .multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from .pair_rates import group_pair_rates
from .paired import FlipRates, cluster_means, flip_rates, mcnemar_exact, score_shift
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
from .roc_area import auc, auc_delong, delong_variance
from .shrinkage import Shrunk, shrink_means, shrink_rates
from .single_target import (
    MultilevelAssociation,
    SingleAssociations,
    multilevel_association,
    single_association,
    single_association_test,
)
from .weat import Association, association, association_of_values, effect_of

__all__ = [
    "Association",
    "BalancedAssociation",
    "Contrast",
    "CosineTable",
    "DetCurve",
    "DifferentialEstimates",
    "EffectiveSize",
    "Estimate",
    "FlipRates",
    "GapTest",
    "GroupErrors",
    "GroupRates",
    "Leak",
    "MatchingBreakdown",
    "MisleadingEvidence",
    "MultilevelAssociation",
    "NullFloor",
    "Parity",
    "Shrunk",
    "SingleAssociations",
    "Skew",
    "Spread",
    "StereotypeExcess",
    "StratifiedAuc",
    "act_dcf",
    "association",
    "association_interval",
    "association_of_values",
    "association_values",
    "attribute_oracle",
    "au_fdr",
    "auc",
    "auc_delong",
    "auc_interval",
    "balanced_association",
    "bca",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "centred",
    "cllr",
    "cllr_log10",
    "cllr_min",
    "cluster_bootstrap",
    "cluster_count_draws",
    "cluster_means",
    "clustered_newcombe",
    "clustered_wilson",
    "confusion_counts",
    "cosines",
    "count_draws",
    "delong_variance",
    "design_effect",
    "det",
    "differential_estimates",
    "differentials_at",
    "eer",
    "effect_of",
    "effective_size",
    "equivalence_p",
    "explained_share",
    "fdr",
    "flip_rates",
    "garbe",
    "gini",
    "group_means",
    "group_pair_rates",
    "group_rates",
    "group_ratios",
    "holm",
    "inequity_rate",
    "jeffreys",
    "katz",
    "leak",
    "matching_breakdown",
    "max_geomean",
    "mcnemar_exact",
    "min_dcf",
    "minimum_detectable_gap",
    "misleading_evidence",
    "multilevel_association",
    "ndkl",
    "newcombe",
    "parity",
    "parity_metrics",
    "percentile_estimate",
    "ratio_of_counts",
    "required_n",
    "required_n_equivalence",
    "rogan_gladen",
    "score_metric_interval",
    "score_shift",
    "shrink_intersections",
    "shrink_means",
    "shrink_rates",
    "single_association",
    "single_association_test",
    "skew_at_k",
    "spread",
    "stereotype_excess",
    "threshold_at_fmr",
    "tost",
    "tost_proportions",
    "two_way_weights",
    "undefined",
    "wilson",
    "within_groups",
    "within_stratum_auc",
]
