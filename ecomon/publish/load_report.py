"""The load report: the best estimate beside what the agreement prescribes, one line a load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ecomon.model.tables import LOAD_ESTIMATES
from ecomon.publish.load_words import NO_NUMBER


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One section, determinand and period. A load that has no number is NaN and ``reason`` says why.

    ``difference_t`` is best less settlement; ``difference_share`` is it over the settlement.
    ``spread_t`` is from the least to the greatest of methods A to E.
    """

    section: str
    determinand: str
    period: str
    best: dict[str, Any] | None
    settlement: dict[str, Any] | None
    spread_t: tuple[float, float]

    @property
    def shown(self) -> dict[str, Any]:
        """The estimate whose coverage and bracket the line gives: the best, else the settlement."""
        shown = self.best or self.settlement
        assert shown is not None  # a line is made of one of them
        return shown

    @property
    def difference_t(self) -> float:
        return load_of(self.best) - load_of(self.settlement)

    @property
    def difference_share(self) -> float:
        agreed = load_of(self.settlement)
        return self.difference_t / agreed if agreed else math.nan

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Role and reason of each of the two, where there is anything to say."""
        rows = [row for row in (self.best, self.settlement) if row is not None]
        return [(str(row["role"]), str(row["reason"])) for row in rows if row["reason"]]


def load_of(row: dict[str, Any] | None) -> float:
    """The load of an estimate, t; NaN where there is none."""
    return math.nan if row is None or row["status"] in NO_NUMBER else float(row["load_t"])


def report_lines(estimates: pd.DataFrame) -> list[ReportLine]:
    """The lines of a report, in the order in which the table first speaks of each.

    Parameters
    ----------
    estimates : table LOAD_ESTIMATES
        NaN loads stay NaN.

    Raises
    ------
    ContractError
        where ``estimates`` breaks its contract.

    Source
    ------
    Settlement column beside the best estimate, with their difference: loads.md 7, last row.
    """
    LOAD_ESTIMATES.check(estimates)
    lines: list[ReportLine] = []
    keys = ["section", "determinand", "start", "period"]
    for (section, determinand, _, period), group in estimates.groupby(keys, sort=False):
        rows: dict[str, dict[str, Any]] = {
            str(row["role"]): {str(name): value for name, value in row.items()}
            for row in group.to_dict(orient="records")
        }
        if not rows.keys() & {"best", "settlement"}:
            continue
        spread = rows.get("spread", {"lower": math.nan, "upper": math.nan})
        lines.append(
            ReportLine(
                str(section), str(determinand), str(period), rows.get("best"),
                rows.get("settlement"), (float(spread["lower"]), float(spread["upper"])),
            )
        )  # fmt: skip
    return lines
