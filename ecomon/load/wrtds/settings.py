"""How wide WRTDS looks around a node, and how many samples it wants to see there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecomon.errors import ContractError

TimeBounds = Literal["water_year", "daily"]


@dataclass(frozen=True, slots=True)
class WrtdsSettings:
    """Settings of one WRTDS model; the defaults are EGRET 3.0.12's.

    Parameters
    ----------
    window_y, window_q, window_s : float
        Half-widths: years, natural-log units of discharge, years of season.
    min_obs, min_uncensored : int
        A node's windows grow by a tenth until as many samples, and as many uncensored ones, have
        weight.
    edge_adjust : bool
        Widen the time window near the ends of the record so that it keeps its length.
    time_bounds : {"water_year", "daily"}
        What counts as the ends: the water years (October to September) of the first and last
        sample, or the first and last day of discharge. Only surfaces follow it; leave-one-out
        always takes the days, as EGRET does.

    Raises
    ------
    ContractError
        for a width or a count that is not positive.

    Source
    ------
    Hirsch, Moyer and Archfield 2010, JAWRA 46; EGRET 3.0.12 (loads.md 5.1, data/loads/README).
    """

    window_y: float = 7.0
    window_q: float = 2.0
    window_s: float = 0.5
    min_obs: int = 100
    min_uncensored: int = 50
    edge_adjust: bool = True
    time_bounds: TimeBounds = "water_year"

    def __post_init__(self) -> None:
        for name in ("window_y", "window_q", "window_s", "min_obs", "min_uncensored"):
            if not getattr(self, name) > 0:
                raise ContractError(f"WRTDS setting {name} must be positive: {getattr(self, name)}")
        if self.min_uncensored > self.min_obs:
            raise ContractError(
                f"min_uncensored ({self.min_uncensored}) asks for more than min_obs ({self.min_obs})"
            )
        if self.time_bounds not in ("water_year", "daily"):
            raise ContractError(f"time_bounds is water_year or daily, not {self.time_bounds!r}")
