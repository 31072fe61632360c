"""What tests of the largest gap share."""

import numpy as np

from avaudit.statistics._grouped import Summary


def summary_of(values, se=1.0):
    """Independent groups with normal errors."""
    values = np.asarray(values, dtype=np.float64)
    count = len(values)
    return Summary(
        labels=tuple(map(str, range(count))),
        values=values,
        weights=np.full(count, 100.0),
        se=np.full(count, se),
        df=np.full(count, np.inf),
        total_df=np.inf,
        correlation=np.eye(count),
        n_effective=None,
        pooled=float(values.mean()),
    )
