"""One determinand at one section over one period: all that an estimate is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecomon.load.choice.rules import EstimationRules
from ecomon.load.flux import Times
from ecomon.load.flux_outcomes import EstimateRules
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.model.period import Period

_LONGEST_READING_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class LoadCase:
    """What is known.

    Attributes
    ----------
    record : SampleSeries
        Samples of the period and of the time around it, to which models are fitted.
    discharge : DischargeSeries
        Of the section, over the record; its ``relative_error`` is common to all steps.
    gauge : str
        Whose rating the discharge rests on; sections that name one share its error. "": none.
    notes : tuple of str
        What was found while the data were read (repeated times, values left out), in words.
    """

    section: str
    determinand: str
    record: SampleSeries
    discharge: DischargeSeries
    period: Period
    rules: EstimationRules
    gauge: str = ""
    notes: tuple[str, ...] = ()

    def rules_at(self, max_step_h: float) -> EstimateRules:
        """The rules as one estimator takes them, samples at most ``max_step_h`` apart."""
        return estimator_rules(self.rules, max_step_h)


def estimator_rules(rules: EstimationRules, max_step_h: float) -> EstimateRules:
    """What the estimators take of the rules.

    Source
    ------
    ``thresholds/loads``; loads.md 6.7 and 7.
    """
    return EstimateRules(
        min_samples=rules.guards.min_samples,
        max_censored_share=rules.guards.max_censored_share,
        max_step_s=max_step_h * 3600,
        censored_share_of_limit=rules.model.censored_share_of_limit,
        max_discharge_ratio=rules.model.max_discharge_ratio,
    )


def with_common_error(discharge: DischargeSeries, rules: EstimationRules) -> DischargeSeries:
    """The record with the rules' error of a rating where it states none itself.

    Source
    ------
    Rating error is common to all steps of a period (loads.md 6.9); its size is a fact of
    ``thresholds/loads`` until a rating states its own.
    """
    if discharge.relative_error > 0:
        return discharge
    return replace(discharge, relative_error=rules.model.discharge_error)


def middles_of(discharge: DischargeSeries) -> Times:
    """The time each step stands for, shape (N,): of means the middle, of hourly readings the stamp.

    Source
    ------
    Steps longer than six hours are means, shorter ones readings (project rule).
    """
    if discharge.step_s <= _LONGEST_READING_S:
        return discharge.time
    return discharge.time + np.timedelta64(round(discharge.step_s * 5e5), "us")


def in_hours(discharge: DischargeSeries) -> DischargeSeries:
    """Means of more than six hours as so many hours of the same discharge: volumes are kept.

    Source
    ------
    For the integral of a dense record of concentration, which takes readings (project rule).
    """
    if discharge.step_s <= _LONGEST_READING_S or discharge.step_s % 3600:
        return discharge
    n = round(discharge.step_s / 3600)
    hours = np.arange(n) * np.timedelta64(3_600_000_000, "us")
    return replace(
        discharge,
        time=(discharge.time[:, None] + hours).ravel(),
        discharge_m3_s=np.repeat(discharge.discharge_m3_s, n),
        step_s=3600.0,
        variance=np.repeat(discharge.variance, n),
        fill=np.repeat(discharge.fill, n),
    )
