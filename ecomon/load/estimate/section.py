"""Loads of all determinands of one section: what can be shared among them is computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecomon.errors import ContractError
from ecomon.load.choice.rules import EstimationRules
from ecomon.load.estimate.case import LoadCase, estimator_rules, in_hours
from ecomon.load.estimate.daily_discharge import mean_daily_discharge
from ecomon.load.estimate.gap_fill import gap_filler
from ecomon.load.estimate.series import SeriesLoads, estimate_series
from ecomon.load.flux import LoadEstimate
from ecomon.load.integration_estimate import SensorErrors, integrate_section

_LONGEST_GAP_S = 6 * 3600.0
"""Discharges farther apart are not joined; filling gaps is done before, and flagged."""


def estimate_section(
    cases: Sequence[LoadCase], *, settlements: Mapping[str, LoadEstimate] | None = None
) -> dict[str, SeriesLoads]:
    """Loads of the determinands of one section in one period.

    Parameters
    ----------
    cases : sequence of LoadCase
        Of one section, period and record of discharge; each determinand once.
    settlements : mapping of LoadEstimate, optional
        By determinand: what a settlement takes, where an agreement speaks of it.

    Returns
    -------
    dict of determinand to SeriesLoads

    Raises
    ------
    ContractError
        if the cases are of several sections, periods or records, or a determinand stands twice.

    Source
    ------
    As :func:`ecomon.load.estimate.series.estimate_series`.
    """
    if len({(case.section, case.period) for case in cases}) > 1:
        raise ContractError("cases of several sections or periods; give those of one")
    if len({case.determinand for case in cases}) != len(cases):
        raise ContractError(f"{cases[0].section}: a determinand stands twice")
    if any(case.discharge is not cases[0].discharge for case in cases[1:]):
        raise ContractError(f"{cases[0].section}: its determinands share one record of discharge")
    integrals = _integrate(cases)
    agreed = settlements or {}
    return {
        case.determinand: estimate_series(
            case,
            integrated=integrals[case.determinand],
            settlement=agreed.get(case.determinand),
        )
        for case in cases
    }


def integrate_case(case: LoadCase) -> LoadEstimate:
    """The direct integral of one case.

    Source
    ------
    As :func:`ecomon.load.integration_estimate.integrate_section`.
    """
    return _integrate([case])[case.determinand]


def sensor_errors(rules: EstimationRules) -> SensorErrors:
    """The error budget of a dense record under the rules.

    Random errors are read from the record's own variogram; the common error of the rating is
    carried by the discharge.

    Source
    ------
    loads.md 6.8; figures ``thresholds/loads``.
    """
    return SensorErrors(
        random_relative=None,
        random_correlation=0.0,
        calibration_relative=rules.model.concentration_error,
        cross_section_relative=0.0,
        rating_relative=0.0,
        discharge_random_relative=0.0,
        discharge_correlation=0.0,
    )


def _integrate(cases: Sequence[LoadCase]) -> dict[str, LoadEstimate]:
    if not cases:
        return {}
    rules, discharge = cases[0].rules, cases[0].discharge
    daily = mean_daily_discharge(discharge)
    return integrate_section(
        {case.determinand: case.record for case in cases},
        in_hours(discharge),
        cases[0].period,
        rules=estimator_rules(rules, rules.model.valid_step_h),
        errors=sensor_errors(rules),
        max_step_discharge_s=_LONGEST_GAP_S,
        max_line_s=rules.model.max_linear_gap_h * 3600,
        fillers={case.determinand: gap_filler(case, daily) for case in cases},
    )
