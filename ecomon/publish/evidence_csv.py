"""The evidence (证据) of a statement as two CSV files: its readings and its daily means.

UTF-8 with a byte-order mark, so that Excel shows Chinese; lines that start with ``#`` say whose
evidence it is and what each column means; one line of column names; then the rows. The same tables
give the same octets; ``evidence_reader`` reads them back without loss.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import StringIO
from typing import Any, Literal

import pandas as pd

from ecomon.model.observation import isoformat
from ecomon.model.quantity import exact, round_gbt8170
from ecomon.model.tables import EVIDENCE, EVIDENCE_DAYS
from ecomon.publish.statement_view import StatementView
from ecomon.publish.wording import KIND, Words

Kind = Literal["text", "number", "integer", "moment", "day", "yes_no"]
_MEAN_DECIMALS = 18
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a file: its name there and in the table, and what it means."""

    name: str
    kind: Kind
    words: Words
    column: str = ""

    @property
    def of_table(self) -> str:
        return self.column or self.name


READINGS = (
    Field("line", "text", Words("核算行；流量一行对应该月全部指标（*）", "line of the statement; a discharge serves every line of its month (*)")),
    Field("role", "text", Words("用途：浓度或流量", "concentration or discharge")),
    Field("site", "text", Words("断面或水文站", "section or gauge")),
    Field("determinand", "text", Words("指标", "determinand")),
    Field("start", "moment", Words("监测时间，北京时间", "time of the reading, Beijing time")),
    Field("value", "number", Words("监测值；低于检出限时为检出限", "value; the limit of detection where it is below it")),
    Field("unit", "text", Words("单位", "unit")),
    Field("censor", "text", Words("none 正常，left 低于检出限，right 超量程", "none, left (below detection), right (over range)")),
    Field("flag", "integer", Words("质量标记：1 有效 2 未评定 3 存疑 4 无效 9 缺测", "quality flag: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing")),
    Field("decision", "text", Words("人工审核决定", "what a person decided: accept, reject, correct (then the value is the corrected one)")),
    Field("approval", "text", Words("审核状态：provisional 未经审核，reviewed 已审核，approved 已批准", "how far people stand for it: provisional, reviewed, approved")),
    Field("is_used", "yes_no", Words("是否计入日均值", "entered the daily mean")),
    Field("day", "day", Words("所属日（北京时间）", "its Beijing day")),
    Field("counted", "number", Words("计入日均值的数", "what it counts in the daily mean")),
    Field("revision", "integer", Words("库内版本号", "revision in the store")),
    Field("file", "text", Words("来源文件", "file it was read from"), "file_name"),
    Field("sha256", "text", Words("来源文件指纹", "SHA-256 of that file")),
    Field("row", "integer", Words("文件内数据行号", "data row of that file")),
    Field("batch", "integer", Words("入库批次", "batch"), "batch_id"),
    Field("decoder", "text", Words("解析器", "decoder")),
    Field("decoder_version", "text", Words("解析器版本", "version of the decoder")),
    Field("statistic", "text", Words("统计方式", "value of an instant, mean of an interval")),
    Field("duration_s", "integer", Words("时段长度（秒）", "length of its interval, s")),
    Field("programme", "text", Words("监测方式", "programme")),
    Field("source", "text", Words("数据来源", "feed that brought it")),
    Field("replicate", "integer", Words("平行样序号", "replicate")),
)  # fmt: skip
RATING = Field(
    "rating",
    "text",
    Words(
        "流量由该行水位按此水位流量关系推算，counted 即所得流量；或未能推算的原因",
        "the rating by which this stage was turned into the discharge in `counted`, or why there is none",
    ),
)
"""Stands last, in the files of statements that rest on a derived discharge and in no others."""
DAYS = (
    Field("line", "text", Words("核算行；流量一行对应该月全部指标（*）", "line of the statement; a discharge serves every line of its month (*)")),
    Field("role", "text", Words("用途：浓度或流量", "concentration or discharge")),
    Field("site", "text", Words("断面或水文站", "section or gauge")),
    Field("determinand", "text", Words("指标", "determinand")),
    Field("day", "day", Words("日（北京时间）", "Beijing day"), "start"),
    Field("status", "text", Words("measured 有效，insufficient 数据不足，missing 缺测", "measured, insufficient, missing; only measured days count")),
    Field("sum", "number", Words("计入各数之和（精确）", "exact sum of what the readings count"), "exact"),
    Field("n_valid", "integer", Words("有效数据个数", "usable readings")),
    Field("mean", "number", Words("日均值 = sum ÷ n_valid，修约至 18 位小数", "daily mean = sum / n_valid, to 18 places"), "exact"),
    Field("unit", "text", Words("单位", "unit")),
    Field("n_expected", "integer", Words("应有个数", "readings expected")),
    Field("n_excluded", "integer", Words("剔除个数", "readings flagged out or over range")),
    Field("n_censored", "integer", Words("低于检出限个数", "usable readings below detection")),
)  # fmt: skip
_TITLES = {
    "readings": Words("核算证据：监测值", "evidence of a statement: readings"),
    "days": Words("核算证据：日均值", "evidence of a statement: daily means"),
}
Cells = dict[str, str]


def readings_csv(readings: pd.DataFrame, document: Mapping[str, Any]) -> bytes:
    """The readings of a statement, one a row (table EVIDENCE), under its heading.

    Raises
    ------
    ContractError
        where the table breaks its contract or the document is no statement.
    """
    fields = _fields_of(readings)
    heading = _heading("readings", document, fields)
    return _csv(heading, fields, reading_cells(readings))


def days_csv(days: pd.DataFrame, document: Mapping[str, Any]) -> bytes:
    """The daily means of a statement, one a row (table EVIDENCE_DAYS), under its heading.

    Raises
    ------
    ContractError
        where the table breaks its contract or the document is no statement.
    """
    return _csv(_heading("days", document, DAYS), DAYS, day_cells(days))


def reading_cells(readings: pd.DataFrame) -> list[Cells]:
    """The rows of the file of readings, as text by column."""
    EVIDENCE.check(readings)
    fields = _fields_of(readings)
    return _cells(fields, {one.name: _texts(one.kind, readings[one.of_table]) for one in fields})


def _fields_of(readings: pd.DataFrame) -> tuple[Field, ...]:
    has_rating = RATING.name in readings and bool(readings[RATING.name].notna().any())
    return (*READINGS, RATING) if has_rating else READINGS


def day_cells(days: pd.DataFrame) -> list[Cells]:
    """The rows of the file of daily means, as text by column."""
    EVIDENCE_DAYS.check(days)
    columns = {
        one.name: _texts(one.kind, days[one.of_table]) for one in DAYS if one.column != "exact"
    }
    pairs = list(zip(days["exact"], days["n_valid"].tolist(), strict=True))
    # The values are whole multiples of a power of ten, so the sum has a last decimal.
    columns["sum"] = [_decimal_text(mean * n) if mean is not None else "" for mean, n in pairs]
    columns["mean"] = [_decimal_text(mean) if mean is not None else "" for mean, _ in pairs]
    return _cells(DAYS, columns)


def _heading(title: str, document: Mapping[str, Any], fields: Sequence[Field]) -> list[str]:
    view = StatementView(document, {})
    stated, agreement = view.provenance, view.agreement
    labels = "；".join(str(label) for label in view.labels)
    return [
        str(_TITLES[title]),
        *([labels] if labels else []),
        f"协议 agreement: {agreement['id']}@{agreement['version']} "
        f"{agreement['name_zh']} {agreement['name_en']}",
        f"时段 period: {document['period']} 北京时间 Beijing time",
        f"数据类别 kind of data: {KIND[stated.kind]}",
        f"数据知悉序号 as known at: {stated.known_at}",
        f"规则集指纹 rule set: {stated.ruleset}",
        f"程序版本 code version: {stated.code_version}",
        *(f"{one.name}: {one.words}" for one in fields),
    ]


def _csv(heading: Sequence[str], fields: Sequence[Field], rows: Sequence[Cells]) -> bytes:
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([f"# {line}"] for line in heading)
    writer.writerow([one.name for one in fields])
    writer.writerows(row.values() for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _cells(fields: Sequence[Field], columns: Mapping[str, list[str]]) -> list[Cells]:
    names = [one.name for one in fields]
    rows = zip(*(columns[name] for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _texts(kind: Kind, column: pd.Series) -> list[str]:
    match kind:
        case "text":
            return [_plain_text(one) if isinstance(one, str) else "" for one in column]
        case "integer":
            return [str(int(one)) for one in column]
        case "number":
            return ["" if one != one else _float_text(one) for one in column]
        case "moment":
            return [isoformat(one) for one in column]
        case "day":
            return [f"{one:%Y-%m-%d}" for one in column]
        case "yes_no":
            return ["yes" if one else "no" for one in column]


def _float_text(value: float) -> str:
    return format(exact(value), "f").removesuffix(".0")


def _plain_text(text: str) -> str:
    # A name that a spreadsheet would run as a formula is shown as the text it is.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _decimal_text(value: Fraction) -> str:
    text = format(round_gbt8170(value, _MEAN_DECIMALS), "f")
    return text.rstrip("0").rstrip(".")
