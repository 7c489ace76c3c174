"""The explanatory variables of a load regression: LOADEST's models 1 to 9 and free formulas.

Source: Cohn et al. 1992, Water Resour. Res. 28 (seven parameters, centring); Runkel, Crawford &
Cohn 2004, USGS TM4-A5, table 7 (models 1 to 9).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecomon.errors import ContractError
from ecomon.load.regression.decimal_time import (
    Convention,
    Times,
    Values,
    decimal_years,
    loadest_years,
    midday_years,
    shift_times,
)
from ecomon.load.regression.sample import DischargeSteps, LoadSamples

MODELS: dict[int, tuple[str, ...]] = {
    1: ("lnQ",),
    2: ("lnQ", "lnQ2"),
    3: ("lnQ", "t"),
    4: ("lnQ", "sin", "cos"),
    5: ("lnQ", "lnQ2", "t"),
    6: ("lnQ", "lnQ2", "sin", "cos"),
    7: ("lnQ", "t", "sin", "cos"),
    8: ("lnQ", "lnQ2", "t", "sin", "cos"),
    9: ("lnQ", "lnQ2", "t", "t2", "sin", "cos"),
}
_SEASON = re.compile(r"season:(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Design:
    """Terms of a model and the centres its variables are measured from.

    A term is a product of factors joined by ``*``: ``lnQ lnQ2`` (centred ln discharge and its
    square), ``t t2`` (centred time, years), ``sin cos sin2 cos2`` (of the year and the half year),
    ``season:5-7`` (1 in those months, both included; ``season:11-2`` runs over the new year),
    ``ln:NAME`` or ``NAME`` (a further column, or its logarithm). The intercept comes by itself.
    """

    terms: tuple[str, ...]
    centre_ln_q: float
    centre_t: float
    convention: Convention = "ecomon"

    @property
    def names(self) -> tuple[str, ...]:
        return ("(Intercept)", *self.terms)

    def rows(
        self,
        time: Times,
        discharge_m3_s: Values,
        columns: Mapping[str, Values],
        *,
        decimal_year: Values | None = None,
    ) -> Values:
        """Matrix (n, p); NaN in the rows whose discharge is not positive or a column is NaN."""
        years = decimal_year if decimal_year is not None else years_of(time, self.convention)
        month = time.astype("datetime64[M]").astype(np.float64) % 12 + 1
        positive = np.where(discharge_m3_s > 0, discharge_m3_s, np.nan)
        ln_q = np.log(positive) - self.centre_ln_q
        t = years - self.centre_t
        known = {
            "lnQ": ln_q,
            "lnQ2": ln_q**2,
            "t": t,
            "t2": t**2,
            "sin": np.sin(2 * np.pi * years),
            "cos": np.cos(2 * np.pi * years),
            "sin2": np.sin(4 * np.pi * years),
            "cos2": np.cos(4 * np.pi * years),
        }
        matrix = np.ones((len(time), len(self.terms) + 1))
        for place, term in enumerate(self.terms, start=1):
            for factor in term.split("*"):
                matrix[:, place] *= _factor(factor.strip(), known, month, columns)
        # A model without discharge predicts a load only where there is one.
        matrix[np.isnan(positive)] = np.nan
        return matrix

    def of_samples(self, samples: LoadSamples) -> Values:
        return self.rows(
            samples.time,
            samples.discharge_m3_s,
            samples.columns,
            decimal_year=samples.decimal_year,
        )

    def of_steps(self, steps: DischargeSteps) -> Values:
        time = steps.time
        # A step stands for its middle; whole days do so by themselves in midday_years.
        if steps.step_s != 86_400.0 and steps.decimal_year is None:
            time = shift_times(time, steps.step_s / 2)
        return self.rows(time, steps.discharge_m3_s, steps.columns, decimal_year=steps.decimal_year)


def build_design(
    model: int | Sequence[str], samples: LoadSamples, *, convention: Convention = "ecomon"
) -> Design:
    """The design of model 1 to 9, or of the terms given, centred on these samples.

    Parameters
    ----------
    model : int or sequence of str
        Number, or terms as :class:`Design` describes them.
    samples : LoadSamples
        All with positive discharge.
    convention : {"ecomon", "loadest"}

    Raises
    ------
    ContractError
        for a number that is no model, or a formula that names a term twice.

    Source
    ------
    Runkel, Crawford & Cohn 2004, table 7 and eq. 11.
    """
    if isinstance(model, int):
        if model not in MODELS:
            raise ContractError(f"no regression model {model}: give 1 to 9, or terms by name")
        terms = MODELS[model]
    else:
        terms = tuple(model)
    if len(set(terms)) != len(terms):
        raise ContractError(f"a term stands twice in {', '.join(terms)}")
    if convention == "loadest":
        years = decimal_years(samples.time.astype("datetime64[D]"), shift=np.timedelta64(12, "h"))
    else:
        years = samples.decimal_year
        years = years_of(samples.time, convention) if years is None else years
    return Design(terms, centre_of(np.log(samples.discharge_m3_s)), centre_of(years), convention)


def centre_of(values: Values) -> float:
    """The centre that makes a variable and its square uncorrelated over the samples.

    mean + sum d^3 / (2 sum d^2), d = x - mean; the mean itself where all values are one.

    Source
    ------
    Cohn et al. 1992; Runkel, Crawford & Cohn 2004, eq. 11.
    """
    mean = float(values.mean())
    d = values - mean
    square = float((d**2).sum())
    return mean if square <= 0 else mean + float((d**3).sum()) / (2 * square)


def years_of(time: Times, convention: Convention) -> Values:
    """Decimal years by the convention.

    Source
    ------
    ``decimal_time``.
    """
    return loadest_years(time) if convention == "loadest" else midday_years(time)


def _factor(
    name: str, known: Mapping[str, Values], month: Values, columns: Mapping[str, Values]
) -> Values:
    """One factor of a term."""
    if name in known:
        return known[name]
    if season := _SEASON.fullmatch(name):
        first, last = (int(group) for group in season.groups())
        if not (1 <= first <= 12 and 1 <= last <= 12):
            raise ContractError(f"{name}: months run from 1 to 12")
        inside = (month >= first) & (month <= last)
        if first > last:
            inside = (month >= first) | (month <= last)
        return inside.astype(np.float64)
    column = name.removeprefix("ln:")
    if column not in columns:
        have = ", ".join(columns) or "none"
        raise ContractError(f"no term or column {column!r}; columns given: {have}")
    if column == name:
        return columns[column]
    positive = np.where(columns[column] > 0, columns[column], np.nan)
    return np.log(positive)
