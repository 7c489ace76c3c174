"""Concentration x discharge -> load of a period, with its uncertainty. No I/O.

``compute_monthly_loads`` is what a settlement takes; ``draw_loads`` carries the uncertainty on.
"""

from ecomon.load.draw import draw_loads
from ecomon.load.period_load import CensoredRule, compute_monthly_loads

__all__ = ["CensoredRule", "compute_monthly_loads", "draw_loads"]
