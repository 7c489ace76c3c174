"""What the whole basin's simulator assumes of rivers and places. Nothing here is a fact.

Orders of magnitude only, so that the invented basin behaves like one: mean discharges lie near the
figures of the registry where it has any (略阳 113, 三磊坝 335, 亭子口 600, 武胜 850, 北碚 2,090 m3/s),
altitudes near the map. Changing them changes the example (示例) and never a judgement on a river.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RiverProfile:
    """A river: length, mean discharge at its mouth, altitude at source and mouth, region of rain."""

    length_km: float = 60.0
    mouth_m3_s: float = 12.0
    altitude_m: tuple[float, float] = (520.0, 320.0)
    region: str = "middle"


RIVERS = {
    "changjiang": RiverProfile(2000.0, 10000.0, (200.0, 150.0)),
    "jialing": RiverProfile(1120.0, 2100.0, (1600.0, 170.0), "jialing"),
    "bailong": RiverProfile(576.0, 345.0, (2200.0, 455.0), "bailong"),
    "baishui": RiverProfile(295.0, 80.0, (2400.0, 700.0), "bailong"),
    "nanhe": RiverProfile(75.0, 18.0, (900.0, 475.0), "jialing"),
    "xihanshui": RiverProfile(280.0, 45.0, (1500.0, 640.0), "jialing"),
    "qingjianghe": RiverProfile(200.0, 40.0, (1100.0, 470.0), "bailong"),
    "yanmenhe": RiverProfile(50.0, 6.0, (800.0, 520.0), "bailong"),
    "donghe": RiverProfile(290.0, 60.0, (900.0, 350.0)),
    "xihe": RiverProfile(250.0, 25.0, (650.0, 340.0)),
    "fujiang": RiverProfile(700.0, 572.0, (2600.0, 200.0), "fujiang"),
    "tongkouhe": RiverProfile(170.0, 60.0, (1500.0, 480.0), "fujiang"),
    "kaijiang": RiverProfile(200.0, 25.0, (700.0, 330.0), "fujiang"),
    "zijiang": RiverProfile(180.0, 25.0, (700.0, 340.0), "fujiang"),
    "qiongjiang": RiverProfile(230.0, 25.0, (450.0, 230.0), "fujiang"),
    "qujiang": RiverProfile(300.0, 735.0, (270.0, 200.0), "qujiang"),
    "bahe": RiverProfile(340.0, 330.0, (900.0, 265.0), "qujiang"),
    "enyanghe": RiverProfile(140.0, 60.0, (700.0, 330.0), "qujiang"),
    "zhouhe": RiverProfile(310.0, 300.0, (900.0, 265.0), "qujiang"),
    "qianhe": RiverProfile(150.0, 80.0, (1000.0, 290.0), "qujiang"),
    "zhonghe": RiverProfile(90.0, 40.0, (900.0, 300.0), "qujiang"),
    "houhe": RiverProfile(120.0, 60.0, (900.0, 300.0), "qujiang"),
    "liujianghe": RiverProfile(120.0, 10.0, (450.0, 260.0), "qujiang"),
}
UNKNOWN_RIVER = RiverProfile()
REGIONS = ("jialing", "bailong", "middle", "fujiang", "qujiang")

JIALING_MEAN = (
    (0.0, 2100.0), (59.0, 2090.0), (94.0, 2080.0), (96.0, 1590.0), (103.0, 1585.0), (104.5, 860.0),
    (184.0, 850.0), (431.0, 760.0), (543.0, 680.0), (616.0, 600.0), (739.0, 545.0), (741.0, 205.0),
    (826.0, 180.0), (913.0, 113.0), (957.0, 62.0), (1032.0, 20.0), (1093.0, 6.0), (1120.0, 1.0),
)  # fmt: skip
"""Mean discharge of the main stem by km above the mouth."""

JIALING_ALTITUDE_M = (
    (0.0, 170.0), (64.0, 180.0), (237.0, 225.0), (333.0, 265.0), (455.0, 310.0), (559.0, 370.0),
    (755.0, 475.0), (826.0, 560.0), (957.0, 700.0), (1032.0, 950.0), (1093.0, 1250.0),
    (1120.0, 1600.0),
)  # fmt: skip
"""Altitude of the water of the main stem, m, by km above the mouth."""

KM_OF = {
    "tanjiazhuang": 985.0, "ciba": 1000.0, "xindianzi": 788.0, "jinyintai": 505.0,
    "dongjintuo": 310.0, "wujia-matou": 425.0, "maliubao": 530.0, "jinyindu": 762.0,
    "yuanxicun": 690.0, "zhangjiayan": 640.0, "luguangping": 850.0, "guojiawan": 830.0,
    "hulutou-shuiku": 928.0, "juting-shuiku": 880.0, "cangxi-shuiku": 600.0,
    "shaxi-shuiku": 565.0, "jinyintai-shuiku": 508.0, "hongyanzi-shuiku": 480.0,
    "xinzheng-shuiku": 456.0, "jinxi-shuiku": 406.0, "mahui-shuiku": 385.0,
    "fengyi-shuiku": 350.0, "xiaolongmen-shuiku": 320.0, "qingju-shuiku": 285.0,
    "dongxiguan-shuiku": 220.0, "tongzihao-shuiku": 195.0, "lize-shuiku": 150.0,
    "matashi": 60.0, "zhouqu": 380.0, "wudu": 300.0, "liangshuiqiao": 290.0,
    "gushuizicun": 240.0, "bikou-shuiku": 165.0, "bikou": 160.0, "yaodu": 150.0, "shuimo": 130.0,
    "bailonghu-baqian": 92.0, "baozhusi-shuiku": 90.0, "sanleiba": 70.0, "juguocun": 25.0,
    "tanjiaba": 60.0, "shangsi": 60.0, "luoduxi": 35.0, "quxian-sanhui": 230.0,
    "xiaoheba": 130.0, "fujiangqiao": 370.0, "pingwu-shuiwenzhan": 480.0, "futianba": 400.0,
    "fenggu": 340.0, "baiqing": 250.0, "yuxi": 120.0, "taihe": 60.0, "jingang-dukou": 120.0, "shengzhong-tielusi": 95.0,
    "shengzhong-shuiku": 90.0, "xihecun": 40.0, "tuanbaoling": 150.0, "qujiang-matou": 60.0,
    "guandu": 30.0,
}  # fmt: skip
"""Where the simulator puts places of unknown chainage, km above the mouth of their river."""

FREE_M_S, IMPOUNDED_M_S, UNKNOWN_M_S = 0.8, 0.47, 0.6
"""Velocities of the water; 0.8 and 0.47 are those of the registry's thallium passages of 2021."""

WAVE_RATIO = 1.5  # a flood wave runs ahead of its water: celerity of a wide channel is 5/3 v
LONGEST_RESIDENCE_H = 720.0
HELD_DAYS = 20.0

MANUAL = {
    "CODMN": (2, 0.5), "NH3N": (3, 0.025), "TP": (2, 0.01), "TN": (2, 0.05), "COD": (0, 4.0),
    "BOD5": (1, 0.5), "F": (2, 0.05), "CU": (4, 0.001), "ZN": (3, 0.02), "AS": (4, 0.0003),
    "PB": (4, 0.0009), "CD": (5, 0.0001),
}  # fmt: skip
"""What the monthly samples are tested for: decimals and detection limit, mg/L."""

MANUAL_LEVEL = {
    "COD": 7.0, "BOD5": 1.0, "F": 0.2, "CU": 0.0011, "ZN": 0.012, "AS": 0.0012, "PB": 0.0006,
    "CD": 0.00006,
}  # fmt: skip
SPILL_LOSS_PER_DAY = {"NH3N": 0.1}
SPILL_BACKGROUND_MG_L = {"TL": 1.5e-5, "SB": 1.0e-3}
SPILL_DETECTION_MG_L = {"TL": 2e-5, "SB": 2e-4, "NH3N": 0.025}
SPILL_DECIMALS = {"TL": 6, "SB": 5, "NH3N": 3}
