"""Loads of a dense record (4-hourly readings, hourly discharge) with an error budget by name.

Random errors of readings fall with the root of how many independent ones there are; calibration,
rating, cross-section and transfer are common to all readings of a period and do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.load.flux import G_PER_T, Floats, LoadEstimate, no_load, seconds_from
from ecomon.load.flux_outcomes import EstimateRules, Pairs, pair_samples, settle_outcome
from ecomon.load.flux_series import MEASURED, DischargeSeries, SampleSeries
from ecomon.load.integration import ProductIntegral, integrate_product
from ecomon.load.integration_gaps import FilledGaps, Filler
from ecomon.load.interpolation_error import fit_variogram, sum_variance
from ecomon.model.period import Period

METHOD = "integration"
NO_COMMON_TIME = "浓度与流量无共同时段 / no time with both concentration and discharge"


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorErrors:
    """What is known of the errors of readings and discharges, as shares (0.05 is 5 %).

    Attributes
    ----------
    random_relative : float or None
        Standard deviation of one reading; None takes the nugget of the readings' own variogram.
    random_correlation : float
        Correlation of errors of neighbouring readings, 0..1 (excluded).
    calibration_relative, cross_section_relative : float
        Common to the period: of the sensor, and of the place it looks at beside the whole section.
    rating_relative : float
        Of the discharge, common to the period, beside what the record carries itself.
    discharge_random_relative, discharge_correlation : float
        Of one discharge.
    """

    random_relative: float | None
    random_correlation: float
    calibration_relative: float
    cross_section_relative: float
    rating_relative: float
    discharge_random_relative: float
    discharge_correlation: float


def estimate_by_integration(
    samples: SampleSeries,
    discharge: DischargeSeries,
    period: Period,
    *,
    rules: EstimateRules,
    errors: SensorErrors,
    max_step_discharge_s: float,
) -> LoadEstimate:
    """Load of a period by the exact integral of one determinand's readings and the discharge.

    Parameters and result as :func:`integrate_section`.

    Source
    ------
    reference/loads.md 6.8.
    """
    found = integrate_section(
        {"": samples},
        discharge,
        period,
        rules=rules,
        errors=errors,
        max_step_discharge_s=max_step_discharge_s,
    )
    return found[""]


def integrate_section(
    samples: Mapping[str, SampleSeries],
    discharge: DischargeSeries,
    period: Period,
    *,
    rules: EstimateRules,
    errors: SensorErrors | Mapping[str, SensorErrors],
    max_step_discharge_s: float,
    max_line_s: float | None = None,
    fillers: Mapping[str, Filler] | None = None,
) -> dict[str, LoadEstimate]:
    """Loads of all determinands of a section in one pass.

    Parameters
    ----------
    samples : mapping of determinand to SampleSeries
        Give the readings just outside the period too.
    discharge : DischargeSeries
        ``time`` are the instants of the discharges (hourly readings), joined by straight lines.
    period : Period
    rules : EstimateRules
        ``max_step_s``: between readings no farther apart the concentration counts as measured.
    errors : SensorErrors, or a mapping of determinand to them
    max_step_discharge_s : float
    max_line_s : float, optional
        Readings up to this far apart are joined by a straight line; beyond ``max_step_s``, which it
        is when absent, what lies between counts as estimated.
    fillers : mapping of determinand to Filler, optional
        What stands for the concentration between readings farther apart. Without one, or where it
        finds nothing, the load of that water is the water x the discharge-weighted mean of the
        rest, with its own variance.

    Returns
    -------
    dict of determinand to LoadEstimate
        ``parts_t``: ``random``, ``discharge_random``, ``calibration``, ``rating``,
        ``cross_section``, ``gaps`` (between readings, and where there are none) and
        ``discharge_gaps``. ``coverage_*`` and ``share_estimated`` are those of the integral.
        ``filled`` holds the days that a filler filled, and the reason says how.

    Source
    ------
    reference/loads.md 6.8; effective number (1 + r)/(1 - r) of Bayley & Hammersley 1946.
    """
    stamps = np.unique(np.concatenate([one.time for one in samples.values()]))
    values = np.full((len(samples), len(stamps)), np.nan)
    places = [np.searchsorted(stamps, one.time) for one in samples.values()]
    for row, (one, place) in enumerate(zip(samples.values(), places, strict=True)):
        values[row, place] = one.with_censored(rules.censored_share_of_limit).concentration_mg_l
    integral = integrate_product(
        seconds_from(period.start, stamps),
        values,
        seconds_from(period.start, discharge.time),
        discharge.discharge_m3_s,
        duration_s=float(period.seconds),
        max_step_s=rules.max_step_s if max_line_s is None else max_line_s,
        max_step_discharge_s=max_step_discharge_s,
    )
    is_filled = _filled_segments(integral, discharge, period)
    found: dict[str, LoadEstimate] = {}
    for row, (name, one) in enumerate(samples.items()):
        pairs = pair_samples(one, discharge, period, rules)
        case = _Case(
            one,
            seconds_from(period.start, one.time),
            values[row, places[row]],
            integral.reading_m3[row, places[row]],
            integral.is_covered[row],
            integral.is_covered[row] & (integral.apart_s[row] <= rules.max_step_s),
            pairs,
            (fillers or {}).get(name),
        )
        of = errors if isinstance(errors, SensorErrors) else errors[name]
        found[name] = _estimate(case, integral, is_filled, of)
    return found


@dataclass(frozen=True, slots=True)
class _Case:
    """One determinand: its readings, the water each speaks for, where they are joined, and near."""

    samples: SampleSeries
    time_s: Floats
    concentration_mg_l: Floats
    reading_m3: Floats
    is_covered: npt.NDArray[np.bool_]
    is_near: npt.NDArray[np.bool_]
    pairs: Pairs
    filler: Filler | None


def _filled_segments(
    integral: ProductIntegral, discharge: DischargeSeries, period: Period
) -> npt.NDArray[np.bool_]:
    """Segments that begin in a filled step, shape (U,)."""
    begins = seconds_from(period.start, discharge.time)
    place = np.searchsorted(begins, integral.middle_s, side="right") - 1
    if not len(begins):
        return np.zeros(len(place), dtype=bool)
    return discharge.fill[np.maximum(place, 0)] != MEASURED


def _estimate(
    case: _Case, integral: ProductIntegral, is_filled: npt.NDArray[np.bool_], errors: SensorErrors
) -> LoadEstimate:
    pairs = case.pairs
    covered_m3 = float((integral.segment_m3 * case.is_covered).sum())
    known_m3 = float(integral.segment_m3.sum())
    sound_m3 = float((integral.segment_m3 * (case.is_near & ~is_filled)).sum())
    total_m3 = known_m3 * pairs.duration_s / integral.discharge_s if integral.discharge_s else 0.0
    gaps = _fill_gaps(case, integral)
    is_whole = gaps is not None and gaps.days is not None
    basis_m3 = known_m3 if is_whole else covered_m3
    scale = total_m3 / basis_m3 if covered_m3 > 0 else float("nan")
    weight = case.reading_m3 * scale
    low, high, read_t = (
        float(weight @ one) / G_PER_T
        for one in (
            case.samples.with_censored(0.0).concentration_mg_l,
            case.samples.with_censored(1.0).concentration_mg_l,
            case.concentration_mg_l,
        )
    )
    gap_t = _gap_load_t(case, integral, gaps) * scale if is_whole and gaps is not None else 0.0
    if read_t > 0:
        low, high = low * (1 + gap_t / read_t), high * (1 + gap_t / read_t)
    bracket = (low, high) if covered_m3 > 0 else None
    pairs.known["share_estimated"] = 1 - sound_m3 / total_m3 if total_m3 > 0 else 0.0
    if (settled := settle_outcome(pairs, METHOD, bracket)) is not None:
        return settled
    if bracket is None:
        return no_load(METHOD, NO_COMMON_TIME, **pairs.known)
    load_t = read_t + gap_t
    inside = case.is_covered if is_whole else np.ones_like(case.is_covered)
    scales = _Scales(weight, inside, total_m3 / known_m3)
    parts = _budget(case, integral, scales, load_t, errors=errors)
    if is_whole and gaps is not None:
        parts["gaps"] = float(np.hypot(parts["gaps"], gaps.standard_error_g * scale / G_PER_T))
    return LoadEstimate(
        METHOD,
        load_t,
        float(np.sqrt(sum(part**2 for part in parts.values()))),
        float("inf"),
        load_censored_zero_t=low,
        load_censored_limit_t=high,
        parts_t=parts,
        status="estimated" if pairs.known["share_estimated"] > 1e-9 else "measured",
        reason="；".join([*([gaps.note] if gaps is not None else []), *pairs.notes]),
        filled=gaps.days if gaps is not None else None,
        **pairs.known,
    )


def _uncovered(case: _Case, integral: ProductIntegral) -> npt.NDArray[np.bool_]:
    return ~case.is_covered & (integral.segment_m3 > 0)


def _fill_gaps(case: _Case, integral: ProductIntegral) -> FilledGaps | None:
    """What the filler makes of the segments without a concentration; None where there are none."""
    empty = _uncovered(case, integral)
    # A sliver between two stamps is no gap.
    if case.filler is None or not float(integral.segment_m3[empty].sum()) > 0:
        return None
    return case.filler(integral.middle_s[empty], integral.segment_m3[empty])


def _gap_load_t(case: _Case, integral: ProductIntegral, gaps: FilledGaps) -> float:
    water = integral.segment_m3[_uncovered(case, integral)]
    return float(water @ gaps.concentration_mg_l) / G_PER_T


@dataclass(frozen=True, slots=True)
class _Scales:
    """Water each reading stands for, the segments they stand for, and known water to all water."""

    weight: Floats
    is_inside: npt.NDArray[np.bool_]
    scale: float


def _budget(
    case: _Case, integral: ProductIntegral, scales: _Scales, load_t: float, *, errors: SensorErrors
) -> dict[str, float]:
    """Standard errors by name, t."""
    c, weight = case.concentration_mg_l, scales.weight
    of = fit_variogram(case.time_s, c)
    if errors.random_relative is None:
        variance = np.full(len(c), of.nugget)
    else:
        variance = (errors.random_relative * c) ** 2
    random = float((weight**2 * variance).sum()) * _thinned(errors.random_correlation)
    inside = scales.is_inside
    between = sum_variance(
        case.time_s,
        weight,
        integral.middle_s[inside],
        integral.segment_m3[inside] * scales.scale,
        replace(of, nugget=0.0),
    )
    flux = integral.segment_m3 * np.interp(integral.middle_s, case.time_s, c)
    discharge = float((flux**2).sum()) * errors.discharge_random_relative**2
    volume = case.pairs.volume
    rating = float(np.hypot(errors.rating_relative, case.pairs.relative_error))
    return {
        "random": float(np.sqrt(random)) / G_PER_T,
        "discharge_random": float(np.sqrt(discharge * _thinned(errors.discharge_correlation)))
        / G_PER_T,
        "calibration": load_t * errors.calibration_relative,
        "rating": load_t * rating,
        "cross_section": load_t * errors.cross_section_relative,
        "gaps": float(np.sqrt(between)) / G_PER_T,
        "discharge_gaps": load_t * volume.standard_error_m3 / volume.volume_m3,
    }


def _thinned(correlation: float) -> float:
    """How much more the sum of correlated errors varies than that of independent ones: n / N_eff."""
    if not 0 <= correlation < 1:
        raise ContractError(f"a correlation of {correlation}; 0 to below 1")
    return (1 + correlation) / (1 - correlation)
