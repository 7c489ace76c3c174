"""What the figure of a load is drawn from: plain tables, whichever method made them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from ecomon.model.tables import LOAD_ESTIMATES, Contract

LOAD_SAMPLES = Contract(
    "samples of a load",
    {
        "start": "time",
        "discharge_m3_s": "float",
        "concentration_mg_l": "float",  # the limit where censored
        "is_censored": "bool",
        "fitted_mg_l": "float",  # NaN where no model was fitted
        "residual": "float",  # ln C - fitted ln C; NaN without a model, or of a censored sample
    },
)
LOAD_FIT = Contract(
    "fit of concentration to discharge",
    {"discharge_m3_s": "float", "concentration_mg_l": "float"},
)
LOAD_DAYS = Contract(
    "daily loads",
    {"start": "time", "load_t": "float", "lower_t": "float", "upper_t": "float", "is_estimated": "bool"},
)  # fmt: skip
LOAD_TREND = Contract(
    "flow-normalised loads",
    {"start": "time", "load_t": "float", "flow_normalised_t": "float"},  # of the year from start
)


@dataclass(frozen=True, slots=True)
class SectionLoad:
    """One determinand at one section over one period, ready to be drawn.

    Attributes
    ----------
    estimates : table LOAD_ESTIMATES
        Of this section, determinand and period.
    samples : table LOAD_SAMPLES
    fit : table LOAD_FIT
        Sorted by discharge; empty without a model.
    days : table LOAD_DAYS
        NaN leaves a gap in the line.
    trend : table LOAD_TREND
        Whole years; empty where no trend can be told.
    trend_reason : str
        Why there is no trend, in words; Chinese, then English.
    """

    section: str
    determinand: str
    period: str
    estimates: pd.DataFrame
    samples: pd.DataFrame = field(default_factory=LOAD_SAMPLES.empty)
    fit: pd.DataFrame = field(default_factory=LOAD_FIT.empty)
    days: pd.DataFrame = field(default_factory=LOAD_DAYS.empty)
    trend: pd.DataFrame = field(default_factory=LOAD_TREND.empty)
    trend_reason: str = ""

    def check(self) -> SectionLoad:
        """Itself, or ContractError."""
        LOAD_ESTIMATES.check(self.estimates)
        LOAD_SAMPLES.check(self.samples)
        LOAD_FIT.check(self.fit)
        LOAD_DAYS.check(self.days)
        LOAD_TREND.check(self.trend)
        return self
