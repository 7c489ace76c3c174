"""A small invented basin month and a settlement of printed numbers, for looking at and testing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.model.agreement import Agreement, Factor, Mode, Party
from ecomon.model.determinand import Determinand
from ecomon.model.observation import DataKind
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.model.standard import ClassLimits, SingleLimit, Standard
from ecomon.model.tables import EXCEEDANCES, LOAD_ESTIMATES, LOADS, MEANS
from ecomon.publish.assets import FontSet, packaged_fonts
from ecomon.publish.bulletin import GAPS, SERIES, AlertLine, Bulletin, RiverLine, SectionLine
from ecomon.settle import settle_period

FACT: dict[str, Any] = {"source": "test", "confidence": "verified"}
NAMES = {
    "PH": ("pH值", "pH"), "DO": ("溶解氧", "dissolved oxygen"),
    "CODMN": ("高锰酸盐指数", "permanganate index"), "NH3N": ("氨氮", "ammonia nitrogen"),
    "TP": ("总磷", "total phosphorus"), "TL": ("铊", "thallium"), "yaodu": ("姚渡", "Yaodu"), "bamiaogou": ("八庙沟", "Bamiaogou"),
}  # fmt: skip
MONTH = datetime(2021, 4, 1)


@pytest.fixture(scope="session")
def fonts() -> FontSet:
    return packaged_fonts()


@pytest.fixture(scope="session")
def names() -> dict[str, tuple[str, str]]:
    return dict(NAMES)


@pytest.fixture(scope="session")
def provenance() -> Callable[[DataKind], Provenance]:
    def of(kind: DataKind) -> Provenance:
        return Provenance(kind=kind, known_at=1274, ruleset="9f2c" * 16, code_version="0.1.0+test")

    return of


@pytest.fixture(scope="session")
def determinands() -> dict[str, Determinand]:
    decimals = {
        "PH": (2, 0),
        "DO": (2, 1),
        "CODMN": (1, 1),
        "NH3N": (3, 2),
        "TP": (3, 3),
        "TL": (5, 5),
    }
    return {
        key: Determinand(
            key=key, name_zh=NAMES[key][0], name_en=NAMES[key][1], unit="1" if key == "PH" else "mg/L",
            medium="water", decimals_reading=reading, decimals_assessed=assessed, **FACT,
        )
        for key, (reading, assessed) in decimals.items()
    }  # fmt: skip


@pytest.fixture(scope="session")
def standard() -> Standard:
    def classed(key: str, direction: Any, *limits: str) -> ClassLimits:
        return ClassLimits(
            determinand=key, direction=direction, classes=tuple(map(Decimal, limits))
        )

    return Standard(
        id="table-1", code="GB 3838-2002", title_zh="地表水环境质量标准", title_en="-", table="1",
        applies_to="river", effective_from=date(2002, 6, 1),
        class_limits=(
            ClassLimits(determinand="PH", direction="range", low=Decimal(6), high=Decimal(9)),
            classed("DO", "ge", "7.5", "6", "5", "3", "2"),
            classed("CODMN", "le", "2", "4", "6", "10", "15"),
            classed("NH3N", "le", "0.15", "0.5", "1.0", "1.5", "2.0"),
            classed("TP", "le", "0.02", "0.1", "0.2", "0.3", "0.4"),
        ), **FACT,
    )  # fmt: skip


@pytest.fixture(scope="session")
def table_3() -> Standard:
    return Standard(
        id="table-3", code="GB 3838-2002", title_zh="地表水环境质量标准", title_en="-", table="3",
        applies_to="intake", effective_from=date(2002, 6, 1),
        single_limits=(SingleLimit(determinand="TL", limit=Decimal("0.0001")),), **FACT,
    )  # fmt: skip


def section(
    site: str, zh: str, en: str, km: float | None, grade: int, target: int, **more: Any
) -> SectionLine:
    """A line of the invented month; its verdict follows from grade and target."""
    if not grade:
        verdict = "insufficient"
    elif not target:
        verdict = "no_target"
    else:
        verdict = "compliant" if grade <= target else "exceeding"
    stated: dict[str, Any] = {
        "river": "jialing", "status": "measured" if grade else "insufficient",
        "coverage": 0.97 if grade else 0.41, "worst": "TP" if grade > 2 else "CODMN,DO",
    }  # fmt: skip
    return SectionLine(
        id=site, name_zh=zh, name_en=en, km_above_mouth=km, grade=grade, target_grade=target,
        verdict=verdict, **{**stated, **more},
    )  # fmt: skip


SECTIONS = (
    section("huangniupu", "黄牛铺", "Huangniupu", 1093, 1, 0),
    section("zaohuoan", "灶火庵", "Zaohuoan", 1032, 2, 0),
    section("baishuijiang", "白水江", "Baishuijiang", 957, 3, 3),
    section("luguangping", "鲁光坪", "Luguangping", None, 2, 0, note_zh="里程在840与826之间", note_en="between km 840 and 826"),
    section("bamiaogou", "八庙沟", "Bamiaogou", 826.1, 2, 2, target_confidence="secondary", limited=(("TL", 5),)),
    section("qingfengxia", "清风峡", "Qingfengxia", 798.1, 4, 3, worst="TP,CODMN"),
    section("intake", "西湾水厂取水口", "Xiwan waterworks intake", 768, 0, 0, is_intake=True,
            limited=(("TL", 94),), unverified_fields=("km_above_mouth", "downstream")),
    section("shangshipan", "上石盘", "Shangshipan", 755, 5, 3),
    section("shaxi", "沙溪", "Shaxi", 559, 6, 0, missing_items="NH3N"),
    section("liemian", "烈面", "Liemian", 237, 2, 2, target_confidence="unverified"),
    section("jinzi", "金子", "Jinzi", 123, 0, 3),
    section("beiwenquan", "北温泉", "Beiwenquan", 64, 2, 2),
    section("gushuizi", "固水子村", "Gushuizicun", None, 2, 0, river="bailong"),
    section("yaodu", "姚渡", "Yaodu", None, 4, 2, river="bailong"),
    section("juguocun", "苴国村", "Juguocun", None, 2, 3, river="bailong"),
    section("nandu", "南渡", "Nandu", None, 2, 3, river="nanhe"),
)  # fmt: skip


def _series() -> pd.DataFrame:
    """Readings of every four hours at three sections, with gaps and flagged values."""
    random = np.random.default_rng(7)
    times = pd.date_range(MONTH, periods=180, freq="4h", unit="us")
    parts: list[pd.DataFrame] = []
    for site in ("bamiaogou", "qingfengxia", "yaodu"):
        for key, level in (("PH", 8.1), ("DO", 8.8), ("CODMN", 2.2), ("NH3N", 0.12), ("TP", 0.08)):
            value = level * (
                1 + 0.12 * np.sin(np.arange(180) / 11) + 0.05 * random.normal(size=180)
            )
            flag = np.ones(180, dtype=np.int64)
            value[60:75] = np.nan
            flag[60:75] = 9
            value[100] *= 2.4
            flag[100] = 3
            value[140] *= 0.2
            flag[140] = 4
            parts.append(
                pd.DataFrame(
                    {"site": site, "determinand": key, "start": times, "value": value, "flag": flag}
                )
            )
    return SERIES.frame(pd.concat(parts, ignore_index=True).to_dict(orient="list"))


def _means() -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for line in SECTIONS:
        for key, value in (
            ("PH", 8.12),
            ("DO", 8.75),
            ("CODMN", 2.25),
            ("NH3N", 0.125),
            ("TP", 0.0815),
        ):
            is_measured = line.status == "measured" and key not in line.missing_items
            rows.append(
                {
                    "site": line.id, "determinand": key, "period": "2021-04", "period_kind": "month",
                    "start": MONTH, "value": value if is_measured else np.nan,
                    "exact": Fraction(str(value)) if is_measured else None,
                    "unit": "1" if key == "PH" else "mg/L", "n_valid": 170 if is_measured else 60,
                    "n_expected": 180, "n_excluded": 2, "n_censored": 0,
                    "coverage": 0.94 if is_measured else 0.33,
                    "status": "measured" if is_measured else "insufficient",
                }
            )  # fmt: skip
    return MEANS.frame(pd.DataFrame(rows).to_dict(orient="list"))


def _exceedances() -> pd.DataFrame:
    def row(site: str, key: str, start: datetime, duration_s: int, *rest: Any) -> dict[str, Any]:
        value, limit, factor, basis, flag = rest
        return {
            "site": site, "determinand": key, "start": start, "duration_s": duration_s, "value": value,
            "unit": "mg/L", "limit": limit, "factor": factor, "basis": basis,
            "standard": "GB3838-2002-table1-river", "revision": 0 if duration_s else 91, "flag": flag,
        }  # fmt: skip

    month_s = 30 * 86400
    return EXCEEDANCES.frame(
        pd.DataFrame(
            [
                row("yaodu", "TP", MONTH, month_s, 0.227, 0.1, 1.27, "target", 1),
                row("yaodu", "TP", MONTH, month_s, 0.227, 0.2, 0.135, "class_3", 1),
                row("qingfengxia", "TP", MONTH, month_s, 0.234, 0.2, 0.17, "class_3", 1),
                row(
                    "qingfengxia", "DO", datetime(2021, 4, 9, 8), 0, 4.61, 5.0, np.nan, "class_3", 1
                ),
                row("yaodu", "CODMN", datetime(2021, 4, 17, 16), 0, 9.6, 4.0, 1.4, "target", 3),
                row("yaodu", "CODMN", datetime(2021, 4, 17, 16), 0, 9.6, 6.0, 0.6, "class_3", 3),
                row(
                    "intake", "TL", datetime(2021, 4, 19, 2), 0, 0.000102, 1e-4, 0.02, "table_3", 1
                ),
                row(
                    "intake", "TL", datetime(2021, 4, 19, 3), 0, 0.000218, 1e-4, 1.18, "table_3", 2
                ),
                row(
                    "intake", "TL", datetime(2021, 4, 19, 4), 0, 0.000301, 1e-4, 2.01, "table_3", 3
                ),
            ]
        ).to_dict(orient="list")
    )


ALERTS = (
    AlertLine("yaodu", "CODMN", "target", "resolved", datetime(2021, 4, 17, 16), None,
              datetime(2021, 4, 17, 20), 9.6, 1.4, 4.0, "mg/L"),
    AlertLine("intake", "TL", "table_3", "resolved", datetime(2021, 4, 19, 2),
              datetime(2021, 4, 19, 2, 30), datetime(2021, 4, 20, 11), 0.000218, 1.18, 1e-4, "mg/L"),
    AlertLine("qingfengxia", "DO", "class_3", "firing", datetime(2021, 4, 9, 8),
              datetime(2021, 4, 9, 12), None, 4.61, None, 5.0, "mg/L"),
)  # fmt: skip


@pytest.fixture(scope="session")
def bulletin(
    determinands: dict[str, Determinand],
    standard: Standard,
    table_3: Standard,
    provenance: Callable[[DataKind], Provenance],
) -> Callable[..., Bulletin]:
    """``bulletin("example")``: an invented April of three rivers."""

    def of(kind: DataKind = "example", **changes: Any) -> Bulletin:
        gaps = GAPS.frame(
            {
                "site": ["jinzi", "bamiaogou"], "determinand": ["", "TP"],
                "start": [datetime(2021, 4, 5), datetime(2021, 4, 11)],
                "end": [datetime(2021, 4, 23, 12), datetime(2021, 4, 13, 12)],
            }
        )  # fmt: skip
        stated: dict[str, Any] = {
            "title_zh": "嘉陵江、白龙江流域水质月报", "title_en": "Jialing and Bailong water-quality bulletin",
            "period": "2021-04", "provenance": provenance(kind),
            "rivers": (
                RiverLine("jialing", "嘉陵江", "Jialing River"),
                RiverLine("bailong", "白龙江", "Bailong River", "jialing", 740.0),
                RiverLine("nanhe", "南河", "Nanhe River", "jialing", 760.0),
            ),
            "sections": SECTIONS, "means": _means(), "exceedances": _exceedances(),
            "series": _series(), "gaps": gaps, "determinands": determinands,
            "standards": {line.id: standard for line in SECTIONS},
            "intake_standards": {"intake": table_3}, "alerts": ALERTS, "n_open_reviews": 1,
        }  # fmt: skip
        return Bulletin(**{**stated, **changes})

    return of


def _load(determinand: str, month: str, mg_l: str | None, m3: str) -> dict[str, Any]:
    is_measured = mg_l is not None
    nan = float("nan")
    load_t = float(Fraction(mg_l) * Fraction(m3) / 10**6) if is_measured else nan
    return {
        "section": "yaodu", "determinand": determinand, "period": month,
        "start": datetime.strptime(month, "%Y-%m"), "method": "B",
        "concentration_mg_l": float(mg_l) if is_measured else nan,
        "concentration_exact": Fraction(mg_l) if is_measured else None,
        "volume_m3": float(m3) if is_measured else nan,
        "volume_exact": Fraction(m3) if is_measured else None,
        "load_t": load_t, "lower_t": load_t * 0.93, "upper_t": load_t * 1.08,
        "standard_error_t": load_t * 0.04, "n_days": 28 if is_measured else 9,
        "coverage_time": 0.93 if is_measured else 0.3, "coverage_volume": 0.95 if is_measured else 0.31,
        "censored_rule": "zero", "censored_share": 0.0, "share_estimated": 0.02,
        "status": "measured" if is_measured else "insufficient",
        "reason": "" if is_measured else "有效浓度 9 天，少于 18 天 / 9 days with a concentration, 18 agreed",
    }  # fmt: skip


@pytest.fixture(scope="session")
def loads() -> pd.DataFrame:
    """Two months; the first holds the printed numbers of compensation.md F2, the second lacks one."""
    rows = [
        _load("CODMN", "2021-04", "7.2", "116640000"),
        _load("NH3N", "2021-04", "0.86", "116640000"),
        _load("TP", "2021-04", "0.24", "116640000"),
        _load("CODMN", "2021-05", "5.9", "131000000"),
        _load("NH3N", "2021-05", None, "131000000"),
        _load("TP", "2021-05", "0.2", "131000000"),
    ]
    table = pd.DataFrame(rows)
    for column in ("concentration_exact", "volume_exact"):
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    return LOADS.frame(table.to_dict(orient="series"))


@pytest.fixture(scope="session")
def statement(
    loads: pd.DataFrame, provenance: Callable[[DataKind], Provenance]
) -> Callable[..., dict[str, Any]]:
    """``statement("2021-04", mode="one_sided")``: the document, of the stage that makes it."""

    def factor(key: str, target: str, price: str, decimals: int) -> Factor:
        return Factor(
            determinand=key, target_mg_l=Decimal(target), price_cny_per_t=Decimal(price),
            decimals_concentration=decimals, **FACT,
        )  # fmt: skip

    def of(
        period: str, *, mode: Mode = "two_sided", kind: DataKind = "golden", is_shadow: bool = True
    ) -> dict[str, Any]:
        agreement = Agreement(
            id="shadow-yaodu", version="shadow-1", name_zh="姚渡 甘→川 水质水量补偿模拟核算",
            name_en="Shadow accounting of load compensation at Yaodu, Gansu to Sichuan",
            is_shadow=is_shadow, legal_basis="镇江市太湖流域环境资源区域补偿方案（算例）", section="yaodu",
            family="F2", mode="two_sided",
            upstream=Party(jurisdiction="620000", name_zh="甘肃省", name_en="Gansu"),
            downstream=Party(jurisdiction="510000", name_zh="四川省", name_en="Sichuan"),
            factors=(factor("CODMN", "6.0", "15000", 1), factor("NH3N", "1.0", "100000", 2),
                     factor("TP", "0.20", "100000", 2)),
            min_days_per_month=18, min_coverage_discharge=0.6, decimals_load_t=4, decimals_money=2,
            source="compensation.md F2", confidence="unverified",
        )  # fmt: skip
        return settle_period(
            agreement, loads, Period.parse(period), mode=mode, provenance=provenance(kind)
        ).as_document()

    return of


def _estimate(method: str, role: str, load: float, ends: tuple[float, float], **others: Any) -> dict[str, Any]:  # fmt: skip
    return {
        "section": "yaodu", "determinand": "TP", "period": "2021-03",
        "start": datetime(2021, 3, 1), "end": datetime(2021, 4, 1), "method": method, "role": role,
        "load_t": load, "lower": ends[0], "upper": ends[1],
        "standard_error_t": (ends[1] - ends[0]) / 4, "load_censored_zero_t": 23.5,
        "load_censored_limit_t": 25.2, "coverage_time": 0.871, "coverage_volume": 0.912,
        "share_estimated": 0.09, "censored_share": 0.12, "n_samples": 162, "n_censored": 20,
        "status": "estimated", "reason": "", **others,
    }  # fmt: skip


@pytest.fixture(scope="session")
def estimates() -> pd.DataFrame:
    """Invented estimates of a March: TP by several methods, TN with too few samples for a load."""
    nan = float("nan")
    rows = [
        _estimate("integration", "best", 24.21, (22.5, 26.1),
                  reason="4 小时一次，水量有效率 91.2%：逐时积分 / four-hourly, 91.2 % of the volume: integration"),
        _estimate("B", "settlement", 25.66, (23.7, 27.8), status="measured"),
        _estimate("D", "cross_check", 24.7, (21.8, 26.6)),
        _estimate("A-E", "spread", nan, (22.7, 31.7), standard_error_t=nan),
        _estimate("integration", "best", nan, (nan, nan), determinand="TN", status="bracket_only",
                  load_censored_zero_t=1.0, load_censored_limit_t=3.2, n_samples=4,
                  reason="样品 4 个，少于 6 个，仅给区间 / 4 samples, 6 needed: bracket only"),
    ]  # fmt: skip
    return LOAD_ESTIMATES.frame(pd.DataFrame(rows).to_dict(orient="list"))
