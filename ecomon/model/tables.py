"""Contracts of the tables that pass between stages.

A stage checks what it takes and what it gives; a broken contract stops the run. Times are naive
Beijing ``datetime64[us]`` (start of a half-open interval). NaN in a number means "no valid value"
and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from ecomon.errors import ContractError

Kind = Literal["text", "time", "int", "float", "bool", "object"]

_DTYPE: dict[str, str] = {
    "text": "str", "time": "datetime64[us]", "int": "int64", "float": "float64",
    "bool": "bool", "object": "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contract:
    """Names and kinds of a table's columns; more columns may ride along."""

    name: str
    columns: Mapping[str, Kind]

    def check(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table itself, or ContractError naming what is missing or of the wrong kind."""
        faults: list[str] = []
        for column, kind in self.columns.items():
            if column not in table.columns:
                faults.append(f"no column {column!r}")
            elif not _is_kind(table[column], kind):
                faults.append(f"{column!r} is {table[column].dtype}, not {kind}")
        if faults:
            raise ContractError(f"{self.name}: " + "; ".join(faults))
        return table

    def empty(self) -> pd.DataFrame:
        """A table of no rows that keeps the contract."""
        return pd.DataFrame(
            {name: pd.Series(dtype=_DTYPE[kind]) for name, kind in self.columns.items()}
        )

    def frame(self, columns: Mapping[str, object]) -> pd.DataFrame:
        """A table of these columns, cast to the contract's kinds and checked."""
        table = pd.DataFrame(columns)
        for column, kind in self.columns.items():
            if column in table.columns and not _is_kind(table[column], kind):
                try:
                    table[column] = table[column].astype(_DTYPE[kind])  # pyright: ignore[reportCallIssue, reportArgumentType]
                except (TypeError, ValueError) as wrong:
                    raise ContractError(f"{self.name}: {column!r}: {wrong}") from None
        return self.check(table)


def _is_kind(series: pd.Series, kind: Kind) -> bool:
    match kind:
        case "time":
            return str(series.dtype) == "datetime64[us]"
        case "int":
            return pd.api.types.is_integer_dtype(series.dtype)
        case "float":
            return pd.api.types.is_float_dtype(series.dtype)
        case "bool":
            return pd.api.types.is_bool_dtype(series.dtype)
        case "text":
            return isinstance(series.dtype, pd.StringDtype | pd.CategoricalDtype)
        case "object":
            return True


_SERIES: dict[str, Kind] = {"site": "text", "determinand": "text"}

OBSERVATIONS = Contract(
    "observations",
    {
        **_SERIES,
        "statistic": "text",
        "start": "time",
        "duration_s": "int",
        "programme": "text",
        "source": "text",
        "replicate": "int",
        "value": "float",  # canonical unit; the limit where censored; NaN where the source gave none
        "unit": "text",
        "censor": "text",  # none | left | right
        "source_flag": "text",  # letter for letter; NA where the source has none
        "row": "int",  # data row of the file it stood in, from 1; 0 where there is none
    },
)
"""What decoders give. One row per observation; ``site`` is the source's own key until the
registry resolves it."""

FORECASTS = Contract(
    "forecasts",
    {
        "place": "text",  # a city or a station, as the source calls it
        "item": "text",  # AQI, or the key of a determinand
        "issued_at": "time",
        "start": "time",  # of the Beijing day it is for
        "low": "float",  # canonical unit; equal to high where one number was given
        "high": "float",
        "unit": "text",  # 1 for AQI
        "primary": "text",  # primary pollutant as written; NA where none
        "row": "int",
    },
)
"""What is expected of a day to come. One row per place, day and item; never mixed with observations."""

STORED = Contract("stored observations", {**OBSERVATIONS.columns, "revision": "int"})
"""What the store gives: observations with the id of the revision that is current (or was, as known at)."""

FLAGS = Contract(
    "flags",
    {
        "revision": "int",
        "flag": "int",  # QARTOD 1, 2, 3, 4, 9: the worst of the tests
        "tests": "text",  # names of the tests that set it, e.g. "range:4,spike:3"; "" where good
    },
)
"""One row per stored observation that was evaluated."""

FLAGGED = Contract("flagged observations", {**STORED.columns, "flag": "int"})

MEANS = Contract(
    "means",
    {
        **_SERIES,
        "period": "text",  # label: 2021-04-03 or 2021-04
        "period_kind": "text",  # day | month
        "start": "time",
        "value": "float",  # unrounded, canonical unit; NaN where status is not measured
        "exact": "object",  # fractions.Fraction of the same, or None: what rounding takes
        "unit": "text",
        "n_valid": "int",
        "n_expected": "int",
        "n_excluded": "int",  # flagged out
        "n_censored": "int",
        "coverage": "float",  # n_valid / n_expected, 0..1
        "status": "text",  # measured | insufficient | missing
    },
)

READING_CLASSES = Contract(
    "classes of readings",
    {
        "site": "text",
        "start": "time",
        "grade": "int",
        "worst": "text",
        "n_items": "int",
        "standard": "text",
    },
)
"""The class of each reading, from unrounded values, as the national feed does (worst: ``TP,DO``)."""

GRADES = Contract(
    "grades",
    {
        "site": "text",
        "period": "text",
        "period_kind": "text",
        "start": "time",
        "grade": "int",  # 1..6; 0 where status is not measured
        "status": "text",  # measured | insufficient | missing
        "worst": "text",  # determinands that set the grade, worst first
        "target_grade": "int",  # 0 = no target configured (目标未配置)
        "verdict": "text",  # compliant | exceeding | no_target | insufficient
        "n_items": "int",
        "missing_items": "text",  # assessed items of the standard without a mean
        "standard": "text",
    },
)

EXCEEDANCES = Contract(
    "exceedances",
    {
        **_SERIES,
        "start": "time",
        "duration_s": "int",  # 0 for a reading, the period's seconds for a mean
        "value": "float",
        "unit": "text",
        "limit": "float",
        "factor": "float",  # C/limit - 1; NaN for pH, water temperature and DO
        "basis": "text",  # class_3 | target | table_3
        "standard": "text",
        "revision": "int",  # the observation's revision; 0 for a mean
        "flag": "int",  # the observation's flag; 1 for a mean
    },
)

LOADS = Contract(
    "loads",
    {
        "section": "text",
        "determinand": "text",
        "period": "text",
        "start": "time",
        "method": "text",  # "B": monthly mean concentration x monthly volume
        "concentration_mg_l": "float",
        "concentration_exact": "object",  # Fraction or None
        "volume_m3": "float",
        "volume_exact": "object",  # Fraction or None
        "load_t": "float",
        "lower_t": "float",  # 95 %, delete-one jackknife over days
        "upper_t": "float",
        "standard_error_t": "float",
        "n_days": "int",  # days with a concentration
        "coverage_time": "float",
        "coverage_volume": "float",
        "censored_rule": "text",  # zero | half_limit: what stood for values below detection
        "censored_share": "float",
        "share_estimated": "float",
        "status": "text",  # measured | insufficient
        "reason": "text",  # why, in words, where insufficient or where a link is unverified
    },
)

LOAD_ESTIMATES = Contract(
    "load estimates",
    {
        "section": "text",
        "determinand": "text",
        "period": "text",  # label of the half-open period
        "start": "time",
        "end": "time",
        "method": "text",  # key of the method, e.g. A..E, beale, linear, integration, bridge, wrtds_k
        "role": "text",  # best | settlement | cross_check | spread
        "load_t": "float",  # NaN where bracket_only or insufficient, and of a spread
        "lower": "float",  # t, 95 %; of a spread the least of its methods
        "upper": "float",  # t, 95 %; of a spread the greatest of its methods
        "standard_error_t": "float",  # NaN of a spread, and where no uncertainty can be given
        "load_censored_zero_t": "float",  # the same record with 0 for what is below detection
        "load_censored_limit_t": "float",  # and with the detection limit for it
        "coverage_time": "float",  # share of the period's time that was measured, 0..1
        "coverage_volume": "float",  # share of its volume that passed while it was measured, 0..1
        "share_estimated": "float",  # share of the load that rests on filled steps, 0..1
        "censored_share": "float",  # share of the samples below detection, 0..1
        "n_samples": "int",  # concentrations of the period that were used
        "n_censored": "int",
        "status": "text",  # measured | estimated | bracket_only | insufficient
        "reason": "text",  # why this method, what tripped, what is missing: Chinese, then English
    },
)
"""Loads of a period by several methods. One row per section, determinand, period, method and role:
one ``best``, one ``settlement``, the cross-checks beside them, and the spread of A to E."""

LOAD_ERRORS = Contract(
    "load estimates with the parts of their errors",
    {
        **LOAD_ESTIMATES.columns,
        "sampling_error_t": "float",  # its own part of the standard error, t
        "degrees_of_freedom": "float",  # of that part; inf where it is normal
        "shape": "text",  # t | lognormal: how that part is distributed
        "gauge": "text",  # whose rating the load shares with others, or bikou*0.6+wudu*0.8; "": not known
        "discharge_error": "float",  # relative standard error common to all of that gauge
        "concentration_error": "float",  # the same, common to all of this section and determinand
    },
)
"""What draws are taken from: which part of an error is the load's own and which it shares."""

LOAD_BALANCES = Contract(
    "load balances",
    {
        "scope": "text",  # reach or jurisdiction
        "determinand": "text",
        "period": "text",
        "start": "time",
        "end": "time",
        "run": "text",  # central | sensitivity
        "k_20_per_day": "float",  # rate of decay at 20 degC; 0: conserved
        "k_per_day": "float",  # at the temperature of the water
        "load_in_t": "float",  # over the upstream borders
        "load_tributary_t": "float",
        "decay_t": "float",  # lost between those and the outlet, >= 0
        "net_t": "float",  # what the scope itself adds, as it stands at the outlet
        "load_out_t": "float",  # = load_in_t + load_tributary_t - decay_t + net_t
        "lower": "float",  # of net_t, t, 95 %
        "upper": "float",
        "standard_error_t": "float",
        "probability_positive": "float",  # that the scope adds more than nothing
        "status": "text",  # coupled | decoupled | insufficient
        "reason": "text",
    },
)
"""Load in, load out, what decays between and what is left: one row per determinand, period and K.
A ``decoupled`` net is no contribution of anybody: water was stored between the two places."""

EVIDENCE = Contract(
    "evidence, readings",
    {
        "line": "text",  # reference of the statement's line; of discharge: all lines of the month
        "role": "text",  # concentration | discharge
        **FLAGGED.columns,
        "decision": "text",  # a person's verdict that outranked the machine's flag; NA where none
        "approval": "text",  # provisional | reviewed | approved
        "day": "time",  # the Beijing day it belongs to
        "is_used": "bool",  # it entered the mean of that day
        "counted": "float",  # what it counts there; NaN where it is not used
        "file_name": "text",
        "sha256": "text",
        "batch_id": "int",
        "decoder": "text",
        "decoder_version": "text",
    },
)
"""Every reading that a statement's lines considered, and the row of the file that it stood in."""

EVIDENCE_DAYS = Contract("evidence, days", {"line": "text", "role": "text", **MEANS.columns})
"""The daily means that a statement's lines rest on."""

RECEIPTS = Contract(
    "receipts",
    {
        "source": "text",
        "site": "text",
        "period": "text",  # label of the Beijing day
        "start": "time",
        "n_expected": "int",  # times at which the source should have sent (应到)
        "n_received": "int",  # times of them for which anything came (实到)
        "share": "float",  # n_received / n_expected; NaN where nothing was expected
        "last_at": "time",  # start of the last reading up to the end of the day; NaT where never
        "status": "text",  # complete | partial | silent | not_expected
    },
)
"""What should have come and what came (应到/实到), by source, site and day."""
