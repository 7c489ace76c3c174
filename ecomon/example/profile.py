"""What the simulator assumes about each section, gauge and determinand.

Nothing here is a fact of the registry. The orders of magnitude are chosen near the readings of
April 2021 and February 2026 that are public (stations.md 6.1) and near the mean discharges that
are printed or rumoured for the gauges; they are assumptions of the example and of nothing else.
Changing them changes the example basin, never a judgement on a river.
"""

from __future__ import annotations

from dataclasses import dataclass

DETERMINANDS = ("WT", "PH", "DO", "EC", "TURB", "CODMN", "NH3N", "TP", "TN")
"""What the automatic stations of the example report, in the order of the national table."""

LOAD_DETERMINANDS = ("CODMN", "NH3N", "TP", "TN")
GAUGES = ("xindianzi", "bikou", "sanleiba")


@dataclass(frozen=True, slots=True)
class GaugeProfile:
    """A gauge: the mean discharge aimed at and its rating Z = zero + (Q / scale) ** 0.4."""

    stcd: str
    mean_m3_s: float
    zero_m: float
    scale_m3_s: float


GAUGE_PROFILES = {
    "xindianzi": GaugeProfile("EXXINDIANZI", 180.0, 512.0, 25.0),
    "bikou": GaugeProfile("EXBIKOU", 275.0, 604.0, 40.0),
    "sanleiba": GaugeProfile("EXSANLEIBA", 335.0, 466.0, 45.0),
}


@dataclass(frozen=True, slots=True)
class SectionProfile:
    """A section of the example.

    ``discharge`` lists (gauge, factor, lead in hours): discharge is the sum of factor x the
    gauge's discharge *lead* hours later (the water has yet to reach the gauge; negative where it
    has passed it). ``upstream`` lends the share ``memory`` of its random departures, ``travel_h``
    hours later. ``level`` holds the concentration at mean discharge, mg/L (TURB NTU, EC uS/cm).
    """

    name_zh: str
    province_zh: str
    discharge: tuple[tuple[str, float, int], ...]
    level: dict[str, float]
    water_temperature: tuple[float, float]  # mean and yearly amplitude, degC
    ph: float = 8.2
    altitude_m: float = 500.0
    upstream: str | None = None
    travel_h: int = 0
    memory: float = 0.0
    sediment: float = 1.0  # exponent of turbidity and phosphorus relative to a free river


def _level(**values: float) -> dict[str, float]:
    return values


SECTION_PROFILES = {
    "huangniupu": SectionProfile(
        "黄牛铺", "陕西省", (("xindianzi", 0.03, 60),),
        _level(EC=220, TURB=12, CODMN=1.0, NH3N=0.035, TP=0.014, TN=1.5),
        (10.0, 8.0), 8.0, 1250.0,
    ),
    "zaohuoan": SectionProfile(
        "灶火庵", "陕西省", (("xindianzi", 0.10, 48),),
        _level(EC=335, TURB=35, CODMN=1.6, NH3N=0.055, TP=0.026, TN=2.3),
        (12.5, 8.5), 8.1, 950.0, "huangniupu", 19, 0.7,
    ),
    "baishuijiang": SectionProfile(
        "白水江", "陕西省", (("xindianzi", 0.30, 36),),
        _level(EC=380, TURB=60, CODMN=1.7, NH3N=0.075, TP=0.036, TN=2.0),
        (13.5, 8.5), 8.2, 700.0, "zaohuoan", 23, 0.7,
    ),
    "bamiaogou": SectionProfile(
        "八庙沟", "四川省", (("xindianzi", 1.0, 0),),
        _level(EC=410, TURB=75, CODMN=1.7, NH3N=0.050, TP=0.048, TN=1.75),
        (14.5, 8.5), 8.25, 560.0, "baishuijiang", 41, 0.7,
    ),
    "qingfengxia": SectionProfile(
        "清风峡", "四川省", (("xindianzi", 1.03, -9),),
        _level(EC=405, TURB=70, CODMN=1.6, NH3N=0.075, TP=0.046, TN=1.75),
        (14.8, 8.5), 8.2, 530.0, "bamiaogou", 9, 0.9,
    ),
    "shangshipan": SectionProfile(
        "上石盘", "四川省", (("xindianzi", 1.10, -24),),
        _level(EC=430, TURB=40, CODMN=1.8, NH3N=0.11, TP=0.045, TN=1.85),
        (15.5, 8.5), 8.25, 475.0, "qingfengxia", 17, 0.7, 0.8,
    ),
    "nandu": SectionProfile(
        "南渡", "四川省", (("xindianzi", 0.06, -6),),
        _level(EC=510, TURB=18, CODMN=1.3, NH3N=0.080, TP=0.034, TN=1.6),
        (16.5, 9.0), 8.1, 490.0,
    ),
    "yaodu": SectionProfile(
        "姚渡", "四川省", (("bikou", 1.0, 0),),
        _level(EC=400, TURB=95, CODMN=1.4, NH3N=0.070, TP=0.078, TN=1.6),
        (13.5, 6.5), 8.2, 600.0,
    ),
    "juguocun": SectionProfile(
        "苴国村", "四川省", (("sanleiba", 1.0, 0),),
        _level(EC=380, TURB=7, CODMN=1.2, NH3N=0.035, TP=0.012, TN=1.1),
        (14.0, 5.0), 8.3, 465.0, "yaodu", 720, 0.15, 0.35,
    ),
    "shaxi": SectionProfile(
        "沙溪", "四川省", (("xindianzi", 1.15, -60), ("sanleiba", 1.05, -48)),
        _level(EC=375, TURB=22, CODMN=1.7, NH3N=0.060, TP=0.030, TN=1.45),
        (16.5, 8.0), 8.2, 370.0, "shangshipan", 60, 0.5, 0.6,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the concentration of a determinand moves: ln C = ln level + exponent x ln(Q / mean Q) ...

    ``season`` is the amplitude of its yearly wave in ln C with the peak on day ``peak_day``;
    ``spread`` and ``memory_h`` belong to the AR(1) departure, ``rise`` is the response to a rising
    river, ``sediment_share`` the part of the departure it shares with turbidity. ``noise`` is the
    relative standard deviation of the instrument, ``decimals`` what it reports.
    """

    exponent: float = 0.0
    season: float = 0.0
    peak_day: float = 0.0
    spread: float = 0.0
    memory_h: float = 60.0
    rise: float = 0.0
    sediment_share: float = 0.0
    noise: float = 0.0
    decimals: int = 2
    detection_limit: float | None = None


BEHAVIOURS = {
    "WT": Behaviour(spread=1.2, memory_h=120, noise=0.004, decimals=1),
    "PH": Behaviour(spread=0.10, memory_h=150, noise=0.002),
    "DO": Behaviour(spread=0.05, memory_h=90, noise=0.008),
    "EC": Behaviour(-0.12, 0.04, 20, 0.04, 120, -0.03, -0.4, 0.004, 1),
    "TURB": Behaviour(1.15, 0.25, 215, 0.45, 40, 0.55, 1.0, 0.05, 1),
    "CODMN": Behaviour(0.22, 0.10, 210, 0.14, 60, 0.20, 0.6, 0.04),
    "NH3N": Behaviour(-0.15, 0.25, 20, 0.35, 80, 0.10, 0.1, 0.05, 3, 0.025),
    "TP": Behaviour(0.60, 0.15, 215, 0.25, 45, 0.30, 0.8, 0.04, 3, 0.005),
    "TN": Behaviour(0.04, 0.08, 30, 0.10, 120, 0.06, 0.2, 0.03),
}


AIR_DETERMINANDS = ("PM25", "PM10", "SO2", "NO2", "CO_AIR", "O3")
AIR_UNITS = dict.fromkeys(AIR_DETERMINANDS, "ug/m3") | {"CO_AIR": "mg/m3"}
AIR_RELATIVE: dict[str, dict[str, float]] = {
    "heishipo": {"PM25": 0.75, "PM10": 0.7, "SO2": 0.7, "NO2": 0.45, "CO_AIR": 0.8, "O3": 1.15},
    "laocheng": {"NO2": 1.1, "CO_AIR": 1.1, "O3": 0.92},
    "nanba": {"PM10": 1.05, "NO2": 1.1},
    "jiancezhan": {},
    "jingkaiqu": {"SO2": 1.25, "PM10": 1.1, "O3": 0.97},
}
"""The air stations of the example, and their level relative to the city where it is not 1."""

WATER_UNITS = {
    "WT": "degC", "PH": "1", "EC": "uS/cm", "TURB": "NTU", "DISCHARGE": "m3/s", "STAGE": "m",
}  # fmt: skip


def unit_of(determinand: str) -> str:
    """Canonical unit of a determinand of the example."""
    return WATER_UNITS.get(determinand) or AIR_UNITS.get(determinand) or "mg/L"
