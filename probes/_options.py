"""Options of a scenario, checked where they are read."""

from __future__ import annotations

import math

from avaudit.errors import UsageError
from avaudit.plan import Scenario


def number_option(scenario: Scenario, name: str, default: float = math.nan) -> float:
    """Give a number from ``[scenario.options]``; NaN where there is none and no default.

    Raises
    ------
    UsageError
        When it is not a finite number.
    """
    value = scenario.options.get(name, default)
    finite = (
        isinstance(value, int | float) and not isinstance(value, bool) and not math.isinf(value)
    )
    if not finite or (name in scenario.options and math.isnan(value)):
        raise UsageError(f"scenario '{scenario.id}': options.{name} is a number, not {value!r}")
    return float(value)


def share_option(scenario: Scenario, name: str, default: float) -> float:
    """Give a number in [0, 1] from ``[scenario.options]``.

    Raises
    ------
    UsageError
        When it is not such a number.
    """
    value = number_option(scenario, name, default)
    if not 0 <= value <= 1:
        raise UsageError(
            f"scenario '{scenario.id}': options.{name} lies in [0, 1], and is {value:g}"
        )
    return value
