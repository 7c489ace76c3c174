"""What exceeded its limits in a period: each reading once, its bases together, the doubtful apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from ecomon.model.flag import Flag
from ecomon.model.quantity import exact, round_assessed
from ecomon.publish.bulletin import Bulletin
from ecomon.publish.markup import both, element, nothing, rows_left_out, table
from ecomon.publish.wording import (
    BASIS,
    DOUBTFUL,
    FLAG,
    Words,
    determinand_words,
    digits_shown,
    limit_shown,
    moment_shown,
    number_shown,
    section_words,
    unit_shown,
    words_of,
)

MAX_ROWS = 400
_KEY = ["site", "determinand", "start", "duration_s"]
_BASES = {"table_3": 0, "class_3": 1, "target": 2}


@dataclass(frozen=True, slots=True)
class Breach:
    """One limit that a value does not keep; ``factor`` is NaN where none is defined."""

    basis: str
    limit: float
    factor: float
    standard: str


@dataclass(frozen=True, slots=True)
class Exceeding:
    """One reading, or one mean (``duration_s`` > 0), and every limit it does not keep."""

    site: str
    determinand: str
    start: pd.Timestamp
    duration_s: int
    value: float
    unit: str
    flag: int
    breaches: tuple[Breach, ...]

    @property
    def is_doubtful(self) -> bool:
        """True where a quality test doubts the value: a person has to judge it first."""
        return self.flag not in (Flag.GOOD, Flag.NOT_EVALUATED)


def list_exceeding(exceedances: pd.DataFrame) -> list[Exceeding]:
    """Each (site, determinand, start, duration) once: good ones first, means before readings.

    Parameters
    ----------
    exceedances : DataFrame, contract EXCEEDANCES
        A row per basis, and per source where several brought the reading: of those a good value
        stands before a doubtful one, then the worse before the better.

    Source
    ------
    超标倍数 = C/限值 − 1 and its bases: standards.md 2.3.
    """
    ordered = exceedances.assign(
        is_doubtful=~exceedances["flag"].isin([Flag.GOOD, Flag.NOT_EVALUATED]),
        order=exceedances["basis"].astype(object).map(_BASES).fillna(len(_BASES)),
    ).sort_values(
        [*_KEY, "is_doubtful", "order", "factor"], ascending=[*[True] * 6, False], kind="stable"
    )
    found: list[Exceeding] = []
    for _, group in ordered.groupby(_KEY, sort=False, observed=True):
        first = group.iloc[0]
        rows = group[group["is_doubtful"] == first["is_doubtful"]].drop_duplicates("basis")
        found.append(
            Exceeding(
                site=str(first["site"]),
                determinand=str(first["determinand"]),
                start=pd.Timestamp(first["start"]),
                duration_s=int(first["duration_s"]),
                value=float(first["value"]),
                unit=str(first["unit"]),
                flag=int(first["flag"]),
                breaches=tuple(
                    Breach(str(basis), float(limit), float(factor), str(standard))
                    for basis, limit, factor, standard in zip(
                        rows["basis"], rows["limit"], rows["factor"], rows["standard"], strict=True
                    )
                ),
            )
        )
    return sorted(found, key=lambda one: (one.is_doubtful, one.duration_s == 0, one.start))


def exceedance_table(bulletin: Bulletin) -> str:
    """The exceedances that stand, then those that await a person's judgement."""
    found = list_exceeding(bulletin.exceedances)
    if not found:
        return nothing(Words("本期无超标记录。", "No exceedance in this period."))
    standing = [one for one in found if not one.is_doubtful]
    doubtful = [one for one in found if one.is_doubtful]
    caption = Words(
        "超标情况（超标倍数 = 监测值÷限值 − 1）", "Exceedances (factor = value ÷ limit − 1)"
    )
    text = (
        _table(bulletin, standing, caption)
        if standing
        else nothing(Words("本期无有效的超标记录。", "No exceedance that stands in this period."))
    )
    if doubtful:
        caption = Words(
            f"{DOUBTFUL.zh}（不计入超标记录）", f"{DOUBTFUL.en} (not counted as exceedances)"
        )
        text += element("div", _table(bulletin, doubtful, caption), classes="doubtful")
    return text


def _table(bulletin: Bulletin, found: Sequence[Exceeding], caption: Words) -> str:
    heads = (
        Words("断面", "Section"), Words("指标", "Determinand"), Words("时间", "Time"),
        Words("性质", "Kind"), Words("监测值", "Value"), Words("单位", "Unit"),
        Words("限值", "Limit"), Words("超标倍数", "Factor"), Words("判定依据", "Basis"),
        Words("质量标记", "Flag"),
    )  # fmt: skip
    rows = [_row(bulletin, one) for one in found[:MAX_ROWS]]
    text = table(heads, rows, caption=caption, numeric=(4, 6, 7), is_long=True)
    return text + rows_left_out(len(found) - MAX_ROWS)


def _row(bulletin: Bulletin, one: Exceeding) -> tuple[str, ...]:
    kind = Words("单次值", "reading") if one.duration_s == 0 else Words("均值", "mean")
    when = moment_shown(one.start) if one.duration_s < 86400 else _span_shown(one)
    factors = (
        number_shown(breach.factor, 2) or both(Words("不计算", "not computed"))
        for breach in one.breaches
    )
    bases = (
        both(words_of(BASIS, breach.basis)) + f' <span class="faint">{escape(breach.standard)}</span>'
        for breach in one.breaches
    )  # fmt: skip
    return (
        both(section_words(bulletin.sections, one.site)),
        both(determinand_words(one.determinand, bulletin.determinands)),
        element("span", escape(when), classes="line"),
        both(kind),
        _value_shown(bulletin, one),
        unit_shown(one.unit) or both(Words("无量纲", "dimensionless")),
        _lines(limit_shown(breach.limit) for breach in one.breaches),
        _lines(factors),
        _lines(bases),
        both(FLAG.get(one.flag, Words(str(one.flag), str(one.flag)))),
    )


def _value_shown(bulletin: Bulletin, one: Exceeding) -> str:
    """A reading with its stored digits; a mean rounded as it was assessed."""
    known = bulletin.determinands.get(one.determinand)
    if one.duration_s == 0 or known is None or math.isnan(one.value):
        return digits_shown(one.value)
    return f"{round_assessed(exact(one.value), known.decimals_assessed):f}"


def _lines(texts: Iterable[str]) -> str:
    """A line of a cell for each limit, so that limit, factor and basis stand side by side."""
    return "".join(element("div", text, classes="line") for text in texts)


def _span_shown(one: Exceeding) -> str:
    return f"{one.start:%Y-%m-%d}" if one.duration_s == 86400 else f"{one.start:%Y-%m}"
