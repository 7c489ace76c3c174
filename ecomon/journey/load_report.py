"""readings of files -> estimated loads of one section -> table, days, figures, workbook and print."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ecomon.journey.compute_loads import LoadRule, compute_loads
from ecomon.journey.estimate_loads import EstimatedLoads
from ecomon.journey.load_jobs import LoadFacts, LoadJob, carried_determinands, estimate_months
from ecomon.journey.make_statement import file_label, names_of
from ecomon.load.balance import net_contribution_text
from ecomon.load.rating import DISCHARGE
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.model.tables import LOAD_BALANCES, LOAD_ESTIMATES, Contract
from ecomon.publish.assets import packaged_fonts
from ecomon.publish.load_days import days_csv_octets, days_netcdf
from ecomon.publish.load_page import load_page
from ecomon.publish.load_report_pdf import load_report_pdf
from ecomon.publish.load_report_workbook import load_report_workbook
from ecomon.publish.load_words import METHODS, NO_NUMBER, ROLES, STANDINGS, figures_shown
from ecomon.publish.wording import Words, words_of

if TYPE_CHECKING:
    from ecomon.registry import Registry

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """Of what a report is: ``determinands`` empty means all that were measured.

    With an agreement the settlement row is what it prescribes; else it is by the rules' own method.
    """

    section: str
    period: Period
    determinands: tuple[str, ...] = ()
    agreement: Agreement | None = None


def estimate_from_files(
    flagged: pd.DataFrame, registry: Registry, options: ReportOptions
) -> EstimatedLoads | None:
    """The loads of a section in one period, by the readings given and no others.

    Parameters
    ----------
    flagged : table FLAGGED
        Readings of the section and its gauges; models are fitted to all of them. Where the section
        has a discharge of its own here, that counts and no link.

    Returns
    -------
    EstimatedLoads or None
        None where nothing was measured at the section in the period, and no determinand is asked for.
    """
    facts = LoadFacts.of(registry, options.section, [options.period])
    has_own = bool(((flagged["site"] == options.section) & (flagged["determinand"] == DISCHARGE)).any())  # fmt: skip
    if has_own:
        facts = replace(facts, links={options.period: None}, ratings={})
    wanted = options.determinands or tuple(carried_determinands(registry))
    settlements = None
    if options.agreement is not None:
        facts = replace(facts, rules=_rules_of(facts, options.agreement))
        if not has_own and _is_whole_months(options.period):
            settlements = _settled(flagged, registry, options, options.agreement)
    job = LoadJob(facts, flagged, wanted, settlements)
    found = estimate_months(job, is_stated=bool(options.determinands))
    return found[0] if found else None


def _rules_of(facts: LoadFacts, agreement: Agreement) -> Any:
    """The rules with the agreement's own word on what is below detection."""
    how = facts.rules.settlement.model_copy(
        update={"censored": agreement.censored_in_load, "source": agreement.source}
    )
    return facts.rules.model_copy(update={"settlement": how})


def _is_whole_months(period: Period) -> bool:
    months = period.split("month")
    return (months[0].start, months[-1].end) == (period.start, period.end)


def _settled(
    flagged: pd.DataFrame, registry: Registry, options: ReportOptions, agreement: Agreement
) -> pd.DataFrame:
    """What settlements take of the section (table LOADS), month by month."""
    rule = LoadRule.of(agreement)
    months = options.period.split("month")
    tables = [compute_loads(flagged, registry, options.section, rule, month) for month in months]
    return pd.concat(tables, ignore_index=True)


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of LOAD_ESTIMATES as JSON values: no value is null, times are Beijing time."""
    return _records(table, LOAD_ESTIMATES)


def records_of_balance(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of LOAD_BALANCES as JSON values."""
    return _records(table, LOAD_BALANCES)


def _records(table: pd.DataFrame, contract: Contract) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for row in table[list(contract.columns)].to_dict(orient="records"):
        told: dict[str, Any] = {str(name): value for name, value in row.items()}
        for name, kind in contract.columns.items():
            value = told[name]
            if kind == "time":
                told[name] = f"{value:%Y-%m-%dT%H:%M:%S}+08:00"
            elif kind == "float":
                told[name] = float(value) if np.isfinite(value) else None
        records.append(told)
    return records


def balance_lines(table: pd.DataFrame) -> list[str]:
    """A balance as lines of cells with tabs between; the net never stands without its mark."""
    heads = (
        "指标 determinand", "时段 period", "降解 K20 1/d", "入境 in t", "支流 tributary t",
        "降解 decay t", "净贡献 net t", "出境 out t", "说明 reason",
    )  # fmt: skip
    lines = ["\t".join(heads)]
    for row in table.to_dict(orient="records"):
        told = {str(name): value for name, value in row.items()}
        cells = [
            str(told["determinand"]),
            str(told["period"]),
            f"{told['k_20_per_day']:g}",
            *(figures_shown(told[name]) for name in ("load_in_t", "load_tributary_t", "decay_t")),
            net_contribution_text(told),
            figures_shown(told["load_out_t"]),
            str(told["reason"]),
        ]
        lines.append("\t".join(cell or "—" for cell in cells))
    return lines


_HEADS = (
    Words("指标", "determinand"), Words("时段", "period"), Words("用途", "role"), Words("方法", "method"),
    Words("负荷t", "load_t"), Words("下限t", "lower"), Words("上限t", "upper"),
    Words("时间有效率", "coverage_time"), Words("水量有效率", "coverage_volume"),
    Words("估算份额", "share_estimated"), Words("未检出份额", "censored_share"),
    Words("状态", "status"), Words("说明", "reason"),
)  # fmt: skip
_SHARES = ("coverage_time", "coverage_volume", "share_estimated", "censored_share")


def table_lines(table: pd.DataFrame, registry: Registry, *, language: Language) -> list[str]:
    """The table as lines of cells with tabs between, its headings first; ``—`` is no value."""
    names = names_of(registry)
    lines = ["\t".join(getattr(head, language) for head in _HEADS)]
    for row in table.to_dict(orient="records"):
        key = str(row["determinand"])
        name = Words(*names.get(key, (key, key)))
        load = None if row["status"] in NO_NUMBER else figures_shown(row["load_t"])
        cells = [
            f"{getattr(name, language)} {key}",
            str(row["period"]),
            getattr(words_of(ROLES, str(row["role"])), language),
            getattr(words_of(METHODS, str(row["method"])), language),
            load,
            figures_shown(row["lower"]),
            figures_shown(row["upper"]),
            *(f"{row[share]:.3f}" if np.isfinite(row[share]) else None for share in _SHARES),
            getattr(words_of(STANDINGS, str(row["status"])), language),
            str(row["reason"]),
        ]
        lines.append("\t".join(cell or "—" for cell in cells))
    return lines


def report_files(
    estimated: EstimatedLoads,
    registry: Registry,
    options: ReportOptions,
    provenance: Provenance,
    *,
    language: Language = "zh",
    has_netcdf: bool = True,
) -> dict[str, bytes]:
    """Table and days as CSV, days as netCDF, page with figures, workbook and print.

    Parameters
    ----------
    has_netcdf : bool
        False where the package for netCDF is not installed: the days then stand in CSV alone.

    Returns
    -------
    dict of str to bytes
        By relative name; the same for the same input.
    """
    stem = f"load-{options.section}-{file_label(options.period.label)}"
    is_shadow = options.agreement is not None and options.agreement.is_shadow
    names = names_of(registry)
    table = estimated.table[list(LOAD_ESTIMATES.columns)]
    page = load_page(
        estimated.series, packaged_fonts(), provenance,
        names=names, language=language, is_shadow=is_shadow,
    )  # fmt: skip
    days = {f"{stem}-days.nc": days_netcdf(estimated.daily, provenance)} if has_netcdf else {}
    return {
        f"{stem}.csv": table.to_csv(index=False, lineterminator="\n").encode(),
        f"{stem}-days.csv": days_csv_octets(estimated.daily),
        **days,
        f"{stem}.xlsx": load_report_workbook(table, provenance, names=names, is_shadow=is_shadow),
        f"{stem}.pdf": load_report_pdf(
            table, packaged_fonts(), provenance, options.period,
            names=names, is_shadow=is_shadow, language=language,
        ),
        f"{stem}.html": page.pop("index.html"),
        **page,
    }  # fmt: skip
